"""Reports of any kind, with texts that try to be something else than text, and secrets in protected columns."""

import random
from typing import Any

from hypothesis import strategies as st

from headgate.core.address import Address
from headgate.core.checks import Check, Compiled, Failed, Outcome, Result, Sample
from headgate.core.comparison import (
    ColumnDifference,
    Comparison,
    Difference,
    Differences,
    Drift,
    KeyFacts,
    Retyped,
    Rung,
    ShapeDifference,
    Tolerance,
)
from headgate.core.diagnostic import Place, Severity
from headgate.core.gate import Approval, Decision, Finding, Level, Topic, Verdict, finding_key
from headgate.core.hashing import digest
from headgate.core.measures import Failing, Figure, Measure, Of, Rows, Says, Sql
from headgate.core.profiles import ColumnProfile, Profile
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Column
from headgate.core.redacted import NAMING
from headgate.core.report import AssetReport, Report

SECRET = "TellNobody"
"""What stands wherever a value of a protected column does."""

HOSTILE = (
    "@everyone", "#1", "!2 %3 ~bug", "/close", "`", "``|", "a|b", "<img src=x onerror=alert(1)>", "</script>",
    "</style>", "](https://evil.example)", "![](https://evil.example/x.png)", "www.evil.example", "&lt;b&gt;",
    "javascript:alert(1)", "]]>", "<!--", "-->", "\x00", "\x1b[31m", "\ud800", "\ufffe", "\u202e", "a\nb", "- [ ] c",
    "```\n", "# d", "'\"", "", "\\|", "\\", "|", "&", "*a*", "_b_", "$1", "GH-12", "deadbeef", "(protected)", "NULL",
    "é表", "x" * 400,
)  # fmt: skip

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.sampled_from(("orders", "price", "ops")))
counts = st.integers(0, 10**9)
_whole = st.integers(-(2**63), 2**64).map(float)
quantiles = st.one_of(
    st.lists(st.floats(allow_nan=False), max_size=6),
    st.lists(_whole, max_size=6),
    st.tuples(st.one_of(st.floats(allow_nan=False), _whole), st.integers(2, 4)).map(lambda one: [one[0]] * one[1]),
    st.tuples(_whole, st.integers(1, 200)).map(lambda one: [one[0], one[0] + one[1]]),
)
"""Of any numbers, of whole numbers as wide as an engine has, of one value alone, and of wide neighbours."""
figures = st.one_of(st.none(), st.floats())
names = st.sampled_from(("id", "price", "Mail", "note", "a|b", "<b>", "@x"))


@st.composite
def reports(draw: st.DrawFn, *, has_secrets: bool = False) -> Report:
    """A report of up to three assets."""
    assets = tuple(draw(st.lists(_assets(has_secrets=has_secrets), max_size=3, unique_by=lambda one: one.address)))
    found = tuple(one for asset in assets for one in asset.findings)
    waiting: dict[str, tuple[Finding, ...]] = {}
    for one in found:
        if one.level is Level.APPROVE and draw(st.booleans()):
            waiting[one.owner] = (*waiting.get(one.owner, ()), one)
    agreed = {finding_key(one): one.amount for one in found}
    approvals = st.builds(
        Approval, texts, counts, st.just(digest("c")), st.just(digest("p")), texts, st.tuples(texts),
        st.just("2026-11-22T05:10:00Z"), st.tuples(texts), st.just(agreed), st.booleans(), texts,
    )  # fmt: skip
    decision = Decision(
        draw(st.sampled_from(Verdict)), found, digest("policy"), digest("change"), draw(counts), waiting,
        tuple(draw(st.lists(approvals, max_size=2))), (draw(texts),), draw(st.sampled_from(("", "a fire", "@all"))),
    )  # fmt: skip
    return Report(
        draw(texts), draw(texts), draw(texts), draw(counts), draw(texts), "2026-11-22T06:36:55.123456Z", decision,
        assets, draw(counts), tuple(draw(st.lists(texts, max_size=4))),
    )  # fmt: skip


@st.composite
def _assets(draw: st.DrawFn, *, has_secrets: bool) -> AssetReport:
    address = Address(f"marts.{draw(st.sampled_from(('a', 'b', 'c')))}")
    columns = draw(st.lists(names, min_size=1, unique=True, max_size=4))
    secret = frozenset(draw(st.lists(st.sampled_from(columns), unique=True))) if has_secrets else frozenset()
    written = draw(st.sampled_from((str, str.upper, str.casefold)))  # engines compare names without regard to case
    world = _World(draw, address, columns, frozenset(map(str.casefold, secret)))
    checks = tuple(world.result() for _ in range(draw(st.integers(0, 2))))
    findings = tuple(world.finding() for _ in range(draw(st.integers(0, 3))))
    return AssetReport(
        address, draw(st.sampled_from(("rebuild", "new", "remove"))), draw(texts), draw(texts),
        world.comparison() if draw(st.booleans()) else None, world.profile(), world.profile(), checks, findings,
        protected=frozenset(map(written, secret)),
    )  # fmt: skip


class _World:
    """One asset's columns, some of them protected, and what is drawn of them."""

    def __init__(self, draw: st.DrawFn, address: Address, columns: list[str], secret: frozenset[str]) -> None:
        self.draw, self.address, self.columns, self.secret = draw, address, columns, secret

    def value(self, column: str) -> str | None:
        if column.casefold() in self.secret:
            return SECRET
        return self.draw(st.one_of(st.none(), texts))

    def told(self, column: str) -> str:
        is_secret = column.casefold() in self.secret
        return f"{column}: {SECRET} came" if is_secret else self.draw(texts)

    def row(self) -> tuple[str | None, ...]:
        return tuple(self.value(column) for column in self.columns)

    def profile(self) -> Profile | None:
        draw = self.draw
        if draw(st.booleans()):
            return None
        return Profile(draw(counts), {column: self.column(column) for column in self.columns})

    def column(self, name: str) -> ColumnProfile:
        draw = self.draw
        is_secret = name.casefold() in self.secret
        least = SECRET if is_secret else draw(texts)
        values = sorted(draw(quantiles))
        top = tuple((SECRET if is_secret else text, draw(counts)) for text in draw(st.lists(texts, max_size=3)))
        type_ = draw(st.sampled_from(("INTEGER", "VARCHAR", "TIMESTAMP", "DATE", "DOUBLE", "<b>")))
        figure = 424_242.4242 if is_secret else draw(figures)
        return ColumnProfile(
            type_, draw(counts), draw(counts), least, least, figure, figure, figure, tuple(values), top, draw(counts)
        )

    def comparison(self, *, is_of_data: bool = False) -> Comparison:
        draw = self.draw
        has_data = not is_of_data and draw(st.booleans())
        columns = self.columns
        changed = tuple(
            ColumnDifference(
                name, draw(counts), draw(counts), draw(st.sampled_from((Tolerance(), Tolerance(0.5, 0.01)))),
                424_242.4242 if name.casefold() in self.secret else draw(figures),
            )
            for name in columns
        )  # fmt: skip
        rows = [
            Difference(*draw(st.sampled_from(((self.row(), self.row()), (self.row(), ()), ((), self.row())))),
                       (draw(st.sampled_from(columns)),))
            for _ in range(draw(st.integers(0, 3)))
        ]  # fmt: skip
        drifts = tuple(
            Drift(name, draw(texts), draw(st.floats()), draw(st.floats()), self.told(name))
            for name in draw(st.lists(st.sampled_from(columns), unique=True))
        )
        return Comparison(
            self.address, digest("a"), digest("b"), draw(st.sampled_from(Rung)), draw(counts), draw(counts),
            tuple(columns[:1]), KeyFacts(), KeyFacts(draw(counts), draw(counts), draw(counts)), draw(counts),
            draw(counts), draw(counts), changed, tuple(columns[1:]),
            ShapeDifference((Column(draw(texts), draw(texts)),), (), (Retyped(draw(texts), "a", "b"),)),
            Differences(tuple(columns), tuple(rows)), drifts, (Address(draw(texts)),), draw(texts),
            data=self.comparison(is_of_data=True) if has_data else None,
            unisolated="" if is_of_data or has_data else draw(texts),
        )  # fmt: skip

    def result(self) -> Result:
        draw = self.draw
        column = draw(st.sampled_from(self.columns))
        measure: Measure = draw(
            st.sampled_from((Rows(), Of(Figure.GREATEST, column), Failing(Says(Sql("true")), f"{column} = '{SECRET}'")))
        )
        is_telling = not isinstance(measure, Rows) or draw(st.booleans())
        outcome = draw(st.sampled_from(Outcome))
        test = DeclaredTest(
            draw(st.sampled_from(("range", "query"))), column if is_telling else "", draw(texts),
            severity=draw(st.sampled_from(Severity)), place=Place(draw(texts), 3) if draw(st.booleans()) else None,
        )  # fmt: skip
        told = self.told(column) if is_telling else draw(texts)
        if outcome in (Outcome.UNKNOWN, Outcome.ABSENT) and self.secret:
            told = f"could not read {SECRET}"
        sample = Sample(tuple(self.columns), tuple(self.row() for _ in range(2))) if draw(st.booleans()) else None
        check = Check(self.address, test, Compiled((measure,), lambda _: Failed(0, 0)))
        return Result(check, outcome, draw(counts), draw(counts), told, sample)

    def finding(self) -> Finding:
        draw = self.draw
        column, topic = draw(st.sampled_from(("", *self.columns))), draw(st.sampled_from(Topic))
        told = draw(texts) if topic in NAMING else self.told(column)
        return Finding(
            topic, self.address, draw(st.sampled_from(Level)), told, column,
            draw(st.floats(min_value=0)), draw(counts), draw(texts), draw(st.sampled_from(("", "planned", "@x"))),
            Place(draw(texts), 1) if draw(st.booleans()) else None,
        )  # fmt: skip


def large_report(assets: int, columns: int, *, seed: int = 7) -> Report:
    """A change that touches many assets with many columns, all of which moved."""
    chance = random.Random(seed)
    parts = tuple(_large_asset(Address(f"marts.asset_{n}"), columns, chance) for n in range(assets))
    found = tuple(one for asset in parts for one in asset.findings)
    decision = Decision(Verdict.WAITING, found, digest("p"), digest("c"), 3, {"ops": found})
    return Report("large", "dev", "prod", 3, "abcdef0123", "2026-11-22T06:36:55Z", decision, parts)


def _large_asset(address: Address, columns: int, chance: random.Random) -> AssetReport:
    names_ = [f"column_{n}" for n in range(columns)]

    def profile() -> Profile:
        kinds: dict[str, Any] = {}
        for n, name in enumerate(names_):
            values = tuple(sorted(chance.gauss(n, 3) for _ in range(201)))
            top = tuple((f"value {m}", 1_000 - m) for m in range(50))
            kinds[name] = ColumnProfile(
                "DOUBLE" if n % 2 else "VARCHAR", 5, 50, "a", "z", 1.0, 1.0, 1.0, values if n % 2 else (), top
            )
        return Profile(100_000, kinds)

    rows = tuple(
        Difference(tuple("before" for _ in names_), tuple("after" for _ in names_), tuple(names_[:3]))
        for _ in range(20)
    )
    comparison = Comparison(
        address, rung=Rung.KEYED, rows_before=100_000, rows_after=100_000, key=("column_0",), changed=5_000,
        columns=tuple(ColumnDifference(name, 5_000, 5_000) for name in names_),
        differences=Differences(tuple(names_), rows),
        drifts=tuple(Drift(name, "Wasserstein distance", 0.3, 0.1, "moved") for name in names_),
    )  # fmt: skip
    finding = Finding(Topic.CHANGED, address, Level.APPROVE, "5 % of rows change", "column_1", 0.05, 5_000, "ops")
    told = "rebuild", "reads a", "ops"
    return AssetReport(address, *told, comparison, profile(), profile(), (), (finding,), protected=frozenset())
