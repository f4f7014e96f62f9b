"""What the documents say is true: links lead somewhere, commands and targets exist, generated pages are current."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.write_reference import PAGES

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\bheadgate ([a-z]+)\b")
TARGET = re.compile(r"\bmake ([a-z]+)\b")


def markdown_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def code_in(text: str) -> str:
    """Code blocks and spans: only there does `headgate VERB` mean a command."""
    blocks = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(blocks + re.findall(r"`[^`\n]+`", rest))


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", markdown_files())
def test_links_lead_somewhere(name: str) -> None:
    path = ROOT / name
    lost = []
    for match in LINK.finditer(path.read_text()):
        link = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (anchor and anchor not in anchors(there.read_text())):
            lost.append(link)
    assert lost == []


@pytest.fixture(scope="module")
def verbs() -> set[str]:
    shown = subprocess.run([sys.executable, "-m", "headgate", "--help"], capture_output=True, text=True, check=True)
    return set(re.findall(r"\b[a-z]+\b", shown.stdout))


@pytest.mark.parametrize("name", [n for n in markdown_files() if n.startswith(("README", "ARCHITECTURE", "docs/"))])
def test_commands_exist(name: str, verbs: set[str]) -> None:
    named = set(COMMAND.findall(code_in((ROOT / name).read_text())))
    assert named - verbs == set()


@pytest.mark.parametrize("name", markdown_files())
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(TARGET.findall(code_in((ROOT / name).read_text())))
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_current(page: str) -> None:
    assert (ROOT / "docs" / "reference" / page).read_text() == PAGES[page](), "run `make docs`"


def test_every_document_is_on_the_list() -> None:
    listed = (ROOT / "docs" / "README.md").read_text()
    pages = [name.removeprefix("docs/") for name in markdown_files() if name.startswith("docs/")]
    assert [page for page in pages if page != "README.md" and f"({page})" not in listed] == []
