"""A stage for templates: one is filled in, alone or beside macros, and what came of it is told in short lines."""

from collections.abc import Mapping
from typing import Any

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.project.templates.filled import Filled
from headgate.project.templates.filling import fill
from headgate.project.templates.library import Library, MacroFile, library_of
from headgate.project.templates.memory import NoMemory
from headgate.project.templates.relations import Addresses
from headgate.project.templates.world import Subject, World
from headgate.project.text import Text

PATH = "assets/marts/a.sql"


def library(macros: str = "") -> Library:
    """Return the macros of one file."""
    files = [MacroFile(Text("macros/m.sql", macros), Digest("h1:m"))] if macros else []
    return library_of(files, NoMemory(), made_by="1", project="shop")


def filled(text: str, macros: str = "", variables: Mapping[str, Any] | None = None, **environ: str) -> Filled:
    """Fill in a template of marts.a; there are staging.orders, staging.order and the source raw.orders."""
    known = library(macros)
    addresses = [Address(a) for a in ("marts.a", "staging.orders", "staging.order", "other.twice", "marts.twice")]
    world = World(
        "shop",
        Addresses.of(addresses, [Address("raw.orders")]),
        variables or {},
        tuple(environ),
        environ,
        {"type": "duckdb"},
        known.digests(),
    )
    return fill(Text(PATH, text), Subject(Address("marts.a")), world, known)


def given(text: str, macros: str = "", variables: Mapping[str, Any] | None = None, **environ: str) -> str:
    """Return the text that a template gives."""
    found = filled(text, macros, variables, **environ)
    assert found.diagnostics == ()
    return found.text


def told(text: str, macros: str = "") -> list[str]:
    """Return what is wrong with a template, each as ``CODE line:column summary``."""
    found = filled(text, macros).diagnostics
    return [f"{d.code} {d.place.line}:{d.place.column} {d.summary}" for d in found if d.place]
