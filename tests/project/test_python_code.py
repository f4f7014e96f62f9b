"""What belongs to the identity of a function: all that can change what it returns, also by ways that name nothing."""

import textwrap

import pytest

from headgate.core.hashing import Digest
from headgate.project.python.files import read_functions
from headgate.project.text import Text

TEXT = '''
import headgate as hg
import pyarrow as pa

ALL = []

class Question(Base):
    """Old."""

class Plain:
    """Kept out."""

@tool
def asked():
    """Old."""

def helper():
    """Kept out."""

@hg.table()
@ALL.append
def beside():
    return 1

@hg.table()
def plain():
    return 2

@hg.table()
def f():
    return pa.table({"x": [len(ALL)]})
'''


def code_of(text: str) -> Digest:
    source = Text("assets/m/f.py", text)
    found = [one.code for one in read_functions(source) if one.name == "f"]
    assert not source.all_faults()
    return found[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return 1", "return 3"),
        ('Base):\n    """Old.', 'Base):\n    """New.'),
        ('asked():\n    """Old.', 'asked():\n    """New.'),
    ],
    ids=["a function that is entered in a list", "a docstring that a base class may read", "one for a decorator"],
)
def test_what_can_be_reached_without_a_name_counts(before: str, after: str) -> None:
    assert before in TEXT
    assert code_of(TEXT) != code_of(TEXT.replace(before, after))


@pytest.mark.parametrize(("before", "after"), [("return 2", "return 4"), ("Kept out", "Still kept out")])
def test_what_cannot_be_reached_does_not(before: str, after: str) -> None:
    assert code_of(TEXT) == code_of(TEXT.replace(before, after))


@pytest.mark.parametrize("way", ["globals().values()", "vars(hg)", "__import__('sys').modules", "eval('pla' + 'in')()"])
def test_a_text_that_looks_around_reaches_all_of_its_file(way: str) -> None:
    text = TEXT.replace("len(ALL)", way)
    assert code_of(text) != code_of(text.replace("return 2", "return 4"))


def test_an_annotation_counts_where_another_decorator_may_read_it() -> None:
    text = textwrap.dedent("""
        import headgate as hg
        import pyarrow as pa
        @hg.table()
        @checked
        def f(limit: int = 3): ...
        """)
    assert code_of(text) != code_of(text.replace(": int", ": str"))
