"""Write the page of the ports from their docstrings."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from types import FunctionType, ModuleType

from headgate.core import comparison, fingerprints, measures, profiles
from headgate.core.ports import comparing, engine, forge, loads, measuring, python, scratch, signing, store

_HEAD = """# Extension points

Headgate reaches the world through ports: protocols in `headgate.core.ports`. A plugin is a class with these methods; it
imports `headgate.core` and nothing else of Headgate, and knows of no other plugin. There is no registry: the use cases
in `headgate.app` pick the plugins.

A new one is finished when it passes the conformance suite of its port in `tests/conformance/` (`tests/engines/` for the
binder, `tests/python/` for the runner, `tests/forges/` for forges)."""

PORTS: dict[type, tuple[ModuleType, str]] = {
    engine.Engine: (engine, "`headgate.plugins.engines.duckdb` and `headgate.plugins.engines.postgres`"),
    engine.Binder: (engine, "`headgate.plugins.engines.duckdb_binder` and `headgate.plugins.engines.postgres_binder`"),
    store.StateStore: (store, "`headgate.plugins.stores.sqlite` and `headgate.plugins.stores.postgres`"),
    store.Reading: (store, "`headgate.plugins.stores.sqlite` and `headgate.plugins.stores.postgres`"),
    scratch.Scratch: (scratch, "`headgate.plugins.engines.duckdb_scratch`"),
    python.PythonRunner: (python, "`headgate.plugins.python.runner`"),
    signing.Signer: (signing, "`headgate.plugins.signers.ed25519`"),
    python.Call: (python, "`headgate.plugins.python.runner`"),
    forge.Forge: (forge, "`headgate.plugins.forges.github` and `headgate.plugins.forges.gitlab`"),
}
"""The ports that a plugin carries out, with their modules and who does."""

VALUES: dict[type, tuple[tuple[ModuleType, str], ...]] = {
    engine.Engine: (
        (loads, "Loads"),
        (measuring, "Measuring"),
        (measures, "Measures"),
        (profiles, "Profiles"),
        (comparing, "Comparing"),
        (comparison, "Comparisons"),
        (fingerprints, "Fingerprints"),
    ),
}
"""What a port is asked with that has modules of its own, and the headings that they get."""


def extension_points() -> str:
    """Return the page."""
    parts = [_HEAD]
    told: set[ModuleType] = set()
    for port, (module, plugin) in PORTS.items():
        parts.append(f"## {port.__name__}")
        if module not in told:
            parts.append(_prose(inspect.getdoc(module) or ""))
            told.add(module)
        parts += [_prose(inspect.getdoc(port) or ""), f"Module: `{module.__name__}`. Carried out by {plugin}."]
        for name, member in _members(port):
            parts += [_heading(name, member), _prose(inspect.getdoc(member) or "")]
        for values in VALUES.get(port, ()):
            parts += _values(*values)
    return "\n\n".join(parts) + "\n"


def _values(module: ModuleType, title: str) -> list[str]:
    """Return a section on the values of a module: what it says of itself, then each class with its fields."""
    parts = [f"### {title}", _prose(inspect.getdoc(module) or ""), f"Module: `{module.__name__}`."]
    for name, member in vars(module).items():
        if inspect.isclass(member) and member.__module__ == module.__name__ and is_dataclass(member):
            shown = "\n".join([name, *(f"    {field.name}: {field.type}" for field in fields(member))])
            parts += [f"```python\n{shown}\n```", _prose(inspect.getdoc(member) or "")]
    return parts


def _members(port: type) -> list[tuple[str, object]]:
    public = ((name, member) for name, member in vars(port).items() if not name.startswith("_"))
    return [(name, member) for name, member in public if isinstance(member, FunctionType | property)]


def _heading(name: str, member: object) -> str:
    if isinstance(member, FunctionType):
        text = str(inspect.signature(member)).replace("(self, ", "(").replace("(self)", "()")
        text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # annotations are texts
        return f"```python\n{name}{text}\n```"
    returned = inspect.signature(member.fget).return_annotation if isinstance(member, property) and member.fget else ""
    return f"```python\n{name}: {returned}\n```"


def _prose(text: str) -> str:
    return re.sub(r"``([^`]+)``", r"`\1`", text)
