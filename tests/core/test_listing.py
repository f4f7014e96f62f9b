"""How names are told in a sentence."""

import pytest

from headgate.core.listing import listed


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, ""), (1, "a"), (5, "a, b, c, d, e"), (6, "a, b, c, d, e and 1 more"), (8, "a, b, c, d, e and 3 more")],
)
def test_five_names_are_told_and_the_others_counted(count: int, told: str) -> None:
    assert listed("abcdefgh"[:count]) == told
