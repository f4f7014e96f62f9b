"""Property files as people write them: all are read without a word about their form, and they use every key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from headgate.app.schema import schema_of
from headgate.project.declare import declare_file
from headgate.project.forms.adapters import OF_ADAPTERS
from headgate.project.forms.form import Either, Form, Keyed, Several, Single
from headgate.project.forms.property_file import PROPERTY_FILE
from headgate.project.text import Text
from headgate.project.yaml_nodes import parse_yaml, value_of

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.yml"))


def plain(path: Path) -> Any:
    node = parse_yaml(Text(path.name, path.read_text()))
    assert node is not None
    return value_of(node)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_people_write_is_read(path: Path) -> None:
    found = declare_file(f"assets/m/{path.name}", path.read_bytes()).diagnostics
    assert [f"{d.code} {d.place} {d.summary}" for d in found if d.code not in ("HG303", "HG313")] == []
    Draft202012Validator(schema_of("yaml")).validate(plain(path))


def used(value: Any, form: Form) -> Iterator[tuple[str, str]]:
    """Yield every key that a document uses, with the title of the mapping that it stands in."""
    if isinstance(form, Either):
        for one in form.of:
            yield from used(value, one)
    elif isinstance(form, Several):
        for item in value if isinstance(value, list) else [value]:
            yield from used(item, form.item)
    elif isinstance(form, Single) and isinstance(value, dict):
        if form.marker in value:
            yield from used(value, form.marked)
        else:
            for key, inside in value.items():
                yield form.title, key
                yield from used(inside, form.kinds[key].form if key in form.kinds else form.others)
    elif isinstance(form, Keyed) and isinstance(value, dict):
        for key, inside in value.items():
            yield form.title, key
            if key in form.fields:
                yield from used(inside, form.fields[key].form)


def declared(form: Form, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield every key that a form knows, as ``used`` does."""
    if isinstance(form, Either):
        for one in form.of:
            yield from declared(one, seen)
    elif isinstance(form, Several):
        yield from declared(form.item, seen)
    elif isinstance(form, Keyed | Single) and form.title not in seen:
        seen.add(form.title)
        for key, field in (form.fields if isinstance(form, Keyed) else form.kinds).items():
            yield form.title, key
            yield from declared(field.form, seen)
        if isinstance(form, Single):
            yield from declared(form.marked, seen)


FROM_TESTS = {
    "test with test_name",
    "not_null",
    "unique",
    "accepted_values",
    "relationships",
    "test",
    "configuration of a test in SQL",
}
"""Mappings with the keys of every test: they are used in some of them."""

OURS = {("arguments of unique", "columns"), ("arguments of relationships", "columns")}
REFUSED = {"versions", "latest_version"}


def test_together_they_use_every_key() -> None:
    found = {pair for path in CORPUS for pair in used(plain(path), PROPERTY_FILE)}
    names = {key for _, key in found}
    lacking = [
        f"{title}: {key}"
        for title, key in declared(PROPERTY_FILE, set())
        if (title, key) not in found
        and key not in (*OF_ADAPTERS, *REFUSED)
        and not (title in FROM_TESTS and key in names)
        and title != "configuration of a snapshot"
        and (title, key) not in OURS
    ]
    assert lacking == []
    assert len(CORPUS) >= 15
