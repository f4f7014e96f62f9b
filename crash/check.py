"""What must hold in a world at any instant, and what must hold once the next command has ended.

Everything is read with code of this package (``warehouses``, ``state_file``); what an environment must show is found by
rebuilding the release's own SQL beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crash.projects import MEASURED, RANDOM, SOUND, TAKEN, VERSIONS, orders_of, rates_of, scores_sql, set_aside
from crash.state_file import State, faults_in_state
from crash.warehouses import MISSING, Answer, Warehouse, opened

BOOKS = {"state", "builds", "environments", "schemas", "log"}
"""Headgate's own tables that are there from its first command on."""

MORE_BOOKS = {"makers", "loads", "parts"}
HIDDEN = {"source", "unchecked"}
"""The kinds of what an environment points to without a view."""

UNREPEATABLE = {RANDOM, "marts.rolled", "marts.best"}

_KNOWN: dict[tuple[str, int, int, int], dict[str, Answer]] = {}
"""Full rebuilds by the release's code and the versions of the data: captured orders, captured and live rates."""


@dataclass(frozen=True, slots=True)
class Head:
    """What readers of an environment see: its number, and a digest over all rows that a rebuild gives again."""

    serial: int
    content: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: faults, the environments, and how many builds and tables there are."""

    faults: tuple[str, ...]
    heads: Mapping[str, Head]
    builds: int
    tables: int


@dataclass(frozen=True, slots=True)
class _Due:
    """What an environment must show: the marker decides whether it is the record's pointers or those of the intent."""

    name: str
    bare: bool
    serial: int
    pointers: Mapping[str, Any]
    tree: str


def check(world: Path, *, is_settled: bool) -> Checked:
    """Look at everything. Where the last command was killed, nothing is settled until the next one has ended."""
    with opened(world) as (state, warehouse):
        faults = list(faults_in_state(state))
        found = _World(warehouse, state)
        faults += found.faults_in_builds(is_settled=is_settled)
        faults += found.faults_in_markers(is_settled=is_settled)
        heads = {}
        for due in found.due():
            told, content = found.compared(due)
            faults += told
            faults += found.faults_in_evidence(due)
            heads[due.name] = Head(due.serial, content)
        faults += found.faults_in_views()
        faults += found.faults_in_taken()
    return Checked(tuple(faults), heads, len(state.entries.get("builds", {})), len(found.tables))


class _World:
    """A warehouse beside its state."""

    def __init__(self, warehouse: Warehouse, state: State) -> None:
        self.warehouse = warehouse
        self.rows = warehouse.rows
        self.state = state
        self.builds = state.all("builds")
        names = warehouse.tables("headgate")
        self.is_adopted = names >= BOOKS
        self.tables = names - BOOKS - MORE_BOOKS
        opened = "select relation, number from headgate.loads where is_open"
        self.loading = dict(self.rows(opened)) if "loads" in names else {}
        self.built = dict(self.rows("select id, relation from headgate.builds")) if self.is_adopted else {}
        markers = self.rows("select environment, serial, intent from headgate.environments") if self.is_adopted else []
        self.markers = {name: (serial, intent) for name, serial, intent in markers}
        self.marked = [name for name, _, _ in markers]

    def faults_in_evidence(self, due: _Due) -> Iterator[str]:
        """Yield what an environment shows of which nothing was measured, although there are tests of it."""
        known = self.state.entries.get("evidence", {})
        for address in MEASURED & due.pointers.keys():
            if due.pointers[address]["build"] not in known:
                yield f"{due.name} shows {address}, of which nothing was measured"

    def faults_in_builds(self, *, is_settled: bool) -> Iterator[str]:
        """Yield builds, tables, keys, pins and captures that do not belong together."""
        ids = [row[0] for row in self.rows("select id from headgate.builds")] if self.is_adopted else []
        if len(ids) != len(set(ids)):
            yield "a build is in the warehouse twice"
        if self.tables - self.loading.keys() != {r for r in self.built.values() if r} - self.loading.keys():
            yield f"tables without a row, or rows without a table: {self.tables ^ set(self.built.values())}"
        sealed = {i for i, b in self.builds.items() if b["status"] == "sealed"}
        for identity in sealed:
            relation = self.builds[identity]["relation"]
            if relation and self.built.get(identity) != relation:
                yield f"sealed {relation} is not in the warehouse"
        by_key: dict[str, list[str]] = {}
        for key in self.state.entries.get("keys", {}):
            digest, _, identity = key.partition("/")
            by_key.setdefault(digest, []).append(identity)
            if identity not in self.builds or self.builds[identity]["key"] != digest:
                yield f"the key of {identity} leads nowhere"
        for digest, found in by_key.items():
            if len([i for i in found if i in sealed]) > 1:
                yield f"built twice: {[self.builds[i]['address'] for i in found if i in self.builds]} of {digest}"
        for key, capture in self.state.all("captures").items():
            if capture["build"] not in sealed:
                yield f"the latest capture of {key} is not sealed"
        if is_settled:
            yield from self._faults_left()

    def _faults_left(self) -> Iterator[str]:
        for collection in ("intents", "pins"):
            if left := list(self.state.entries.get(collection, {})):
                yield f"{collection} are left: {left}"
        unfinished = [b["address"] for b in self.builds.values() if b["status"] == "building"]
        if unfinished:
            yield f"unfinished builds are left: {unfinished}"
        recorded = {b["relation"] for b in self.builds.values() if b["relation"] and b["status"] == "sealed"}
        if orphans := self.tables - recorded - self._doomed() - self.loading.keys():
            yield f"tables that no build has: {orphans}"

    def _doomed(self) -> set[str]:
        return {b["relation"] for b in self.builds.values() if b["status"] == "doomed"}

    def faults_in_markers(self, *, is_settled: bool) -> Iterator[str]:
        """Yield markers that are neither the record's nor the open intent's."""
        if len(self.marked) != len(set(self.marked)):
            yield "an environment has two markers"
        if self.is_adopted:
            owners = [row[0] for row in self.rows("select id from headgate.state")]
            if owners != [self.state.identity]:
                yield f"the warehouse belongs to {owners}, the state is {self.state.identity}"
        records, intents = self.state.all("environments"), self.state.all("intents")
        for name in {*records, *self.markers, *intents}:
            record = records.get(name, {"serial": 0, "intent": ""})
            marker = self.markers.get(name, (0, ""))
            allowed = {(record["serial"], record["intent"])}
            if name in intents and not is_settled:
                allowed.add((intents[name]["move"]["serial"], intents[name]["id"]))
            if marker not in allowed:
                yield f"the marker of {name} is {marker}, must be one of {allowed}"

    def due(self) -> Iterator[_Due]:
        """Yield what each environment must show by its marker."""
        records, intents = self.state.all("environments"), self.state.all("intents")
        for name in sorted({*records, *intents}):
            record, intent = records.get(name), intents.get(name)
            pointers = dict(self.state.pointers(name))
            if intent and self.markers.get(name) == (intent["move"]["serial"], intent["id"]):
                for address, (_, after) in intent["move"]["changes"].items():
                    pointers[address] = after
                pointers = {address: pointer for address, pointer in pointers.items() if pointer}
                yield _Due(name, intent["bare"], intent["move"]["serial"], pointers, intent["move"]["tree"])
            elif record:
                tree = next((move["tree"] for move in reversed(self.state.moves(name))), "")
                yield _Due(name, record["bare"], record["serial"], pointers, tree)

    def compared(self, due: _Due) -> tuple[list[str], str]:
        """Return where the environment is not the full rebuild of its release, and the digest of what it shows."""
        faults = list(self._faults_in_pointers(due))
        if due.pointers and due.tree not in self.state.entries.get("trees", {}):
            faults.append(f"the code of {due.name} {due.serial} is not kept")
        if not due.pointers or faults:
            return faults, ""
        wanted = self._rebuilt(due)
        shown = {address for address, pointer in due.pointers.items() if pointer["kind"] not in HIDDEN}
        if shown != wanted.keys():
            faults.append(f"{due.name} shows {sorted(shown ^ wanted.keys())} or should, and not the other way")
        hashed = hashlib.sha256()
        for address in sorted(shown & wanted.keys()):
            try:
                columns, rows = self.warehouse.answer(f"select * from {view_of(due, address)}")
            except MISSING as error:
                faults.append(f"{due.name} {address} cannot be read: {str(error).splitlines()[0]}")
                continue
            if columns != tuple(tuple(c) for c in due.pointers[address]["shape"]):
                faults.append(f"{due.name} {address} has {columns}, its pointer says otherwise")
            if (columns, rows) != wanted[address]:
                faults.append(f"{due.name} {address} shows {rows[:3]}..., a rebuild gives {wanted[address][1][:3]}...")
            if address not in UNREPEATABLE:
                hashed.update(repr((address, columns, rows)).encode())
        return faults, hashed.hexdigest()

    def _faults_in_pointers(self, due: _Due) -> Iterator[str]:
        for address, pointer in due.pointers.items():
            build = self.builds.get(pointer["build"])
            if build is None or build["status"] != "sealed":
                yield f"{due.name} points to a build of {address} that is not sealed"
                continue
            if not build["relation"]:
                continue
            if build["relation"] not in self.tables:
                yield f"{due.name} points to {build['relation']}, which is gone"
                continue
            relation = f'headgate."{build["relation"]}"'
            columns, rows = self.warehouse.answer(f"select * from {_shown(relation, build)}")
            if columns != tuple(tuple(c) for c in build["shape"]):
                yield f"{build['relation']} has the columns {columns}"
            if build["rows"] != len(rows):
                yield f"{build['relation']} has {len(rows)} rows, recorded are {build['rows']}"

    def _rebuilt(self, due: _Due) -> dict[str, Answer]:
        """Return what each asset of the release must show: tables over the captures, views over the live table."""
        files = self.state.files(due.tree)
        assets = {m[1] + "." + m[2]: m[0] for path in files if (m := re.fullmatch(r"assets/(\w+)/(\w+)\.\w+", path))}
        texts = {address: (path, _as_sql(path, files)) for address, path in assets.items()}
        path, text = texts[SOUND]
        texts |= {address: (path, told) for address, told in set_aside(text).items()}
        orders, rates = self._captured(due)
        ((live,),) = self.rows("select distinct batch from raw.rates")
        key = (due.tree, orders, rates, live)
        if key not in _KNOWN:
            _KNOWN[key] = self._whole(due, texts, *key[1:])
        chance = {address: text for address, text in texts.items() if address in UNREPEATABLE}
        with self.warehouse.rebuilding():
            self._make(due, chance)
            return {**_KNOWN[key], **{a: self.warehouse.answer(f"select * from {a}") for a in chance}}

    def _whole(
        self, due: _Due, texts: Mapping[str, tuple[str, str]], orders: int, rates: int, live: int
    ) -> dict[str, Answer]:
        """Return what a full rebuild shows. What is random is made of what the environment shows of it."""
        with self.warehouse.rebuilding():
            self.warehouse.load("raw.orders", orders_of(orders))
            self.warehouse.make("table", "raw.rates", rates_of(rates))
            self._make(due, texts)
            tables = {a: self.warehouse.answer(f"select * from {a}") for a in texts}
            self.warehouse.make("table", "raw.rates", rates_of(live))
            views = [address for address, (_, text) in texts.items() if _is_view(text)]
            return {**tables, **{a: self.warehouse.answer(f"select * from {a}") for a in views}}

    def _captured(self, due: _Due) -> tuple[int, int]:
        """Return the versions of the two sources that the environment's tables were made from."""
        size = self.builds[due.pointers["raw.orders"]["build"]]["location"]["files"][0]["size"]
        rates = self.builds[due.pointers["raw.rates"]["build"]]["relation"]
        ((batch,),) = self.rows(f'select distinct batch from headgate."{rates}"')
        return next(v for v in VERSIONS if len(orders_of(v)) == size), batch

    def _make(self, due: _Due, assets: Mapping[str, tuple[str, str]]) -> None:
        """Make every asset as soon as what it reads is there; what is random is what the environment shows."""
        waiting = dict(assets)
        while waiting:
            before = len(waiting)
            for address, (path, text) in list(waiting.items()):
                try:
                    self._make_one(due, address, path, text)
                except MISSING:
                    continue
                del waiting[address]
            if len(waiting) == before:
                raise RuntimeError(f"these cannot be rebuilt: {sorted(waiting)}")

    def _make_one(self, due: _Due, address: str, path: str, text: str) -> None:
        if path.endswith(".csv"):
            self.warehouse.load(address, text)
            return
        if address == RANDOM:
            shown = self.warehouse.aside(view_of(due, address))
            text = f"select id, roll from {shown} where roll >= 0 and roll < 1"
        self.warehouse.make("view" if _is_view(text) else "table", address, text)

    def faults_in_views(self) -> Iterator[str]:
        """Yield views that no environment points to, or that lack."""
        present = {f'"{schema}"."{name}"' for schema, name in self.warehouse.views()}
        due = {
            view_of(due, address)
            for due in self.due()
            for address, pointer in due.pointers.items()
            if pointer["kind"] not in HIDDEN
        }
        if present != due:
            yield f"views that are shown and should not be, or the other way: {sorted(present ^ due)}"

    def faults_in_taken(self) -> Iterator[str]:
        """Yield what somebody else made that is lost, or does not stand where production's marker says."""
        if "taken" not in self.warehouse.tables("raw"):
            return
        pointers = next((due.pointers for due in self.due() if due.name == "prod"), {})
        for schema, name in TAKEN:
            is_released = f"{schema}.{name}" in pointers
            where = f"{schema}.{name}{'__before_headgate' if is_released else ''}"
            try:
                rows = self.rows(f"select whose from {where}")
            except MISSING as error:
                yield f"{where} of somebody else is not there: {str(error).splitlines()[0]}"
                continue
            if rows != [("somebody else",)]:
                yield f"{where} of somebody else holds {rows}"


def _shown(relation: str, build: Mapping[str, Any]) -> str:
    """Return the rows of a build: of a table that is loaded again and again those of its load."""
    if "load" not in build:
        return relation
    number, names = build["load"]["number"], ", ".join(f'"{name}"' for name, _ in build["shape"])
    return f"(select {names} from {relation} where _headgate_from <= {number} and _headgate_to > {number})"


def view_of(due: _Due, address: str) -> str:
    """Return the quoted name of the view that shows an address."""
    schema, _, name = address.partition(".")
    suffix = "" if due.bare else "__" + due.name.replace("-", "_")
    return f'"{schema}{suffix}"."{name}"'


def _as_sql(path: str, files: Mapping[str, str]) -> str:
    return scores_sql(files[path], files["lib/factors.py"]) if path.endswith(".py") else files[path]


def _is_view(text: str) -> bool:
    return re.search(r"^kind: view$", text, re.MULTILINE) is not None
