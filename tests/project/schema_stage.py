"""Documents grown from forms, right ones and slightly wrong ones, and what the parser says of them."""

import json
from typing import Any

import yaml
from hypothesis import strategies as st

from headgate.project.declare import declare_file
from headgate.project.forms.config_file import CONFIG_FILE
from headgate.project.forms.expected import EXPECTED_FILE
from headgate.project.forms.form import (
    ANYTHING,
    Anything,
    Choice,
    Either,
    Form,
    Keyed,
    Number,
    Several,
    Single,
    Truth,
    Whole,
    Words,
)
from headgate.project.forms.property_file import HEADER, PROPERTY_FILE
from headgate.project.forms.scenarios import SCENARIO_FILE
from headgate.project.scenarios import read_scenarios
from headgate.project.text import Text
from headgate.project.toml.config import read_config

WORDS = st.text("abcxyzäß_-. '#:,{}[]&!?%@|>\n\"0123456789", max_size=8)
KEYS = st.text("abcdefnst_.-", min_size=1, max_size=8)
ODD = st.sampled_from(("", "yes", "Error", "{{ x }}"))
SCALARS: st.SearchStrategy[Any] = st.one_of(WORDS, st.booleans(), st.integers(-3, 10**12), st.floats(-1e6, 1e6), ODD)


def junk(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return documents of no form."""
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=4,
    )


JUNK, JUNK_OF_TOML = junk(st.none() | SCALARS), junk(SCALARS)

NEAR = st.sampled_from(
    (
        "ref('x')", "{{ ref(\"x\") }}", "source('a', 'b')", "marts.x", "x", "ref(x)", "a b", "> 10", "between 1 and 2",
        ">x", "unique", "dbt_utils.at_least_one", "accepted_values", "a.b.c.d", "7 days", "2 GB", "0 days", "jinja", "",
        "m.x.col", "days 7", "duckdb", ":memory:", "a.duckdb", "env:NIX", "this", "REGION", "x\n", "show", "approve",
        "block", "2 %", "2026-12-31", "2026-13-01", "0.2", "2.5%", "tell", "ada@x.org",
    )
)  # fmt: skip
"""Texts that fit some pattern, or nearly."""

FORMS = {
    "yaml": PROPERTY_FILE, "header": HEADER, "toml": CONFIG_FILE, "changes": EXPECTED_FILE, "scenarios": SCENARIO_FILE,
}  # fmt: skip


@st.composite
def documents(draw: st.DrawFn, kind: str, *, wild: int) -> Any:
    """Return documents of a kind of file. One part in ``wild`` is something else than it should be."""
    return Growth(draw, JUNK_OF_TOML if kind == "toml" else JUNK, wild).document(FORMS[kind])


class Growth:
    """Grows one document."""

    def __init__(self, draw: st.DrawFn, junk: st.SearchStrategy[Any], wild: int) -> None:
        self.draw = draw
        self.junk = junk
        self.wild = wild

    def is_wild(self) -> bool:
        return bool(self.draw(st.integers(1, self.wild)) == self.wild)

    def document(self, form: Form) -> Any:
        if self.is_wild():
            return self.draw(self.junk)
        if isinstance(form, Either):
            return self.document(form.of[self.draw(st.integers(0, len(form.of) - 1))])
        if isinstance(form, Several):
            items = [self.document(form.item) for _ in range(self.draw(st.integers(0, 2)))]
            return items[0] if form.takes_one and items and self.draw(st.booleans()) else items
        if isinstance(form, Keyed):
            return self.mapping(form)
        return self.single(form) if isinstance(form, Single) else self.scalar(form)

    def scalar(self, form: Words | Choice | Truth | Whole | Number | Anything) -> Any:
        if isinstance(form, Choice):
            return self.draw(st.sampled_from((*form.values, form.values[-1].upper(), f"{form.values[-1]}s")))
        if isinstance(form, Truth):
            return self.draw(st.booleans() | st.sampled_from(("true", "False", "off", "maybe", "{{ var('x') }}")))
        if isinstance(form, Whole):
            near = st.sampled_from((float(form.least), form.most + 1))
            return self.draw(st.integers(form.least - 1, form.least + 3) | near)
        if isinstance(form, Number):
            near = st.sampled_from((form.least, form.most, form.most + 1, "0.3", "{{ x }}"))
            return self.draw(st.floats(form.least - 1, form.least + 3) | near)
        if isinstance(form, Anything):
            return self.draw(self.junk)
        return self.draw(NEAR if form.pattern else SCALARS)

    def mapping(self, form: Keyed) -> dict[str, Any]:
        needs = [*form.needs, *(need for case in form.cases for need in case.needs)]
        keys = [self.draw(st.sampled_from(need.keys)) for need in needs if not self.is_wild()]
        keys += [case.key for case in form.cases]
        if form.fields:
            keys += self.draw(st.lists(st.sampled_from(sorted(form.fields)), min_size=1, max_size=4))
        forms = {key: form.fields[key].form if key in form.fields else ANYTHING for key in keys}
        if form.others is not None:
            names = (
                st.sampled_from(("local", "prod", "*", "dev-2", "Dev", "a_b", "marts.*", "m.a.b"))
                if form.keys
                else KEYS
            )
            forms = {**dict.fromkeys(self.draw(st.lists(names, max_size=2)), form.others), **forms}
        elif self.is_wild():
            forms = {self.draw(KEYS): ANYTHING, **forms}
        found = {key: self.document(one) for key, one in forms.items()}
        for need in needs:
            below = found.setdefault(need.inside, {}) if need.inside and self.draw(st.booleans()) else None
            if isinstance(below, dict) and need.keys[0] in found:
                below[need.keys[0]] = found.pop(need.keys[0])
        return found

    def single(self, form: Single) -> dict[str, Any]:
        if self.draw(st.integers(1, 4)) == 1:
            return self.mapping(form.marked)
        kind = self.draw(st.sampled_from((*form.kinds, "dbt_utils.equality", "not a name")))
        found = {kind: self.document(form.kinds[kind].form if kind in form.kinds else form.others)}
        return {**found, self.draw(KEYS): None} if self.is_wild() else found


def yaml_texts(document: Any) -> tuple[str, str]:
    """Return a document as flow and as block YAML."""
    return json.dumps(document, ensure_ascii=False), yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


OF_WORDS = ("is declared twice", "is not one type of a column", "until is no day")
"""Faults that no schema can say."""


def faults_of_property_file(text: str) -> set[str]:
    """Return the codes of what the parser says of the form of a property file."""
    return _codes("assets/m/p.yml", text)


def faults_of_expected_change(text: str) -> set[str]:
    """Return the codes of what the parser says of the form of an expected change."""
    return _codes("changes/x.yml", text)


def faults_of_scenarios(text: str) -> set[str]:
    """Return the codes of what the parser says of the form of scenarios of the gate."""
    source = Text("tests/policy/x.yml", text)
    list(read_scenarios(source))
    return {fault.code for fault in source.all_faults()}


def faults_of_header(text: str) -> set[str]:
    """Return the codes of what the parser says of the form of a header."""
    return _codes("assets/m/x.sql", f"/* headgate\n{text}\n*/\nselect 1 as a")


def _codes(path: str, text: str) -> set[str]:
    found = declare_file(path, text.encode()).diagnostics
    return {d.code for d in found if not any(words in d.summary for words in OF_WORDS)}


def faults_of_toml(text: str) -> set[str]:
    """Return the codes of what the parser says of a headgate.toml."""
    source = Text("headgate.toml", text)
    read_config(source, "name", {})
    return {fault.code for fault in source.all_faults()}


def toml_text(document: dict[str, Any]) -> str:
    """Return a document as TOML, each key on a line of its own."""
    return "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in document.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
