"""What is declared of an asset that no build shows, and that counts all the same once it is released.

A run goes by it: from where, when and how data comes in, what a call may use, which columns were promised or are
protected, which tests have to pass; who answers for it; by which key, and how nearly, the next change is compared; and
what an exposure reads, whose owner is asked then.
Descriptions and tags are looked up in the repository alone, so they are not among it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from headgate.core.address import Address, fold
from headgate.core.comparison import EXACT
from headgate.core.contracts import Promise, promise_from_text, promise_of, promise_to_text
from headgate.core.declarations import Config, Declarations, FileSource, Kind, Properties, TableSource, Use
from headgate.core.gate import POLICY_ADDRESS
from headgate.core.graph import AnyNode, Node, SourceNode
from headgate.core.json_form import dumps, loads, plain
from headgate.core.keys import keys_of
from headgate.core.limits import NO_LIMITS, Limits
from headgate.core.promises import QUERY, DeclaredTest
from headgate.core.python import PythonBody
from headgate.core.quarantine import unchecked_of

if TYPE_CHECKING:
    from headgate.core.loading import Loading

_UNBUILT = frozenset((QUERY, Kind.EXPOSURE.value))
"""Kinds of which there is no build."""

Told: TypeAlias = Mapping[Address, Mapping[str, str]]
"""Of each address what is declared, as text, under the names that users write."""

Uses: TypeAlias = Mapping[Address, tuple[str, ...]]
"""What an exposure reads: of each asset the columns, none where it is all of them."""

PropertyChanges: TypeAlias = Mapping[Address, tuple[str, ...]]
"""The names of what differs, by address."""


def told_properties(
    kind: Kind,
    properties: Properties,
    *,
    limits: Limits = NO_LIMITS,
    is_networked: bool = False,
    location: FileSource | TableSource | None = None,
) -> Mapping[str, str]:
    """Return what is declared of one asset or source; what is not said is left out.

    ``location`` is where the data of a source is.
    """
    freshness, promise = properties.freshness, promise_of(properties)
    columns = sorted(properties.columns, key=lambda column: fold(column.name))
    near = {fold(c.name): [c.tolerance.absolute, c.tolerance.relative] for c in columns if c.tolerance != EXACT}
    keys = keys_of(properties)
    told = {
        "kind": kind.value,
        "owner": properties.owner,
        "cron": properties.cron,
        "columns": "".join(f"{c.name} {c.type}\n" for c in properties.columns if c.type or promise),
        "protected": "".join(f"{fold(c.name)} {c.is_protected}\n" for c in columns if c.is_protected is not None),
        "contract": promise_to_text(promise) if promise else str(False) if properties.contract else "",
        "data_tests": "\n".join(sorted(map(told_of_test, properties.tests))),
        "freshness": _without_place(freshness) if freshness else "",
        "key": dumps(keys) if keys else "",
        "tolerance": dumps(near) if near else "",
        "limits": dumps(plain(limits)) if limits != NO_LIMITS else "",
        "network": str(is_networked) if is_networked else "",
    }
    if properties.loading is not None:
        told.update(_of_loading(properties.loading))
    if location is not None:
        told.update(_of_location(location))
    return {name: text for name, text in told.items() if text}


def told_of_test(test: DeclaredTest) -> str:
    """Return what a data test says, wherever it stands."""
    return _without_place(test)


def told_of_node(node: AnyNode) -> Mapping[str, str]:
    """Return what is declared of a node."""
    body = node.body if isinstance(node, Node) and isinstance(node.body, PythonBody) else None
    if body is None:
        location = node.location if isinstance(node, SourceNode) else None
        return told_properties(node.kind, node.properties, location=location)
    return told_properties(node.kind, node.properties, limits=body.limits, is_networked=body.is_networked)


def told_of(declarations: Declarations) -> Told:
    """Return what a repository declares of all its assets, sources and exposures, and of the gate. Cost: one pass."""
    found: dict[Address, Mapping[str, str]] = {}
    for asset in declarations.assets:
        python = asset.python
        limits, is_networked = (python.limits, python.is_networked) if python else (NO_LIMITS, False)
        found[asset.address] = told_properties(asset.kind, asset.properties, limits=limits, is_networked=is_networked)
    for source in declarations.sources:
        found[source.address] = told_properties(Kind.SOURCE, source.properties, location=source.location)
    for exposure in declarations.exposures:
        told = {"owner": exposure.properties.owner, "depends_on": _told_uses(exposure.uses)}
        found[exposure.address] = {"kind": Kind.EXPOSURE.value, **{name: text for name, text in told.items() if text}}
    found[POLICY_ADDRESS] = told_settings(declarations.config)
    for query in declarations.queries:
        test = f"{query.asset.digest} {told_of_test(query.test)}"
        found[query.asset.address] = {"kind": QUERY, "data_tests": test}
    return found


def told_settings(config: Config) -> Mapping[str, str]:
    """Return what is declared of the gate and of the environments behind it."""
    protected = sorted(name for name, one in config.environments.items() if one.protected)
    told = {"kind": "policy", "policy": f"{config.policy.digest} {' '.join(protected)}"}
    told["retain"] = " ".join(f"{name} {config.environments[name].retain_seconds}" for name in protected)
    told["bare_schemas"] = config.bare if config.bare in protected else ""
    return {name: text for name, text in told.items() if text}


def property_changes(before: Told, after: Told) -> PropertyChanges:
    """Return what differs of the addresses that both have, and that are of one kind in both, sorted by address.

    A data test that is a query may come or go, and so may an exposure: no build tells of it.
    """
    found: dict[Address, tuple[str, ...]] = {}
    unbuilt = {a: said["kind"] for told in (before, after) for a, said in told.items() if said.get("kind") in _UNBUILT}
    for address in sorted((before.keys() & after.keys()) | unbuilt.keys()):
        nothing = {"kind": unbuilt.get(address, "")}
        old, new = before.get(address, nothing), after.get(address, nothing)
        if old.get("kind") == new.get("kind") and old != new:
            found[address] = tuple(sorted(n for n in {*old, *new} if old.get(n) != new.get(n)))
    return found


def promise_in(said: Mapping[str, str]) -> Promise | None:
    """Return what an asset promises, by what is told of it; None where it has no enforced contract."""
    text = said.get("contract", "")
    return promise_from_text(text) if text.startswith("{") else None


def uses_in(said: Mapping[str, str]) -> Uses:
    """Return what an exposure reads, by what is told of it.

    >>> uses_in({"kind": "exposure", "depends_on": '{"m.orders": ["price"], "m.total": []}'})
    {'m.orders': ('price',), 'm.total': ()}
    """
    found: Mapping[str, list[str]] = loads(said.get("depends_on", "{}"))
    return {Address(address): tuple(columns) for address, columns in found.items()}


def _told_uses(uses: Iterable[Use]) -> str:
    """Return what an exposure reads, as text: of each asset the columns, none where it is all of them."""
    found: dict[Address, tuple[str, ...]] = {}
    for use in uses:
        known = found.get(use.address, use.columns)
        found[use.address] = tuple(sorted({*known, *use.columns})) if known and use.columns else ()
    return dumps(found) if found else ""


def with_schedule(told: Told) -> frozenset[Address]:
    """Return the addresses with a schedule, but for sources, of which nothing is closed.

    Where failing rows are set aside, it is the rows before that which wait.
    """
    found = [a for a, said in told.items() if "cron" in said and said["kind"] != Kind.SOURCE.value]
    return frozenset((*found, *map(unchecked_of, found)))


def _without_place(noun: object) -> str:
    return dumps({name: value for name, value in plain(noun).items() if name != "place"})


def _folded(names: Iterable[str]) -> str:
    return "\n".join(name.casefold() for name in names)


def _of_location(location: FileSource | TableSource) -> Iterator[tuple[str, str]]:
    """Yield where the data of a source is; what its files hold is no matter of code."""
    if isinstance(location, TableSource):
        yield "table", dumps([location.schema, location.name])
        return
    yield "path", location.pattern
    yield "format", location.format
    yield "options", dumps(plain(location.options)) if location.options else ""


def _of_loading(loading: Loading) -> Iterator[tuple[str, str]]:
    """Yield what is said of how data comes in."""
    timing, merging, tracking = loading.timing, loading.merging, loading.tracking
    if timing is not None:
        yield "time_column", timing.column.casefold()
        yield "grain", timing.grain.value
        yield "time_zone", timing.zone
        yield "lookback", str(timing.lookback or "")
        yield "start", timing.start
        yield "batch", str(timing.batch or "")
    if merging is not None:
        yield "unique_key", _folded(merging.key)
        yield "deletes", f"{merging.deletion.value} {merging.flag.casefold()}"
    if tracking is not None:
        yield "unique_key", _folded(tracking.key)
        yield "updated_at", tracking.updated_at.casefold()
        yield "check", _folded(tracking.checked)
        yield "deletes", "missing" if tracking.closes_missing else ""
    yield "history", "keep" if loading.keeps_history else ""
