"""Random sequences of loads, late rows, restatements, recipe changes, promotions, rollbacks, cuts and clock steps.

After each step every table must equal what the reference says. hypothesis draws the sequences and shrinks those that
fail (stateful testing, after Claessen and Hughes, QuickCheck, ICFP 2000).
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fuzz import loading_reference as reference
from fuzz.loading_reference import Row, Settings, Shown
from fuzz.loading_world import TOO_MUCH, Reader, World

STARTS = (datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2028, 2, 27), datetime(2026, 12, 30))  # noqa: DTZ001
"""Beside changes of clocks, a leap day and a new year."""

SETTINGS = st.builds(
    Settings,
    grain=st.sampled_from(["day", "hour", "month"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Atlantic/Azores"]),  # midnight twice there
    is_instant=st.booleans(),
    lookback=st.integers(0, 2),
    start=st.sampled_from(STARTS),
    deletes=st.sampled_from(["", "flag", "missing"]),
    closes_missing=st.booleans(),
    by_timestamp=st.booleans(),
)
NAMES = ("inc", "key", "both", "hist")
HOURS = st.one_of(st.integers(-6, 24 * 5), st.integers(-30, 24 * 70))


class Loads(RuleBasedStateMachine):
    """Two environments of one project; ``shown`` is what the reference says of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="loads-"))

    def url(self) -> str:
        """Return the database to keep the warehouse in; empty for a DuckDB file."""
        return ""

    @initialize(settings=SETTINGS)
    def begin(self, settings: Settings) -> None:
        self.settings = settings
        if settings.grain == "month":
            self.settings = settings = Settings(**{**vars(settings), "start": settings.start.replace(day=1)})
        self.world = World(self.folder, settings, self.url())
        self.codes = dict.fromkeys(NAMES, 1)
        self.world.write_code(self.codes)
        self.data: reference.Data = ()
        self.now = settings.start + timedelta(days=2, minutes=30)
        self.shown = {"dev": Shown(), "prod": Shown()}
        self.history = [self.shown["prod"]]
        self.is_collected = False
        self.looked: tuple[object, object] = (None, {})

    @rule(hours=st.lists(HOURS, min_size=1, max_size=4), v=st.integers(0, 3), gone=st.booleans())
    def rows_come(self, hours: list[int], v: int, gone: bool) -> None:  # noqa: FBT001
        """Let rows come in, early and late; of a key that is there the row becomes another one."""
        known = {row.id: row for row in self.data}
        for number, hour in enumerate(hours):
            key = hour % 7 + number
            known[key] = Row(key, self.settings.start + timedelta(hours=hour, minutes=11), v, gone)
        self.data = tuple(known.values())
        self.world.write(self.data)

    @precondition(lambda self: self.data)
    @rule(number=st.integers(0, 20))
    def a_row_goes(self, number: int) -> None:
        """Take a row out of the source."""
        gone = number % len(self.data)
        self.data = self.data[:gone] + self.data[gone + 1 :]
        self.world.write(self.data)

    @rule(hours=st.one_of(st.integers(-3, 30), st.integers(-3, 24 * 40)))
    def time_passes(self, hours: int) -> None:
        """Let the clock go on, and at times back a little."""
        self.now += timedelta(hours=hours)

    @rule(name=st.sampled_from(NAMES), code=st.integers(1, 3))
    def code_changes(self, name: str, code: int) -> None:
        """Edit an asset and commit."""
        self.codes[name] = code
        self.world.write_code(self.codes)

    @rule()
    def apply(self) -> None:
        """Apply the working tree to dev."""
        self.world.apply(self.now)
        self.applied()

    def applied(self) -> None:
        own, beside = self.shown["dev"], self.shown["prod"]
        self.shown["dev"] = reference.applied(self.settings, own, beside, self.codes, self.data, self.now)

    @precondition(lambda self: self.shown["dev"].assets)
    @rule()
    def promote(self) -> None:
        """Dev goes to prod, where that is allowed."""
        allowed = reference.promoted(self.shown["prod"], self.shown["dev"], self.codes)
        if not self.world.promote():
            counted = [one for one in allowed if reference.is_counted(one, self.shown.values())]
            assert not counted or self.shown["prod"] in allowed, "refused without a reason"
            return
        assert allowed, "promoted what does not fit together"
        with self.world.reading() as reader:
            differences = [_differences(reader, "prod", shown) for shown in allowed]
        fitting = [shown for shown, found in zip(allowed, differences, strict=True) if not found]
        assert fitting, differences
        if fitting[0] != self.shown["prod"]:
            self._moved(fitting[0])

    @precondition(lambda self: self.shown["prod"].assets)
    @rule(environment=st.sampled_from(["prod", "dev"]))
    def run(self, environment: str) -> None:
        """Take new data into an environment."""
        if self.shown[environment].assets:
            self.world.run(environment, self.now)
            self._ran(environment)

    @precondition(lambda self: self.shown["prod"].assets)
    @rule(day=st.integers(-2, 6), days=st.integers(1, 4))
    def restate(self, day: int, days: int) -> None:
        """Load days again on purpose."""
        since = self.settings.start + timedelta(days=day)
        until = since + timedelta(days=days)
        asked = reference.labels_between(self.settings, since, until)
        is_over = bool(asked & set(reference.complete(self.settings, self.now)))
        assert self.world.restate(self.now, since.isoformat(), until.isoformat()) == is_over
        if is_over:
            self._moved(reference.run(self.settings, self.shown["prod"], Shown(), self.data, self.now, asked))

    @precondition(lambda self: self.shown["prod"].assets)
    @rule(hour=st.integers(0, 48), number=st.integers(0, 3))
    def run_in_vain(self, hour: int, number: int) -> None:
        """Run prod on data that the last table of all refuses: what was loaded until then is shown by nobody."""
        bad = Row(90 + number, self.settings.start + timedelta(hours=hour), TOO_MUCH, gone=False)
        self.world.run_in_vain("prod", self.now, (*self.data, bad))

    @precondition(lambda self: self.shown["prod"].assets)
    @rule(calls=st.integers(1, 24))
    def run_cut_off(self, calls: int) -> None:
        """Cut a run off somewhere; then run again."""
        with self.world.cut_after(calls):
            self.world.run("prod", self.now)
        self.world.run("prod", self.now)
        self._ran("prod")

    @rule(calls=st.integers(1, 24))
    def apply_cut_off(self, calls: int) -> None:
        """Cut an apply off somewhere; then apply again."""
        with self.world.cut_after(calls):
            self.world.apply(self.now)
        self.world.apply(self.now)
        self.applied()

    @precondition(lambda self: len(self.history) > 2)
    @rule()
    def roll_back(self) -> None:
        """Prod shows what it showed before its last move."""
        if self.world.roll_back():
            self._moved(self.history[-2])
        else:
            assert self.is_collected, "a rollback was refused although nothing was dropped"

    @rule()
    def collect(self) -> None:
        """Drop what nobody needs."""
        if self.shown["dev"].assets:
            self.world.collect()
            self.is_collected = True

    def _ran(self, environment: str) -> None:
        before = self.shown[environment]
        beside = self.shown["prod"] if environment == "dev" else Shown()
        after = reference.run(self.settings, before, beside, self.data, self.now)
        if environment == "dev":
            self.shown["dev"] = after
        elif after != before:
            self._moved(after)

    def _moved(self, shown: Shown) -> None:
        self.shown["prod"] = shown
        self.history.append(shown)
        self.is_collected = False

    @invariant()
    def everything_is_as_the_reference_says(self) -> None:
        shown = {name: one for name, one in getattr(self, "shown", {}).items() if one.assets}
        if not shown:
            return
        stamp = self.world.stamp()
        if stamp is not None and (stamp, shown) == self.looked:
            return  # nothing was written since, and the same is due
        with self.world.reading() as reader:
            found = [text for name, one in shown.items() for text in _differences(reader, name, one)]
        assert not found, "\n".join(found)
        self.looked = stamp, shown

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _differences(reader: Reader, environment: str, shown: Shown) -> list[str]:
    found: list[str] = []
    for name, made in shown.assets.items():
        there, due = reader.rows(environment, name), reference.table_of(name, made)
        if there != due:
            found.append(f"{environment} {name}\n  there {there}\n  due   {due}")
    counts = reader.counts(environment)
    due_counts = {name: len(reference.table_of(name, made)) for name, made in shown.assets.items()}
    if not found and counts != due_counts:
        found.append(f"{environment} total: {counts}, due {due_counts}")
    return found
