"""What the pages tell their readers to do works, and prints what the pages say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.page import Reader, edited, is_played

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *ROOT.glob("docs/**/*.md"))
    if is_played(path.read_text())
)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    before = dict(os.environ)
    os.environ["HEADGATE_USER"] = "ada"
    for role in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{role}_NAME"] = "Ada"
        os.environ[f"GIT_{role}_EMAIL"] = "ada@localhost"
    yield Reader(tmp_path)
    os.environ.clear()  # a page may set variables
    os.environ.update(before)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_blocks_of_a_page_do_what_it_says(name: str, reader: Reader) -> None:
    reader.read((ROOT / name).read_text())


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("```console\n$ headgate --version\nheadgate 9\n```\n", "--- expected"),
        ("```console\n$ headgate nothing\n...\n$ headgate --version\n...\n```\n", "the page does not say that"),
        ("```console\n$ headgate nothing\n...\n```\n", "the page ends after a command that failed"),
        ("```console\n$ headgate --version\n...\n$ echo $?\n1\n```\n", "the command before ended with 0"),
    ],
    ids=["another output", "a failure in passing", "a failure at the end", "another status"],
)
def test_a_page_that_is_wrong_is_found(page: str, told: str, reader: Reader) -> None:
    with pytest.raises(AssertionError, match=told):
        reader.read(page)


def test_an_edit_needs_its_lines() -> None:
    assert edited("a\nb\nc\n", " a\n-b\n+d\n") == "a\nd\nc\n"
    with pytest.raises(AssertionError, match="should hold once"):
        edited("a\nb\n", "-c\n+d\n")


def test_every_page_is_in_the_sites_navigation() -> None:
    settings = (ROOT / "docs" / "mkdocs.yml").read_text()
    pages = [path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))]
    assert [page for page in pages if f": {page}\n" not in settings] == []
