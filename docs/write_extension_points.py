"""Write the page of the ports from their docstrings."""

from __future__ import annotations

import inspect
import re
from types import FunctionType, ModuleType

from headgate.core.ports import engine, python, scratch, store

_HEAD = """# Extension points

Headgate reaches the world through ports: protocols in `headgate.core.ports`. A plugin is a class with these methods; it
imports `headgate.core` and nothing else of Headgate, and knows of no other plugin. There is no registry: the use cases
in `headgate.app` pick the plugins.

A new one is finished when it passes the conformance suite of its port in `tests/conformance/` (`tests/engines/` for the
binder, `tests/python/` for the runner)."""

PORTS: dict[type, tuple[ModuleType, str]] = {
    engine.Engine: (engine, "`headgate.plugins.engines.duckdb`"),
    engine.Binder: (engine, "`headgate.plugins.engines.duckdb_binder`"),
    store.StateStore: (store, "`headgate.plugins.stores.sqlite`"),
    store.Reading: (store, "`headgate.plugins.stores.sqlite`"),
    scratch.Scratch: (scratch, "`headgate.plugins.engines.duckdb_scratch`"),
    python.PythonRunner: (python, "`headgate.plugins.python.runner`"),
    python.Call: (python, "`headgate.plugins.python.runner`"),
}
"""The ports that a plugin carries out, with their modules and who does."""


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
    return "\n\n".join(parts) + "\n"


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
