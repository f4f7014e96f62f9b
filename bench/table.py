"""The rows of the table: what was measured, the floor it stands beside, and the aim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.measure import Measured


@dataclass(frozen=True, slots=True)
class Aim:
    """At most `factor` times the floor, `seconds`, or `megabytes` of memory. Floors are named as in the README."""

    floor: str = ""
    factor: float = 0.0
    megabytes: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.megabytes:
            return f"{self.megabytes:.0f} MB"
        if self.seconds:
            return f"{self.seconds:g} s"
        return f"{self.factor:g} {self.floor}" if self.floor else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    work: str
    size: int
    aim: Aim
    measured: Measured
    floor: Measured | None = None

    @property
    def ratio(self) -> float | None:
        """What was measured over the floor's seconds, or over the seconds or megabytes of the aim."""
        if self.aim.megabytes:
            memory = self.measured.memory
            return memory.pss / self.aim.megabytes if memory else None
        median, floor = self.measured.median, self.floor.median if self.floor else self.aim.seconds
        return median / floor if median is not None and floor else None

    @property
    def verdict(self) -> str:
        if self.measured.fault:
            return f"failed: {self.measured.fault}"
        if self.ratio is None:
            return ""
        limit = 1.0 if self.aim.megabytes or self.aim.seconds else self.aim.factor
        return "met" if self.ratio <= limit else "missed"

    def to_json(self) -> Mapping[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    return "\n".join(_lines(rows))


def told(rows: Iterator[Row]) -> list[Row]:
    """Print the rows as a Markdown table, each as soon as it is measured, and return them."""
    found: list[Row] = []
    for line in _lines(_kept(rows, found)):
        print(line, flush=True)
    return found


def _kept(rows: Iterable[Row], found: list[Row]) -> Iterator[Row]:
    for row in rows:
        found.append(row)
        yield row


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    yield "| Work | N | Aim | Floor s (processor) | Seconds (processor) | Ratio | Peak MB, PSS (RSS) | |"
    yield "|---|--:|---|--:|--:|--:|--:|---|"
    for row in rows:
        memory = row.measured.memory
        cells = (
            row.work,
            f"{row.size:,}" if row.size else "",
            str(row.aim),
            _seconds(row.floor),
            _seconds(row.measured),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            f"{memory.pss:.0f} ({memory.rss:.0f})" if memory else "",
            row.verdict.replace("|", "/"),
        )
        yield "| " + " | ".join(cells) + " |"


def _seconds(measured: Measured | None) -> str:
    if measured is None or measured.median is None:
        return ""
    processor = measured.processor_median
    return f"{measured.median:.3g}" + ("" if processor is None else f" ({processor:.3g})")
