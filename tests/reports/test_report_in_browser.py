"""The page in a real browser: it loads nothing, fits every screen, can be read by everybody, and does what it says."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from docs.browser import Browser, browsing, program
from headgate.words.report.page import page_of
from tests.reports.flights import flights_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not program(), reason="no Chromium here: on Debian and Ubuntu `make browser` installs it, then this test runs"
    ),
]

# WCAG 2.2: 1.4.3 contrast of texts, with the relative luminance of its definitions. Layers behind a text are mixed.
CONTRAST = """(() => {
  const parse = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return [found[0], found[1], found[2], found.length > 3 ? found[3] : 1];
  };
  const over = (front, back) => [0, 1, 2].map((n) => front[n] * front[3] + back[n] * (1 - front[3]));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    if (!element.checkVisibility()) continue;
    seen += 1;
    const back = ground(element);
    const front = over(parse(element.closest("svg") ? style.fill : style.color), back);
    const [low, high] = [luminance(front), luminance(back)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) bad.push([walker.currentNode.textContent.trim().slice(0, 40), ratio]);
  }
  return { seen, bad };
})()"""

OVERFLOW = """(() => {
  const width = document.documentElement.clientWidth;
  const wide = [...document.body.querySelectorAll("*")].filter((one) => {
    if (one.closest(".scroll") && !one.matches(".scroll")) return false;
    if (one.closest("svg") || one.closest(".skip") || !one.checkVisibility()) return false;
    return one.getBoundingClientRect().right > width + 1;
  });
  return { page: document.documentElement.scrollWidth - width, wide: wide.map((one) => one.outerHTML.slice(0, 80)) };
})()"""

READABLE = """(() => {
  const name = (one) => (one.getAttribute("aria-label") || one.textContent || "").trim();
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => Number(one.tagName[1]));
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    levels,
    pictures: all("svg, img").filter((one) => one.getAttribute("aria-hidden") !== "true")
      .filter((one) => !name(one) || one.getAttribute("role") !== "img").length,
    nameless: all("a, button, summary, [role=region]").filter((one) => !name(one)).length,
    unlabelled: all("input").filter((one) => !document.querySelector(`label[for=${one.id}]`)).length,
    headless: all("table").filter((one) => !one.querySelector("thead th[scope=col]")).length,
    unreachable: all(".scroll").filter((one) => one.tabIndex !== 0).length,
    landmarks: ["header", "main", "footer"].map((one) => all(one).length),
    language: document.documentElement.lang,
    titles: document.title,
  };
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing(program()) as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_of(flights_report()), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Browser:
    browser.size(1280)
    browser.prefer("light")
    browser.open(file)
    return browser


def unfold(page: Browser) -> None:
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


def of_kind(page: Browser, *methods: str) -> list[dict[str, Any]]:
    return [one["params"] for one in page.events if one.get("method") in methods]


def test_it_loads_nothing_and_complains_of_nothing(page: Browser, file: Path) -> None:
    unfold(page)
    page.evaluate("new Promise((done) => setTimeout(done, 200))")
    urls = [one["request"]["url"] for one in of_kind(page, "Network.requestWillBeSent")]
    assert urls == [file.resolve().as_uri()]
    assert of_kind(page, "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded") == []


def test_its_own_policy_lets_nothing_in(page: Browser) -> None:
    told = page.evaluate(
        """(() => {
          const script = document.createElement("script");
          script.textContent = "window.taken = true";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "https://localhost/x.png";
          document.body.append(image);
          return window.taken === true;
        })()"""
    )
    assert told is False
    page.wait("Network.loadingFailed")
    assert [one["blockedReason"] for one in of_kind(page, "Network.loadingFailed")] == ["csp"]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_it_fits_the_screen(page: Browser, width: int) -> None:
    page.size(width)
    unfold(page)
    assert page.evaluate(OVERFLOW) == {"page": 0, "wide": []}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Browser, scheme: str) -> None:
    page.prefer(scheme)
    unfold(page)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in ground.strip("rgb()").split(",")) < 384) == (scheme == "dark")
    found = page.evaluate(CONTRAST)
    assert found["seen"] > 300
    assert found["bad"] == []


def test_it_can_be_read_by_everybody(page: Browser) -> None:
    found = page.evaluate(READABLE)
    levels = found.pop("levels")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert found == {
        "pictures": 0, "nameless": 0, "unlabelled": 0, "headless": 0, "unreachable": 0, "landmarks": [1, 1, 1],
        "language": "en", "titles": "flights: dev to prod, blocked",
    }  # fmt: skip


def test_what_matters_is_seen_first(page: Browser) -> None:
    text = page.evaluate("document.body.innerText")
    for told in ("Blocked", "column median_delay is gone", "Waits for ops", "mend what stops it", "131,175"):
        assert told in text
    top = "document.querySelector('.verdict').getBoundingClientRect().top"
    assert page.evaluate(top) < 300
    assert page.evaluate("document.querySelectorAll('svg.density').length") == 4
    assert page.evaluate("document.querySelector('svg.density').getBoundingClientRect().height") > 80


def press(page: Browser, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text="\r" if key == "Enter" else "",
                  windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key])  # fmt: skip


def test_keys_are_enough(page: Browser) -> None:
    active = "document.activeElement.className + '|' + document.activeElement.tagName"
    press(page, "Tab")
    assert page.evaluate(active) == "skip|A"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.evaluate("document.querySelector('details.asset:not([open]) > summary').focus()")
    press(page, "Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True


def test_the_table_of_assets_is_sorted_and_filtered(page: Browser) -> None:
    names = (
        "[...document.querySelectorAll('#overview tbody tr')].filter((r) => !r.hidden).map((r) => r.cells[0].innerText)"
    )
    assert page.evaluate(names)[0] == "marts.carrier_delay"
    page.evaluate("document.querySelectorAll('#overview th button')[3].click()")
    page.evaluate("document.querySelectorAll('#overview th button')[3].click()")
    assert page.evaluate(names)[:2] == ["staging.flights", "staging.crew"]
    page.evaluate(
        "(() => { const one = document.querySelector('#filter'); one.value = 'STAGING';"
        " one.dispatchEvent(new Event('input')); })()"
    )
    assert page.evaluate(names) == ["staging.flights", "staging.crew"]
    assert page.evaluate("document.querySelector('.filter output').textContent") == "2 of 6"


def test_it_is_whole_without_scripts(page: Browser, file: Path) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(file)
        root = page.call("DOM.getDocument")["root"]["nodeId"]
        filter_ = page.call("DOM.querySelector", nodeId=root, selector=".filter")["nodeId"]
        names = page.call("DOM.getAttributes", nodeId=filter_)["attributes"]
        assert "hidden" in names
        shown = page.call("DOM.querySelectorAll", nodeId=root, selector="details.asset[open] svg.density")["nodeIds"]
        assert len(shown) == 3
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)


def test_it_can_be_printed(page: Browser) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert page.evaluate("getComputedStyle(document.querySelector('.next')).display") == "none"
    finally:
        page.call("Emulation.setEmulatedMedia", media="")
    assert len(page.call("Page.printToPDF", printBackground=True)["data"]) > 50_000
