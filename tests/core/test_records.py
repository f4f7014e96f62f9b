"""What the state remembers comes back as it was: every field of every record, also those that are added later."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.core import build_forms, recipe, records
from headgate.core.declarations import FileSource, TableSource
from headgate.core.graph import SqlBody
from headgate.core.json_form import dumps, loads
from headgate.core.properties import PropertyChanges
from headgate.core.python import PythonBody
from headgate.core.recipe import Recipe, Shape, recipe_from_json, recipe_to_json
from headgate.core.records import Build, Capture, EnvironmentRecord, Intent, Move, Pointer
from headgate.core.template import Template

LEAVES: Mapping[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=8),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
}

ONLY_FOR_TYPES = {"Template": Template, "PythonBody": PythonBody, "PropertyChanges": PropertyChanges}
"""What the modules of records import for the checker of types alone."""


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type; of a dataclass every field is drawn, those with a default too."""
    if isinstance(hint, typing.NewType):
        return values_of(hint.__supertype__)
    fields = dataclasses.fields(hint) if dataclasses.is_dataclass(hint) else ()
    names = [field.name for field in fields if field.init and field.compare]
    if names or hasattr(hint, "_fields"):  # a named tuple
        hints = typing.get_type_hints(hint, localns=ONLY_FOR_TYPES)
        return st.builds(hint, **{name: values_of(hints[name]) for name in names or hint._fields})
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values_of, arguments))
    if origin is Mapping:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=2)
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    return LEAVES[hint] if hint in LEAVES else st.sampled_from(list(hint))


FORMS: Mapping[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    Build: (build_forms.build_to_json, build_forms.build_from_json),
    Pointer: (records.pointer_to_json, records.pointer_from_json),
    Move: (records.move_to_json, records.move_from_json),
    Intent: (records.intent_to_json, records.intent_from_json),
    SqlBody: (build_forms.sql_body_to_json, build_forms.sql_body_from_json),
    FileSource: (build_forms.location_to_json, build_forms.location_from_json),
    TableSource: (build_forms.location_to_json, build_forms.location_from_json),
    Shape: (recipe.shape_to_json, recipe.shape_from_json),
    Recipe: (recipe_to_json, recipe_from_json),
    EnvironmentRecord: (lambda record: record, records.environment_from_json),
    Capture: (lambda record: record, lambda body: Capture(**body)),
}


@pytest.mark.parametrize("record", FORMS, ids=lambda hint: getattr(hint, "__name__", "Shape"))
def test_what_is_written_is_read(record: Any) -> None:
    write, read = FORMS[record]

    @settings(max_examples=60, deadline=None)
    @given(values_of(record))
    def check(value: Any) -> None:
        assert read(loads(dumps(write(value)))) == value

    check()


def test_every_record_of_the_state_is_written_and_read() -> None:
    writers = {
        name.removesuffix("_to_json")
        for module in (build_forms, recipe, records)
        for name in vars(module)
        if name.endswith("_to_json")
    }
    assert writers == {"build", "pointer", "move", "intent", "recipe", "sql_body", "location", "shape"}
