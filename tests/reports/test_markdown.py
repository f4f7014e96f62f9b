"""Markdown: what users wrote does nothing, it fits, and what matters most stays."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.core.report import Report
from headgate.words.report.markdown import GITHUB_MAX, markdown_of
from headgate.words.report.markdown_texts import name, prose, value
from tests.reports.any_reports import HOSTILE, large_report, reports
from tests.reports.flights import flights_report

CODE = re.compile(r"`[^`\n]*`|<code>[^<>`|\n]*</code>")
OURS = re.compile(r"</?(details|summary|sub)>")
thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outside_of_code(text: str) -> str:
    """What a forge may make something of."""
    return OURS.sub("", CODE.sub("", text))


def assert_harmless(text: str) -> None:
    bare = outside_of_code(text)
    assert not re.search(r"[@`\\$~^\[\]]|<[^ ]|<$|https?:|www\.|javascript:|&(?!#\d)", bare), bare
    assert not re.search(r"#(?![# ])(?<!&#)|!\d|(?<!\w)%\w", bare), bare
    assert not re.search(r"^\s*(/|- \[|>|\d+\. |~~~|===)", bare, re.MULTILINE), bare


@pytest.mark.slow
@thorough
@given(report=reports())
def test_what_users_wrote_does_nothing(report: Report) -> None:
    assert_harmless(markdown_of(report))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    for told in (prose(f"a {text} b"), name(text), value(text)):
        assert_harmless(f"- {told}")
        assert "\n" not in told
        assert "|" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12.3 % of rows change in arr_delay", "12.3 % of rows change in arr_delay"),
        ("50 %; no key (see 3 %).", "50 %; no key (see 3 %)."),
        ("ask @ada, or #7", "ask `@ada,` or `#7`"),
        ("see https://a.example/x", "see `https://a.example/x`"),
        ("www.a.example", "`www.a.example`"),
        ("fixed in deadbeef", "fixed in `deadbeef`"),
        ("/close it", "`/close` it"),
        ("_x_ *y* a_b", "`_x_` `*y*` a_b"),
        ("a|b `c`", "<code>a&#124;b</code> <code>&#96;c&#96;</code>"),
        ("x\n\n## y", "x `##` y"),
    ],
)
def test_a_sentence(text: str, told: str) -> None:
    assert prose(text) == told


@pytest.mark.slow
@thorough
@given(report=reports())
def test_every_row_of_a_table_has_as_many_cells(report: Report) -> None:
    for block in markdown_of(report).split("\n\n"):
        rows = [line for line in block.split("\n") if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1, block


@pytest.mark.slow
@thorough
@given(report=reports(), size=st.integers(0, 20_000))
def test_it_fits_unless_the_head_alone_does_not(report: Report, size: int) -> None:
    text = markdown_of(report, size_max=size, rest="the page")
    least = markdown_of(report, size_max=0, rest="the page")
    assert len(text.encode()) <= max(size, len(least.encode()))
    assert least.split("\n\n**Next:**")[0] in text


def test_whole_sections_are_left_out_the_least_important_first() -> None:
    report = flights_report()
    whole = markdown_of(report, rest="[the page](page.html)")
    assert whole.endswith("All of it, with distributions: [the page](page.html)\n")
    seen = []
    for size in range(len(whole.encode()), 800, -100):
        text = markdown_of(report, size_max=size, rest="[the page](page.html)")
        assert len(text.encode()) <= size
        seen.append(
            [part in text for part in ("| Asset |", "### `marts.carrier_delay`", "### `staging.flights`", "<sub>")]
        )
    assert seen[0] == [True, True, True, True]
    assert seen[-1] == [False, False, False, False]
    for one in seen:  # the decision's table goes last, the record first
        assert one == sorted(one, reverse=True)
    told = markdown_of(report, size_max=1_200, rest="[the page](page.html)")
    assert told.endswith("sections are left out for want of room; *the rest: [the page](page.html)\n")


@pytest.mark.slow
def test_a_large_change_fits_into_a_comment() -> None:
    report = large_report(200, 20)
    text = markdown_of(report)
    assert 30_000 < len(text.encode()) <= GITHUB_MAX
    assert "and 170 more" in text
    assert re.search(r"\*\d+ sections are left out for want of room\.\*\n$", text)


def test_the_order_is_that_of_importance() -> None:
    text = markdown_of(flights_report())
    places = [text.index(part) for part in ("Blocked", "**Stops it**", "**Waits for", "**Next:**", "| Asset |", "### ")]
    assert places == sorted(places)
    assert text.index("### `marts.carrier_delay`") < text.index("### `staging.flights`")
