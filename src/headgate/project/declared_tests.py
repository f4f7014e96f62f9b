"""The data tests of an asset or a column, in every form that dbt has: ``unique``, ``unique: {...}``, ``test_name:``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.core.diagnostic import Severity
from headgate.core.promises import NEVER, QUERY, Condition, DeclaredTest, condition_of
from headgate.project.forms.data_tests import ARGUMENTS, NEEDED, OF_CONFIG, OF_TESTS, QUERY_HEADER
from headgate.project.forms.form import Use
from headgate.project.mapped import Mapped
from headgate.project.pieces import Stated, StatedTest, StatedUse
from headgate.project.references import call_of, reference_of
from headgate.project.text import Text
from headgate.project.yaml_nodes import Fields, Node, Scalar

_ASSETS, _OF_ASSETS = ("to", "compare_model"), ("relationships", "equality", "equal_row_count")
"""Arguments that name an asset, and kinds of ours in which they may say it plainly: SCHEMA.NAME."""

KEYS = ("data_tests", "tests")
_NOTHING = Mapped(Fields((), ("", 0, 0, 0)))
_KEPT = frozenset(key for key, field in OF_CONFIG.items() if field.use is Use.KEPT)
_SETTINGS = frozenset(OF_CONFIG)
SETTINGS_OF_TESTS = frozenset({*OF_TESTS, "arguments", "test_name"})
"""Keys that are no arguments of a test where they stand beside them."""


def read_tests(said: Mapped, column: str = "") -> tuple[StatedTest, ...]:
    """Return the tests that a mapping lists; ``column`` is the one that they stand below."""
    found = (_test(node, column) for key in KEYS if key in said for node in said.items(key))
    return tuple(test for test in found if test is not None)


def _test(node: Node, column: str) -> StatedTest | None:
    if isinstance(node, Scalar):
        return StatedTest(DeclaredTest(node.text, column, place=node.place, is_enabled=node.text not in NEEDED))
    if not isinstance(node, Fields):
        return None
    said = Mapped(node)
    if "test_name" in said:
        return _of_mapping(said.text("test_name"), said, column)
    if len(node.pairs) != 1:
        return None
    ((name, value),) = node.pairs
    inside = Mapped(value if isinstance(value, Fields) else Fields((), name.at))
    return _of_mapping(Stated(name.text, name.place), inside, column)


def _of_mapping(kind: Stated | None, said: Mapped, column: str) -> StatedTest | None:
    if kind is None:
        return None
    config = said.mapping("config") or _NOTHING
    given = said.mapping("arguments")
    is_quarantining = True in (config.truth("quarantine"), said.truth("quarantine"))
    unless_said = NEVER if is_quarantining else Condition()
    arguments, uses = said.rest(SETTINGS_OF_TESTS) | (given.rest(()) if given else {}), _uses(said, given, kind.value)
    is_off = False in (config.truth("enabled"), said.truth("enabled"))
    test = DeclaredTest(
        kind=kind.value,
        column=column or said.word("column_name"),
        name=said.word("name"),
        arguments=arguments,
        severity=Severity.WARNING if _word("severity", config, said).lower() == "warn" else Severity.ERROR,
        where=_word("where", config, said),
        warn_if=_condition("warn_if", config, said, unless_said),
        error_if=_condition("error_if", config, said, unless_said),
        limit=said.whole("limit") if config.whole("limit") is None else config.whole("limit"),
        tags=(*said.words("tags"), *config.words("tags")),
        is_enabled=not is_off and not _is_faulty(kind.value, arguments, uses, is_named="test_name" in said),
        kept=said.values(_KEPT) | config.values(_KEPT) | config.rest(_SETTINGS),
        place=kind.place,
        keeps_failures=True in (config.truth("store_failures"), said.truth("store_failures")),
        is_quarantining=is_quarantining,
    )
    return StatedTest(test, uses)


def _is_faulty(kind: str, arguments: Mapping[str, Any], uses: Mapping[str, StatedUse], *, is_named: bool) -> bool:
    """Tell whether the form of a test that dbt itself has told a fault of its arguments: that is told once.

    ``is_named``: the test stands below ``test_name``, where the form looks only for what it cannot do without.
    """
    lacks = any(arguments.get(key) is None for key in NEEDED.get(kind, ()))
    if is_named or kind not in ARGUMENTS:
        return lacks
    is_list = kind != "accepted_values" or isinstance(arguments.get("values"), list)
    return (
        lacks
        or not is_list
        or not arguments.keys() <= ARGUMENTS[kind]
        or (kind == "relationships" and "to" not in uses)
    )


def read_query_test(source: Text, name: str, fields: Fields | None) -> DeclaredTest:
    """Return the data test that a file of ``tests/`` is, with what its header says; faults are noted in ``source``."""
    if fields is not None:
        from headgate.project.check_form import FormCheck

        FormCheck(source).check(fields, QUERY_HEADER, "the header")
    said = Mapped(fields or Fields((), ("", 0, 0, 0)))
    return DeclaredTest(
        kind=QUERY,
        name=name,
        severity=Severity.WARNING if said.word("severity").lower() == "warn" else Severity.ERROR,
        warn_if=condition_of(said.word("warn_if")) or Condition(),
        error_if=condition_of(said.word("error_if")) or Condition(),
        limit=said.whole("limit"),
        tags=tuple(said.words("tags")),
        is_enabled=said.truth("enabled") is not False,
        kept=said.values(_KEPT | {"owner"}),
        place=source.place(1, 1, 0),
        keeps_failures=said.truth("store_failures") is True,
    )


def _word(key: str, config: Mapped, said: Mapped) -> str:
    return config.word(key) or said.word(key)


def _condition(key: str, config: Mapped, said: Mapped, unless_said: Condition) -> Condition:
    return condition_of(_word(key, config, said)) or unless_said


def _uses(said: Mapped, given: Mapped | None, kind: str) -> dict[str, StatedUse]:
    """Return the arguments that name assets or sources."""
    found: dict[str, StatedUse] = {}
    for place in (said, given):
        for key in place.names() if place else ():
            text = place.text(key) if place and key not in SETTINGS_OF_TESTS else None
            is_plain = key in _ASSETS and (kind in _OF_ASSETS or kind.startswith("dbt_utils."))
            read = reference_of if is_plain else call_of
            if text and (use := read(text)):
                found[key] = use
    return found
