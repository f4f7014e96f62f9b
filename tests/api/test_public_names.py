"""The public names: a list in the reference, each documented with an example that runs."""

import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import headgate

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def examples(name: str) -> list[doctest.DocTest]:
    """The examples of a name and of what it holds, each with a way to find it."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [test for test in finder.find(getattr(headgate, name), name, module=False) if test.examples]


ALL = [test for name in headgate.__all__ for test in examples(name)]


@pytest.mark.parametrize("test", ALL, ids=lambda test: test.name)
@pytest.mark.usefixtures("shop")
def test_an_example_runs(test: doctest.DocTest) -> None:
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


@pytest.mark.parametrize("name", headgate.__all__)
def test_a_public_name_is_documented_with_an_example(name: str) -> None:
    assert [test for test in ALL if test.name.split(".")[0] == name]
    found = getattr(headgate, name)
    parts = vars(found) if inspect.isclass(found) else {}
    public = [n for n, part in parts.items() if not n.startswith("_") and isinstance(part, property | FunctionType)]
    assert [n for n in public if not inspect.getdoc(parts[n])] == []


def test_to_import_the_package_costs_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import headgate; after = set(sys.modules);"
        "dir(headgate); print(sorted(after - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['headgate']\n"


def test_a_name_that_is_not_public_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'headgate' has no attribute 'opne'"):
        _ = headgate.opne  # type: ignore[attr-defined]
    assert set(headgate.__all__) <= set(dir(headgate))


def test_the_reference_lists_the_public_names_and_no_others() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    assert sorted(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == sorted(headgate.__all__)
    assert list(headgate.__all__) == sorted(headgate.__all__)
