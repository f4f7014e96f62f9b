"""What the repository says of comparing an asset: its key, how near numbers have to be, on which data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headgate.core.address import fold
from headgate.core.common_columns import common_columns
from headgate.core.comparison import EXACT, Tolerance
from headgate.core.declarations import Properties
from headgate.core.json_form import loads
from headgate.core.keys import keys_of
from headgate.core.recipe import Shape

NO_KEY = "no key is declared"
"""Why rows are compared as a bag where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of a comparison: ``keys`` are the declared ones, the surest first; ``tolerances`` by column.

    ``is_isolated``: what the code does is to be told apart from what new data does.
    """

    keys: tuple[tuple[str, ...], ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    is_isolated: bool = False

    def key_in(self, before: Shape, after: Shape) -> tuple[tuple[str, ...], str]:
        """Return the first key that both sides have, by the newer one's names; where there is none, why."""
        both = [column.name for _, column in common_columns(before, after).both]
        names = {**{fold(name): name for name in both}, **{name: name for name in both}}
        for key in self.keys:
            found = [names.get(name) or names.get(fold(name), "") for name in key]
            if all(found):
                return tuple(found), ""
        if not self.keys:
            return (), NO_KEY
        lacking = [name for name in self.keys[0] if fold(name) not in names]
        side = "now" if fold(lacking[0]) in {fold(column.name) for column in before} else "before"
        return (), f"the key {', '.join(self.keys[0])} is not on both sides: {', '.join(lacking)} is missing {side}"


NO_WISH = Wish()
"""That of an asset of which nothing is said."""


def wish_of(properties: Properties) -> Wish:
    """Return what an asset's properties say."""
    near = {fold(c.name): c.tolerance for c in properties.columns if c.tolerance != EXACT}
    return Wish(keys_of(properties), near, properties.is_isolated)


def wish_told(said: Mapping[str, str]) -> Wish:
    """Return what is told of an asset that was released (``core/properties.py``): its keys and its tolerances.

    >>> wish_told({"key": '[["id"]]', "tolerance": '{"price":[0.5,0.0]}'})
    Wish(keys=(('id',),), tolerances={'price': Tolerance(absolute=0.5, relative=0.0)}, is_isolated=False)
    """
    keys = tuple(tuple(key) for key in loads(said.get("key", "[]")))
    return Wish(keys, {name: Tolerance(*near) for name, near in loads(said.get("tolerance", "{}")).items()})


def strictest(wish: Wish, released: Wish) -> Wish:
    """Return what a change is compared by: the released keys first, and of two tolerances the narrower.

    >>> found = strictest(Wish((("n",),), {"n": Tolerance(9.0)}), Wish((("id",),), {"n": Tolerance(1.0, 0.1)}))
    >>> found.keys, found.tolerances
    ((('id',), ('n',)), {'n': Tolerance(absolute=1.0, relative=0.0)})
    """
    near = {
        name: Tolerance(min(one.absolute, was.absolute), min(one.relative, was.relative))
        for name, one in wish.tolerances.items()
        if (was := released.tolerances.get(name)) is not None
    }
    return replace(wish, keys=tuple(dict.fromkeys((*released.keys, *wish.keys))), tolerances=near)


def loosened(before: Wish, after: Wish) -> tuple[str, ...]:
    """Return, in words, what a comparison would go by that is looser than before, or another key.

    >>> loosened(Wish((("id",),)), Wish((), {"price": Tolerance(0.5, 0.01)}))
    ('by no key, before by id', 'price may differ by 0.5 and 1 %')
    """
    told: list[str] = []
    if before.keys and before.keys[:1] != after.keys[:1]:
        now, was = (", ".join(one.keys[0]) if one.keys else "no key" for one in (after, before))
        told.append(f"by {now}, before by {was}")
    for name, near in sorted(after.tolerances.items()):
        was_near = before.tolerances.get(name, EXACT)
        if near.absolute > was_near.absolute or near.relative > was_near.relative:
            aside = "" if was_near == EXACT else f", before by {_near_text(was_near)}"
            told.append(f"{name} may differ by {_near_text(near)}{aside}")
    return tuple(told)


def _near_text(near: Tolerance) -> str:
    parts = [f"{near.absolute:g}"] if near.absolute else []
    parts += [f"{100 * near.relative:g} %"] if near.relative else []
    return " and ".join(parts)
