"""Small repositories whose unit tests are run."""

from collections.abc import Mapping
from pathlib import Path

from headgate.app.repository import open_repository
from headgate.app.test import Tested
from headgate.app.test import test as run_tests
from headgate.words.layout import without_styles
from headgate.words.test import lines_of_tests


def tried(root: Path, files: Mapping[str, str]) -> Tested:
    """Return how the unit tests of a repository ended; headers say who owns what."""
    for path, text in {"headgate.toml": 'name = "shop"\n', **files}.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    session, repository = open_repository(root)
    with session:
        return run_tests(session, repository, "")


def outcomes(found: Tested) -> dict[str, str]:
    """Return how each test ended, by name."""
    return {one.test.name: one.outcome.value for one in found.tried}


def shown(found: Tested) -> str:
    """Return what people are told."""
    return without_styles("\n".join(lines_of_tests(found)))


def told(found: Tested) -> list[str]:
    """Return the code and the place of every diagnostic."""
    return [f"{d.code} {d.place}" for one in found.tried for d in one.diagnostics]
