"""A YAML mapping, asked key by key by those who know what a value has to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headgate.core.diagnostic import Place
from headgate.project.pieces import Stated
from headgate.project.text import Text, did_you_mean
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, is_null, value_of


class Mapped:
    """A mapping of a file. Values of the wrong form become faults and count as not given."""

    def __init__(self, source: Text, fields: Fields) -> None:
        self.source = source
        self.fields = fields
        self._pairs = {key.text: (key, value) for key, value in fields.pairs}

    def __contains__(self, key: str) -> bool:
        return self.node(key) is not None

    def names(self) -> tuple[str, ...]:
        """Return all keys, in the order of the file."""
        return tuple(self._pairs)

    def node(self, key: str) -> Node | None:
        """Return the value of a key; None where nothing is given."""
        found = self._pairs.get(key)
        return None if found is None or is_null(found[1]) else found[1]

    def place(self, key: str) -> Place:
        """Return where a key stands; of one that does not, where the mapping begins."""
        found = self._pairs.get(key)
        return found[0].place if found else self.fields.place

    def text(self, key: str) -> Stated | None:
        """Return the text of a key."""
        node = self.node(key)
        return None if node is None else self.text_of(node, key)

    def text_of(self, node: Node, what: str) -> Stated | None:
        """Return the text of a node."""
        if isinstance(node, Scalar):
            return Stated(node.text, node.place)
        self.source.fault("HG309", f"{what} has to be a text", node.place)
        return None

    def texts(self, key: str) -> tuple[Stated, ...]:
        """Return a list of texts; one text counts as a list of it."""
        node = self.node(key)
        if isinstance(node, Scalar):
            return (Stated(node.text, node.place),)
        return tuple(t for item in self.items(key) if (t := self.text_of(item, f"each of {key}")))

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        node = self.node(key)
        if isinstance(node, Items):
            return tuple(item for item in node.items if not is_null(item))
        if node is not None:
            hint = f"Begin each of its items with `- ` on a line of its own below `{key}:`."
            self.source.fault("HG309", f"{key} has to be a list", node.place, hint)
        return ()

    def mapping(self, key: str) -> Mapped | None:
        """Return a mapping."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node, Fields):
            return Mapped(self.source, node)
        hint = f"Write its keys on lines of their own below `{key}:`, indented."
        self.source.fault("HG309", f"{key} has to be a mapping of keys and values", node.place, hint)
        return None

    def mappings(self, key: str) -> Iterable[Mapped]:
        """Yield the items of a list of mappings; a text in it is a mapping with only a name."""
        for item in self.items(key):
            if isinstance(item, Fields):
                yield Mapped(self.source, item)
            elif isinstance(item, Scalar):
                name = Scalar("name", True, item.place)
                yield Mapped(self.source, Fields(((name, item),), item.place))
            else:
                self.source.fault("HG309", f"each of {key} has to begin with `- name:`", item.place)

    def named(self, what: str) -> Stated | None:
        """Return the name that every entry of a list has to have."""
        if "name" not in self:
            self.source.fault("HG309", f"this entry of {what} has no name", self.fields.place, "Add `name: ...` to it.")
            return None
        return self.text("name")

    def values(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the plain values of those keys that are given."""
        return {
            key: value_of(node)
            for key in sorted(self._pairs.keys() & set(keys))
            if (node := self.node(key)) is not None
        }

    def warn_of_others(self, known: frozenset[str], told: frozenset[str], where: str) -> None:
        """Warn about every key that is not known, naming the nearest, else those of ``told``."""
        for text, (key, _) in self._pairs.items():
            if text not in known:
                hint = did_you_mean(text, sorted(known), f"Known are {', '.join(sorted(told))}.")
                self.source.warn("HG308", f"unknown key {text} in {where}", key.place, hint)
