"""A report of the flights as somebody would get it, made by hand: early arrivals no longer make up for late ones."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

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
from headgate.core.profiles import LEVELS, ColumnProfile, Profile
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Column
from headgate.core.report import AssetReport, Report

FLIGHTS, DELAYS, ROUTES = (Address(name) for name in ("staging.flights", "marts.carrier_delay", "marts.worst_routes"))
AGE, CREW, DAYS = (Address(name) for name in ("marts.fleet_age", "staging.crew", "marts.worst_days"))
POLICY, CHANGE = digest("policy", "flights"), digest("change", "flights")
ROWS = 336_776


def quantiles_of(function: Callable[[float], float]) -> tuple[float, ...]:
    """The quantiles of a distribution that is given by its inverse."""
    return tuple(function(level / LEVELS) for level in range(LEVELS + 1))


def delay(share: float) -> float:
    """Arrivals in minutes: most a little early, a long tail of late ones."""
    early = -5 + 17 * math.log(max(share, 1e-3) / max(1 - share, 1e-3)) * 0.62
    return float(round(max(-86, early + 160 * max(0.0, share - 0.8) ** 2 * 12 + (1100 if share == 1 else 0))))


def numbers(type_: str, values: Sequence[float], *, nulls: int = 0, distinct: int = 500, **more: Any) -> ColumnProfile:
    """The profile of a column of numbers."""
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    ends = [f"{value:g}" for value in (values[0], values[-1])]
    figures = {"mean": mean, "deviation": deviation, "sum": mean * (ROWS - nulls)} | more
    return ColumnProfile(type_, nulls, distinct, *ends, quantiles=tuple(values), **figures)


def texts(top: Mapping[str, int], *, nulls: int = 0, distinct: int = 0, type_: str = "VARCHAR") -> ColumnProfile:
    """The profile of a column of texts."""
    pairs = tuple(sorted(top.items(), key=lambda pair: (-pair[1], pair[0])))
    return ColumnProfile(type_, nulls, distinct or len(top), min(top), max(top), top=pairs)


CARRIERS = {
    "UA": 58_665, "B6": 54_635, "EV": 54_173, "DL": 48_110, "AA": 32_729, "MQ": 26_397, "US": 20_536, "9E": 18_460,
    "WN": 12_275, "VX": 5_162, "FL": 3_260, "AS": 714, "F9": 685, "YV": 601, "HA": 342, "OO": 32,
}  # fmt: skip


def flights_profile(*, is_after: bool) -> Profile:
    """The flights before and after the change."""
    late = quantiles_of(delay)
    classes = {"early": 131_000, "on time": 85_300, "late": 78_400, "very late": 33_646}
    if is_after:
        late = tuple(max(0.0, value) for value in late)
        classes = {"on time": 216_300, "late": 78_400, "very late": 33_646}
    first, year = 1_356_998_400, 365 * 86_400
    hours = quantiles_of(lambda share: first + year * (share + 0.012 * math.sin(6.28 * share)))
    columns = {
        "origin": texts({"EWR": 120_835, "JFK": 111_279, "LGA": 104_662}),
        "carrier": texts(CARRIERS),
        "time_hour": ColumnProfile(
            "TIMESTAMP", 0, 6_936, "2013-01-01 10:00:00", "2014-01-01 04:00:00", quantiles=hours
        ),
        "arr_delay": numbers("INTEGER", late, nulls=9_430 if not is_after else 8_255, distinct=577 - 86 * is_after),
        "delay_class": texts(classes, nulls=9_430 if not is_after else 8_255),
        "distance": numbers("INTEGER", quantiles_of(lambda s: round(80 + 2400 * s**1.7 + 2503 * (s == 1)))),
        "pilot": texts({"Amelia Earhart": 21, "Bessie Coleman": 18}, distinct=9_120),
    }
    return Profile(ROWS + 12 - 3 if is_after else ROWS, columns)


def delays_profile(*, is_after: bool) -> Profile:
    """The delays of carriers before and after."""
    shift = 8.4 if is_after else 0.0
    columns = {
        "carrier": texts(dict.fromkeys(CARRIERS, 12), distinct=16),
        "month": numbers("BIGINT", quantiles_of(lambda s: float(min(12, 1 + math.floor(12 * s)))), distinct=12),
        "mean_delay": numbers(
            "DOUBLE", quantiles_of(lambda s: -9.1 + shift * (1 - 0.5 * s) + 30 * s**1.4 + 4 * s**9), distinct=185
        ),
        "flights": numbers("BIGINT", quantiles_of(lambda s: round(2 + 5_000 * s**1.8)), distinct=171),
    }
    if is_after:
        columns["p90_delay"] = numbers("DOUBLE", quantiles_of(lambda s: 18 + 70 * s), distinct=143)
    return Profile(185, columns)


def result(
    address: Address, kind: str, column: str = "", outcome: Outcome = Outcome.PASS, failures: int = 0,
    out_of: int = ROWS, told: str = "", sample: Sample | None = None, *, severity: Severity = Severity.ERROR,
) -> Result:  # fmt: skip
    """What came of a check."""
    place = Place("assets/staging/staging.yml", 14, 9)
    test = DeclaredTest(kind, column, severity=severity, place=place)
    check = Check(address, test, Compiled((), lambda _: Failed(0, 0)))
    return Result(check, outcome, failures, out_of, told, sample)


def differences() -> Differences:
    """Some flights that differ."""
    columns = ("origin", "flight", "time_hour", "arr_delay", "delay_class", "pilot", "carrier")
    rows = []
    for flight, hour, before in ((1545, "05", "-18"), (725, "05", "-25"), (5708, "06", "-14"), (461, "06", "-1")):
        keys = ("LGA" if flight % 2 else "JFK", str(flight), f"2013-01-01 {hour}:00:00")
        rows.append(
            Difference(
                (*keys, before, "early", "Amelia Earhart", "B6"), (*keys, "0", "on time", "Amelia Earhart", "B6"),
                ("arr_delay", "delay_class"),
            )
        )  # fmt: skip
    gone = ("EWR", "1714", "2013-01-01 05:00:00", None, None, "Bessie Coleman", "UA")
    rows.append(Difference(gone, ()))
    rows.append(Difference((), ("JFK", "79", "2013-12-31 23:00:00", "11", "late", None, "B6")))
    return Differences(columns, tuple(rows))


def staging_flights() -> AssetReport:
    """The asset that was edited: many values changed, a check warns, one fails, a column is protected."""
    comparison = Comparison(
        FLIGHTS, digest("b", "1"), digest("b", "2"), Rung.KEYED, ROWS, ROWS + 9, ("origin", "flight", "time_hour"),
        KeyFacts(), KeyFacts(0, 2, 4), added=12, removed=3, changed=131_175,
        columns=(
            ColumnDifference("arr_delay", 131_175, 131_175, greatest=86.0),
            ColumnDifference("delay_class", 131_000, 131_000),
            ColumnDifference("distance", 412, 0, Tolerance(relative=0.01), 9.0),
            ColumnDifference("pilot", 7, 7),
            ColumnDifference("carrier", 0, 0),
        ),
        proven=("time_hour", "origin"),
        differences=differences(),
        drifts=(
            Drift("arr_delay", "Wasserstein distance over IQR", 0.31, 0.1, "mean 5.75 before, 16 after"),
            Drift("delay_class", "Jensen-Shannon distance", 0.34, 0.1, "early is gone"),
            Drift("distance", "Wasserstein distance over IQR", 0.002, 0.1, ""),
            Drift("pilot", "Jensen-Shannon distance", 0.13, 0.1, "Amelia Earhart came"),
        ),
        moved=(Address("raw.flights"),),
    )  # fmt: skip
    sample = Sample(
        ("arr_delay", "origin", "flight", "pilot"),
        (("1272", "JFK", "51", "Amelia Earhart"), ("1127", "JFK", "3535", None), ("1109", "EWR", "3695", None)),
    )
    checks = (
        result(FLIGHTS, "not_null", "origin"),
        result(FLIGHTS, "unique"),
        result(FLIGHTS, "accepted_values", "delay_class"),
        result(
            FLIGHTS, "range", "arr_delay", Outcome.WARN, 5, ROWS, "5 of 336,785 rows are not within 0 and 1,000",
            sample, severity=Severity.WARNING,
        ),
    )  # fmt: skip
    return AssetReport(
        FLIGHTS, "change", "column arr_delay", "ops", comparison, flights_profile(is_after=False),
        flights_profile(is_after=True), checks, protected=frozenset({"pilot"}),
    )  # fmt: skip


def carrier_delay() -> AssetReport:
    """A mart of which a column went and another came."""
    comparison = Comparison(
        DELAYS, digest("b", "3"), digest("b", "4"), Rung.KEYED, 185, 185, ("carrier", "month"), changed=185,
        columns=(ColumnDifference("mean_delay", 185, 181, Tolerance(0.005), 9.53), ColumnDifference("flights", 0, 0)),
        proven=("carrier", "month"),
        shape=ShapeDifference(
            (Column("p90_delay", "DOUBLE"),), (Column("median_delay", "DOUBLE"),),
            (Retyped("flights", "INTEGER", "BIGINT"),), is_reordered=True,
        ),
        differences=Differences(
            ("carrier", "month", "mean_delay", "flights"),
            tuple(
                Difference((name, "1", before, "100"), (name, "1", after, "100"), ("mean_delay",))
                for name, before, after in (("UA", "3.18", "12.03"), ("B6", "4.72", "12.9"), ("DL", "-4.4", "6.01"))
            ),
        ),
        drifts=(Drift("mean_delay", "Wasserstein distance over deviation", 0.71, 0.21, "mean 3.8 before, 10.1 after"),),
    )  # fmt: skip
    checks = (
        result(DELAYS, "not_null", "carrier", out_of=185),
        result(
            DELAYS, "mean", "mean_delay", Outcome.FAIL, 1, 1, "mean of mean_delay: 10.1, must be at most 8",
        ),
    )  # fmt: skip
    return AssetReport(
        DELAYS, "rebuild", "reads arr_delay", "analytics", comparison, delays_profile(is_after=False),
        delays_profile(is_after=True), checks, protected=frozenset(),
    )  # fmt: skip


def other_assets() -> tuple[AssetReport, ...]:
    """Assets that were not compared to their end, that are equal, new, or gone."""
    incomplete = Comparison(
        ROUTES, rung=Rung.INCOMPLETE, rows_before=112, rows_after=118,
        incomplete="cost limit: the comparison would read 41 GB, and 10 GB are allowed",
    )  # fmt: skip
    equal = Comparison(AGE, digest("b", "5"), digest("b", "6"), Rung.EQUAL, 1_240, 1_240)
    crew = Profile(
        2_140,
        {
            "name": texts({"Amelia Earhart": 1, "Bessie Coleman": 1}, distinct=2_140),
            "years": numbers("INTEGER", quantiles_of(lambda s: round(1 + 38 * s**1.5)), distinct=39),
            "base": texts({"JFK": 1_210, "EWR": 604, "LGA": 326}),
        },
    )
    new = AssetReport(
        CREW, "new", "a table", "", Comparison(CREW, rung=Rung.NEW, rows_after=2_140), None, crew,
        (result(CREW, "unique", "name", out_of=2_140),), protected=frozenset({"name"}),
    )  # fmt: skip
    return (
        AssetReport(ROUTES, "rebuild", "filters on arr_delay", "ops", incomplete, protected=frozenset()),
        AssetReport(AGE, "rebuild", "its text changed, its recipe not", "fleet", equal, protected=frozenset()),
        new,
        AssetReport(DAYS, "remove", "its file is gone", "ops", protected=frozenset()),
    )


def findings() -> tuple[Finding, ...]:
    """All that the gate has to say of it."""
    place = Place("assets/marts/carrier_delay.sql", 4, 14)
    return (
        Finding(Topic.CHANGED, FLIGHTS, Level.APPROVE, "39 % of rows change in arr_delay", "arr_delay", 0.3895,
                131_175, "ops"),
        Finding(Topic.DRIFT, FLIGHTS, Level.APPROVE, "delay_class: early is gone", "delay_class", 0.34, 0, "ops",
                "early arrivals count as on time (until 2026-12-31)"),
        Finding(Topic.DRIFT, FLIGHTS, Level.APPROVE, "pilot: Amelia Earhart came", "pilot", 0.13, 0, "ops"),
        Finding(Topic.COLUMN_REMOVED, DELAYS, Level.BLOCK, "column median_delay is gone", "median_delay", 0.0, 0,
                "analytics", place=place),
        Finding(Topic.CHECK, DELAYS, Level.BLOCK,
                "mean of mean_delay: 10.1, must be at most 8", "mean_delay", 1.0, 1, "analytics"),
        Finding(Topic.CONSUMER, DELAYS, Level.APPROVE, "dashboards.punctuality of management reads mean_delay",
                "mean_delay", 0.0, 0, "management"),
        Finding(Topic.EVIDENCE, ROUTES, Level.APPROVE, "the comparison is incomplete: cost limit", owner="ops"),
        Finding(Topic.COLUMN_ADDED, DELAYS, Level.SHOW, "column p90_delay came", "p90_delay"),
    )  # fmt: skip


def flights_report() -> Report:
    """The whole report."""
    found = findings()
    agreed = found[1]
    approval = Approval(
        "prod", 14, CHANGE, POLICY, "ada", ("ada", "ada@flights.example"), "2026-11-22T05:10:00Z", ("ops",),
        {finding_key(agreed): 0.34}, is_own=True,
        note="as we agreed on Monday",
    )  # fmt: skip
    waiting: dict[str, tuple[Finding, ...]] = {}
    for finding in found:
        if finding.level is Level.APPROVE and finding is not agreed:
            waiting[finding.owner] = (*waiting.get(finding.owner, ()), finding)
    assets = (staging_flights(), carrier_delay(), *other_assets())
    return Report(
        "flights", "dev", "prod", 14, "9d01c7e2f4a64b0c8f6f", "2026-11-22T06:36:55Z",
        Decision(Verdict.BLOCKED, found, POLICY, CHANGE, 14, waiting, (approval,)),
        tuple(replace(one, findings=tuple(f for f in found if f.address == one.address)) for one in assets),
        untouched=9,
    )  # fmt: skip


def passing_report() -> Report:
    """The same change where nothing stops it."""
    report = flights_report()
    shown = tuple(replace(one, level=Level.SHOW) for one in report.decision.findings if one.level is Level.SHOW)
    decision = replace(report.decision, verdict=Verdict.PASS, findings=shown, waiting={}, approvals=())
    assets = tuple(
        replace(asset, findings=(), checks=tuple(one for one in asset.checks if one.outcome is Outcome.PASS))
        for asset in report.assets
    )
    return replace(report, decision=decision, assets=assets)
