"""What statements say about loading into one ``Loading``: they agree, it fits the kind, and nothing is left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from headgate.core.address import Address, fold
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Place
from headgate.core.loading import Deletion, Grain, Loading, Merging, Timing, Tracking
from headgate.project.agree import Fault, shortened
from headgate.project.forms.form import TRUTHS
from headgate.project.pieces import Stated, StatedKey, Statement
from headgate.project.spans import NotUnderstood, batch_of, grains_of, is_zone, moment_of, zones
from headgate.project.text import did_you_mean

_T = TypeVar("_T")

_OF_TIMING = ("grain", "time_zone", "lookback", "start", "batch")
_OF_KINDS: Mapping[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("time_column", *_OF_TIMING), (Kind.INCREMENTAL,)),
    **dict.fromkeys(("unique_key", "deletes", "history"), (Kind.INCREMENTAL, Kind.SNAPSHOT)),
    **dict.fromkeys(("updated_at", "check"), (Kind.SNAPSHOT,)),
    "cron": (Kind.TABLE, Kind.INCREMENTAL, Kind.SNAPSHOT, Kind.SOURCE),
}
_BY_TIME = ("microbatch", "insert_overwrite", "append")
_BY_KEY = ("merge", "delete+insert")


@dataclass(frozen=True, slots=True)
class Loaded:
    """How an asset is loaded, when, and where each key of that stands; ``KEY.NAME`` is where it names a column."""

    loading: Loading | None = None
    cron: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)


def merged_loading(address: Address, kind: Kind, statements: Sequence[Statement], at: Place, fault: Fault) -> Loaded:
    """Return how an asset is loaded; ``at`` is where its kind is said. What is wrong is told and counts as left out."""
    said = _agreed(address, statements, fault)
    if not said and kind not in (Kind.INCREMENTAL, Kind.SNAPSHOT):
        return Loaded()
    work = _Merging(address, kind, said, at, fault)
    work.refuse_foreign()
    loading = None
    if kind is Kind.INCREMENTAL:
        loading = work.incremental()
    elif kind is Kind.SNAPSHOT:
        loading = work.snapshot()
    places = {"kind": at} | {key: one.texts[0].place for key, one in work.said.items()}
    places |= {f"{key}.{fold(t.value)}": t.place for key, one in work.said.items() for t in one.texts}
    return Loaded(loading, work.cron(), places)


def _agreed(address: Address, statements: Sequence[Statement], fault: Fault) -> dict[str, StatedKey]:
    """Return what is said of each key; of two that differ the first holds."""
    found: dict[str, StatedKey] = {}
    for one in (key for statement in statements for key in statement.loading):
        first = found.setdefault(one.key, one)
        told = [", ".join(text.value for text in key.texts) for key in (one, first)]
        if told[0] != told[1]:
            here, there = map(shortened, told)
            summary = f"the {one.key} of {address} is {here} here, but {there} in {first.texts[0].place}"
            fault("HG306", summary, one.texts[0].place, "Take one of them out, or make them agree.")
    return found


class _Merging:
    """The keys of one asset, each asked for what it means."""

    def __init__(self, address: Address, kind: Kind, said: dict[str, StatedKey], at: Place, fault: Fault) -> None:
        self.said = said
        self._address = address
        self._kind = kind
        self._at = at
        self._fault = fault

    def refuse_foreign(self) -> None:
        """Tell of keys that mean nothing for this kind, and forget them."""
        for key, one in tuple(self.said.items()):
            kinds = _OF_KINDS.get(key, ())
            if self._kind in kinds or (one.is_dbts and key not in _OF_KINDS):
                continue
            del self.said[key]
            if one.is_dbts and self._kind not in (Kind.INCREMENTAL, Kind.SNAPSHOT):
                continue  # dbt's projects say such things of whole folders
            article = "an" if self._kind is Kind.INCREMENTAL else "a"
            if key == "cron":
                why = "a view holds no data of its own" if self._kind is Kind.VIEW else "a seed changes with its file"
                summary, hint = f"{why}, so that a run takes none", "Take `cron` out."
            else:
                summary = f"{one.written} means nothing for {article} {self._kind.value}"
                hint = f"Take it out, or say `kind: {' or '.join(f'{k.value}' for k in kinds)}`."
            self._fault("HG351", f"{self._address}: {summary}", one.texts[0].place, hint)

    def incremental(self) -> Loading | None:
        """Return how an incremental is loaded."""
        timing, merging = self._timing(), self._merging()
        self._strategy()
        for key in ("merge_update_columns", "merge_exclude_columns"):
            if one := self.said.get(key):
                hint = "Take it out; a column that should stay as it was belongs into a table of its own."
                self._fault("HG303", f"{key}: a row replaces the whole older one", one.texts[0].place, hint)
        if self._truth("full_refresh"):
            hint = "Say `kind: table`."
            self._fault("HG303", "full_refresh: what is always made anew is a table", self._place("full_refresh"), hint)
        if timing is None and merging is None:
            if not self.said.keys() & {"time_column", "unique_key"}:
                hint = "Add `time_column: COLUMN`, by which rows belong to days, or `unique_key: COLUMN`, or both."
                self._fault("HG350", f"{self._address} does not say what its rows are loaded by", self._at, hint)
            return None
        return Loading(timing, merging, keeps_history=self._keeps_history())

    def snapshot(self) -> Loading | None:
        """Return how a snapshot is loaded."""
        key, checked = self._names("unique_key"), self._names("check")
        updated_at = self.word("updated_at")
        if not key:
            hint = "Add `unique_key: COLUMN`, or a list of columns."
            self._fault("HG350", f"the snapshot {self._address} has no key to tell its rows apart", self._at, hint)
        if updated_at and checked:
            hint = "Take one of them out."
            self._fault("HG350", "a snapshot goes by updated_at or by check, not by both", self._place("check"), hint)
        elif not updated_at and not checked:
            hint = "Add `updated_at: COLUMN`, which grows when a row changes, or `check: all`."
            self._fault("HG350", f"{self._address} does not say how a changed row is told", self._at, hint)
        self._strategy_of_snapshot()
        self._unsupported_of_snapshot()
        missing = self._closes_missing()
        if not key or bool(updated_at) is bool(checked):
            return None
        is_all = [name.lower() for name in checked] == ["all"]
        tracking = Tracking(key, updated_at, () if is_all else checked, missing)
        return Loading(tracking=tracking, keeps_history=self._keeps_history())

    def cron(self) -> str:
        """Return when a run takes new data; empty where that is not said, or not understood."""
        if "cron" not in self.said:
            return ""
        from headgate.core.schedule import NAMED, fault_in_cron

        cron = " ".join(self.word("cron").split())
        cron = NAMED.get(cron.lower(), cron)
        if not (fault := fault_in_cron(cron)):
            return cron
        hint = "Write five fields: `0 6 * * *` is every day at six, `0-59/15 * * * mon-fri` every quarter of an hour."
        self._fault("HG352", f"cron: {shortened(cron) or 'nothing'} is no schedule: {fault}", self._place("cron"), hint)
        return ""

    # Parts -----------------------------------------------------------------------------------------------------------

    def _timing(self) -> Timing | None:
        column = self.word("time_column")
        if not column:
            for key in _OF_TIMING:
                if one := self.said.get(key):
                    hint = "Add `time_column: COLUMN`, the column of the query that says when a row happened."
                    self._fault("HG351", f"{one.written} means nothing without time_column", one.texts[0].place, hint)
            return None
        grain = next((one for one in Grain if one.value == self.word("grain").lower()), Grain.DAY)
        return Timing(
            column,
            grain,
            self._zone(),
            self._understood("lookback", lambda text: grains_of(text, grain), 0),
            self._understood("start", moment_of, ""),
            self._understood("batch", lambda text: batch_of(text, grain), 0),
        )

    def _merging(self) -> Merging | None:
        key, deletes = self._names("unique_key"), self.word("deletes")
        if not key:
            if deletes:
                hint = "Add `unique_key: COLUMN`, which says which row it is."
                self._fault("HG351", "deletes means nothing without unique_key", self._place("deletes"), hint)
            return None
        if not deletes:
            return Merging(key)
        if deletes.lower() != Deletion.MISSING.value:
            return Merging(key, Deletion.FLAGGED, deletes)
        if self.word("time_column"):
            hint = "Take `deletes` out, or name a column that is true where a row is gone."
            summary = "deletes: missing needs all rows, and with time_column a load asks for those of some days alone"
            self._fault("HG350", summary, self._place("deletes"), hint)
            return Merging(key)
        return Merging(key, Deletion.MISSING)

    def _closes_missing(self) -> bool:
        """Return whether a snapshot ends what is gone."""
        told = self.word("deletes")
        if told and told.lower() != Deletion.MISSING.value:
            hint = "Write `deletes: missing`, or leave it out."
            self._fault("HG350", "of a snapshot, deletes can only be `missing`", self._place("deletes"), hint)
        hard = self.word("hard_deletes").lower()
        if hard == "new_record":
            hint = "Write `deletes: missing`: then `valid_to` says when it went."
            self._fault("HG303", "hard_deletes: new_record is not supported", self._place("hard_deletes"), hint)
        return told.lower() == "missing" or hard == "invalidate" or self._truth("invalidate_hard_deletes")

    def _strategy(self) -> None:
        """Tell where dbt's strategy is none of ours, or goes by what is not given."""
        strategy = self.word("incremental_strategy").lower()
        place = self._place("incremental_strategy")
        for names, key in ((_BY_TIME, "time_column"), (_BY_KEY, "unique_key")):
            if strategy in names and key not in self.said:
                hint = f"Add `{key}: COLUMN`."
                self._fault("HG350", f"incremental_strategy {strategy} goes by {key}, which is not given", place, hint)
        if strategy == "append" and "unique_key" in self.said:
            hint = "Take `unique_key` out, or write `merge`."
            self._fault("HG350", "incremental_strategy append knows no unique_key", place, hint)
        if strategy and strategy not in (*_BY_TIME, *_BY_KEY):
            known = ", ".join((*_BY_TIME, *_BY_KEY))
            hint = did_you_mean(strategy, (*_BY_TIME, *_BY_KEY), f"Known are {known}; it can be left out.")
            self._fault("HG303", f"incremental_strategy {shortened(strategy)} is not supported", place, hint)

    def _strategy_of_snapshot(self) -> None:
        needed = {"timestamp": "updated_at", "check": "check"}.get(self.word("strategy").lower())
        if needed and needed not in self.said:
            hint = f"Add `{needed}`, or take `strategy` out."
            place = self._place("strategy")
            self._fault("HG350", f"strategy {self.word('strategy')} goes by {needed}, which is not given", place, hint)

    def _unsupported_of_snapshot(self) -> None:
        for key in ("dbt_valid_to_current", "snapshot_meta_column_names"):
            if one := self.said.get(key):
                hint = "Take it out; a view may call the columns, or what stands in them, as you like."
                summary = f"{key} is not supported: valid_to is NULL for what is so now"
                self._fault("HG303", summary, one.texts[0].place, hint)

    # Values ----------------------------------------------------------------------------------------------------------

    def word(self, key: str) -> str:
        """Return the text of a key, the first of a list; empty where nothing is said."""
        one = self.said.get(key)
        return one.texts[0].value.strip() if one else ""

    def _names(self, key: str) -> tuple[str, ...]:
        """Return the columns that a key lists; of one that stands there twice the first."""
        texts: tuple[Stated, ...] = self.said[key].texts if key in self.said else ()
        found: dict[str, str] = {}
        for text in texts:
            if not text.value.strip():
                self._fault("HG309", f"{self.said[key].written} is empty", text.place, "Write the name of a column.")
            elif fold(text.value) not in found:
                found[fold(text.value)] = text.value
            else:
                self._fault("HG350", f"{key} names {shortened(text.value)} twice", text.place, "Take one of them out.")
        return tuple(found.values())

    def _zone(self) -> str:
        zone = self.word("time_zone") or "UTC"
        if is_zone(zone):
            return zone
        hint = did_you_mean(zone, zones(), "Write the name of a region and a city: `Europe/Berlin`.")
        self._fault("HG352", f"the time zone {shortened(zone)} is not known", self._place("time_zone"), hint)
        return "UTC"

    def _understood(self, key: str, read: Callable[[str], _T], otherwise: _T) -> _T:
        if key not in self.said:
            return otherwise
        text = self.word(key)
        try:
            return read(text)
        except NotUnderstood as error:
            summary = f"{self.said[key].written}: {shortened(text) or 'nothing'} {error}"
            self._fault("HG352", summary, self._place(key), error.hint)
            return otherwise

    def _keeps_history(self) -> bool:
        told = self.said.get("full_refresh")
        return self.word("history").lower() == "keep" or (told is not None and not self._truth("full_refresh"))

    def _truth(self, key: str) -> bool:
        return TRUTHS.get(self.word(key).lower(), False)

    def _place(self, key: str) -> Place:
        return self.said[key].texts[0].place if key in self.said else self._at
