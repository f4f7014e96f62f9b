"""All that templates can ask of the repository and of the environment, and what an asset asked.

A filled text is a function of its file and of the answers that it got, so that it holds as long as they are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.core.address import Address, split
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps
from headgate.project.templates.relations import Addresses
from headgate.project.templates.trouble import Trouble, closed

Question = tuple[str, tuple[str, ...]]
"""A kind (``ref``, ``source``, ``var``, ``env``, ``macro``, ``target``, ``config``) and the names asked for."""

_NOTHING = ""
_CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Subject:
    """The asset whose template is filled in, and what headers and property files declare of it, as plain values."""

    address: Address
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """Its schema."""
        return split(self.address)[0]


@dataclass(frozen=True, slots=True)
class World:
    """What can be asked. ``environ``: the variables of the process that are ``listed`` in headgate.toml and set.

    ``macros`` gives the digest of the file of each macro. ``replaced`` are names with the values that a call of them
    gives instead, whatever the macro or the function of that name does: a unit test says so.
    """

    project: str
    addresses: Addresses
    variables: Mapping[str, Any] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    macros: Mapping[str, Digest] = field(default_factory=dict)
    replaced: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, question: Question, subject: Subject) -> str:
        """Return the answer to a question in short; empty where there is none, or where it is a fault."""
        kind, names = question
        match kind:
            case "ref" | "source":
                try:
                    return self.ref(names, subject) if kind == "ref" else self.addresses.source(*names)
                except Trouble:
                    return _NOTHING
            case "var":
                return _digest(self.variables, names[0])
            case "env":
                return _digest(self.environ, names[0]) if names[0] in self.listed else _CLOSED
            case "macro":
                return self.macros.get(names[0], _NOTHING)
            case "target":
                return digest("target", dumps(self.target))
            case "config":
                return _digest(subject.declared, names[0])
        return _NOTHING

    def ref(self, names: Sequence[str], subject: Subject) -> Address:
        """Return what ``ref`` means to an asset; raise ``Trouble`` where that is nothing or unclear."""
        return self.addresses.ref(names, subject.schema, self.project)

    def environment_variable(self, name: str) -> str | None:
        """Return a variable of the process; raise ``Trouble`` where headgate.toml does not list it."""
        if name not in self.listed:
            known = ", ".join(f'"{one}"' for one in (*self.listed, name[:60]))
            hint = f"List it, unless it is secret, in headgate.toml:\n  [template]\n  env = [{known}]"
            raise closed(f"the environment variable {name[:60]} is not given to templates", hint)
        return self.environ.get(name)


def _digest(values: Mapping[str, Any], name: str) -> str:
    return digest("value", dumps(values[name])) if name in values else _NOTHING
