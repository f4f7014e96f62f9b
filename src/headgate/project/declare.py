"""One file into a ``Piece``: a pure function of its path and its bytes."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from headgate.core.address import fault_in_part, fault_in_schema
from headgate.core.diagnostic import Diagnostic, Place
from headgate.project.header import read_header
from headgate.project.pieces import Piece, QueryStatement
from headgate.project.properties import read_header_statement
from headgate.project.text import Text, decoded

TEXT_BYTES_MAX = 4 * 1024 * 1024
"""A SQL or property file that is larger is refused unread."""

SEED_BYTES_MAX = 64 * 1024 * 1024
"""A larger CSV is data, not source code: a release keeps every seed in its record."""

YAML = (".yml", ".yaml")


def declare_file(path: str, content: bytes) -> Piece:
    """Return what a file says; ``path`` is relative to the repository, with ``/``.

    >>> declare_file("assets/marts/x.sql", b"select 1 as one").name
    'x'
    """
    piece = declare_path(path)
    if not path.endswith((".sql", ".py", *YAML)):
        return piece
    if len(content) > TEXT_BYTES_MAX:
        return replace(piece, schema="", name="", diagnostics=(too_large(path, len(content), TEXT_BYTES_MAX),))
    source = decoded(path, content)
    if isinstance(source, Diagnostic):
        return replace(piece, schema="", name="", diagnostics=(*piece.diagnostics, source))
    if path.startswith("macros/"):
        return replace(piece, text=source.text)
    if path.startswith("changes/"):
        return _expected(source, content)
    if path.startswith("tests/policy/"):  # scenarios of the gate, which `policy test` reads
        return _scenarios(source)
    if path.endswith(YAML):
        from headgate.project.property_files import PropertyFile

        file = PropertyFile(source)
        file.read()
        return Piece(
            path,
            text=source.text,
            statements=tuple(file.statements),
            sources=tuple(file.sources),
            exposures=tuple(file.exposures),
            diagnostics=source.all_faults(),
            groups=tuple(file.groups),
            unit_tests=tuple(file.unit_tests),
            kept=tuple(file.kept),
            contracted=tuple(file.contracted),
            unused=tuple(file.check.unused),
        )
    if path.endswith(".py"):
        return _python(piece, source)
    if path.startswith("tests/"):
        return _query(source)
    fields = read_header(source)
    header, check = read_header_statement(source, fields) if fields else (None, None)
    diagnostics = (*piece.diagnostics, *source.all_faults()) if source.faults else piece.diagnostics
    unused = tuple(check.unused) if check else ()
    return Piece(path, piece.schema, piece.name, source.text, header, diagnostics=diagnostics, unused=unused)


def _scenarios(source: Text) -> Piece:
    from headgate.project.scenarios import read_scenarios

    tuple(read_scenarios(source))
    return Piece(source.path, text=source.text, diagnostics=source.all_faults())


def _expected(source: Text, content: bytes) -> Piece:
    from headgate.core.hashing import content_digest
    from headgate.project.expected_changes import read_expected

    found = read_expected(source, content_digest((content,)))
    return Piece(source.path, text=source.text, diagnostics=source.all_faults(), expected=found)


def _query(source: Text) -> Piece:
    """Return a file of ``tests/`` that is a query; fixtures of unit tests, and macros of dbt's tests, are none."""
    from headgate.project.declared_tests import read_query_test
    from headgate.project.mapped import Mapped

    path = source.path
    if path.startswith(_NO_QUERIES):
        return Piece(path, text=source.text)
    name = _composed(path.rpartition("/")[2].removesuffix(".sql"))
    header = read_header(source)
    test, said = read_query_test(source, name, header), Mapped(header) if header else None
    query = QueryStatement(test, frozenset(said.names()), said.word("template")) if said else QueryStatement(test)
    return Piece(path, text=source.text, diagnostics=source.all_faults(), query=query)


_NO_QUERIES = ("tests/fixtures/", "tests/generic/")


def _python(piece: Piece, source: Text) -> Piece:
    """Return a Python file; one without decorated functions is a module, wherever it stands."""
    from headgate.project.python.files import read_functions

    if not piece.path.startswith("assets/"):
        return Piece(piece.path, text=source.text)
    functions = read_functions(source)
    faults = source.all_faults()
    if not functions:
        return Piece(piece.path, text=source.text, diagnostics=faults)
    schema, slash, _ = piece.path.removeprefix("assets/").partition("/")
    fault = fault_in_schema(schema, of_assets=True) if slash else ""
    if not slash:
        hint = f"Move it to assets/SCHEMA/{schema}."
        faults += (Diagnostic("HG106", "a Python asset stands in a folder of its schema", Place(piece.path), hint),)
    elif fault:
        faults += (Diagnostic("HG107", fault, Place(piece.path), "Rename the folder."),)
    if fault or not slash:
        return Piece(piece.path, text=source.text, diagnostics=faults)
    return Piece(piece.path, _composed(schema), text=source.text, functions=functions, diagnostics=faults)


def declare_path(path: str) -> Piece:
    """Return what the path alone says: the address of an asset, or that it has none."""
    if not path.startswith("assets/") or path.endswith((".py", *YAML)):
        return Piece(path)
    stem, dot, suffix = path.removeprefix("assets/").rpartition(".")
    suffix = f"{dot}{suffix}"
    schema, slash, name = stem.partition("/")
    if suffix not in (".sql", ".csv"):
        summary = f"{suffix} is not read: names end in lower case"
        return Piece(path, diagnostics=(Diagnostic("HG106", summary, Place(path), f"Name it {suffix.lower()}."),))
    if not slash or "/" in name:
        folder = schema if slash else "SCHEMA"
        hint = f"Move it to assets/{folder}/{path.rpartition('/')[2]}."
        summary = "an asset stands in a folder of its schema: assets/SCHEMA/NAME" + suffix
        return Piece(path, diagnostics=(Diagnostic("HG106", summary, Place(path), hint),))
    schema, name = _composed(schema), _composed(name)
    for fault, what in ((fault_in_schema(schema, of_assets=True), "folder"), (fault_in_part(name), "file")):
        if fault:
            return Piece(path, diagnostics=(Diagnostic("HG107", fault, Place(path), f"Rename the {what}."),))
    return Piece(path, schema, name)


def _composed(part: str) -> str:
    """Return a name as everybody writes it; macOS may give decomposed ones."""
    return part if part.isascii() else unicodedata.normalize("NFC", part)


def too_large(path: str, size: int, limit: int) -> Diagnostic:
    """Return the fault of a file that is larger than it may be."""
    summary = f"{path} has {size:,} bytes, more than the {limit:,} that are read"
    hint = "Declare it as a source with `path:`; a seed is source code." if path.endswith(".csv") else "Split it."
    return Diagnostic("HG103", summary, Place(path), hint)
