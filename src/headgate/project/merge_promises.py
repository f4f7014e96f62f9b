"""What pieces promise of data, with every name in it looked up: tests, constraints, unit tests; and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold
from headgate.core.contract_tests import with_promised
from headgate.core.declarations import AssetDeclaration, File, Group, Kind, Properties, QueryTest
from headgate.core.diagnostic import Place, nearest
from headgate.core.promises import Constraint, DeclaredTest
from headgate.core.unit_tests import GivenRows, UnitTest
from headgate.project.agree import agreed_constraints, agreed_tests
from headgate.project.lookup import Lookup, Noted
from headgate.project.pieces import Piece, StatedConstraint, StatedTest, Statement, UnitTestStatement
from headgate.project.templates.marks import has_marks
from headgate.project.text import Text

if TYPE_CHECKING:
    from headgate.project.templates.filled import Filled


def with_promises(
    properties: Properties, address: Address, statements: Sequence[Statement], lookup: Lookup, noted: Noted
) -> Properties:
    """Return properties with the tests and constraints of all statements about an asset or a source.

    The constraints of an enforced contract are among the tests; those that cannot be measured are warned of.
    """
    if not any(s.tests or s.constraints for s in statements):
        return properties
    tests = tuple(_test(one, lookup) for one in agreed_tests(address, statements, noted.fault))
    stated = agreed_constraints(address, statements, noted.fault)
    constraints = tuple(_constraint(one, lookup) for one in stated)
    if properties.contract is not None and properties.contract.is_enforced:
        tests, unmeasured = with_promised(tests, constraints)
        for one in unmeasured:
            noted.warn("HG363", f"{address}: {one.why}", one.constraint.place or Place(""), one.hint)
    return replace(properties, tests=tests, constraints=constraints)


def _test(stated: StatedTest, lookup: Lookup) -> DeclaredTest:
    """Return a test with the addresses that it names; one that names nothing was told of, and is left out."""
    if not stated.uses or not stated.test.is_enabled:
        return stated.test
    found = {key: lookup.data(use, use.place.path) for key, use in stated.uses.items()}
    known = {key: address for key, address in found.items() if address}
    return replace(stated.test, references=known, is_enabled=len(known) == len(found))


def _constraint(stated: StatedConstraint, lookup: Lookup) -> Constraint:
    if stated.to is None:
        return stated.constraint
    return replace(stated.constraint, to=lookup.data(stated.to, stated.to.place.path, of_constraint=True))


def merged_groups(pieces: Iterable[Piece], noted: Noted) -> Mapping[str, Group]:
    """Return all groups by name; the second of one name is a fault."""
    groups: dict[str, Group] = {}
    for piece in pieces:
        for group in piece.groups:
            first = groups.setdefault(group.name, group)
            if first is not group and group.place:
                hint = "Rename one of them, or take it out."
                noted.fault(
                    "HG301",
                    f"group {group.name} is declared twice",
                    group.place,
                    hint,
                    detail=f"The other: {first.place}",
                )
    return groups


def of_group(
    properties: Properties, statements: Sequence[Statement], groups: Mapping[str, Group], noted: Noted
) -> Properties:
    """Return properties with the owner of their group, where they have none of their own."""
    if not properties.group:
        return properties
    group = groups.get(properties.group)
    if group is None:
        place = next(s.group.place for s in statements if s.group)
        near = nearest(properties.group, groups)
        hint = f"Did you mean {near[0]}?" if near else "Declare it below `groups:`, with its owner."
        noted.warn("HG314", f"there is no group {properties.group}", place, hint)
        return properties
    return properties if properties.owner else replace(properties, owner=group.owner)


def merged_unit_tests(pieces: Iterable[Piece], lookup: Lookup, noted: Noted) -> tuple[UnitTest, ...]:
    """Return all unit tests whose asset is known, in the order of the files."""
    found: dict[tuple[Address, str], UnitTest] = {}
    for piece in pieces:
        for one in piece.unit_tests:
            test = _unit_test(one, piece.path, lookup)
            if test is None:
                continue
            first = found.setdefault((test.asset, fold(test.name)), test)
            if first is not test:
                summary = f"unit test {test.name} of {test.asset} is declared twice"
                noted.fault("HG301", summary, one.name.place, "Rename one of them.", detail=f"The other: {first.place}")
    return tuple(found.values())


def merged_queries(
    pieces: Iterable[Piece], files: Mapping[str, File], noted: Noted, filled: Mapping[str, Filled]
) -> tuple[QueryTest, ...]:
    """Return all data tests that are queries, by name; the second of one name is a fault.

    ``filled`` are those that are templates, by path; one that could not be filled in is left out, as that was told.
    """
    found: dict[str, QueryTest] = {}
    for piece in pieces:
        query = _query_test(piece, files, noted, filled.get(piece.path)) if piece.query else None
        if query is None or not query.test.is_enabled:
            continue
        first = found.setdefault(fold(query.test.name), query)
        if first is not query:
            summary, place = f"data test {query.test.name} is declared twice", Place(piece.path, 1, 1)
            noted.fault(
                "HG301", summary, place, "Rename one of the files.", detail=f"The other: {first.asset.file.path}"
            )
    return tuple(test for _, test in sorted(found.items()))


def _query_test(piece: Piece, files: Mapping[str, File], noted: Noted, filled: Filled | None) -> QueryTest | None:
    """Return the data test of a file; None where it cannot be had."""
    query, place = piece.query, Place(piece.path, 1, 1)
    if query is None or (filled is not None and filled.is_faulty):
        return None
    if filled is None and has_marks(piece.text) and query.template != "none":
        hint = 'Say `template: jinja` in its header, or in headgate.toml: [template], default = "jinja".'
        noted.warn("HG312", "this test is a template, which nothing says: it does not run", place, hint)
        return None
    address, properties = Address(f"tests.{query.test.name}"), Properties(place=place)
    asset = AssetDeclaration(address, Kind.VIEW, files[piece.path], piece.text, properties)
    if filled is None:
        return QueryTest(asset, query.test)
    from headgate.core.template import Template
    from headgate.project.templates.configured import query_test_of

    test, faults = query_test_of(filled, query, Text(piece.path, piece.text))
    noted.diagnostics += faults
    return QueryTest(replace(asset, text=filled.text, template=Template(piece.text, filled.runs)), test)


def _unit_test(stated: UnitTestStatement, path: str, lookup: Lookup) -> UnitTest | None:
    asset = lookup.asset(stated.asset, path)
    given = []
    for use, rows, place in stated.given:
        address = lookup.data(use, path) if use else None
        if use is None or address:
            given.append(GivenRows(address, rows, place))
    if asset is None:
        return None
    return UnitTest(
        name=stated.name.value,
        asset=asset,
        given=tuple(given),
        expected=stated.expected,
        overrides=stated.overrides,
        description=stated.description,
        tags=stated.tags,
        is_enabled=stated.is_enabled,
        kept=stated.kept,
        place=stated.name.place,
        now=stated.now,
        start=stated.start,
        end=stated.end,
    )


def warn_of_unused(unused: Iterable[tuple[str, Place]], noted: Noted) -> None:
    """Warn once of all keys of dbt that are kept although dbt would do something."""
    places: dict[str, list[Place]] = {}
    for key, place in unused:
        places.setdefault(key, []).append(place)
    if not places:
        return
    first = min(place for found in places.values() for place in found)
    detail = "\n".join(_counted(key, found) for key, found in sorted(places.items()))
    hint = "Nothing of it is lost; Headgate does what it did before it was written."
    told = f"{', '.join(sorted(places))}: kept, but this version does not use " + ("them" if len(places) > 1 else "it")
    noted.warn("HG315", told, first, hint, detail=detail if sum(map(len, places.values())) > 1 else "")


def _counted(key: str, places: Sequence[Place]) -> str:
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"{key}: {min(places)}{more}"
