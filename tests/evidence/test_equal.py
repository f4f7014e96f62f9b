"""Which versions a new build takes over from the one that it replaces, and which it must not."""

from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest, digest
from headgate.core.versions import Versions
from headgate.evidence.equal import equal_versions


def versions(*, rows: str, columns: dict[str, str]) -> Versions:
    return Versions(digest("rows", rows), digest("order", rows), {n: digest("c", v) for n, v in columns.items()})


OLD = versions(rows="1", columns={"id": "i", "x": "x", "Note": "n"})
NEW = versions(rows="2", columns={"id": "i", "x": "x", "Note": "m"})


def keyed(**columns: str) -> Fingerprint:
    return Fingerprint("m", 3, ("id",), columns={n.strip("_"): Digest(one) for n, one in columns.items()})


def test_equal_keys_and_columns_take_the_old_versions() -> None:
    before, found = keyed(_="k", x="1", note="2"), keyed(_="k", x="1", note="2")
    equal = equal_versions(NEW, OLD, found=found, before=before)
    assert equal is not None
    assert (equal.rows, equal.columns) == (OLD.rows, OLD.columns)


def test_a_column_of_the_same_formula_over_other_rows_is_not_the_old_one() -> None:
    """``x`` has the version that it had, and other values under the same keys: under the old rows it must not keep it.

    Another build may have the old rows and this version of ``x``, and there it has other values.
    """
    equal = equal_versions(NEW, OLD, found=keyed(_="k", x="9", note="2"), before=keyed(_="k", x="1", note="2"))
    assert equal is not None
    assert equal.rows == OLD.rows
    assert equal.columns["Note"] == OLD.columns["Note"]
    assert equal.columns["x"] not in (OLD.columns["x"], NEW.columns["x"])


def test_what_nobody_could_digest_is_not_equal() -> None:
    equal = equal_versions(NEW, OLD, found=keyed(_="k", x="1"), before=keyed(_="k", x="1"))
    assert equal is not None
    assert equal.columns["x"] == OLD.columns["x"]
    assert equal.columns["Note"] not in (OLD.columns["Note"], NEW.columns["Note"])


def test_other_keys_are_other_rows() -> None:
    assert equal_versions(NEW, OLD, found=keyed(_="k", x="1"), before=keyed(_="j", x="1")) is None


def test_whole_rows_are_equal_or_not() -> None:
    one, other = Fingerprint("m", 3, whole=Digest("1")), Fingerprint("m", 3, whole=Digest("2"))
    equal = equal_versions(NEW, OLD, found=one, before=one)
    assert equal is not None
    assert equal.columns == OLD.columns
    assert equal_versions(NEW, OLD, found=one, before=other) is None
    assert equal_versions(NEW, OLD, found=one, before=Fingerprint("another", 3, whole=Digest("1"))) is None
    nothing = Fingerprint("m", 3)
    assert equal_versions(NEW, OLD, found=nothing, before=nothing) is None


def test_columns_that_differ_in_case_alone_keep_their_own_versions() -> None:
    """PostgreSQL has both, and who reads one of them must not be taken for who read the other."""
    old, new = (versions(rows=rows, columns={"a": "1", "A": "2"}) for rows in ("1", "2"))
    whole = Fingerprint("m", 3, whole=Digest("1"))
    equal = equal_versions(new, old, found=whole, before=whole)
    assert equal is not None
    assert equal.columns == old.columns


def test_the_order_is_the_old_one_only_where_it_was_looked_at() -> None:
    def ordered(order: str) -> Fingerprint:
        return Fingerprint("m", 3, whole=Digest("1"), order=Digest(order))

    same = equal_versions(NEW, OLD, found=ordered("a"), before=ordered("a"))
    other = equal_versions(NEW, OLD, found=ordered("a"), before=ordered("b"))
    unknown = equal_versions(NEW, OLD, found=ordered(""), before=ordered(""))
    assert same is not None
    assert other is not None
    assert unknown is not None
    assert same.order == OLD.order
    assert other.order == unknown.order
    assert other.order not in (OLD.order, NEW.order)
