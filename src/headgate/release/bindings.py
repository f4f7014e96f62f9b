"""Bindings: the SQL that an environment's views have, derived from its pointers alone.

A table is shown by explicit columns over its physical relation. A view is its own text over physical relations, with
the views that it reads inlined, so that nothing in the engine depends on another view; sources stand in it live.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from headgate.core.address import Address, environment_schema, fold, split
from headgate.core.declarations import NOT_SHOWN, FileSource, Kind, TableSource
from headgate.core.errors import EnvironmentFailed
from headgate.core.hashing import Digest
from headgate.core.ports.engine import Engine, ShownView
from headgate.core.records import Build, Pointer
from headgate.sql.bind import bound, inlined, projection, reordered, shown_table


@dataclass(frozen=True, slots=True)
class Naming:
    """How an environment's views are called in the engine."""

    environment: str
    bare: bool

    def name(self, address: Address) -> tuple[str, str]:
        """Return the schema and the name of the view that shows ``address``."""
        schema, name = split(address)
        return environment_schema(schema, self.environment, bare=self.bare), name


@dataclass(frozen=True, slots=True)
class Difference:
    """Views to replace and to drop, the relations that the new ones use, and names that nothing of ours had before."""

    replace: tuple[ShownView, ...]
    drop: tuple[tuple[str, str], ...]
    relations: tuple[str, ...]
    new: tuple[tuple[str, str], ...]


class Bindings:
    """The SQL that one set of pointers shows, made when it is asked for; every text is made once.

    With ``reads_captures`` views read what was captured of sources, and not the sources.
    """

    def __init__(
        self,
        pointers: Mapping[Address, Pointer],
        build: Callable[[Digest], Build | None],
        engine: Engine,
        root: str,
        *,
        reads_captures: bool = False,
    ) -> None:
        self.pointers = pointers
        self._reads_captures = reads_captures
        self._build = build
        self._engine = engine
        self._root = root
        self._texts: dict[Address, str] = {}

    def shown(self, address: Address) -> str:
        """Return the SELECT of the view that shows ``address``."""
        pointer = self.pointers[address]
        build = self.build(address)
        if pointer.kind is not Kind.VIEW:
            return projection(shown_table(build, self._engine), pointer.shape)
        return projection(inlined(self._view_text(address)), pointer.shape)

    def relations(self, address: Address) -> Iterator[str]:
        """Yield the physical relations that the view of ``address`` reads."""
        waiting, seen = [address], {address}
        while waiting:
            current = waiting.pop()
            build = self.build(current)
            if self.pointers[current].kind is Kind.VIEW:
                fresh = [a for a in inputs_of_view(build) if a not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
            elif self.pointers[current].kind is not Kind.SOURCE:
                yield build.relation

    def relation_of(self, pointer: Pointer) -> str:
        """Return the physical relation of a pointer's build, empty where it has none."""
        found = self._build(pointer.build)
        return found.relation if found else ""

    def build(self, address: Address) -> Build:
        """Return the build that an address points to; raise ``EnvironmentFailed`` where the state lacks it."""
        pointer = self.pointers.get(address)
        found = None if pointer is None else self._build(pointer.build)
        if found is None:
            raise EnvironmentFailed(
                f"the state has no record of what {address} shows", code="HG508", hint="headgate plan, then apply"
            )
        return found

    def _view_text(self, address: Address) -> str:
        """Bind a view and the views below it, deepest first: a chain of thousands needs no deep stack."""
        waiting = [address]
        while waiting:
            current = waiting[-1]
            if current in self._texts:
                waiting.pop()
                continue
            build = self.build(current)
            inputs = inputs_of_view(build)
            missing = [a for a in inputs if self._is_view(a) and a not in self._texts]
            if missing:
                waiting.extend(missing)
                continue
            if build.body is None:
                raise AssertionError(f"the build of the view {current} has no text")
            self._texts[current] = bound(build.body, {a: self._as_input(a) for a in inputs})
            waiting.pop()
        return self._texts[address]

    def _is_view(self, address: Address) -> bool:
        return address in self.pointers and self.pointers[address].kind is Kind.VIEW

    def _as_input(self, address: Address) -> str:
        pointer, build = self.pointers.get(address), self.build(address)
        if build.kind is Kind.SOURCE and not self._reads_captures:
            return self._engine.source(_location(build), self._root, build.shape)
        text = inlined(self._texts[address]) if self._is_view(address) else shown_table(build, self._engine)
        return reordered(text, build.shape, pointer.shape if pointer else build.shape)


def difference(
    before: Bindings, after: Bindings, changed: Collection[Address], *, was: Naming, becomes: Naming
) -> Difference:
    """Return how the views differ, looking only at what ``changed`` and at the views that read it.

    Where the naming changes all views are new. Views are sorted by name, so that two publishers never lock each other.
    """
    looked_at = set(before.pointers) | set(after.pointers) if was != becomes else touched(after, changed)
    old = {fold_name(was.name(a)): (was.name(a), a) for a in looked_at if _is_shown(before, a)}
    new = {fold_name(becomes.name(a)): (becomes.name(a), a) for a in looked_at if _is_shown(after, a)}
    replace: list[ShownView] = []
    relations: dict[str, None] = {}
    for folded, (name, address) in sorted(new.items()):
        text = after.shown(address)
        if folded in old and old[folded][0] == name and before.shown(old[folded][1]) == text:
            continue
        replace.append(ShownView(*name, text))
        relations.update(dict.fromkeys(after.relations(address)))
    return Difference(
        replace=tuple(replace),
        drop=tuple(name for folded, (name, _) in sorted(old.items()) if folded not in new),
        relations=tuple(relations),
        new=tuple(name for folded, (name, _) in sorted(new.items()) if folded not in old),
    )


def touched(after: Bindings, changed: Collection[Address]) -> set[Address]:
    """Return the changed addresses and the views that read them, directly or through views."""
    readers: dict[Address, list[Address]] = {}
    for address, pointer in after.pointers.items():
        if pointer.kind is Kind.VIEW:
            for source in inputs_of_view(after.build(address)):
                readers.setdefault(source, []).append(address)
    found: set[Address] = set()
    waiting = list(changed)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting.extend(readers.get(address, ()))
    return found


def inputs_of_view(build: Build) -> tuple[Address, ...]:
    """Return the addresses that a view's text names, sorted."""
    return tuple(sorted({r.address for r in build.body.references})) if build.body else ()


def fold_name(name: tuple[str, str]) -> tuple[str, str]:
    """Return a name as the engine compares it."""
    return fold(name[0]), fold(name[1])


def _is_shown(bindings: Bindings, address: Address) -> bool:
    pointer = bindings.pointers.get(address)
    return pointer is not None and pointer.kind not in NOT_SHOWN


def _location(build: Build) -> FileSource | TableSource:
    if build.location is None:
        raise AssertionError(f"the capture of {build.address} does not say where the source is")
    return build.location
