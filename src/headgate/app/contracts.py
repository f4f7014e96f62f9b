"""`headgate contract`: assets as contracts of the Open Data Contract Standard, and such contracts as property files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.app.import_source import LeftOut
from headgate.app.naming import address_named
from headgate.core.address import Address, fold
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.errors import EnvironmentFailed, Refused, UsageError
from headgate.project.declare import YAML

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.declarations import Declarations
    from headgate.core.recipe import Shape
    from headgate.project.odcs.document import Contracted
    from headgate.project.odcs.entries import Names, Taken, Target

SECTION = "contracts"
"""The section of property files that says of contracts what no asset says."""

_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SECTIONS = ("models", "assets", "seeds", "snapshots")
_DEMANDED = ("id", "version", "status")
_VERSIONS = ("v3.0.", "v3.1.")


@dataclass(frozen=True, slots=True)
class ExportedContract:
    """A contract of some assets: its identifier, and all of it as plain values and as a YAML text."""

    id: str
    assets: tuple[Address, ...]
    document: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A property file with entries of a contract: its path in the project, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class GivenUpTest:
    """A data test of an asset that stood where a contract put something else: what people call it, its arguments."""

    asset: Address
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImportedContract:
    """What was imported: the files that were written, or would be; ``replaced`` are assets that were described before.

    ``given_up`` are their data tests that the contract does not ask for. Without files all was declared already.
    ``left_out`` is what is kept and has no effect.
    """

    id: str
    assets: tuple[Address, ...]
    files: tuple[WrittenFile, ...]
    replaced: tuple[Address, ...]
    given_up: tuple[GivenUpTest, ...]
    left_out: tuple[LeftOut, ...]


def export_contracts(session: Session, repository: Repository, name: str = "") -> tuple[ExportedContract, ...]:
    """Return the contract that an asset belongs to; without a name all contracts that are enforced or were imported.

    Raises ``Refused`` for a faulty repository, ``UsageError`` where there is no contract at all.
    """
    from headgate.app.repository import graph_of, recorded_shapes, undeclared_tables
    from headgate.core.graph import Node
    from headgate.project.odcs.document import ASSETS, Contracted, document_of
    from headgate.project.odcs.yaml_text import yaml_text

    engine = next(iter(session.config.engines))
    recorded = recorded_shapes(session, undeclared_tables(repository.declarations), None, engine=engine)
    graph, _ = graph_of(session, repository, recorded, engine=engine)
    nodes = {address: node for address, node in graph.nodes.items() if isinstance(node, Node)}
    assets = {a: Contracted(a, node.kind, node.properties, node.recipe.shape) for a, node in nodes.items()}
    wanted = address_named(list(nodes), name) if name else None
    names = _names(assets, session, engine)
    found: list[ExportedContract] = []
    for said, addresses in _grouped(repository.declarations, assets):
        if wanted is None or wanted in addresses:
            document = document_of([assets[one] for one in addresses], said, is_known=names.is_known)
            found.append(ExportedContract(str(document["id"]), addresses, document, yaml_text(document)))
    if wanted is not None and not found:
        document = document_of([assets[wanted]], {ASSETS: [wanted]}, is_known=names.is_known)
        found.append(ExportedContract(str(document["id"]), (wanted,), document, yaml_text(document)))
    if not found:
        raise UsageError(
            "no asset has a contract: name one, or write `contract: {enforced: true}` where it is described"
        )
    return tuple(sorted(found, key=lambda contract: contract.id))


def _grouped(
    declarations: Declarations, assets: Mapping[Address, Contracted]
) -> Iterable[tuple[Mapping[str, Any], tuple[Address, ...]]]:
    """Yield what is said of each contract, and its assets; an enforced one of which nothing is said has one asset."""
    from headgate.project.contract_checks import is_held
    from headgate.project.odcs.document import ASSETS

    by_name = {fold(address): address for address in assets}
    named: set[Address] = set()
    for entry in declarations.kept:
        if entry.section == SECTION:
            listed = entry.values.get(ASSETS)
            texts = listed if isinstance(listed, list) else [listed]
            addresses = tuple(by_name[fold(str(one))] for one in texts if fold(str(one)) in by_name)
            named.update(addresses)
            yield entry.values, addresses
    yield from (({}, (a,)) for a, one in assets.items() if a not in named and is_held(one.properties))


def import_contract(
    session: Session,
    repository: Repository,
    path: Path,
    *,
    to: str = "",
    named: str = "",
    replaces: bool = False,
    is_written: bool = True,
) -> ImportedContract:
    """Declare what a contract says of its assets, in the files that describe them, else in ``to``.

    ``named`` is the asset of a contract with one object. Raises ``Refused`` where the contract cannot be read, names
    what there is not, or would write over what is declared, unless ``replaces``; ``UsageError`` for a file that is
    not read.
    """
    from headgate.project.odcs.entries import taken_over

    document = _read(path)
    work = _Import(session, repository, str(path))
    targets = work.targets(document, named)
    taken = taken_over(document, targets, work.names)
    files, replaced = work.files(taken, targets, to, replaces=replaces or not is_written)
    if is_written:
        for file in files:
            _write(session.root / file.path, file.text.encode())
    return ImportedContract(
        str(document["id"]),
        tuple(target.address for target in targets),
        files,
        replaced,
        tuple(work.given_up(taken, targets, replaced)),
        tuple(LeftOut(name, reason) for name, reason in taken.left_out),
    )


class _Import:
    """A contract on its way into the files of a repository."""

    def __init__(self, session: Session, repository: Repository, path: str) -> None:
        self._root = session.root
        self._path = path
        self._declared = {asset.address: asset for asset in repository.declarations.assets}
        self._engine = next(iter(session.config.engines))
        self._shapes = _shapes(session, repository, self._engine)
        self.names = _names(self._declared, session, self._engine)
        paths = [file.path for file in repository.declarations.tree if file.path.endswith(YAML)]
        self._files = {path: (self._root / path).read_bytes() for path in paths if path.startswith("assets/")}

    def targets(self, document: Mapping[str, Any], named: str) -> list[Target]:
        """Return the asset of each object; raise ``Refused`` where there is none, or two objects have the same."""
        from headgate.project.odcs.entries import Target

        objects = document.get("schema") or []
        if named and len(objects) != 1:
            raise UsageError(f"--as names one asset, and {self._path} describes {len(objects)}")
        addresses = [address_named(list(self._declared), named)] if named else list(map(self._address, objects))
        twice = [address for address, count in Counter(addresses).items() if count > 1]
        if twice:
            raise _refused(f"two objects describe {twice[0]}", self._path)
        return [
            Target(
                address,
                self._declared[address].kind,
                self._declared[address].properties,
                self._entry(address)[1],
                self._shapes.get(address, ()),
            )
            for address in addresses
        ]

    def _address(self, said: Mapping[str, Any]) -> Address:
        by_name = {fold(address): address for address in self._declared}
        for name in (said.get("physicalName"), said.get("name")):
            if isinstance(name, str):
                address = by_name.get(fold(".".join(name.split(".")[-2:]))) or self.names.address_of(name)
                if address is not None:
                    return address
        name = str(said.get("physicalName") or said.get("name"))
        near = nearest(name, self._declared) or nearest(name.rpartition(".")[2], self._declared)
        hint = (
            f"Did you mean {near[0]}? Say so: --as {near[0]}." if near else "Make the asset first, or say which: --as."
        )
        raise Refused([Diagnostic("HG401", f"{name} names no asset", Place(self._path), hint)])

    def _entry(self, address: Address) -> tuple[str, Mapping[str, Any], str, str]:
        """Return the file, the entry, its section and its name, by which an asset is described; empty for none."""
        from headgate.project.odcs.property_text import values_in

        schema, _, table = address.partition(".")
        for path, content in self._files.items():
            values = values_in(path, content)
            for section in _SECTIONS:
                items = values.get(section)
                for item in items if isinstance(items, list) else ():
                    said = item if isinstance(item, Mapping) else {"name": item}
                    name = said.get("name")
                    is_here = fold(path.split("/")[1]) == fold(schema) or self.names.address_of(table) == address
                    if isinstance(name, str) and fold(name) in (
                        fold(address),
                        fold(table) if is_here else fold(address),
                    ):
                        return path, said, section, name
        return "", {}, "models", ""

    def files(
        self, taken: Taken, targets: Sequence[Target], to: str, *, replaces: bool
    ) -> tuple[tuple[WrittenFile, ...], tuple[Address, ...]]:
        """Return the files as they will be, and the assets of which something else was said."""
        from headgate.project.odcs.property_text import NotPut, Put, with_entries

        puts: dict[str, list[Put]] = {}
        replaced: list[Address] = []
        for target, entry in zip(targets, taken.entries, strict=True):
            schema, _, table = target.address.partition(".")
            path, old, section, name = self._entry(target.address)
            path = path or _checked(to) or f"assets/{schema}/{table}.yml"
            if entry is None or (name and _is_same(old, entry)):
                continue
            if name:
                replaced.append(target.address)
            puts.setdefault(path, []).append(Put(section, entry, name=name))
        self._put_contract(taken.contract, targets, to, puts)
        if replaced and not replaces:
            raise self._in_the_way(replaced)
        found: list[WrittenFile] = []
        for path, own in puts.items():
            file = self._root / path
            before = self._files.get(path) or (file.read_bytes() if file.exists() else b"")
            try:
                found.append(WrittenFile(path, with_entries(path, before, tuple(own)).decode()))
            except NotPut:
                hint = "Write to another one: --to assets/SCHEMA/NAME.yml. Or add it by hand: --print"
                summary = f"{path} cannot be added to without altering it"
                raise Refused([Diagnostic("HG194", summary, Place(path), hint=hint)]) from None
        return tuple(found), tuple(replaced)

    def given_up(self, taken: Taken, targets: Sequence[Target], replaced: Sequence[Address]) -> Iterator[GivenUpTest]:
        """Yield the data tests in the entries that are replaced which the contract does not ask for."""
        from headgate.core.checks import name_of
        from headgate.core.contract_tests import given_up
        from headgate.project.odcs.written import properties_in

        for target, entry in zip(targets, taken.entries, strict=True):
            if target.address in replaced and entry is not None:
                path = self._entry(target.address)[0]
                own = [test for test in target.properties.tests if test.place and test.place.path == path]
                for test in given_up(own, properties_in(entry)):
                    yield GivenUpTest(target.address, name_of(test), test.arguments)

    def _put_contract(
        self, contract: Mapping[str, Any], targets: Sequence[Target], to: str, puts: dict[str, list[Any]]
    ) -> None:
        """Note the entry of the contract itself, in place of the one with its identifier."""
        from headgate.project.odcs.property_text import Put, values_in

        if not contract:
            return
        for path, content in self._files.items():
            items = values_in(path, content).get(SECTION)
            for item in items if isinstance(items, list) else ():
                if isinstance(item, Mapping) and item.get("id") == contract["id"]:
                    if not _is_same(item, contract):
                        puts.setdefault(path, []).append(Put(SECTION, contract, "id", str(contract["id"])))
                    return
        first = f"assets/{targets[0].address.replace('.', '/')}.yml" if targets else "assets/contracts.yml"
        path = next(iter(puts), "") or (self._entry(targets[0].address)[0] if targets else "") or _checked(to) or first
        puts.setdefault(path, []).append(Put(SECTION, contract))

    def _in_the_way(self, replaced: Sequence[Address]) -> Refused:
        hint = "--replace puts what the contract says in its place, --print shows that."
        return Refused(
            [
                Diagnostic("HG194", f"{path} says something else of {address}", Place(path), hint)
                for address in replaced
                for path in (self._entry(address)[0],)
            ]
        )


def _names(assets: Iterable[Address], session: Session, engine: str) -> Names:
    from headgate.app.linking.ground import ground_of
    from headgate.project.odcs.entries import Names

    by_name: dict[str, list[Address]] = {}
    for address in assets:
        by_name.setdefault(fold(address.partition(".")[2]), []).append(address)
    alone = {name: found[0] for name, found in by_name.items() if len(found) == 1}
    return Names(lambda name: alone.get(fold(name)), ground_of(session, engine).dialect)


def _shapes(session: Session, repository: Repository, engine: str) -> Mapping[Address, Shape]:
    """Return the columns of all assets that could be linked, whatever is wrong with others."""
    from headgate.app.linking.ground import ground_of
    from headgate.app.linking.link import linked
    from headgate.app.repository import recorded_shapes, undeclared_tables
    from headgate.core.graph import Node

    declared = repository.declarations
    recorded = recorded_shapes(session, undeclared_tables(declared), None, engine=engine)
    ground = ground_of(session, engine)
    found, _ = linked(repository.root, declared, cache=session.cache, recorded=recorded, ground=ground)
    return {address: node.recipe.shape for address, node in found.nodes.items() if isinstance(node, Node)}


def _read(path: Path) -> Mapping[str, Any]:
    """Return a contract; raise ``Refused`` where it is none of a version that is read."""
    from headgate.project.text import Text, decoded
    from headgate.project.yaml_nodes import Fields, parse_yaml, value_of

    try:
        text = decoded(str(path), path.read_bytes())
    except OSError as error:
        raise EnvironmentFailed(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(text, Text):
        raise Refused([text])
    node = parse_yaml(text)
    if text.faults:
        raise Refused(text.faults)
    if not isinstance(node, Fields):
        raise _refused("it is no mapping of keys and values", str(path))
    document: dict[str, Any] = {key: value for key, value in value_of(node).items() if value is not None}
    faults = list(_faults(document))
    if faults:
        raise Refused([Diagnostic("HG197", fault, Place(str(path))) for fault in faults])
    return document


def _faults(document: Mapping[str, Any]) -> Iterable[str]:
    """Yield what a contract lacks that an import goes by."""
    if document.get("kind") != "DataContract":
        yield "its kind is not DataContract"
    version = document.get("apiVersion")
    if not isinstance(version, str) or not version.startswith(_VERSIONS):
        yield f"its apiVersion is {version}: read are {' and '.join(f'{one}x' for one in _VERSIONS)}"
    yield from (f"it has no {key}, a text" for key in _DEMANDED if not isinstance(document.get(key), str))
    objects = document.get("schema", [])
    if not isinstance(objects, list) or not all(isinstance(one, Mapping) and one.get("name") for one in objects):
        yield "its schema is no list of objects with names"
        return
    for one in objects:
        columns = one.get("properties") or []
        if not isinstance(columns, list) or not all(isinstance(c, Mapping) and c.get("name") for c in columns):
            yield f"the properties of {one['name']} are no list of properties with names"
            continue
        names = Counter(fold(str(column.get("physicalName") or column["name"])) for column in columns)
        yield from (f"{one['name']} has two properties {name}" for name, count in names.items() if count > 1)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    from headgate.project.odcs.kept import is_same

    return is_same(one, other)


def _checked(to: str) -> str:
    if to and (not to.startswith("assets/") or not to.endswith(YAML)):
        raise UsageError(f"{to} is not read: assets are described in a file assets/.../NAME.yml")
    return to


def _refused(summary: str, path: str) -> Refused:
    return Refused([Diagnostic("HG197", summary, Place(path))])


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(content)
    aside.replace(path)


def write_contracts(contracts: Sequence[ExportedContract], out: Path, *, is_one: bool) -> tuple[Path, ...]:
    """Write contracts and return the files: one into the file ``out``, several into that folder, each by its name."""
    try:
        if is_one:
            _write(out, contracts[0].text.encode())
            return (out,)
        files = [out / f"{_FILE_NAME.sub('-', one.id)}.odcs.yaml" for one in contracts]
        for file, one in zip(files, contracts, strict=True):
            _write(file, one.text.encode())
    except OSError as error:
        raise EnvironmentFailed(f"{out} cannot be written: {error.strerror}") from error
    return tuple(files)
