"""The ladder: what is proven is not looked at, and what was compared is not compared again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from headgate.core.address import Address
from headgate.core.comparison import ColumnDifference, Comparison, Difference, Differences, KeyFacts, Rung, Tolerance
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.errors import StatementFailed
from headgate.core.evidence import Evidence, evidence_from_text, evidence_to_text
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest, digest
from headgate.core.limits import CostLimit
from headgate.core.loading import Loading, Merging, Tracking
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.promises import Constraint, ConstraintKind, DeclaredTest
from headgate.core.recipe import Column, Shape
from headgate.core.records import Build, BuildStatus
from headgate.core.versions import Versions
from headgate.evidence.compare import (
    Asks,
    Compared,
    Pair,
    TooCostly,
    compare,
    content_of,
    fingerprint_key,
    key_of_pair,
    shape_difference,
    sources_that_moved,
)
from headgate.evidence.wishes import Wish, wish_of

A = Address("m.a")
SHAPE: Shape = tuple(Column(name, "INTEGER") for name in ("id", "a", "b", "c", "d", "e", "f"))
KEYED = Wish((("id",),))


def build(
    name: str, *, rows: str = "r", count: int = 3, kind: Kind = Kind.TABLE, shape: Shape = SHAPE, **columns: str
) -> Build:
    versions = Versions(
        digest("rows", rows), digest("order"), {c.name: digest("column", columns.get(c.name, "1")) for c in shape}
    )
    return Build(
        id=digest("build", name), key=digest("key", name), address=A, kind=kind, engine="local", shape=shape,
        recipe=digest("recipe"), versions=versions, reads={}, inputs={}, relation=name, status=BuildStatus.SEALED,
        created_at="2026-01-01T00:00:00Z", rows=count,
    )  # fmt: skip


def pair(before: Build | None, after: Build, wish: Wish = KEYED) -> Pair:
    contents = tuple(content_of(one, lambda _: Digest("")) if one else Digest("") for one in (before, after))
    shapes = before.shape if before else (), after.shape
    return Pair(A, before, after, *shapes, (contents[0], contents[1]), wish, protected=frozenset())


NOTHING = Counted(3, 3, 0, 0)


@dataclass
class Asked:
    """An engine that answers as it is told and remembers what it was asked."""

    prints: Mapping[str, Fingerprint | None] = field(default_factory=dict)
    counted: Counted = NOTHING
    hashed: list[str] = field(default_factory=list)
    pairings: list[Pairing] = field(default_factory=list)

    def asks(self) -> Asks:
        return Asks(lambda _: ("old", "new"), self.fingerprint, self.compare)

    def fingerprint(self, side: Side, key: tuple[str, ...], beside: Fingerprint | None) -> Fingerprint | None:
        self.hashed.append(side.relation)
        return self.prints.get(side.relation, Fingerprint("m", 3, key, KeyFacts(1)))

    def compare(self, pairing: Pairing, sample: int) -> Counted:
        self.pairings.append(pairing)
        columns = tuple(ColumnDifference(name, 1, 1) for name in pairing.columns)
        return replace(self.counted, columns=columns)


def told(one: Pair, asked: Asked, known: Mapping[Digest, Fingerprint] | None = None) -> Comparison:
    return compare(one, known or {}, asked.asks()).comparison


def test_equal_versions_are_the_same_and_nobody_looks() -> None:
    asked = Asked()
    found = told(pair(build("x"), build("y")), asked)
    assert (found.rung, found.is_equal, found.proven) == (Rung.SAME, True, tuple(c.name for c in SHAPE))
    assert not asked.hashed
    assert not asked.pairings


def test_a_new_asset_has_nothing_to_be_compared_with() -> None:
    found = told(pair(None, build("y")), Asked())
    assert (found.rung, found.rows_after, found.is_equal) == (Rung.NEW, 3, False)


def test_columns_that_differ_in_case_alone_are_told_apart() -> None:
    """PostgreSQL has both: what is proven of one, or that it is the key, says nothing of the other."""
    shape = tuple(Column(name, "integer") for name in ("id", "ID", "a", "A"))
    found = told(pair(build("x", shape=shape), build("y", shape=shape, ID="2", a="2")), Asked())
    assert (found.rung, [one.name for one in found.columns], found.proven) == (Rung.KEYED, ["ID", "a"], ("id", "A"))


def test_columns_of_which_nobody_knows_which_is_which_are_not_the_same() -> None:
    before, after = (tuple(Column(name, "integer") for name in names) for names in (("id", "ab", "aB"), ("id", "AB")))
    found = told(pair(build("x", shape=before), build("y", shape=after)), Asked())
    assert (found.rung, found.is_equal) == (Rung.INCOMPLETE, False)
    assert found.incomplete == "ab, aB, AB differ in case alone, and nobody can tell which is which"


def test_what_is_lost_is_no_new_table() -> None:
    """Equal versions prove what they did; of all else nobody can say how it differs, beside its columns."""
    asked = Asked()
    other = replace(build("y", b="2", shape=SHAPE[:-1]), rows=2)
    found = told(replace(pair(build("x"), other), is_lost=True), asked)
    assert (found.rung, found.is_equal, [c.name for c in found.shape.removed]) == (Rung.INCOMPLETE, False, ["f"])
    assert found.incomplete == "the table that is shown is lost, and nothing can be compared with it"
    assert (found.before, found.rows_before, found.rows_after) == (build("x").id, 3, 2)
    assert told(replace(pair(build("x"), build("y")), is_lost=True), asked).rung is Rung.SAME
    assert not asked.hashed
    assert not asked.pairings


def test_only_columns_that_are_not_proven_are_compared() -> None:
    asked = Asked()
    found = told(pair(build("x"), build("y", b="2")), asked)
    assert [p.columns for p in asked.pairings] == [("b",)]
    assert not asked.hashed  # two columns are joined in less time
    assert (found.rung, found.proven, [c.name for c in found.columns]) == (
        Rung.KEYED, ("id", "a", "c", "d", "e", "f"), ["b"]
    )  # fmt: skip


def test_where_the_key_is_not_proven_no_version_says_what_stands_beside_it() -> None:
    """The rows pair off by version, where two may have changed keys: then each has the other's values by key."""
    asked = Asked()
    found = told(pair(build("x"), build("y", id="2", b="2")), asked)
    assert (found.proven, asked.pairings[0].columns) == ((), ("a", "b", "c", "d", "e", "f"))


def test_what_is_proven_goes_along_for_rows_that_no_key_tells_apart() -> None:
    asked = Asked()
    told(pair(build("x"), build("y", b="2")), asked)
    assert asked.pairings[0].proven == ("a", "c", "d", "e", "f")


def test_where_the_rows_differ_no_version_of_a_column_proves_anything() -> None:
    asked = Asked()
    found = told(pair(build("x"), build("y", rows="other", count=4)), asked)
    assert (found.proven, asked.pairings[0].columns) == ((), ("a", "b", "c", "d", "e", "f"))
    assert not asked.hashed  # other numbers of rows are never equal


def test_without_a_key_versions_of_columns_prove_nothing_of_rows() -> None:
    asked = Asked()
    found = told(pair(build("x", count=4), build("y", b="2"), Wish()), asked)
    assert asked.pairings[0].columns == tuple(c.name for c in SHAPE)
    assert (found.rung, found.unkeyed, found.columns) == (Rung.BAG, "no key is declared", ())


def fingerprint(**columns: str) -> Fingerprint:
    names = ("", *(c.name for c in SHAPE[1:]))
    return Fingerprint("m", 3, ("id",), KeyFacts(), {n: digest("f", columns.get(n, "1")) for n in names})


def test_equal_fingerprints_end_the_search_and_those_of_the_older_side_are_kept() -> None:
    one = pair(build("x"), build("y", rows="other"))
    asked = Asked({"old": fingerprint(), "new": fingerprint()})
    found = compare(one, {}, asked.asks())
    assert (found.comparison.rung, found.comparison.is_equal, asked.hashed) == (Rung.EQUAL, True, ["old", "new"])
    assert one.before is not None
    kept = {fingerprint_key(one.contents[0], ("id",)): found.fingerprints[one.before.id]}
    again = Asked({"new": fingerprint()})
    assert told(one, again, kept).rung is Rung.EQUAL
    assert again.hashed == ["new"]


def test_columns_with_equal_fingerprints_are_not_compared() -> None:
    asked = Asked({"old": fingerprint(), "new": fingerprint(c="2")})
    found = told(pair(build("x"), build("y", rows="other")), asked)
    assert asked.pairings[0].columns == ("c",)
    assert asked.pairings[0].before.is_keyed
    assert [(c.name, c.changed) for c in found.columns] == [("a", 0), ("b", 0), ("c", 1), ("d", 0), ("e", 0), ("f", 0)]


def test_fingerprints_of_other_keys_prove_nothing_of_columns() -> None:
    other = replace(fingerprint(), columns={**fingerprint().columns, "": digest("other keys")})
    asked = Asked({"old": fingerprint(), "new": other})
    told(pair(build("x"), build("y", rows="other")), asked)
    assert asked.pairings[0].columns == ("a", "b", "c", "d", "e", "f")


def test_other_keys_end_the_look_and_of_that_side_nothing_is_kept() -> None:
    one = pair(build("x"), build("y", rows="other"))
    asked = Asked({"old": fingerprint(), "new": None})
    found = compare(one, {}, asked.asks())
    assert one.before is not None
    assert (asked.hashed, [*found.fingerprints]) == (["old", "new"], [one.before.id])
    assert asked.pairings[0].columns == ("a", "b", "c", "d", "e", "f")
    assert (asked.pairings[0].before.is_keyed, asked.pairings[0].after.is_keyed) == (True, False)


def test_a_column_of_another_type_is_compared_and_told() -> None:
    retyped = (SHAPE[0], Column("a", "VARCHAR"), *SHAPE[2:])
    asked = Asked()
    found = told(pair(build("x"), build("y", shape=retyped)), asked)
    assert asked.pairings[0].columns == ("a",)
    assert [(r.name, r.before, r.after) for r in found.shape.retyped] == [("a", "INTEGER", "VARCHAR")]
    assert not replace(found, columns=()).is_equal


def test_shapes_differ_by_name_type_and_order_without_regard_to_case() -> None:
    found = shape_difference(SHAPE[:3], (Column("A", "BIGINT"), Column("ID", "INTEGER"), SHAPE[3]))
    assert [c.name for c in found.added] == ["c"]
    assert [c.name for c in found.removed] == ["b"]
    assert [r.after for r in found.retyped] == ["BIGINT"]
    assert found.is_reordered
    assert not shape_difference(SHAPE[:2], (Column("ID", "INTEGER"), SHAPE[1]))


def test_a_key_that_the_other_side_lacks_is_told_by_name() -> None:
    asked = Asked()
    found = told(pair(build("x", shape=SHAPE[1:]), build("y", rows="other", count=9)), asked)
    assert found.rung is Rung.BAG
    assert found.unkeyed == "the key id is not on both sides: id is missing before"


def test_a_cost_limit_is_incomplete_and_never_equal() -> None:
    asked = Asked()
    one = pair(build("x", count=11), build("y", rows="other"))
    found = compare(one, {}, asked.asks(), CostLimit(rows=10)).comparison
    assert (found.rung, found.is_equal) == (Rung.INCOMPLETE, False)
    assert found.incomplete == "cost limit: 11 rows, and at most 10 are compared"
    assert not asked.hashed
    assert not asked.pairings


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (TooCostly("cost limit: it was not done within 5 s"), "cost limit: it was not done within 5 s"),
        (StatementFailed("no such thing"), "the engine refused it: no such thing"),
    ],
)
def test_what_was_not_finished_is_incomplete(fault: Exception, said: str) -> None:
    class Failing(Asked):
        def compare(self, pairing: Pairing, sample: int) -> Counted:
            raise fault

    found = told(pair(build("x"), build("y", b="2")), Failing())
    assert (found.rung, found.incomplete, found.is_equal) == (Rung.INCOMPLETE, said, False)


def test_what_is_protected_is_not_shown() -> None:
    differences = Differences(("id", "b"), (Difference(("1", "x"), ("1", "y"), ("b",)), Difference((), ("2", None))))
    one = replace(pair(build("x"), build("y", b="2")), protected=frozenset({"b"}))
    found = told(one, Asked(counted=replace(Counted(3, 3, 1, 0, 1), differences=differences)))
    hidden = "(protected)"
    assert found.differences.rows == (
        Difference(("1", hidden), ("1", hidden), ("b",)), Difference((), ("2", hidden))
    )  # fmt: skip


def test_a_comparison_is_kept_under_what_it_is_about() -> None:
    one = pair(build("x"), build("y", b="2"))
    same = pair(build("other"), build("another", b="2"))
    assert key_of_pair(one) == key_of_pair(same)
    near = replace(one, wish=replace(KEYED, tolerances={"b": Tolerance(0.5)}))
    others = (near, replace(one, wish=Wish()), pair(build("x"), build("y", b="3")), replace(one, shape_after=SHAPE[1:]))
    assert len({key_of_pair(other) for other in (one, *others)}) == 5


def test_what_was_found_is_the_same_when_it_is_read_again() -> None:
    found = told(pair(build("x"), build("y", b="2", shape=SHAPE[1:])), Asked())
    evidence = Evidence({}, {Digest("k"): found}, {Digest("p"): fingerprint()})
    assert evidence_from_text(evidence_to_text(evidence)) == evidence


def test_the_surest_key_goes_first() -> None:
    tests = (
        DeclaredTest("unique", "maybe"),
        DeclaredTest("dbt_utils.unique_combination_of_columns", arguments={"combination_of_columns": ["x", "y"]}),
        DeclaredTest("unique", "sure"),
        DeclaredTest("not_null", "sure"),
        DeclaredTest("unique", "some", where="x > 1"),
        DeclaredTest("unique", arguments={"columns": ["p", "q"]}),
    )
    assert wish_of(Properties(tests=tests)).keys == (("sure",), ("x", "y"), ("p", "q"), ("maybe",))
    constraint = Constraint(ConstraintKind.PRIMARY_KEY, ("pk",))
    loading = Loading(merging=Merging(("m",)), tracking=Tracking(("t",)))
    found = wish_of(Properties(tests=tests[:1], constraints=(constraint,), loading=loading)).keys
    assert found == (("pk",), ("m",), ("t", "valid_from"), ("maybe",))
    near = wish_of(Properties(columns=(DeclaredColumn("Price", tolerance=Tolerance(0.01)),)))
    assert near.tolerances == {"price": Tolerance(0.01)}


def test_sources_that_moved_on_are_found_behind_other_builds() -> None:
    def captured(name: str, rows: str) -> Build:
        return replace(build(name, rows=rows, kind=Kind.SOURCE), address=Address(f"raw.{name[0]}"))

    builds = {b.id: b for b in (captured("s1", "1"), captured("s2", "2"), captured("t", "1"))}
    one, other, still = builds

    def over(name: str, source: Digest) -> Build:
        middle = replace(build(f"middle of {name}"), inputs={Address("raw.s"): source, Address("raw.t"): still})
        builds[middle.id] = middle
        return replace(build(name), inputs={Address("m.middle"): middle.id, Address("m.gone"): digest("erased")})

    assert sources_that_moved(over("x", one), over("y", other), builds.get) == (Address("raw.s"),)
    assert sources_that_moved(over("x", one), over("z", one), builds.get) == ()


def test_a_view_holds_what_it_reads() -> None:
    view = replace(build("v", kind=Kind.VIEW), inputs={Address("m.t"): digest("t")})
    assert content_of(view, lambda _: digest("1")) != content_of(view, lambda _: digest("2"))
    assert isinstance(compare(pair(build("x"), build("y")), {}, Asked().asks()), Compared)
