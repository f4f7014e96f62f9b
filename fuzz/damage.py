"""Damage to a repository: bytes, files and links, headers, YAML and TOML trees, the decorators of Python assets."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\t", b"\x1b[31m", b"\x85", "\u2028".encode(),
    "\u202e".encode(), "\u200b".encode(), b"'", b'"', b'"""', b"`", b";", b"--", b"/*", b"*/", b"/* headgate\n", b"(",
    b")", b"[", b"]", b"{", b"}", b"{{ x }}", b"{% if %}", b"&a ", b"*a", b"<<: *a", b"!!python/object:x", b"? ", b": ",
    b"- ", b"#", b"|", b">", b"---\n", b"...\n", b"%YAML 9.9\n", b"null", b"true", b".nan", b"1e999",
    b"0x" + b"f" * 5000,
    b"9" * 5000, b"env:NO", b"env:HOME", b"..", b"../../etc/passwd", b"/proc/self/environ", b"s3://a/b", b"**/", b"*",
    b"select", b"from", b"where", b"union all", b"with recursive", b"with x as (", b"group by all", b"order by 1",
    b"table", b"main", b"temp", b"headgate", b"information_schema", b"\\ud800", b"\\0", b"\\", b"@hg.table(",
    b"lambda x:",
    b"def ", b"import ", b"from . import *\n", b"async ", b"$$", b"$a$", b":start", b":end", b"?", b"::int",
    b"[1]" * 300,
    b"(" * 3000, b"- " * 3000, b"[" * 3000, b"case when " * 200, b"a." * 500, b"x" * 100_000, b" " * 50_000,
    b"\n" * 5000,
)  # fmt: skip
"""What means something to one of the readers."""

NAMES = (
    "select", "table", "order", "group", "main", "temp", "it's", 'a"b', "a;drop table x;--", "a b", "a\nb", "\x1b[31m",
    "ü", "\u202ea", "a" * 200, "A", "_", "__x", "x__dev", "1", "..", "a.b", "{x}", "%s", "*", "[x]", "-", "~", "con",
    "é",
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, float("inf"), "", " ", "x", "marts.best", "ref('best')", "ref('x", "INTEGER",
    "INTEGER); drop table x; --", "STRUCT(a INT, b VARCHAR[])", "VARCHAR COLLATE nocase", "../../x", "/etc/passwd",
    "https://a/b.csv", "data/*.csv", "data/**", "[", "a\nb", "\x1b[31m", "\u202e", "'", '"', "';--", "env:NO", "7 days",
    "view", "incremental", "snapshot", "source", "duckdb", "local", "prod", "*", "2013-01-01", "9999-12-31 23:59:59",
    "2 days",
    "36 hours", "999999999 years", "Europe/Berlin", "0 6 * * *", "* * 31 2 *", "missing", "all", "keep", "id", "day",
    [], [[]], {}, {"a": 1},
    ["a", 1, None], {"name": "x"}, [{"name": "best"}], "x" * 10_000, *NAMES,
)  # fmt: skip

KEYS = (
    "name", "owner", "kind", "columns", "tables", "files", "path", "format", "options", "schema", "identifier",
    "external",
    "data_type", "description", "tags", "meta", "config", "depends_on", "models", "assets", "sources", "exposures",
    "seeds", "version", "engine", "engines", "environments", "protected", "retain", "state", "url", "allow", "python",
    "timeout", "memory", "data_tests", "freshness", "loaded_at_field", "template", "time_column", "grain", "lookback",
    "start", "batch", "time_zone", "unique_key", "deletes", "history", "updated_at", "check", "cron", "event_time",
    "begin",
    "full_refresh", "incremental_strategy", "x", "<<", "", "a.b",
)  # fmt: skip

EXPRESSIONS = (
    "None", "...", "1", "-1", "1e999", "1j", "b'x'", "f'{1}'", "x", "x()", "[]", "{}", "{1: 2}", "{**x}", "[*x]",
    "{'a'}",
    "lambda: 1", "'\\ud800'", "'\\0'", "'a\\nb'", "('a', 'b')", "{'days': 'marts.days'}", "{'days': 1}", "['days']",
    "{'at': 'DATE); drop table x'}", "'10 minutes'", "'-1 s'", "'9' * 9", "True", "0x" + "f" * 5000, "'marts.best'",
    "(" * 150 + "1" + ")" * 150, "'x' 'y'", "not 1", "(yield)", "(a := 1)", "{'a': {'b': [1, (2,)]}}",
)  # fmt: skip

Edit = Callable[[random.Random, Path], str]


def damage(chance: random.Random, root: Path) -> str:
    """Do one random damage to the repository below ``root``; return what it was, in one line."""
    try:
        return chance.choice(EDITS)(chance, root)
    except (OSError, ValueError, IndexError, yaml.YAMLError, RecursionError, AttributeError) as error:
        return f"nothing: {type(error).__name__}"


def _files(root: Path) -> list[Path]:
    found = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return sorted(p for p in found if p.is_file() and not p.is_symlink() and ".headgate" not in p.parts)


def _file(chance: random.Random, root: Path, *ends: str) -> Path:
    return chance.choice([p for p in _files(root) if not ends or p.name.endswith(ends)])


def _span(chance: random.Random, content: bytes) -> tuple[int, int]:
    begin = chance.randrange(len(content) + 1)
    return begin, min(len(content), begin + int(chance.expovariate(1 / 12)))


def _bytes(chance: random.Random, root: Path) -> str:
    path = _file(chance, root)
    content = path.read_bytes()
    begin, end = _span(chance, content)
    first, last = _span(chance, content)
    what = chance.choice(("flip", "cut", "end", "double", "token", "token", "token", "swap", "move", "lines"))
    if what == "flip" and content:
        at = chance.randrange(len(content))
        content = content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :]
    elif what == "cut":
        content = content[:begin] + content[end:]
    elif what == "end":
        content = content[:begin]
    elif what == "double":
        content = content[:end] + content[begin:end] * chance.choice((1, 2, 300)) + content[end:]
    elif what == "token":
        content = content[:begin] + chance.choice(TOKENS) + content[chance.choice((begin, end)) :]
    elif what == "swap" and end <= first:
        content = content[:begin] + content[first:last] + content[end:first] + content[begin:end] + content[last:]
    elif what == "move":
        other = _file(chance, root).read_bytes()
        content = content[:begin] + other[slice(*_span(chance, other))] + content[end:]
    else:
        rows = content.splitlines(keepends=True)
        chance.shuffle(rows)
        content = b"".join(rows)
    path.write_bytes(content)
    return f"{what} in {path.relative_to(root)}"


def _move(chance: random.Random, root: Path) -> str:
    path = _file(chance, root)
    folder = path.parent if chance.random() < 0.6 else root / chance.choice(("assets", "assets/marts/deep", "data"))
    stem = chance.choice((path.name.partition(".")[0], *NAMES))
    ends = (path.suffix, ".sql", ".yml", ".py", ".csv", "")
    target = folder / (stem + chance.choice(ends))
    folder.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.is_fifo():
        target.unlink()  # a copy must not be written to where a link leads
    what = chance.choice((shutil.copyfile, os.replace))
    what(path, target)
    return f"{what.__name__} {path.relative_to(root)} to {target.name!r}"


def _folder(chance: random.Random, root: Path) -> str:
    path = chance.choice([p.parent for p in _files(root) if p.parent != root])
    target = path.parent / chance.choice([name for name in NAMES if name != ".."])
    path.rename(target)
    return f"folder {path.name} is called {target.name!r}"


def _link(chance: random.Random, root: Path) -> str:
    path = _file(chance, root)
    aims = ("..", ".", path.name, "/etc/passwd", "/", "/dev/zero", "/proc/self/environ", "nowhere", "../raw", str(root))
    aim = chance.choice(aims)
    if chance.random() < 0.5:
        path.unlink()
    else:
        path = path.with_name(chance.choice(("a", "b", "c")) + path.suffix)
    path.symlink_to(aim)
    return f"{path.relative_to(root)} leads to {aim}"


def _replace(chance: random.Random, root: Path) -> str:
    path = _file(chance, root)
    path.unlink()
    what = chance.choice(("gone", "folder", "pipe", "empty", "noise", "large"))
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what != "gone":
        path.write_bytes({"empty": b"", "noise": chance.randbytes(500), "large": b"a" * 1_100_000}[what])
    return f"{path.relative_to(root)} is {what}"


def _swap(chance: random.Random, root: Path) -> str:
    one, two = _file(chance, root), _file(chance, root)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    return f"{one.relative_to(root)} and {two.relative_to(root)} are swapped"


def _header(chance: random.Random, root: Path) -> str:
    path = _file(chance, root, ".sql")
    line = f"{chance.choice(KEYS)}: {json.dumps(chance.choice(VALUES), ensure_ascii=chance.random() < 0.5)}\n"
    content = path.read_bytes()
    begin = re.search(rb"/\* *headgate *\n", content)
    header = content[: begin.end()] if begin else b"/* headgate\n"
    rest = content[begin.end() :] if begin else b"*/\n" + content
    path.write_bytes(header + line.encode("utf-8", "replace") + rest)
    return f"header of {path.relative_to(root)}: {line[:60]!r}"


def _yaml(chance: random.Random, root: Path) -> str:
    path = _file(chance, root, ".yml", ".yaml")
    tree = changed(chance, yaml.safe_load(path.read_text()))
    path.write_text(
        json.dumps(tree, default=str) if chance.random() < 0.3 else yaml.safe_dump(tree, allow_unicode=True)
    )
    return f"tree of {path.relative_to(root)}"


def _toml(chance: random.Random, root: Path) -> str:
    path = root / "headgate.toml"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ValueError("never read or written through a link of ours")
    body = tomllib.loads(path.read_text()) if path.exists() else {"engines": {"local": {"path": "w.duckdb"}}}
    tree = changed(chance, body)
    if not isinstance(tree, dict):
        tree = {"name": tree}
    path.write_text("".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in tree.items()))
    return "tree of headgate.toml"


def _python(chance: random.Random, root: Path) -> str:
    path = _file(chance, root, ".py")
    text = path.read_text()
    keyword = chance.choice(list(re.finditer(r"\b(\w+)=((?:\{[^}]*\}|[^,)])*)", text)))
    key = keyword[1] if chance.random() < 0.8 else chance.choice(("x", "owner", "kind", "variables", "rows", "network"))
    path.write_text(text[: keyword.start()] + f"{key}={chance.choice(EXPRESSIONS)}" + text[keyword.end() :])
    return f"{key} in {path.relative_to(root)}"


def changed(chance: random.Random, tree: Any) -> Any:
    """Return a tree of dicts, lists and values in which one node is another."""
    if isinstance(tree, dict) and tree and chance.random() < 0.85:
        key = chance.choice(list(tree))
        what = chance.random()
        if what < 0.7:
            return {**tree, key: changed(chance, tree[key])}
        if what < 0.8:
            return {k: v for k, v in tree.items() if k != key}
        name = chance.choice((*KEYS, *NAMES))
        return {**tree, name: chance.choice((tree[key], *VALUES))}
    if isinstance(tree, list) and tree and chance.random() < 0.85:
        at = chance.randrange(len(tree))
        again = chance.choice(((), (tree[at],), (tree[at],) * 50))
        return [*tree[:at], changed(chance, tree[at]), *again, *tree[at + 1 :]]
    return chance.choice(VALUES)


def _inline(value: Any) -> str:
    """Return a value as TOML, as well as it can be; ``null`` is none, which is a fault worth telling."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return str(value) if isinstance(value, float | date) else json.dumps(value)


EDITS: tuple[Edit, ...] = (
    *(_bytes,) * 8, *(_yaml,) * 4, *(_header,) * 2, *(_toml,) * 3, *(_python,) * 3, _move, _move, _folder, _link,
    _replace, _swap,
)  # fmt: skip
