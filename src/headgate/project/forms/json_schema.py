"""Forms as JSON Schema (draft 2020-12). What a schema accepts, the parser reads; what it refuses, the parser reports.

Exempt is what a schema cannot say: that names exist and differ, what a type of a column or a reference means, and what
only the text shows (a key that stands twice, a tag, two documents).
"""

from __future__ import annotations

import re
from typing import Any

from headgate.project.forms.form import (
    ANYTHING,
    TEMPLATE,
    Anything,
    Case,
    Choice,
    Either,
    Field,
    Form,
    Keyed,
    Need,
    Number,
    Several,
    Single,
    Truth,
    Use,
    Whole,
    Words,
    any_case,
    whole_pattern,
)

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
_FROM_ENVIRONMENT = r"^$(?!\n)|^env:"
_NULL: Schema = {"type": "null"}
_NOTES = {
    Use.UNUSED: " Kept; this version does not use it.",
    Use.REFUSED: " Not supported in this version.",
}


def yaml_schema(form: Keyed, *, title: str, comment: str) -> Schema:
    """Return the schema of a YAML text: where nothing is needed nothing may be given, the whole text included."""
    writer = _Writer()
    body = writer.keyed(form)
    return _document({**body, "type": ["object", "null"]}, writer, title, comment)


def toml_schema(form: Keyed, *, title: str, comment: str) -> Schema:
    """Return the schema of a TOML text: values have their types; a text may be ``env:NAME``, or empty: not given."""
    writer = _TomlWriter()
    return _document(writer.keyed(form), writer, title, comment)


def _document(body: Schema, writer: _Writer, title: str, comment: str) -> Schema:
    definitions = dict(sorted(writer.definitions.items()))
    return {"$schema": DRAFT, "$comment": comment, "title": title, **body, "$defs": definitions}


class _Writer:
    """Writes forms of YAML. Mappings become definitions under their titles."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._written: dict[str, Keyed | Single] = {}

    def any_form(self, form: Form) -> Schema:
        """Return the schema of a form."""
        if isinstance(form, Anything):
            return {}
        if isinstance(form, Words | Choice | Truth | Whole | Number):
            return self.scalar(form)
        if isinstance(form, Several):
            items = {"type": "array", "items": self.or_nothing(form.item)}
            return {"anyOf": [items, self.any_form(form.item)]} if form.takes_one else items
        if isinstance(form, Either):
            return {"anyOf": [self.any_form(one) for one in form.of]}
        return self._definition(form)

    def scalar(self, form: Words | Choice | Truth | Whole | Number) -> Schema:
        """Return the schema of a form without parts."""
        if isinstance(form, Choice):
            return {"anyOf": [{"enum": list(form.values)}, {"type": "string", "pattern": whole_pattern(form).pattern}]}
        if isinstance(form, Truth):
            return {"type": ["boolean", "string"], "pattern": whole_pattern(form).pattern}
        if isinstance(form, Whole):
            bounds = {"minimum": form.least, "maximum": form.most}
            return {"type": ["integer", "string"], **bounds, "pattern": TEMPLATE}
        if isinstance(form, Number):
            return {"type": ["number", "string"], "minimum": form.least, "maximum": form.most, "pattern": TEMPLATE}
        if form.pattern:
            return {"type": "string", "pattern": whole_pattern(form).pattern}
        return {"type": ["string", "number", "boolean"], **({"minLength": 1} if form.is_filled else {})}

    def or_nothing(self, form: Form) -> Schema:
        """Return the schema of a form that may be left empty."""
        schema = self.any_form(form)
        if not schema:
            return schema
        if isinstance(schema.get("type"), str):
            return {**schema, "type": [schema["type"], "null"]}
        if isinstance(schema.get("type"), list):
            return {**schema, "type": [*schema["type"], "null"]}
        return {"anyOf": [*schema["anyOf"], _NULL]} if "anyOf" in schema else {"anyOf": [schema, _NULL]}

    def _definition(self, form: Keyed | Single) -> Schema:
        if isinstance(form, Keyed) and not form.fields and form.others is ANYTHING:
            return {"type": "object"}
        name = re.sub(r"[^a-z0-9]+", "_", form.title.lower())
        if name not in self._written:
            self._written[name] = form
            self.definitions[name] = self.keyed(form) if isinstance(form, Keyed) else self._single(form)
        if self._written[name] is not form and self._written[name] != form:
            raise AssertionError(f"two forms are called {form.title}")
        return {"$ref": f"#/$defs/{name}"}

    def keyed(self, form: Keyed) -> Schema:
        """Return the schema of a mapping."""
        needed = [need.keys[0] for need in form.needs if len(need.keys) == 1 and not need.inside]
        schema: Schema = {
            "type": "object",
            "properties": {key: self.field(one, key in needed) for key, one in form.fields.items()},
        }
        if needed:
            schema["required"] = needed
        if form.others is None:
            schema["additionalProperties"] = False
        elif form.keys is not None:
            schema["patternProperties"] = {whole_pattern(form.keys).pattern: self.or_nothing(form.others)}
            schema["additionalProperties"] = False
        elif form.others is not ANYTHING:
            schema["additionalProperties"] = self.or_nothing(form.others)
        further = [_need(need) for need in form.needs if len(need.keys) > 1 or need.inside]
        further += [self._case(case) for case in form.cases]
        return {**schema, "allOf": further} if further else schema

    def field(self, field: Field, is_needed: bool) -> Schema:  # noqa: FBT001 # as a mapping has it
        """Return the schema of what stands under one key, with the sentence about it."""
        schema = self.any_form(field.form) if is_needed else self.or_nothing(field.form)
        told = field.told + _NOTES.get(field.use, "")
        mark = {"deprecated": True} if field.use is Use.REFUSED else {}
        return {"description": told, **mark, **schema}

    def _case(self, case: Case) -> Schema:
        words = [any_case(value) for value in case.values]
        said: Schema = {
            "properties": {case.key: {"type": "string", "pattern": f"^(?:{'|'.join(words)})$"}},
            "required": [case.key],
        }
        if "" in case.values:
            said = {"anyOf": [said, {"properties": {case.key: _NULL}}]}
        forms = {key: self.or_nothing(form) for key, form in case.forms.items()}
        then: Schema = {"properties": forms} if forms else {}
        return {"if": said, "then": {**then, "allOf": [_need(need) for need in case.needs]} if case.needs else then}

    def _single(self, form: Single) -> Schema:
        known = {
            key: self.field(one, isinstance(one.form, Keyed) and bool(one.form.needs))
            for key, one in form.kinds.items()
        }
        other = f"^(?!(?:{'|'.join(map(re.escape, form.kinds))})$)(?:{form.keys.pattern})$"
        return {
            "type": "object",
            "if": {"required": [form.marker]},
            "then": self.any_form(form.marked),
            "else": {
                "minProperties": 1,
                "maxProperties": 1,
                "properties": known,
                "patternProperties": {other: self.or_nothing(form.others)},
                "additionalProperties": False,
            },
        }


class _TomlWriter(_Writer):
    """Writes forms of TOML."""

    def or_nothing(self, form: Form) -> Schema:
        """Return the schema of the form itself: TOML has no nothing."""
        return self.any_form(form)

    def scalar(self, form: Words | Choice | Truth | Whole | Number) -> Schema:
        """Return the schema of a form without parts."""
        if isinstance(form, Choice):
            return {"anyOf": [{"enum": list(form.values)}, {"type": "string", "pattern": _FROM_ENVIRONMENT}]}
        if isinstance(form, Truth):
            words = "|".join(map(any_case, ("true", "false")))
            return {"type": ["boolean", "string"], "pattern": f"^(?:{words})$|^env:"}
        if isinstance(form, Words) and form.pattern:
            pattern = whole_pattern(form).pattern
            return {"type": "string", "pattern": pattern if form.is_literal else f"{pattern}|{_FROM_ENVIRONMENT}"}
        return {"type": "string"} if isinstance(form, Words) else super().scalar(form)


def _need(need: Need) -> Schema:
    """Return the schema of a mapping in which one of several keys is given."""
    ways = [_with(key) for key in need.keys]
    if need.inside:
        below = {"anyOf": [_with(key) for key in need.keys]} if len(need.keys) > 1 else _with(need.keys[0])
        ways.append({"required": [need.inside], "properties": {need.inside: {"type": "object", **below}}})
    return {"anyOf": ways} if len(ways) > 1 else ways[0]


def _with(key: str) -> Schema:
    return {"required": [key], "properties": {key: {"not": _NULL}}}
