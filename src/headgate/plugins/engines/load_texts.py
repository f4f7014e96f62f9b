"""The statements of loads, as every engine understands them: what ends, and what begins.

A part's rows stand in a table that is called ``stage``; ``same`` is the condition that a row of the storage (``old``)
and one of the stage have one key. Names are quoted, numbers and literals are Headgate's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headgate.core.errors import EngineFailed, LeaseLost, StatementFailed, lost_lease
from headgate.core.intervals import Interval
from headgate.core.loading import VALID_FROM, VALID_TO, Deletion, Merging, Tracking
from headgate.core.ports.loads import COPIED, FROM, NO_END, TO, LoadPart, LoadStart, Tracked, Visible
from headgate.core.recipe import Shape
from headgate.plugins.engines.sql_texts import listed, literal, quoted

STAGE, ENDED = "headgate_stage", "headgate_ended"
"""The temporary tables of a part: its rows, and those of a history that end with it."""


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements in the order in which they are carried out: ``ending`` let rows go, ``beginning`` let some come."""

    ending: tuple[str, ...]
    beginning: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadTexts:
    """The texts of one load: its storage as text and number, and the names of the tables beside it.

    ``place`` is the engine's own name of where a row stands, which holds within a transaction.
    """

    table: str
    number: int
    stage: str
    ended: str
    place: str

    def create(self, shape: Shape) -> str:
        """Return the CREATE TABLE of a storage with these columns."""
        columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in shape)
        return f"create table {self.table} ({columns}, {FROM} bigint not null, {TO} bigint not null)"

    def copy(self, start: LoadStart, base: Visible, table: str) -> str:
        """Return the INSERT of the rows that a new storage begins with: those of the base, which are in ``table``."""
        known = {column.name for column in start.base_shape}
        kept = [column.name for column in start.shape if column.name in known]
        return f"{self.into(kept)} select {listed(kept)}, {COPIED}, {NO_END} from {table} where {visible(base)}"

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

    def merge(self, names: Sequence[str], merging: Merging, *, same: str) -> Statements:
        """Replace rows by key; a row that is as it was stays, so that a full comparison writes what changed alone."""
        is_gone = f"stage.{quoted(merging.flag)} is true" if merging.deletion is Deletion.FLAGGED else "false"
        differs = " or ".join([is_gone, *_distinct(name for name in names if name not in merging.key)])
        ending = [
            f"update {self.table} as old set {TO} = {self.number:d} from {self.stage} as stage "
            f"where old.{TO} = {NO_END} and {same} and ({differs})"
        ]
        if merging.deletion is Deletion.MISSING:
            ending.append(self.end(f"not exists (select 1 from {self.stage} as stage where {same})"))
        coming = (
            f"{self.into(names)} select {listed(names, 'stage')}, {self.born} from {self.stage} as stage "
            f"where not ({is_gone}) and not exists (select 1 from {self.table} as old "
            f"where old.{TO} = {NO_END} and {same})"
        )
        return Statements(tuple(ending), (coming,))

    def changed(self, names: Sequence[str], change: Tracked, *, same: str) -> str:
        """Return the SELECT of the rows of a history that end, and until when they were so."""
        tracking, now = change.tracking, change.now
        since = f"stage.{quoted(tracking.updated_at)}" if tracking.updated_at else now
        ended = (
            f"select old.{self.place} as place, {since} as until from {self.table} as old "
            f"join {self.stage} as stage on {same} where {_CURRENT} and ({_is_other(tracking, names)})"
        )
        if tracking.closes_missing:
            ended += (
                f" union all select old.{self.place} as place, {now} as until from {self.table} as old "
                f"where {_CURRENT} and not exists (select 1 from {self.stage} as stage where {same})"
            )
        return ended

    def track(self, names: Sequence[str], change: Tracked, *, same: str) -> tuple[str, Statements]:
        """End what is another now, or gone, and begin what is new, once ``ended`` holds what ``changed`` gives.

        The first statement comes before the others. A row that ends is replaced by one that says until when it was so:
        what an earlier load showed is not written on.
        """
        tracking = change.tracking
        since = f"stage.{quoted(tracking.updated_at)}" if tracking.updated_at else change.now
        into = self.into([*names, VALID_FROM, VALID_TO])
        closed = (
            f"{into} select {listed(names, 'old')}, old.{VALID_FROM}, ended.until, {self.born} "
            f"from {self.table} as old join {self.ended} as ended on ended.place = old.{self.place}"
        )
        ending = (
            f"update {self.table} set {TO} = {self.number:d} where {self.place} in (select place from {self.ended})"
        )
        coming = (
            f"{into} select {listed(names, 'stage')}, {since}, null, {self.born} from {self.stage} as stage "
            f"where not exists (select 1 from {self.table} as old where {_CURRENT} and {same})"
        )
        return closed, Statements((ending,), (coming,))


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


def key_of(change: Merging | Tracked) -> Sequence[str]:
    """Return the columns by which rows of a part are found in the storage."""
    return change.tracking.key if isinstance(change, Tracked) else change.key


def lost(storage: Visible) -> EngineFailed:
    """Return the error of a load that was begun, and of which the warehouse knows nothing."""
    return EngineFailed(f"the warehouse has lost load {storage.number} of {storage.relation}", code="HG508")


def overtaken(storage: Visible) -> LeaseLost:
    """Return the refusal of a holder after whom somebody else has gone on with a load, or has ended it."""
    return lost_lease(f"load {storage.number} of {storage.relation}")


def refuse_twice(count: int, part: LoadPart, key: Sequence[str]) -> None:
    """Raise where keys stand in several rows of a part: nothing says which of them would replace the other."""
    if count:
        told = f"{count:,} keys stand in several rows" if count > 1 else "one key stands in several rows"
        summary = f"the unique key ({', '.join(key)}) is not unique: {told} of the query"
        raise StatementFailed(summary, job=part.address)


def _is_other(tracking: Tracking, names: Sequence[str]) -> str:
    if tracking.updated_at:
        column = quoted(tracking.updated_at)
        return f"stage.{column} > old.{column}"
    checked = tracking.checked or [name for name in names if name not in tracking.key]
    return " or ".join(_distinct(checked)) or "false"


def _distinct(names: Iterable[str]) -> list[str]:
    return [f"old.{quoted(name)} is distinct from stage.{quoted(name)}" for name in names]
