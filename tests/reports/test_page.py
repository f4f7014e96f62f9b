"""The page: well formed, needs nothing from elsewhere, and what users wrote is text and nothing else."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings

from headgate.core.report import Report
from headgate.words.report.page import page_of
from tests.reports.any_reports import large_report, reports
from tests.reports.flights import flights_report, passing_report

thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

VOID = {"meta", "input"}
TAGS = set(
    "html head meta title style body a header p h1 h2 h3 h4 span code main section div ul li dl dt dd small label "
    "input output table thead tbody tr th td svg rect line path text details summary figure figcaption strong b del "
    "ins footer script".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class href id aria-labelledby aria-label aria-hidden role tabindex scope "
    "hidden for type autocomplete spellcheck data-value data-part open width height x y x1 x2 y1 y2 d viewbox "
    "text-anchor".split()
)


class Page(HTMLParser):
    """What a browser makes of it: elements with their attributes, and the text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self._texts: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(text)
        self.close()
        self.text = "".join(self._texts)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.seen.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        else:
            self._texts.append(f"{data} ")


@pytest.mark.slow
@thorough
@given(report=reports())
def test_what_users_wrote_is_text(report: Report) -> None:
    page = Page(page_of(report))
    assert {tag for tag, _ in page.seen} <= TAGS
    assert {name for _, attributes in page.seen for name in attributes} <= ATTRIBUTES
    assert [tag for tag, _ in page.seen].count("script") == 1
    links = [attributes["href"] for _, attributes in page.seen if "href" in attributes]
    ids = [attributes["id"] for _, attributes in page.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link[:1] for link in links} <= {"#"}
    assert {link[1:] for link in links} <= set(ids)


def test_it_needs_nothing_from_elsewhere() -> None:
    text = page_of(flights_report())
    page = Page(text)
    policy = next(a["content"] for _, a in page.seen if a.get("http-equiv") == "Content-Security-Policy")
    hashes = {kind: base64.b64encode(hashlib.sha256(raw.encode()).digest()).decode() for kind, raw in page.raw.items()}
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"https?:|//[a-z]|url\(|@import", text.replace("// The page", ""))


def test_it_is_read_from_top_to_bottom() -> None:
    text = " ".join(Page(page_of(flights_report())).text.split())
    told = (
        "Blocked", "2 findings stop it, and 4 findings wait for ops, management.", "Stops it", "Waits for ops",
        "Next: mend what stops it", "Assets", "9 other assets are as before.", "What changes", "marts.carrier_delay",
        "Schema", "Columns", "Distributions", "Rows that differ", "Checks", "staging.flights", "Approvals",
        "(the author, as nobody else could)", "Record",
    )  # fmt: skip
    place = 0
    for part in told:
        place = text.index(part, place) + len(part)


def test_a_change_that_passes_says_so() -> None:
    text = Page(page_of(passing_report())).text
    assert "Passes" in text
    assert "headgate promote dev --to prod" in text
    assert "Stops it" not in text


def test_what_stops_a_release_is_unfolded() -> None:
    page = Page(page_of(flights_report()))
    assert [("open" in a) for tag, a in page.seen if tag == "details" and a.get("class") == "asset"] == [
        True, True, True, False, False, False
    ]  # fmt: skip


@pytest.mark.slow
def test_a_large_change_is_a_page_that_opens() -> None:
    text = page_of(large_report(200, 20))
    assert len(text) < 12_000_000
    assert Page(text).text.count("Not drawn, for want of room") == 200
    assert text.count("<figure") == 600
