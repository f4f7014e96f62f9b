"""The reader of simple headers gives what YAML gives, for every text that it accepts; so do both parsers of YAML."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.project.header import _simple
from headgate.project.text import Text
from headgate.project.yaml_nodes import parse_yaml

KEYS = st.sampled_from(["kind", "owner", "_k", "K1", "a b", " x", "- x"])
VALUES = st.sampled_from(
    ["view", "a b ", "no", "null", "x -y", "a@b", "(a)", "1", "'q'", "a: b", "a #b", "", "é", "[a]"]
)
LINES = st.builds(lambda indent, key, gap, value: f"{indent}{key}:{gap}{value}", st.sampled_from(["", "", " "]), KEYS,
                  st.sampled_from([" ", " ", "  ", ""]), VALUES)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(LINES, st.sampled_from(["", "---", "  more", "# why"])), max_size=5))
def test_a_simple_header_is_what_yaml_reads(lines: list[str]) -> None:
    inside = "\n" + "\n".join(lines) + "\n"
    source, pure = (Text("x.sql", f"/* headgate{inside}*/") for _ in range(2))
    text = " " * len("/* headgate") + inside
    read = parse_yaml(source, text)
    assert parse_yaml(pure, text, is_pure=True) == read
    assert bool(pure.faults) == bool(source.faults)
    simple = _simple(source, inside, 1)
    if simple is not None:
        assert simple == read
        assert not source.faults


def test_it_accepts_the_header_that_people_write() -> None:
    assert _simple(Text("x.sql", ""), "\nkind: view\nowner: ops\n", 1) is not None
