"""``ref`` and ``source``: names of templates to the addresses that they mean, and how SQL writes those."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from headgate.core.address import Address, fold, split
from headgate.core.diagnostic import nearest
from headgate.project.templates.trouble import Trouble
from headgate.project.templates.values import Relation

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_CHARACTERS_MAX = 60

_RESERVED = frozenset(
    "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default "
    "deferrable desc describe distinct do else end except false fetch for foreign from group having in initially "
    "intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider "
    "placing primary qualify references returning select show some summarize symmetric table then to trailing true "
    "union unique unpivot using variadic when where window with".split()
)
"""Words that SQL takes for its own unless they are quoted."""


@dataclass(slots=True)
class Addresses:
    """All addresses that a text can name: assets and sources."""

    assets: dict[str, Address] = field(default_factory=dict)
    sources: dict[str, Address] = field(default_factory=dict)
    _of_name: dict[str, list[Address]] = field(default_factory=dict)

    @classmethod
    def of(cls, assets: Iterable[Address], sources: Iterable[Address]) -> Addresses:
        """Return them by what engines compare."""
        found = cls({fold(a): a for a in assets}, {fold(a): a for a in sources})
        for address in found.assets.values():
            found._of_name.setdefault(fold(split(address)[1]), []).append(address)
        return found

    def ref(self, names: Sequence[str], schema: str, project: str) -> Address:
        """Return what ``ref(...)`` means to an asset of ``schema``; raise ``Trouble`` where that is nothing or unclear.

        Of two names the first is a schema, if there is such an asset, else it may be the project's own name.
        """
        name = names[-1]
        if len(names) == 2 and (found := self.assets.get(fold(f"{names[0]}.{name}"))):
            return found
        if len(names) == 2 and names[0] != project:
            raise self._unknown(f"{names[0]}.{name}", len(names))
        if "." in name and (found := self.assets.get(fold(name))):
            return found
        same = self._of_name.get(fold(name), [])
        own = [address for address in same if fold(split(address)[0]) == fold(schema)]
        if len(own or same) == 1:
            return (own or same)[0]
        if not same:
            raise self._unknown(name, 1)
        *others, last = sorted(same)
        summary = f"{_shown(name)} may be {', '.join(others)} or {last}"
        told = f"{', '.join(map(_ref, others))} or {_ref(last)}"
        raise Trouble("HG311", summary, f"Write the schema as well: {told}.")

    def source(self, schema: str, name: str) -> Address:
        """Return what ``source(schema, name)`` means; raise ``Trouble`` where that is nothing."""
        written = f"{schema}.{name}"
        found = self.sources.get(fold(written))
        if found is not None:
            return found
        if asset := self.assets.get(fold(written)):
            raise Trouble("HG202", f"{asset} is no source", f"Write {_ref(asset)}: an asset makes it.")
        same = [a for a in self.sources.values() if fold(split(a)[1]) == fold(name)]
        near = same or nearest(_shown(written), self.sources.values())
        hint = f"Did you mean {' or '.join(_source(Address(a)) for a in near[:2])}?" if near else ""
        raise Trouble("HG202", f"unknown source {_shown(written)}", hint or "Declare it in a YAML file under assets/.")

    def _unknown(self, written: str, count: int) -> Trouble:
        source = self.sources.get(fold(written))
        if source is not None:
            return Trouble("HG202", f"{source} is a source", f"Write {_source(source)}.")
        name = written.rpartition(".")[2]
        same = self._of_name.get(fold(name), [])
        near = list(same[:2])
        sources = [a for a in self.sources.values() if fold(split(a)[1]) == fold(name)]
        if sources and not near:
            hint = f"{sources[0]} is a source, which ref never names: write {_source(sources[0])}."
            return Trouble("HG202", f"unknown asset {_shown(written)}", hint)
        if not near:
            names = nearest(_shown(name), self._of_name)
            near = [address for one in names[:2] for address in self._of_name[fold(one)][:1]]
        hint = f"Did you mean {' or '.join(map(_ref, near))}?" if near else "Its file would stand in assets/."
        if count == 2 and not near:
            hint = f"There is no such schema. {hint}"
        return Trouble("HG202", f"unknown asset {_shown(written)}", hint)


def relation_of(address: Address) -> Relation:
    """Return an address as templates see it.

    >>> relation_of(Address("staging.order")).text
    'staging."order"'
    """
    schema, name = split(address)
    return Relation(schema, name, f"{_quoted(schema)}.{_quoted(name)}")


def _quoted(part: str) -> str:
    return part if _PLAIN.fullmatch(part) and part.lower() not in _RESERVED else f'"{part}"'


def _ref(address: Address) -> str:
    return f"ref('{split(address)[0]}', '{split(address)[1]}')"


def _source(address: Address) -> str:
    return f"source('{split(address)[0]}', '{split(address)[1]}')"


def _shown(name: str) -> str:
    return name if len(name) <= _NAME_CHARACTERS_MAX else f"{name[:_NAME_CHARACTERS_MAX]}..."
