"""Service levels of a contract as data tests, and back.

The latency of a column of times is how old its newest row may be, which the test `freshness` measures. A test that came
from a service level says so below its `meta:`, with its place among them; other levels are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from headgate.core.diagnostic import Severity
from headgate.core.promises import FRESHNESS, Condition, DeclaredTest
from headgate.core.schedule import fault_in_cron
from headgate.project.odcs.kept import KEPT, left_over, put_back, restored
from headgate.project.odcs.written import without_kept, written_test

LEVELS = "slaProperties"
"""The key of a contract's service levels."""

LEVEL = "level"
"""The key below `meta: odcs:` of a test that came from a service level: at which place, and what that said besides."""

_LATENCIES = frozenset({"latency", "ly", "freshness"})
_UNITS = {"d": "days", "day": "days", "days": "days", "h": "hours", "hr": "hours", "hour": "hours", "hours": "hours",
          "min": "minutes", "minute": "minutes", "minutes": "minutes"}  # fmt: skip
_WRITTEN = {"day": "d", "hour": "h", "minute": "min"}
_SPAN = re.compile(r"([1-9][0-9]{0,5}) (day|hour|minute)s?")
_OF_TIMES = re.compile(r"(date|datetime|timestamp)\b.*", re.IGNORECASE | re.DOTALL)


def test_of_level(item: Any, at: int, *, table: str, column: str, type_: str) -> Any:
    """Return the test that a service level of a column is, as property files have it; None where it is none.

    ``at`` is its place among the levels; ``table`` and ``column`` are what Headgate calls its element.
    """
    if not isinstance(item, Mapping) or None in item.values() or not _OF_TIMES.fullmatch(type_.strip()):
        return None
    value, unit = item.get("value"), _UNITS.get(str(item.get("unit")).lower())
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000
    if str(item.get("property")).lower() not in _LATENCIES or not is_number or unit is None:
        return None
    arguments = {"error_after": f"{value} {unit}"}
    cron = item.get("schedule")
    if str(item.get("scheduler")).lower() == "cron" and isinstance(cron, str) and not fault_in_cron(cron):
        arguments["cron"] = cron
    test = DeclaredTest(FRESHNESS, column, arguments=arguments)
    rest = left_over(item, _derived(test, table) or {})
    return written_test(test, {LEVEL: {"at": at, **({"is": rest} if rest else {})}})


def level_of(test: DeclaredTest, table: str) -> dict[str, Any] | None:
    """Return the service level that a test came from, with its place: ``at`` and ``is``; None of another test.

    A test that says more by now is no level any more.
    """
    meta = test.kept.get("meta")
    kept = meta.get(KEPT) if isinstance(meta, Mapping) else None
    noted = kept.get(LEVEL) if isinstance(kept, Mapping) else None
    if not isinstance(noted, Mapping):
        return None
    derived, rest = _derived(test, table), noted.get("is")
    if derived is None:
        return None
    return {"at": noted.get("at"), "is": restored(derived, rest if isinstance(rest, Mapping) else {})}


def levels_of(others: Any, found: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return all service levels: those that were kept, and those that are tests, each at its place."""

    def place(one: Mapping[str, Any]) -> int:
        at = one.get("at")
        return at if isinstance(at, int) else len(found)

    return put_back(others if isinstance(others, list) else [], sorted(found, key=place))


def without_level(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a test but for the service level that it came from."""
    return {key: value for key, value in kept.items() if key != LEVEL}


def _derived(test: DeclaredTest, table: str) -> dict[str, Any] | None:
    """Return the service level that says all that a test says; None where there is none."""
    is_plain = test.kind == FRESHNESS and test.column and test.severity is Severity.ERROR and test.is_enabled
    if not is_plain or test.where or test.name or test.tags or test.limit is not None or test.keeps_failures:
        return None
    span = _SPAN.fullmatch(str(test.arguments.get("error_after")))
    has_others = bool(test.arguments.keys() - {"error_after", "cron"}) or bool(without_kept(test.kept))
    if span is None or has_others or not test.warn_if == test.error_if == Condition():
        return None
    cron = test.arguments.get("cron")
    return {
        "property": "latency",
        "value": int(span[1]),
        "unit": _WRITTEN[span[2]],
        "element": f"{table}.{test.column}",
        **({"scheduler": "cron", "schedule": cron} if cron else {}),
    }
