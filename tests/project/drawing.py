"""Documents by chance, from a seed: for forms that are so wide that hypothesis spends its time on drawing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

OPTIONAL_SHARE = 0.3


class Drawn:
    """Something that a source of chance gives."""

    def __init__(self, draw: Callable[[Random], Any]) -> None:
        self.draw = draw

    def map(self, function: Callable[[Any], Any]) -> Drawn:
        """Return what a function makes of it."""
        return Drawn(lambda chance: function(self.draw(chance)))

    def then(self, function: Callable[[Any], Drawn]) -> Drawn:
        """Return what is drawn after it, by what it gave."""
        return Drawn(lambda chance: function(self.draw(chance)).draw(chance))


def just(value: Any) -> Drawn:
    return Drawn(lambda _: value)


def one(values: Sequence[Any]) -> Drawn:
    """Return one of some values."""
    return Drawn(lambda chance: chance.choice(values))


def any_of(*drawn: Drawn) -> Drawn:
    """Return what one of several gives."""
    return Drawn(lambda chance: chance.choice(drawn).draw(chance))


def truths() -> Drawn:
    return one([True, False])


def wholes(least: int, most: int) -> Drawn:
    return Drawn(lambda chance: chance.randint(least, most))


def several(drawn: Drawn, most: int = 2) -> Drawn:
    return Drawn(lambda chance: [drawn.draw(chance) for _ in range(chance.randint(0, most))])


def some_of(values: Sequence[Any]) -> Drawn:
    """Return some different ones of a few values, in any order."""
    return Drawn(lambda chance: chance.sample(values, chance.randint(0, len(values))))


def each(*drawn: Drawn) -> Drawn:
    """Return a list of what each gives."""
    return Drawn(lambda chance: [one.draw(chance) for one in drawn])


def keyed(required: Mapping[str, Drawn] | None = None, /, **optional: Drawn) -> Drawn:
    """Return a mapping: with all required keys, and some of the others."""

    def draw(chance: Random) -> dict[str, Any]:
        chosen = {key: drawn for key, drawn in optional.items() if chance.random() < OPTIONAL_SHARE}
        return {key: drawn.draw(chance) for key, drawn in {**(required or {}), **chosen}.items()}

    return Drawn(draw)


def merged(*drawn: Drawn) -> Drawn:
    """Return one mapping of several; the last that has a key decides."""
    return Drawn(lambda chance: {key: value for one in drawn for key, value in one.draw(chance).items()})
