"""The page of all keys of the files that people write, from the forms that the parser checks by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from headgate.project.forms.config_file import CONFIG_FILE
from headgate.project.forms.expected import EXPECTED_FILE
from headgate.project.forms.form import (
    ANYTHING,
    Anything,
    Choice,
    Either,
    Field,
    Form,
    Keyed,
    Number,
    Several,
    Single,
    Truth,
    Use,
    Whole,
    Words,
)
from headgate.project.forms.property_file import PROPERTY_FILE
from headgate.project.forms.scenarios import SCENARIO_FILE

_INTRODUCTION = """# Keys

What property files (`assets/**/*.yml`, `tests/**/*.yml`), the headers of SQL files, `headgate.toml`, expected changes
(`changes/*.yml`) and scenarios of the gate (`tests/policy/*.yml`) may hold. The parser checks by the same tables, and
so do editors, with the JSON Schemas that `headgate schema --out .schemas` writes:

- the first line of a property file: `# yaml-language-server: $schema=../.schemas/headgate-yaml.schema.json`
- of an expected change: `headgate-changes.schema.json` in its place; of scenarios `headgate-scenarios.schema.json`
- the first line of `headgate.toml`: `#:schema ./.schemas/headgate-toml.schema.json`

A key that is not known is a warning (HG308), and an error where it is nearly one without which an incremental or a
snapshot cannot be made. A value of another form is an error (HG309; HG121 and HG122 in `headgate.toml`). A **bold** key
has to be given.

| Mark | What becomes of it |
|---|---|
| | It is read, and means what is said. |
| kept | It is checked and kept; nothing depends on it. |
| unused | It is checked and kept, too. dbt would do something, so `headgate check` tells it, once for the repository. |
| refused | It, or some value of it, is an error (HG303). |
"""

_MARKS = {Use.READ: "", Use.KEPT: "kept", Use.UNUSED: "unused", Use.REFUSED: "refused"}


def keys() -> str:
    """Return the page."""
    lines = _INTRODUCTION.split("\n")
    lines += ["## Property files", "", *_table(PROPERTY_FILE)]
    for form in _below(PROPERTY_FILE):
        lines += ["", f"### {_title(form)}", "", *_table(form)]
    lines += ["", "## Headers", ""]
    lines += [
        "A header may hold every key of an [asset](#asset). Its name is that of the file: it can be left out.",
        "",
    ]
    lines += ["## headgate.toml", "", 'Any text may be `"env:NAME"`, unless it is about templates.', ""]
    lines += _table(CONFIG_FILE)
    for form in _below(CONFIG_FILE):
        lines += ["", f"### {_title(form)}", "", *_table(form)]
    for title, whole in (("Expected changes", EXPECTED_FILE), ("Scenarios of the gate", SCENARIO_FILE)):
        lines += ["", f"## {title}", "", *_table(whole)]
        for form in _below(whole):
            lines += ["", f"### {_title(form)}", "", *_table(form)]
    return "\n".join(lines) + "\n"


def _table(form: Keyed | Single) -> list[str]:
    if isinstance(form, Single):
        told = f"One key, the name of the test. Others than these: {_told(form.others)}; or {_told(form.marked)}."
        return [told, "", *_rows(form.kinds, frozenset())]
    lines = _rows(form.fields, _needed(form)) if form.fields else []
    if not form.fields and form.others is None:
        return ["It has none."]
    if form.others is not None:
        lines += ["", f"Any other key: {_told(form.others)}."] if lines else [f"Any key: {_told(form.others)}."]
    return lines


def _needed(form: Keyed) -> frozenset[str]:
    return frozenset(need.keys[0] for need in form.needs if len(need.keys) == 1)


def _rows(fields: Mapping[str, Field], needed: frozenset[str]) -> list[str]:
    lines = ["| Key | Form | Meaning | Mark |", "|---|---|---|---|"]
    for (told, form, use), group in groupby(fields.items(), key=lambda pair: (pair[1].told, pair[1].form, pair[1].use)):
        names = ", ".join(f"**`{key}`**" if key in needed else f"`{key}`" for key, _ in group)
        lines.append(f"| {names} | {_told(form)} | {_escaped(told)} | {_MARKS[use]} |")
    return lines


def _told(form: Form) -> str:
    """Return in a few words what a form is."""
    if isinstance(form, Either):
        return " or ".join(_told(one) for one in form.of)
    if isinstance(form, Several):
        item = _told(form.item)
        return f"{item}, or a list of them" if form.takes_one else f"list of {item}"
    if isinstance(form, Choice):
        return ", ".join(f"`{value}`" for value in form.values)
    if isinstance(form, Keyed | Single):
        return "mapping" if _is_open(form) else f"[{form.title}](#{_anchor(form)})"
    if isinstance(form, Words):
        return _escaped(form.told.removeprefix("a "))
    if isinstance(form, Number):
        return f"number from {form.least:g} to {form.most:g}"
    return "anything" if isinstance(form, Anything) else "true or false" if isinstance(form, Truth) else _number(form)


def _number(form: Whole) -> str:
    return f"{form.least}" if form.least == form.most else f"whole number from {form.least}"


def _is_open(form: Keyed | Single) -> bool:
    return isinstance(form, Keyed) and not form.fields and form.others is ANYTHING


def _below(form: Form) -> Iterator[Keyed | Single]:
    """Yield every mapping that a form leads to, each once, with what it leads to behind it."""
    seen = {_anchor(form)} if isinstance(form, Keyed | Single) else set()
    waiting = [*_inside(form)]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Keyed | Single):
            if _anchor(one) in seen or _is_open(one):
                continue
            seen.add(_anchor(one))
            yield one
        waiting = [*_inside(one), *waiting]


def _inside(form: Form) -> list[Form]:
    if isinstance(form, Either):
        return list(form.of)
    if isinstance(form, Several):
        return [form.item]
    if isinstance(form, Single):
        return [*(field.form for field in form.kinds.values()), form.others, form.marked]
    if isinstance(form, Keyed):
        return [*(field.form for field in form.fields.values()), *([form.others] if form.others else [])]
    return []


def _title(form: Keyed | Single) -> str:
    return form.title[0].upper() + form.title[1:]


def _anchor(form: Keyed | Single) -> str:
    return "".join(c for c in form.title.lower() if c.isalnum() or c in " _-").replace(" ", "-")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
