"""The changes to one property file, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from headgate.core.diagnostic import Place
from headgate.project.dbt.notes import Note, by_hand
from headgate.project.dbt.yaml_edits import NotEdited, YamlEdits
from headgate.project.yaml_nodes import Scalar


@dataclass(slots=True)
class FileEdits:
    """Changes parts of a file, each named by a scalar of it. What could not be changed is told, and stays."""

    path: str
    edits: YamlEdits
    notes: list[Note] = field(default_factory=list)

    def replace(self, stated: Scalar, text: str) -> None:
        """Put another text where a scalar stands."""
        self._try(lambda place: self.edits.replace(place, text), stated)

    def remove_item(self, stated: Scalar) -> None:
        """Take out the item of a list that holds a scalar."""
        self._try(self.edits.remove_item, stated)

    def remove_pair(self, key: Scalar | None) -> None:
        """Take out a key with its value, where there is one."""
        if key is not None:
            self._try(self.edits.remove_pair, key)

    def add_pair(self, stated: Scalar, key: str, value: str) -> None:
        """Add a key behind the pair that a scalar belongs to."""
        self._try(lambda place: self.edits.add_pair(place, key, value), stated)

    def place(self, stated: Scalar) -> Place:
        """Return the line of a scalar."""
        return Place(self.path, stated.place.line)

    def _try(self, change: Callable[[Place], None], stated: Scalar) -> None:
        try:
            change(stated.place)
        except NotEdited:
            text = f"{stated.text} could not be changed where it stands"
            self.notes.append(by_hand(self.place(stated), text, "headgate check tells what is wrong with it."))
