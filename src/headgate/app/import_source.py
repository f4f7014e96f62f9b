"""`headgate import source`: the tables of a schema of the engine, declared in a property file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.linking.ground import ground_of
from headgate.core.address import Address, fold, make_address, part_like
from headgate.core.declarations import DeclaredColumn, TableSource
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.errors import EngineFailed, Refused, UsageError
from headgate.core.listing import listed
from headgate.core.recipe import Shape
from headgate.project.declare import YAML
from headgate.project.declared_columns import declared_shape
from headgate.project.source_files import WrittenColumn, WrittenSource, WrittenTable, source_text, with_source

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.declarations import Declarations
    from headgate.core.ports.engine import Binder, Described, Engine

_OWN = "headgate"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the catalogue that is not declared as it is, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedSource:
    """What was imported: ``path`` of the file (empty: none was written), its ``text``, the addresses that are new.

    ``known`` are tables that some file declares already; ``left_out`` what is not declared, or not in full.
    """

    schema: str
    path: str
    text: str
    tables: tuple[Address, ...]
    known: tuple[Address, ...]
    left_out: tuple[LeftOut, ...]


def import_source(
    session: Session,
    repository: Repository,
    schema: str,
    *,
    engine: str = "",
    tables: Sequence[str] = (),
    path: str = "",
    is_written: bool = True,
) -> ImportedSource:
    """Declare the tables and views of a schema that no file declares yet; ``tables`` narrows that to some.

    The file is ``path``, else ``assets/sources/SCHEMA.yml``; one that is there is added to where nothing of it is
    altered by that. Raises ``Refused`` where there is nothing to import, where all of it is Headgate's own, and where a
    file is in the way.
    """
    name = _engine_named(session, engine)
    if fold(schema) == _OWN:
        raise _refused_own(f"{schema} holds Headgate's own tables")
    opened = _opened(session, name)
    try:
        there = opened.described(schema)
        schemas = opened.schemas()
    finally:
        opened.close()
    described = _wanted(schema, there, schemas, tables)
    shown = _shown_tables(session, name)
    foreign = [one for one in described if _key(one) not in shown]
    ours = {f"{one.schema}.{one.name}": shown[_key(one)] for one in described if _key(one) in shown}
    if not foreign:
        text = f"{schema} shows what Headgate has made in {listed(sorted(set(ours.values())))}: it would read itself"
        raise _refused_own(text)
    work = _Import(repository.declarations, session, name)
    source = work.source(foreign)
    target = path or f"assets/sources/{source.name}.yml"
    if source.tables and is_written:
        _write(repository.root / target, _content(repository.root, target, source))
    return ImportedSource(
        schema=described[0].schema,
        path=target if source.tables and is_written else "",
        text=source_text(source) if source.tables else "",
        tables=tuple(make_address(source.name, table.name) for table in source.tables),
        known=tuple(work.known),
        left_out=(*(LeftOut(name, f"it shows an asset in {by}") for name, by in ours.items()), *work.left_out),
    )


class _Import:
    """What is to be declared of a schema, and what of it cannot be."""

    def __init__(self, declarations: Declarations, session: Session, engine: str) -> None:
        self.known: list[Address] = []
        self.left_out: list[LeftOut] = []
        self._root, self._ground = session.root, ground_of(session, engine)
        self._assets = {fold(asset.address): asset.file.path for asset in declarations.assets}
        self._addresses = {*self._assets, *(fold(source.address) for source in declarations.sources)}
        located = ((s.address, s.location) for s in declarations.sources)
        self._declared = {
            (fold(place.schema), fold(place.name)): address
            for address, place in located
            if isinstance(place, TableSource)
        }

    def source(self, described: Sequence[Described]) -> WrittenSource:
        """Return the declaration of what is not declared yet."""
        schema = described[0].schema
        name = part_like(schema, is_schema=True)
        binder = self._ground.binder(self._root)
        try:
            written = [table for one in described if (table := self._table(name, one, binder))]
        finally:
            binder.close()
        return WrittenSource(name, "" if name == schema else schema, tuple(written))

    def _table(self, source: str, described: Described, binder: Binder) -> WrittenTable | None:
        written = f"{described.schema}.{described.name}"
        known = self._declared.get(_key(described))
        if known is not None:
            self.known.append(known)
            return None
        if fold(written) in self._assets:
            self.left_out.append(LeftOut(written, f"{self._assets[fold(written)]} is the asset of that name"))
            return None
        name = part_like(described.name, is_schema=False)
        address = fold(make_address(source, name))
        reason = f"its address would be {source}.{name}, which is taken" if address in self._addresses else ""
        reason = reason if described.name.isprintable() else "its name cannot be shown"
        if reason:
            self.left_out.append(LeftOut(written, reason))
            return None
        self._addresses.add(address)
        identifier = "" if name == described.name else described.name
        return WrittenTable(name, identifier, described.comment, self._columns(written, described, binder))

    def _columns(self, table: str, described: Described, binder: Binder) -> tuple[WrittenColumn, ...]:
        """Return the columns; without types where one of them cannot be declared, so that they are looked up."""
        if described.fault:
            self.left_out.append(LeftOut(table, f"its columns cannot be read: {described.fault.splitlines()[0]}"))
            return ()
        faults = dict(_faults(described.shape, binder, self._ground.dialect))
        for name, reason in faults.items():
            self.left_out.append(LeftOut(f"{table}.{name}", f"{reason}; the types of this table are looked up instead"))
        return tuple(
            WrittenColumn(c.name, "" if faults else c.type, described.comments.get(c.name, ""))
            for c in described.shape
            if c.name.isprintable() and c.name.strip()
        )


def _faults(shape: Shape, binder: Binder, dialect: str) -> Iterable[tuple[str, str]]:
    """Yield the columns that would not be declared as they are: their names, each with the reason."""
    from headgate.sql.bind import selected_columns

    seen: set[str] = set()
    for column in shape:
        if not column.name.isprintable() or not column.name.strip():
            yield column.name, "its name cannot be written down"
        elif fold(column.name) in seen:
            yield column.name, "another column has the same name"
        elif declared_shape((DeclaredColumn(column.name, column.type),), dialect) != (column,):
            yield column.name, f"its type {column.type} reads back as another one"
        elif binder.bind(selected_columns("t", ()), {"t": (column,)}).shape != (column,):
            yield column.name, f"its type {column.type} is not known without an extension"
        seen.add(fold(column.name))


def _key(described: Described) -> tuple[str, str]:
    return fold(described.schema), fold(described.name)


def _engine_named(session: Session, name: str) -> str:
    engines = session.config.engines
    if name and name not in engines:
        near = nearest(name, engines)
        raise UsageError(f"there is no engine {name}. Did you mean {near[0] if near else next(iter(engines))}?")
    if not name and len(engines) > 1:
        raise UsageError(f"say which engine: --engine {' or '.join(engines)}")
    return name or next(iter(engines))


def _opened(session: Session, name: str) -> Engine:
    """Return the engine, which has to be there."""
    path = session.warehouse(session.config.engines[name])
    if not session.may_be_there(name):
        hint = f"Say in headgate.toml where it is: path, below [engines.{name}]"
        raise EngineFailed(f"{path.name} does not exist", hint=hint)
    return session.engine(name, is_read_only=True)


def _wanted(
    schema: str, described: Sequence[Described], schemas: Sequence[str], tables: Sequence[str]
) -> Sequence[Described]:
    """Return those of ``tables``, or all; raise ``Refused`` where there are none, or one of them is not there."""
    if not described:
        near = nearest(schema, schemas)
        others = [one for one in schemas if fold(one) != _OWN]
        hint = f"Did you mean {near[0]}?" if near else f"There are {listed(others)}." if others else ""
        raise Refused([Diagnostic("HG192", f"the engine has no tables in a schema {schema}", hint=hint)])
    by_name = {fold(one.name): one for one in described}
    missing = [name for name in tables if fold(name) not in by_name]
    if missing:
        names = [one.name for one in described]
        near = nearest(missing[0], names)
        hint = f"Did you mean {near[0]}?" if near else f"It has {listed(names)}."
        raise Refused([Diagnostic("HG192", f"{schema} has no table {listed(missing)}", hint=hint)])
    return [by_name[fold(name)] for name in dict.fromkeys(tables)] if tables else described


def _shown_tables(session: Session, engine: str) -> Mapping[tuple[str, str], str]:
    """Return the views by which environments of an engine show assets, folded, each with its environment."""
    from headgate.core.declarations import NOT_SHOWN
    from headgate.release.bindings import Naming
    from headgate.release.stored import read_environments, read_pointers

    found: dict[tuple[str, str], str] = {}
    with session.reading() as reading:
        for environment, record in read_environments(reading).items():
            if record.engine != engine:
                continue
            naming = Naming(environment, record.bare)
            for address, pointer in read_pointers(reading, environment).items():
                if pointer.kind not in NOT_SHOWN:
                    schema, name = naming.name(address)
                    found[fold(schema), fold(name)] = environment
    return found


def _content(root: Path, target: str, source: WrittenSource) -> bytes:
    """Return what the file will hold; raise ``Refused`` where it is there and cannot be added to."""
    if not target.startswith("assets/") or not target.endswith(YAML):
        raise UsageError(f"{target} is not read: sources stand in a file assets/.../NAME.yml")
    file = root / target
    if not file.exists():
        return source_text(source).encode()
    added = with_source(target, file.read_bytes(), source)
    if added is None:
        hint = "Write to another one: --to assets/sources/NAME.yml. Or add it by hand: --print"
        text = f"{target} cannot be added to without altering it"
        raise Refused([Diagnostic("HG194", text, Place(target), hint=hint)])
    return added


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(content)
    aside.replace(path)


def _refused_own(text: str) -> Refused:
    return Refused([Diagnostic("HG193", text, hint="Read the assets themselves, as schema.name.")])
