"""All templates of a repository: what is remembered and still holds is taken as it is, the others are filled in.

Jinja is imported when the first template is filled in, or the first file of macros read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headgate.core.address import Address
from headgate.core.declarations import Config
from headgate.core.diagnostic import Diagnostic
from headgate.core.hashing import Digest, digest
from headgate.project.pieces import Piece, Statement
from headgate.project.templates.filled import Filled, filled_from_text, filled_to_text
from headgate.project.templates.library import MacroFile, library_of
from headgate.project.templates.marks import has_marks
from headgate.project.templates.memory import Memory, NoMemory, made_by
from headgate.project.templates.relations import Addresses
from headgate.project.templates.world import Subject, World
from headgate.project.text import Text

_KIND = "templates"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A template: whose it is, its text, and the digest of its file."""

    subject: Subject
    source: Text
    digest: Digest


class Templates:
    """The templates of one repository as it stands. ``variables`` are those of the process."""

    def __init__(
        self, config: Config, macros: Sequence[MacroFile], variables: Mapping[str, str], memory: Memory | None
    ) -> None:
        self._config = config
        self._macros = macros
        self._variables = variables
        self._memory = memory or NoMemory()
        self.diagnostics: tuple[Diagnostic, ...] = ()
        """What is wrong with macros, once something was filled in."""
        self.asked: frozenset[str] = frozenset()
        """The variables of the process that templates asked for."""

    def is_one(self, piece: Piece, said: Iterable[Statement]) -> bool:
        """Tell whether the text of an asset is a template with something to fill in."""
        if not piece.path.endswith(".sql") or not has_marks(piece.text):
            return False
        stated = next((one.template.value for one in said if one.template), self._config.templates.language)
        return stated == "jinja"

    def is_query(self, piece: Piece) -> bool:
        """Tell whether a data test that is a query is a template with something to fill in."""
        if piece.query is None or not has_marks(piece.text):
            return False
        return (piece.query.template or self._config.templates.language) == "jinja"

    def fill(
        self, wanted: Sequence[Wanted], assets: Iterable[Address], sources: Iterable[Address]
    ) -> Mapping[Address, Filled]:
        """Return the filled templates; ``assets`` and ``sources`` are all that they can name.

        Cost: a look into the memory for those that still hold, about a millisecond for each of the others.
        """
        if not wanted:
            return {}
        maker = made_by()
        library = library_of(self._macros, self._memory, made_by=maker, project=self._config.name)
        self.diagnostics = tuple(library.diagnostics)
        world = world_of(self._config, Addresses.of(assets, sources), self._variables, library.digests())
        keys = [self._key(one, maker) for one in wanted]
        known = self._memory.get(_KIND, keys)
        learned: dict[str, str] = {}
        found: dict[Address, Filled] = {}
        for one, key in zip(wanted, keys, strict=True):
            filled = filled_from_text(known[key]) if key in known else None
            if filled is None or not holds(filled, one.subject, world):
                from headgate.project.templates.filling import fill

                filled = fill(one.source, one.subject, world, library)
                if not filled.is_faulty:
                    learned[key] = filled_to_text(filled)
            found[one.subject.address] = filled
        self._memory.put(_KIND, learned)
        self.asked = frozenset(names[0] for one in found.values() for kind, names in one.asked if kind == "env")
        return found

    def fill_anew(
        self, wanted: Wanted, assets: Iterable[Address], sources: Iterable[Address], replaced: Mapping[str, Any]
    ) -> Filled:
        """Return a filled template in which calls of the ``replaced`` names give those values; nothing is remembered.

        A macro of the repository is replaced with and without the project's name before it, one of a package
        (``dbt_utils.star``) as it is named.
        """
        from headgate.project.templates.filling import fill

        library = library_of(self._macros, self._memory, made_by=made_by(), project=self._config.name)
        world = world_of(self._config, Addresses.of(assets, sources), self._variables, library.digests())
        own = f"{self._config.name}."
        names = {name.removeprefix(own): value for name, value in replaced.items()}
        return fill(wanted.source, wanted.subject, replace(world, replaced=names), library)

    def remembered(self, wanted: Wanted) -> Filled | None:
        """Return what is remembered of a template, whether it holds or not."""
        key = self._key(wanted, made_by())
        text = self._memory.get(_KIND, (key,)).get(key)
        return None if text is None else filled_from_text(text)

    def _key(self, wanted: Wanted, maker: str) -> Digest:
        return digest("template", maker, self._config.name, wanted.subject.address, wanted.source.path, wanted.digest)


def world_of(config: Config, addresses: Addresses, variables: Mapping[str, str], macros: Mapping[str, Digest]) -> World:
    """Return what templates of a repository can ask."""
    said = config.templates
    return World(
        project=config.name,
        addresses=addresses,
        variables=said.variables,
        listed=said.environ,
        environ={name: variables[name] for name in said.environ if name in variables},
        target={"type": next(iter(config.engines.values())).kind, **said.target},
        macros=macros,
    )


def holds(filled: Filled, subject: Subject, world: World) -> bool:
    """Tell whether a filled template would be the same today: all that it asked has the same answer."""
    return all(world.answer(question, subject) == answer for question, answer in filled.asked.items())
