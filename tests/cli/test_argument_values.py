"""Values on the command line: times, short and long, reasons, and what is none of them."""

import argparse
from pathlib import Path

import pytest

from headgate.cli.argument_values import before, instant, instant_or_age, reason, seconds
from tests.cli.scenario import headgate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30), ("5m", 300), ("0.5h", 1800), ("45", 45), ("5 minutes", 300), ("1 hour", 3600), ("2min", 120),
        ("0 minutes", 0),
    ],
)  # fmt: skip
def test_waits(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5 minuts", "soon", "1 month", "1h30m", "nan", "inf", "1e400", "-5", "-1m"])
def test_no_waits(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("7d", "2026-01-01T12:00:00Z"), ("7 days", "2026-01-01T12:00:00Z"), ("12 Hours", "2026-01-08T00:00:00Z"),
        ("12h", "2026-01-08T00:00:00Z"), ("1w", "2026-01-01T12:00:00Z"), ("999999 days", "0002-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_ages(age: str, expected: str) -> None:
    assert before(instant_or_age(age), "2026-01-08T12:00:00Z") == expected


@pytest.mark.parametrize("text", ["7", "7dd", "-7d", "1.5d", "last week", "0001-01-01T00:00:00+14:00"])
def test_neither_an_instant_nor_an_age(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="such as 7d or 12 hours"):
        instant_or_age(text)


def test_an_instant_is_in_utc() -> None:
    assert instant("2026-01-08T12:00+02:00") == instant_or_age("2026-01-08T10:00") == "2026-01-08T10:00:00Z"


def test_a_reason_says_something() -> None:
    assert reason(" the board meets ") == "the board meets"
    for text in ("", "  ", "\t\n"):
        with pytest.raises(argparse.ArgumentTypeError, match="say why"):
            reason(text)


@pytest.mark.parametrize("command", ["promote", "run"])
@pytest.mark.parametrize("blank", ["", "   "])
def test_the_gate_is_opened_for_no_blank_reason(command: str, blank: str, tmp_path: Path) -> None:
    """Blanks opened it, and nothing at all was taken for no override."""
    told, status = headgate([command, "dev", "--override", blank, "--yes"], tmp_path)
    assert (status, "argument --override: say why" in told) == (2, True)
