"""Results as HTML: the words of the text, nothing that a browser would run, well formed."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import headgate
from headgate.api import page
from headgate.api.shown import Shown

HOSTILE = "<script>alert('x')</script>"
VOID = {"br", "hr", "img"}


class Page(HTMLParser):
    """What a browser would see: tags, and the text that stands outside of styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += f" {data} "


def words(text: str) -> list[str]:
    return text.split()


def results(project: headgate.Project) -> list[Shown]:
    plan = project.plan()
    applied = project.apply(plan)
    promotion = project.plan_promotion()
    return [
        plan, applied, promotion, project.promote(promotion), project.plan(), project.plan_promotion(),
        project.plan_rollback("prod"), project.status(), project.status("dev"), project.releases(),
        project.check(), project.show("marts.revenue"), project.show("shop.orders"), project.plan_gc(drop="dev"),
        project.rollback("prod", yes=True), project.gc(drop="dev", yes=True), project.plan_gc(),
    ]  # fmt: skip


@pytest.mark.usefixtures("shop")
def test_html_says_what_the_text_says() -> None:
    for result in results(headgate.open()):
        seen = Page(result._repr_html_())
        if isinstance(result, headgate.Applied):  # it shows what was made, too
            assert seen.text.endswith(f"{result.text} ")
        else:
            assert sorted(words(seen.text)) == sorted(words(str(result)))
        assert set(seen.tags) <= {"div", "style", "p", "table", "thead", "tbody", "tr", "th", "td", "pre", "span"}
        assert seen.attributes <= {"class"}
        assert repr(result) == str(result)


def test_what_users_write_is_text_and_nothing_else(shop: Path) -> None:
    Path("assets/marts/marts.yml").write_text(
        f'assets:\n  - name: revenue\n    description: "{HOSTILE}"\n    columns:\n'
        f'      - name: customer\n        description: "{HOSTILE}"\n'
    )
    Path("assets/marts/bad.sql").write_text(
        f"/* headgate\nowner: \"{HOSTILE}\"\n*/\nselect '{HOSTILE}' as x from nowhere\n"
    )
    project = headgate.open()
    faults = project.check()
    assert HOSTILE in str(faults)
    Path("assets/marts/bad.sql").write_text(f'/* headgate\nowner: "{HOSTILE}"\n*/\nselect 1 as x\n')
    for result in (faults, project.show("revenue"), project.show("bad"), project.plan()):
        html = result._repr_html_()
        assert "script" not in Page(html).tags
        assert "<script" not in html
        if HOSTILE in str(result):
            assert HOSTILE in Page(html).text
    assert HOSTILE in str(project.show("revenue"))


def test_pieces_escape_and_take_out_what_steers() -> None:
    assert page.paragraph("a & <b>", "dim") == '<p class="hg-dim">a &amp; &lt;b&gt;</p>'
    assert page.paragraph("") == page.table() == page.lines([]) == ""
    assert page.lines(["\x1b[31;1mfailed\x1b[0m  x", "\x1b]8;;y"]) == (
        '<pre><span class="hg-red hg-bold">failed</span>  x\n?]8;;y</pre>'
    )
    assert page.table([["new", "a"]], [["1", "b", "\u202e"]], right={1}, styles={"new": "green", "1": "dim"}) == (
        '<table><tbody><tr><td class="hg-green">new</td><td class="hg-right">a</td><td></td></tr></tbody>'
        '<tbody><tr class="hg-dim"><td>1</td><td class="hg-right">b</td><td>?</td></tr></tbody></table>'
    )


def test_a_fragment_needs_nothing_else_and_takes_its_colours_from_the_page() -> None:
    html = page.fragment(page.paragraph("x"))
    assert html.startswith('<div class="headgate"><style>')
    assert not re.search(r"https?:|url\(|@import", html)
    assert "color-mix(in srgb,currentColor" in html
    for held in ("text-align:left!important", "text-align:right!important", "monospace!important"):
        assert held in html  # Jupyter's own style sheet says otherwise
