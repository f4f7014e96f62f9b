"""The texts and the tables of TPC-H and TPC-DS, from the source package of sqlglot: see `tests/sql/tpc/README.md`."""

import ast
import re
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from headgate.core.address import Address
from headgate.core.recipe import Column, Shape
from headgate.sql.tree import parse, relations

PACKAGE = Path(__file__).parents[2] / ".tpc"

_TYPES = {"string": "VARCHAR", "int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE"}


@cache
def texts(benchmark: str) -> Mapping[int, str]:
    """Return the queries of `tpc-h` or `tpc-ds` by number; their tables stand in the schema `tpc`."""
    lines = _member(f"tests/fixtures/optimizer/{benchmark}/{benchmark}.sql")
    found = re.findall(rf"^-- {benchmark.upper()} (\d+)\n-+\n(.*?);", lines, re.MULTILINE | re.DOTALL)
    return {int(number): _with_schema(re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)) for number, text in found}


@cache
def tables(benchmark: str) -> Mapping[Address, Shape]:
    """Return the tables. Days are dates here: the queries compare them with dates."""
    name = f"{benchmark.upper().replace('-', '')}_SCHEMA"
    for node in ast.parse(_member("tests/helpers.py")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return {Address(f"tpc.{table}"): _shape(columns) for table, columns in ast.literal_eval(node.value).items()}
    raise LookupError(name)


def _shape(columns: Mapping[str, str]) -> Shape:
    return tuple(Column(name, "DATE" if name == "d_date" else _TYPES[type_]) for name, type_ in columns.items())


def _with_schema(text: str) -> str:
    for table in reversed(relations(parse(text, "q.sql"))):
        text = f"{text[: table.start]}tpc.{text[table.start :]}"
    return text


@cache
def _member(path: str) -> str:
    (package,) = PACKAGE.glob("sqlglot-*.tar.gz")
    with tarfile.open(package) as archive:
        file = archive.extractfile(f"{package.name.removesuffix('.tar.gz')}/{path}")
        assert file is not None
        return file.read().decode()
