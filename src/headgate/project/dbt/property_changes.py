"""A property file of dbt as one of Headgate: names that are unambiguous, sources where their data is, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from headgate.core.address import Address, fold, split
from headgate.core.diagnostic import Place
from headgate.project.dbt.config_tree import listed
from headgate.project.dbt.file_edits import FileEdits
from headgate.project.dbt.names import Names, Read, Resource
from headgate.project.dbt.notes import Note, by_hand, left_out, told
from headgate.project.dbt.properties import NOT_READ, Entry, Properties, child, items_of, key_of, text_of
from headgate.project.dbt.source_changes import SourceChanges
from headgate.project.dbt.values import Values
from headgate.project.dbt.yaml_edits import YamlEdits
from headgate.project.declared_tests import KEYS as TEST_KEYS
from headgate.project.lookup import folder_of
from headgate.project.pieces import Stated
from headgate.project.references import call_of
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar

_DOC = re.compile(r"\{\{\s*doc\(\s*(?:(['\"])\w+\1\s*,\s*)?(['\"])([\w.]+)\2\s*\)\s*\}\}")
_CALL = re.compile(r"(ref|source)\(\s*(['\"])([^'\"]+)\2\s*(?:,\s*(['\"])([^'\"]+)\4\s*)?\)")
_INTO = {"incremental": "table", "ephemeral": "view", "materialized_view": "view", "external": "table"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a property file is changed by.

    ``resources`` are the imported files by section and name; ``left`` the names of others that the project knows;
    ``kinds`` what each asset becomes; ``relocated`` gives a path of the dbt project from where the repository is.
    """

    names: Names
    values: Values
    resources: Mapping[tuple[str, str], Resource]
    left: frozenset[str]
    kinds: Mapping[str, str]
    docs: Mapping[str, str]
    relocated: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Changed:
    """The text of the file, and what is told of it."""

    text: str
    notes: tuple[Note, ...]


def changed(file: Properties, target: str, around: Surroundings) -> Changed:
    """Return the file as it stands at ``target`` in the repository."""
    if file.root is None:
        first = file.faults[0]
        place = first.place or Place(file.path)
        note = by_hand(Place(file.path, place.line), first.summary, "Mend it; it was copied as it is.")
        return Changed(file.text, (note,))
    work = _Change(file, target, around)
    work.repetitions()
    work.entries()
    SourceChanges(file, around.names, around.values, around.relocated, work.edits).make()
    work.exposures()
    work.unit_tests()
    work.data_tests()
    work.references()
    work.descriptions(file.root)
    work.other_sections()
    return Changed(work.edits.edits.text(), tuple(work.edits.notes))


class _Change:
    def __init__(self, file: Properties, target: str, around: Surroundings) -> None:
        self.file = file
        self.around = around
        self.edits = FileEdits(file.path, YamlEdits(file.text))
        self._folder = folder_of(target)
        addresses = around.names.of_file.values()
        self._of_name: dict[str, list[Address]] = {}
        for address in addresses:
            self._of_name.setdefault(fold(split(address)[1]), []).append(address)

    def repetitions(self) -> None:
        """Tell which keys stood twice."""
        for fault in self.file.repeated:
            place = Place(self.file.path, fault.place.line if fault.place else 0)
            self.edits.notes.append(
                told(place, f"{fault.summary.partition(' ')[0]} stands twice: the last one holds, as in dbt")
            )

    def entries(self) -> None:
        """Change what is said about models and seeds."""
        for entry in self.file.entries:
            resource = self._resource(entry)
            if resource is None:
                self.edits.remove_item(entry.name)
                if entry.name.text not in self.around.left:
                    text = f"it speaks of {entry.name.text}, which is not in the project"
                    self.edits.notes.append(left_out(self.edits.place(entry.name), text))
                continue
            address = self.around.names.of_file[resource.path]
            if entry.versions:
                self._versions(entry, address)
            if self._meant(entry.name.text) != address:
                self.edits.replace(entry.name, address)
            self._materialized(entry, self.around.kinds[resource.path])
            self._tags(entry, resource)

    def _versions(self, entry: Entry, address: Address) -> None:
        """Let an entry speak of the latest version alone."""
        text = f"what is said about {entry.name.text} holds for its latest version, {address}"
        self.edits.notes.append(told(self.edits.place(entry.name), text))
        for name in ("versions", "latest_version"):
            self.edits.remove_pair(_key(entry.fields, name))

    def _resource(self, entry: Entry) -> Resource | None:
        return self.around.resources.get((entry.section, entry.name.text))

    def _meant(self, name: str) -> Address | None:
        """Return what Headgate takes a bare name for."""
        found = self._of_name.get(fold(name), [])
        own = [a for a in found if fold(split(a)[0]) == fold(self._folder)]
        found = own or found
        return found[0] if len(found) == 1 else None

    def _materialized(self, entry: Entry, kind: str) -> None:
        """Let the file say the kind that the asset has, or nothing: its header says it then."""
        stated = child(entry.fields, "config", "materialized")
        key = _key(child(entry.fields, "config"), "materialized")
        if not isinstance(stated, Scalar) or key is None or stated.text == kind:
            return
        if _INTO.get(stated.text) == kind:
            self.edits.replace(stated, kind)
        else:
            self.edits.remove_pair(key)

    def _tags(self, entry: Entry, resource: Resource) -> None:
        """Take tags out that the header repeats together with others."""
        if not header_tags(resource, entry):
            return
        for around in (entry.fields, child(entry.fields, "config")):
            key = _key(around, "tags")
            if key is not None:
                self.edits.remove_pair(key)

    def exposures(self) -> None:
        """Take out of exposures what they read and is not imported."""
        for fields in items_of(self.file.root, "exposures") if self.file.root else ():
            uses = child(fields, "depends_on")
            for use in uses.items if isinstance(uses, Items) else ():
                if isinstance(use, Scalar) and self._read(use.text) is None:
                    self.edits.remove_item(use)
                    name = text_of(child(fields, "name"))
                    text = f"exposure {name} reads {use.text}, which is not imported"
                    self.edits.notes.append(left_out(self.edits.place(use), text))

    def unit_tests(self) -> None:
        """Take out unit tests of what is not imported; let the others name what they test."""
        for fields in items_of(self.file.root, "unit_tests") if self.file.root else ():
            model, name = child(fields, "model"), child(fields, "name")
            if not isinstance(model, Scalar) or not isinstance(name, Scalar):
                continue
            inputs = [child(one, "input") for one in items_of(fields, "given")]
            texts = [one.text for one in inputs if isinstance(one, Scalar) and one.text.strip() != "this"]
            tested = self.around.names.ref((model.text,), {})
            missing = model.text if tested is None else next((t for t in texts if self._read(t) is None), "")
            if missing:
                self.edits.remove_item(name)
                text = f"unit test {name.text} needs {missing}, which is not imported"
                self.edits.notes.append(left_out(self.edits.place(name), text))
            elif tested and self._meant(model.text) != tested.address:
                self.edits.replace(model, tested.address)

    def data_tests(self) -> None:
        """Take out data tests that look at what is not imported."""
        for key, tests in _pairs(self.file.root):
            for item in tests.items if key.text in TEST_KEYS and isinstance(tests, Items) else ():
                texts = (value.text for _, value in _pairs(item) if isinstance(value, Scalar))
                missing = next((text for text in texts if _called(text) and self._read(text) is None), "")
                if missing and isinstance(item, Fields):
                    name = item.pairs[0][0]
                    self.edits.remove_item(name)
                    text = f"data test {name.text} looks at {missing}, which is not imported"
                    self.edits.notes.append(left_out(self.edits.place(name), text))

    def references(self) -> None:
        """Write `ref` and `source` as addresses wherever a name alone would mean something else, or nothing."""
        waiting: list[Node] = [self.file.root] if self.file.root else []
        while waiting:
            node = waiting.pop()
            if isinstance(node, Items):
                waiting += node.items
            elif isinstance(node, Fields):
                waiting += [value for _, value in node.pairs]
            elif (read := self._read(node.text)) is not None:
                called = call_of(Stated(node.text, node.place))
                if called is not None and self._means(called.name) != read.address:
                    self.edits.replace(node, read.address)

    def _read(self, text: str) -> Read | None:
        """Return what a call of `ref` or `source` means; None for any other text, and for what is not imported."""
        call = _called(text)
        if call is None:
            return None
        texts = (call[3], call[5]) if call[5] else (call[3],)
        return self.around.names.source(texts) if call[1] == "source" else self.around.names.ref(texts, {})

    def _means(self, name: str) -> Address | None:
        """Return what Headgate takes a name for where it may be an asset or a source."""
        everything = [*self.around.names.of_file.values(), *(r.address for r in self.around.names.sources.values())]
        if "." in name:
            return next((a for a in everything if fold(a) == fold(name)), None)
        found = list(dict.fromkeys(a for a in everything if fold(split(a)[1]) == fold(name)))
        own = [a for a in found if fold(split(a)[0]) == fold(self._folder)]
        found = own or found
        return found[0] if len(found) == 1 else None

    def descriptions(self, node: Node) -> None:
        """Write the text of a `{% docs %}` block where a description names it."""
        waiting: list[Node] = [node]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Items):
                waiting += one.items
            elif isinstance(one, Fields):
                for key, value in one.pairs:
                    if key.text == "description" and isinstance(value, Scalar) and "doc(" in value.text:
                        self._description(value)
                    waiting.append(value)

    def _description(self, stated: Scalar) -> None:
        missing: list[str] = []

        def text(match: re.Match[str]) -> str:
            name = match[3].rpartition(".")[2]
            if name not in self.around.docs:
                missing.append(name)
            return self.around.docs.get(name, match.group())

        filled = _DOC.sub(text, stated.text)
        if missing:
            self.edits.notes.append(
                left_out(self.edits.place(stated), f"there is no text {missing[0]} for this description")
            )
        if filled != stated.text:
            self.edits.replace(stated, filled)

    def other_sections(self) -> None:
        """Tell what of the file Headgate does not read; snapshots of dbt have no file here that is spoken of."""
        for fields in items_of(self.file.root, "snapshots") if self.file.root else ():
            name = child(fields, "name")
            if isinstance(name, Scalar) and child(fields, "relation") is None:
                self.edits.remove_item(name)
        for key, _ in self.file.root.pairs if self.file.root else ():
            if key.text in NOT_READ and (count := len(self.file.section(key.text))):
                self.edits.notes.append(left_out(self.edits.place(key), f"{count} {key.text}: {NOT_READ[key.text]}"))


def header_tags(resource: Resource, entry: Entry | None) -> tuple[str, ...]:
    """Return the tags for the header of an asset: all, where a property file alone does not say them."""
    everything = tuple(dict.fromkeys(str(tag) for tag in listed(resource.setting("tags"))))
    stated = entry.settings.get("tags") if entry else None
    said = {str(tag) for tag in listed(stated.value)} if stated else set()
    return everything if set(everything) != said else ()


def _pairs(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    """Yield all keys with their values below a node, in no order."""
    waiting: list[Node] = [node] if node else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, Items):
            waiting += one.items
        elif isinstance(one, Fields):
            yield from one.pairs
            waiting += [value for _, value in one.pairs]


def _called(text: str) -> re.Match[str] | None:
    """Return the call of `ref` or `source` that a text is."""
    return _CALL.fullmatch(text.strip().removeprefix("{{").removesuffix("}}").strip())


def _key(node: Node | None, name: str) -> Scalar | None:
    return key_of(node, name) if isinstance(node, Fields) else None
