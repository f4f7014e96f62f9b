"""The statements of loads, as every engine understands them: what ends, and what begins.

A part's rows stand in a table that is called ``stage``; ``same`` is the condition that a row of the storage (``old``)
and one of the stage have one key. Names are quoted, numbers and literals are Headgate's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headgate.core.errors import EngineFailed, LeaseLost, StatementFailed, lost_lease
from headgate.core.intervals import Interval
from headgate.core.loading import VALID_FROM, VALID_TO, Deletion, Tracking
from headgate.core.ports.loads import COPIED, FROM, NO_END, TO, LoadPart, LoadStart, Merged, Tracked, Visible
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.sql_texts import listed, literal, quoted

STAGE, ENDED = "headgate_stage", "headgate_ended"
"""The temporary tables of a part: its rows, and those of a history that end with it."""

TOLD_MAX, VALUE_MAX = 3, 40
"""So many keys are told that are not unique, and so many characters of a value."""


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements in the order in which they are carried out: ``ending`` let rows go, ``beginning`` let some come."""

    ending: tuple[str, ...]
    beginning: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadTexts:
    """The texts of one load: its storage as text and number, and the names of the tables beside it.

    ``place`` is the engine's own name of where a row stands, which holds within a transaction. ``differs`` gives the
    condition that a row of the storage (``old``) shows another value in a column than one of the stage: 1.0 and 1.00
    are equal, and not the same to see.
    """

    table: str
    number: int
    stage: str
    ended: str
    place: str
    differs: Callable[[Column], str]

    def create(self, shape: Shape) -> str:
        """Return the CREATE TABLE of a storage with these columns."""
        columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in shape)
        return f"create table {self.table} ({columns}, {FROM} bigint not null, {TO} bigint not null)"

    def copy(self, start: LoadStart, base: Visible, table: str) -> str:
        """Return the INSERT of the rows that a new storage begins with: those of the base, which are in ``table``."""
        known, again = {column.name for column in start.base_shape}, retyped(start)
        kept = [column for column in start.shape if column.name in known]
        taken = ", ".join(_cast(column) if column in again else quoted(column.name) for column in kept)
        into = self.into([column.name for column in kept])
        return f"{into} select {taken}, {COPIED}, {NO_END} from {table} where {visible(base)}"

    @property
    def undone(self) -> tuple[str, str]:
        """The statements that leave the rows as if the load, the newest one, had never begun."""
        return (
            f"delete from {self.table} where {FROM} = {self.number:d}",
            f"update {self.table} set {TO} = {NO_END} where {TO} = {self.number:d}",
        )

    def into(self, names: Sequence[str]) -> str:
        """Return the beginning of an INSERT of these columns; a SELECT follows, with ``born`` behind its columns."""
        return f"insert into {self.table} ({listed(names)}, {FROM}, {TO})"

    @property
    def born(self) -> str:
        """The two columns of a row that comes with this load."""
        return f"{self.number:d}, {NO_END}"

    def end(self, where: str) -> str:
        """Return the UPDATE that lets rows go of which ``where`` holds, and that were there before this load."""
        return (
            f"update {self.table} as old set {TO} = {self.number:d} "
            f"where {TO} = {NO_END} and {FROM} < {self.number:d} and ({where})"
        )

    def twice(self, key: Sequence[str]) -> str:
        """Return the SELECT that counts the keys that stand in several rows of the stage."""
        grouped = f"select count(*) as n from {self.stage} group by {listed(key)} having count(*) > 1"
        return f"select count(*) from ({grouped}) as twice"

    def examples(self, key: Sequence[str]) -> str:
        """Return the SELECT of the first keys, as texts, that stand in several rows of the stage."""
        values = ", ".join(f"cast({quoted(name)} as varchar)" for name in key)
        return (
            f"select {values} from {self.stage} group by {listed(key)} having count(*) > 1 order by 1 limit {TOLD_MAX}"
        )

    def without_older(self, key: Sequence[str], time: str) -> str:
        """Return the DELETE that leaves in the stage, of the rows of one key, the one with the latest time."""
        order = f"row_number() over (partition by {listed(key)} order by {quoted(time)} desc)"
        numbered = f"select {self.place} as place, {order} as number from {self.stage}"
        return f"delete from {self.stage} where {self.place} in (select place from ({numbered}) as n where number > 1)"

    def merge(self, shape: Shape, change: Merged, *, same: str) -> Statements:
        """Replace rows by key; a row that is as it was stays, so that a full comparison writes what changed alone."""
        merging, names = change.merging, [column.name for column in shape]
        is_gone = f"stage.{quoted(merging.flag)} is true" if merging.deletion is Deletion.FLAGGED else "false"
        differs = " or ".join([is_gone, *(self.differs(column) for column in shape)])
        is_newer = ""
        if change.time:
            time = quoted(change.time)
            is_newer = f" and (old.{time} <= stage.{time} or {change.asked})"
        ending = [
            f"update {self.table} as old set {TO} = {self.number:d} from {self.stage} as stage "
            f"where old.{TO} = {NO_END} and {same}{is_newer} and ({differs})"
        ]
        if merging.deletion is Deletion.MISSING:
            ending.append(self.end(f"not exists (select 1 from {self.stage} as stage where {same})"))
        coming = (
            f"{self.into(names)} select {listed(names, 'stage')}, {self.born} from {self.stage} as stage "
            f"where not ({is_gone}) and not exists (select 1 from {self.table} as old "
            f"where old.{TO} = {NO_END} and {same})"
        )
        return Statements(tuple(ending), (coming,))

    def changed(self, shape: Shape, change: Tracked, *, same: str) -> str:
        """Return the SELECT of the rows of a history that end, and until when they were so: never before they began."""
        tracking = change.tracking
        now, since = _now(shape, change), _since(shape, change)
        ended = (
            f"select old.{self.place} as place, greatest({since}, old.{VALID_FROM}) as until from {self.table} as old "
            f"join {self.stage} as stage on {same} where {_CURRENT} and ({self._is_other(tracking, shape)})"
        )
        if tracking.closes_missing:
            ended += (
                f" union all select old.{self.place} as place, greatest({now}, old.{VALID_FROM}) as until "
                f"from {self.table} as old "
                f"where {_CURRENT} and not exists (select 1 from {self.stage} as stage where {same})"
            )
        return ended

    def track(self, shape: Shape, change: Tracked, *, same: str) -> tuple[str, Statements]:
        """End what is another now, or gone, and begin what is new, once ``ended`` holds what ``changed`` gives.

        The first statement comes before the others. A row that ends is replaced by one that says until when it was so:
        what an earlier load showed is not written on. What comes begins where the last state of its key has ended, if
        that is later than its own time: no two states of a key are so at once.
        """
        names, key = [column.name for column in shape], change.tracking.key
        into = self.into([*names, VALID_FROM, VALID_TO])
        closed = (
            f"{into} select {listed(names, 'old')}, old.{VALID_FROM}, ended.until, {self.born} "
            f"from {self.table} as old join {self.ended} as ended on ended.place = old.{self.place}"
        )
        ending = (
            f"update {self.table} set {TO} = {self.number:d} where {self.place} in (select place from {self.ended})"
        )
        before = (
            f"select {listed(key)}, max({VALID_TO}) as until from {self.table} "
            f"where {TO} = {NO_END} and {VALID_TO} is not null group by {listed(key)}"
        )
        coming = (
            f"{into} select {listed(names, 'stage')}, greatest({_since(shape, change)}, old.until), null, {self.born} "
            f"from {self.stage} as stage left join ({before}) as old on {same} "
            f"where not exists (select 1 from {self.table} as old where {_CURRENT} and {same})"
        )
        return closed, Statements((ending,), (coming,))

    def _is_other(self, tracking: Tracking, shape: Shape) -> str:
        """Return the condition that a row of the stage is another state; a time follows on none."""
        if tracking.updated_at:
            column = quoted(tracking.updated_at)
            return f"stage.{column} > old.{column} or (old.{column} is null and stage.{column} is not null)"
        checked = tracking.checked or [column.name for column in shape if column.name not in tracking.key]
        return " or ".join(self.differs(column) for column in shape if column.name in checked) or "false"


_CURRENT = f"old.{TO} = {NO_END} and old.{VALID_TO} is null"


def of_load(storage: Visible) -> str:
    """Return the condition that a row of ``headgate.loads`` or ``headgate.parts`` is of this load."""
    return f"relation = {literal(storage.relation)} and number = {storage.number:d}"


def of_part(storage: Visible, interval: Interval) -> str:
    """Return the condition that a row of ``headgate.parts`` is this part's."""
    begins, ends = (literal(moment) for moment in interval)
    return f"{of_load(storage)} and begins = {begins} and ends = {ends}"


def part_values(storage: Visible, interval: Interval) -> str:
    """Return the values of a row of ``headgate.parts``, without its count of rows."""
    begins, ends = (literal(moment) for moment in interval)
    return f"{literal(storage.relation)}, {storage.number:d}, {begins}, {ends}"


def visible(storage: Visible) -> str:
    """Return the condition that a row is visible at a load."""
    return f"{FROM} <= {storage.number:d} and {TO} > {storage.number:d}"


def visible_rows(table: str, storage: Visible, shape: Shape) -> str:
    """Return a relation with the columns of ``shape`` of the rows of ``table`` that are visible at a load."""
    return f"(\nselect {listed([column.name for column in shape])} from {table} where {visible(storage)}\n)"


def compacted(table: str, numbers: Sequence[int]) -> tuple[str, str]:
    """Return the statements that keep what these loads, in their order, show, as if others had never been.

    Rows that none of them shows are deleted; those live on that ended with a load after them.
    """
    shown = " or ".join(f"({visible(Visible('', number))})" for number in numbers)
    return (
        f"delete from {table} where not ({shown})",
        f"update {table} set {TO} = {NO_END} where {TO} > {numbers[-1]:d} and {TO} < {NO_END}",
    )


def retyped(start: LoadStart) -> tuple[Column, ...]:
    """Return the columns that a copy takes over with another type."""
    before = {column.name: column.type for column in start.base_shape}
    return tuple(column for column in start.shape if before.get(column.name, column.type) != column.type)


def cast_all(base: Visible, table: str, column: Column) -> str:
    """Return the SELECT that casts all values of a column of the base, which is in ``table``, to the column's type."""
    return f"select count({_cast(column)}) from {table} where {visible(base)}"


def _cast(column: Column) -> str:
    return f"cast({quoted(column.name)} as {column.type.partition(' COLLATE ')[0]})"


def key_of(change: Merged | Tracked) -> Sequence[str]:
    """Return the columns by which rows of a part are found in the storage."""
    return change.tracking.key if isinstance(change, Tracked) else change.merging.key


def lost(storage: Visible) -> EngineFailed:
    """Return the error of a load that was begun, and of which the warehouse knows nothing."""
    return EngineFailed(f"the warehouse has lost load {storage.number} of {storage.relation}", code="HG508")


def misfit(start: LoadStart, column: Column) -> StatementFailed:
    """Return the fault of a copy that would take a column over with a type that not all of its values have."""
    before = next(one.type for one in start.base_shape if one.name == column.name)
    told = f"what {start.address} keeps of its column {column.name} ({before}) does not fit {column.type}"
    return StatementFailed(told, job=start.address)


def overtaken(storage: Visible) -> LeaseLost:
    """Return the refusal of a holder after whom somebody else has gone on with a load, or has ended it."""
    return lost_lease(f"load {storage.number} of {storage.relation}")


def twice_in(
    count: int, examples: Sequence[Sequence[str | None]], part: LoadPart, key: Sequence[str], time: str = ""
) -> StatementFailed:
    """Return the fault of keys that stand in several rows of a part: nothing says which would replace the other.

    ``examples`` are the values of some of them. ``time`` is the column that would say it, where there is one: they are
    the same in it, too.
    """
    told = f"{count:,} keys stand in several rows" if count > 1 else "one key stands in several rows"
    of = f"of the query with the same {time}" if time else "of the query"
    more = f" and {count - len(examples):,} more" if count > len(examples) else ""
    values = f"{', '.join(map(_key_told, examples))}{more}"
    return StatementFailed(f"the unique key ({', '.join(key)}) is not unique: {told} {of}: {values}", job=part.address)


def _key_told(values: Sequence[str | None]) -> str:
    """Return a key in one line: its value, or those of several columns in parentheses."""
    told = ["null" if value is None else " ".join(value.split()) for value in values]
    told = [text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}\u2026" for text in told]
    return told[0] if len(told) == 1 else f"({', '.join(told)})"


def _now(shape: Shape, change: Tracked) -> str:
    """Return the present, in the type of the times of the history."""
    type_ = next((column.type for column in shape if column.name == change.tracking.updated_at), "")
    return f"cast({change.now} as {type_})" if type_ else change.now


def _since(shape: Shape, change: Tracked) -> str:
    """Return since when a row of the stage is as it is."""
    updated_at = change.tracking.updated_at
    return f"stage.{quoted(updated_at)}" if updated_at else _now(shape, change)
