"""A YAML mapping, asked key by key. What has not the form that is asked for was told before (see ``check_form``)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from headgate.core.diagnostic import Place
from headgate.project.forms.form import TRUTHS
from headgate.project.pieces import Stated
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, is_null, number_of, value_of


class Mapped:
    """A mapping of a file. Values of the wrong form count as not given."""

    __slots__ = ("_given", "fields")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._given = given(fields)

    def __contains__(self, key: str) -> bool:
        return key in self._given

    def names(self) -> tuple[str, ...]:
        """Return all keys with a value, in the order of the file."""
        return tuple(self._given)

    def node(self, key: str) -> Node | None:
        """Return the value of a key; None where nothing is given."""
        return self._given.get(key)

    def is_emptied(self, key: str) -> bool:
        """Tell whether a key stands there with nothing behind it."""
        return key not in self._given and any(name.text == key for name, _ in self.fields.pairs)

    def place(self, key: str) -> Place:
        """Return where a key stands; of one that does not, where the mapping begins."""
        return next((name.place for name, _ in self.fields.pairs if name.text == key), self.fields.place)

    def text(self, key: str) -> Stated | None:
        """Return the text of a key."""
        node = self._given.get(key)
        return Stated(node.text, node.place) if isinstance(node, Scalar) else None

    def word(self, key: str) -> str:
        """Return the text of a key alone; empty where there is none."""
        node = self._given.get(key)
        return node.text if isinstance(node, Scalar) else ""

    def texts(self, key: str) -> tuple[Stated, ...]:
        """Return a list of texts; one text counts as a list of it."""
        return tuple(Stated(node.text, node.place) for node in self.items(key) if isinstance(node, Scalar))

    def words(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list alone."""
        return tuple(text.value for text in self.texts(key))

    def truth(self, key: str) -> bool | None:
        """Return a truth."""
        return TRUTHS.get(self.word(key).lower())

    def whole(self, key: str) -> int | None:
        """Return a whole number."""
        node = self.node(key)
        value = value_of(node) if node is not None else None
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def number(self, key: str) -> float | None:
        """Return a number, whole or not."""
        node = self.node(key)
        return number_of(node) if node is not None else None

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the items of a list; what is no list counts as a list of it."""
        node = self._given.get(key)
        if isinstance(node, Items):
            return tuple(item for item in node.items if not is_null(item))
        return () if node is None else (node,)

    def mapping(self, key: str) -> Mapped | None:
        """Return a mapping."""
        node = self._given.get(key)
        return Mapped(node) if isinstance(node, Fields) else None

    def mappings(self, key: str) -> Iterable[Mapped]:
        """Yield the items of a list of mappings; a text in it is a mapping with only a name."""
        node = self.node(key)
        for item in node.items if isinstance(node, Items) else ():
            if isinstance(item, Fields):
                yield Mapped(item)
            elif isinstance(item, Scalar) and not is_null(item):
                yield Mapped(Fields(((Scalar("name", True, item.at), item),), item.at))

    def values(self, keys: Container[str]) -> dict[str, Any]:
        """Return the plain values of those keys that are given."""
        return {key: value_of(self._given[key]) for key in self._given if key in keys}

    def rest(self, keys: Container[str]) -> dict[str, Any]:
        """Return the plain values of all other keys that are given."""
        return {key: value_of(value) for key, value in self._given.items() if key not in keys}


def given(fields: Fields) -> dict[str, Node]:
    """Return the values of a mapping by their keys, those that are null left out."""
    return {key.text: value for key, value in fields.pairs if not (type(value) is Scalar and is_null(value))}
