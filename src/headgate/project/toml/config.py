"""``headgate.toml`` into a ``Config`` with every default filled in; faults go to its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from os.path import basename, normpath
from typing import TYPE_CHECKING, Any

from headgate.core.address import fault_in_environment, fold
from headgate.core.declarations import (
    PYTHON_LIMITS,
    STATE_SCHEMA,
    Config,
    EngineConfig,
    EnvironmentConfig,
    RecordConfig,
)
from headgate.core.diagnostic import Place
from headgate.core.limits import CostLimit, Limits
from headgate.project.text import Text, did_you_mean
from headgate.project.toml import keys
from headgate.project.toml.keys import ENGINE_KINDS
from headgate.project.toml.places import TomlPlaces
from headgate.project.toml.templates import read_templates
from headgate.project.units import bytes_of, seconds_of
from headgate.project.walk import CONFIG_FILE

if TYPE_CHECKING:
    from headgate.core.policy import Policy

WAREHOUSE = "warehouse.duckdb"
RETAIN_SECONDS = 7 * 24 * 3600
TOML_BYTES_MAX = 1 << 20

_ENGINE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_SCHEMA = re.compile(rf"(?!pg_|information_schema$|public$){keys.ONE_LINE}", re.IGNORECASE)
_TWICE = re.compile(r"overwrite|twice", re.IGNORECASE)
_DEEP = re.compile(r"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){50}""")
"""A key of more than 50 parts, which ``tomllib`` would read in a time that grows with their square."""


def default_config(name: str) -> Config:
    """Return the config of a repository without ``headgate.toml``: one DuckDB, ``prod`` and ``dev``."""
    engines = {"local": EngineConfig("local", "duckdb", WAREHOUSE)}
    return Config(name, engines, _default_environments("local"), "prod")


def read_config(source: Text, name: str, environ: Mapping[str, str]) -> Config:
    """Return the config of a text; ``name`` is that of the project unless it says another.

    What is faulty counts as not given, so that everything else is checked as well.
    """
    import tomllib

    if deep := _DEEP.search(source.text):
        place = source.place(source.text.count("\n", 0, deep.start()) + 1, 1)
        source.fault("HG120", f"{source.path} cannot be read: it is nested too deeply", place)
        return default_config(name)
    try:
        body = tomllib.loads(source.text)
    except (ValueError, RecursionError) as error:
        _refuse_syntax(source, error)
        return default_config(name)
    return _Reading(source, environ).config(body, name)


def _refuse_syntax(source: Text, error: Exception) -> None:
    told = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
    found = re.search(r" \(at line (\d+), column (\d+)\)$", told)
    twice = TomlPlaces(source).stated_twice(int(found[1])) if found and _TWICE.search(told) else None
    if twice:
        path, place, first = twice
        hint = f"It stands on line {first.line} already; put what belongs to it there, and take this one out."
        source.fault("HG111", f"{'.'.join(path)} stands twice in {source.path}", place, hint)
        return
    if found:
        place = source.place(int(found[1]), int(found[2]), 1)
        told = told[: found.start()]
    else:
        lines = source.text.rstrip("\n").count("\n") + 1
        place = source.place(lines, 1) if "end of document" in told else source.place()
        told = told.replace(" (at end of document)", ", at the end of the file")
    hint = "Texts need quotes in TOML; a table begins with its name in brackets, [environments.prod]."
    source.fault("HG120", f"{source.path} cannot be read: {told}", place, hint)


def _default_environments(engine: str) -> dict[str, EnvironmentConfig]:
    return {
        "prod": EnvironmentConfig("prod", engine, True, RETAIN_SECONDS),
        "dev": EnvironmentConfig("dev", engine, False, RETAIN_SECONDS),
    }


def _rows(text: str) -> int | None:
    """Return a number of rows; None where a text says none."""
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,11}", text) else None


class _Reading:
    def __init__(self, source: Text, environ: Mapping[str, str]) -> None:
        self._source = source
        self._environ = environ
        self._places = TomlPlaces(source)

    def config(self, body: Mapping[str, Any], name: str) -> Config:
        """Return the config of what the text holds."""
        self._others(body, (), keys.PROJECT)
        name = self._name(body) or name
        engines = self._engines(self._table(body, ("engines",)))
        environments = self._environments(self._table(body, ("environments",)), engines)
        state = self._table(body, ("state",))
        self._others(state, ("state",), keys.STATE)
        bare = self._bare(self._table(body, ("environments",)), environments)
        url, schema = self._state(state)
        python = self._python(self._table(body, ("python",)))
        templates = read_templates(body, self._source, self._places)
        gate = self._gate(body)
        record = self._record(self._table(body, ("record",)))
        limit = self._cost_limit(self._table(body, ("evidence",)))
        return Config(name, engines, environments, bare, url, schema, python, templates, record, gate, limit)

    def _gate(self, body: Mapping[str, Any]) -> Policy | None:
        """Return the policy of the gate; None where nothing is said of it, which most commands do not ask."""
        if "gate" not in body and "owners" not in body:
            return None
        from headgate.project.toml.gate import read_gate

        return read_gate(body, self._source, self._places)

    def _record(self, section: Mapping[str, Any]) -> RecordConfig:
        """Return how releases are signed. A variable that holds a key is read by who signs: others need not have it."""
        if not section:
            return RecordConfig()
        from headgate.core.envelope import PublicKey, public_key_of_text

        self._others(section, ("record",), keys.RECORD)
        key = section.get("key", "")
        if not isinstance(key, str):
            self._refuse_form(key, ("record", "key"), "a text")
            key = ""
        signers: list[PublicKey] = []
        for text in self._texts(section, ("record", "signers")):
            try:
                signers.append(public_key_of_text(text))
            except ValueError:
                hint = "Write it as `headgate record key` prints it: ed25519:..."
                place = self._places.value(("record", "signers"))
                self._fault("HG122", f"{text!r} is no public key", place, hint)
        return RecordConfig(key, tuple(signers))

    def _name(self, body: Mapping[str, Any]) -> str:
        """Return the project's name, empty where none is given or it could not be shown on one line."""
        name = self._text(body, ("name",))
        if re.fullmatch(keys.ONE_LINE, name):
            return name
        place = self._places.value(("name",))
        self._fault("HG122", "the name holds a line break or a control character", place, "Write one line of text.")
        return ""

    def _state(self, section: Mapping[str, Any]) -> tuple[str, str]:
        """Return the url of the state and its schema there."""
        url, schema = self._text(section, ("state", "url")), self._text(section, ("state", "schema"))
        if schema and not (_SCHEMA.fullmatch(schema) and len(schema.encode()) <= 63):
            hint = "Take a name of at most 63 bytes that does not begin with pg_."
            place = self._places.value(("state", "schema"))
            self._fault("HG122", f"{schema!r} is not a name for a schema of its own", place, hint)
            schema = ""
        return url, schema or STATE_SCHEMA

    def _python(self, section: Mapping[str, Any]) -> Limits:
        """Return what a call of a Python asset may use."""
        self._others(section, ("python",), keys.PYTHON)
        return Limits(
            self._amount(section, ("python", "timeout"), seconds_of, "10 minutes") or PYTHON_LIMITS.seconds,
            self._amount(section, ("python", "memory"), bytes_of, "2 GB") or PYTHON_LIMITS.bytes,
        )

    def _cost_limit(self, section: Mapping[str, Any]) -> CostLimit:
        """Return what a comparison may cost."""
        self._others(section, ("evidence",), keys.EVIDENCE)
        rows = self._amount(section, ("evidence", "rows"), _rows, "50000000")
        seconds = self._amount(section, ("evidence", "timeout"), seconds_of, "10 minutes")
        return CostLimit(rows or None, seconds or None)

    def _amount(
        self, section: Mapping[str, Any], path: tuple[str, ...], read: Callable[[str], int | None], example: str
    ) -> int:
        text = self._text(section, path)
        amount = read(text) if text else 0
        if amount is None or (text and not amount):
            self._fault("HG122", f"{path[-1]} cannot be {text!r}", self._places.value(path), f'Write "{example}".')
        return amount or 0

    def _engines(self, body: Mapping[str, Any]) -> dict[str, EngineConfig]:
        engines: dict[str, EngineConfig] = {}
        for name in body:
            path = ("engines", name)
            section = self._table(body, path)
            self._others(section, path, keys.ENGINE)
            if not _ENGINE_NAME.fullmatch(name):
                self._fault("HG122", f"{name!r} is not a name for an engine", self._places.key(path))
                continue
            kind = self._text(section, (*path, "kind")) or "duckdb"
            if kind not in ENGINE_KINDS:
                hint = did_you_mean(kind, ENGINE_KINDS, f"This version knows {', '.join(ENGINE_KINDS)}.")
                self._fault("HG125", f"unknown kind of engine {kind}", self._places.value((*path, "kind")), hint)
            allow = self._texts(section, (*path, "allow"))
            if kind == "postgres":
                engines[name] = EngineConfig(name, kind, "", allow, self._url(section, path, engines))
            else:
                engines[name] = EngineConfig(name, "duckdb", self._file(section, path, engines), allow)
        return engines or {"local": EngineConfig("local", "duckdb", WAREHOUSE)}

    def _file(self, section: Mapping[str, Any], path: tuple[str, ...], engines: Mapping[str, EngineConfig]) -> str:
        """Return the file of a DuckDB warehouse."""
        self._refuse_other_key(section, (*path, "url"), "A DuckDB warehouse is a file: write path in its place.")
        file = self._text(section, (*path, "path")) or WAREHOUSE
        if file.startswith(":") or "\0" in file:
            hint = f'Write a path such as "{WAREHOUSE}": what is in memory is gone after a command.'
            self._fault("HG122", f"{file} is not a file", self._places.value((*path, "path")), hint)
            file = WAREHOUSE
        if basename(file).lstrip(".").partition(".")[0].lower() == "headgate":
            summary = f"{file} cannot be a warehouse: DuckDB would call it as Headgate calls its schema in it"
            hint = f'Rename the file, to "{WAREHOUSE}" for example.'
            self._fault("HG122", summary, self._places.value((*path, "path")), hint)
        other = next((e.name for e in engines.values() if e.path and normpath(e.path) == normpath(file)), None)
        if other is not None:
            summary = f"engines {other} and {path[-1]} have the same path {file}"
            self._fault("HG124", summary, self._places.key(path), "Give each a file of its own.")
        return file

    def _url(self, section: Mapping[str, Any], path: tuple[str, ...], engines: Mapping[str, EngineConfig]) -> str:
        """Return the address of a server. No message repeats it: a password stands in it."""
        self._refuse_other_key(section, (*path, "path"), "PostgreSQL is a server: write url in its place.")
        url = self._text(section, (*path, "url"))
        example = 'url = "env:WAREHOUSE_URL", which holds "postgresql://user:password@host/database"'
        if "url" not in section:
            self._fault("HG125", f"engine {path[-1]} does not say its url", self._places.key(path), f"Add {example}.")
        elif url and not url.startswith(("postgresql://", "postgres://")):
            summary = f"the url of engine {path[-1]} is not the address of a PostgreSQL server"
            self._fault("HG125", summary, self._places.value((*path, "url")), f"Write {example}.")
        other = next((e.name for e in engines.values() if url and e.url == url), None)
        if other is not None:
            summary = f"engines {other} and {path[-1]} have the same url"
            self._fault("HG124", summary, self._places.key(path), "Give each a database of its own.")
        return url

    def _refuse_other_key(self, section: Mapping[str, Any], path: tuple[str, ...], hint: str) -> None:
        if path[-1] in section:
            summary = f"engine {path[-2]} has a {path[-1]}, which its kind has not"
            self._fault("HG125", summary, self._places.key(path), hint)

    def _environments(
        self, body: Mapping[str, Any], engines: Mapping[str, EngineConfig]
    ) -> dict[str, EnvironmentConfig]:
        environments: dict[str, EnvironmentConfig] = {}
        schemas: dict[str, str] = {}
        for name in body:
            path = ("environments", name)
            section = self._table(body, path)
            self._others(section, path, keys.ENVIRONMENT)
            fault = "" if name == "*" else fault_in_environment(name)
            folded = fold(name).replace("-", "_")
            if fault:
                self._fault("HG122", fault, self._places.key(path), "Rename the environment.")
            elif folded in schemas:
                summary = f"{name} and {schemas[folded]} would have the same schemas in the engine"
                self._fault("HG124", summary, self._places.key(path), "Rename one of them: - becomes _ there.")
            else:
                schemas[folded] = name
                protected = self._truth(section, (*path, "protected"))
                environments[name] = EnvironmentConfig(
                    name,
                    self._engine(section, path, engines),
                    name == "prod" if protected is None else protected,
                    self._retain(section, path),
                )
        return environments or _default_environments(next(iter(engines)))

    def _engine(self, section: Mapping[str, Any], path: tuple[str, ...], engines: Mapping[str, EngineConfig]) -> str:
        name = self._text(section, (*path, "engine"))
        first = next(iter(engines))
        if name and name not in engines:
            hint = did_you_mean(name, engines, f"There is {', '.join(engines)}.")
            self._fault("HG125", f"there is no engine {name}", self._places.value((*path, "engine")), hint)
        elif not name and len(engines) > 1:
            hint = f'Add engine = "{first}", or another of {", ".join(engines)}.'
            self._fault("HG125", f"environment {path[-1]} does not say its engine", self._places.key(path), hint)
        return name if name in engines else first

    def _retain(self, section: Mapping[str, Any], path: tuple[str, ...]) -> int:
        text = self._text(section, (*path, "retain"))
        if not text:
            return RETAIN_SECONDS
        seconds = seconds_of(text)
        if seconds is None:
            place = self._places.value((*path, "retain"))
            self._fault("HG122", f"{text!r} is not a duration", place, 'Write "7 days", "12 hours" or "30 minutes".')
        return RETAIN_SECONDS if seconds is None else seconds

    def _bare(self, body: Mapping[str, Any], environments: Mapping[str, EnvironmentConfig]) -> str:
        """Return the environment with bare schemas: the one that says so, else the first protected one."""
        said = {
            name: self._truth(body[name], ("environments", name, "bare_schemas"))
            for name in environments
            if isinstance(body.get(name), dict)
        }
        chosen = [name for name, is_bare in said.items() if is_bare]
        if "*" in chosen or len(chosen) > 1:
            path = ("environments", chosen[-1], "bare_schemas")
            self._fault("HG124", "only one environment can have bare schemas", self._places.key(path), _BARE)
        named = [name for name in chosen if name != "*"]
        protected = [
            e.name for e in environments.values() if e.protected and e.name != "*" and said.get(e.name) is None
        ]
        return next(iter(named + protected), "")

    def _table(self, body: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
        found = body.get(path[-1], {})
        if isinstance(found, dict):
            return found
        hint = f"Begin it with [{'.'.join(path)}] on a line of its own."
        self._fault("HG122", f"{path[-1]} has to be a table", self._places.key(path), hint)
        return {}

    def _text(self, section: Mapping[str, Any], path: tuple[str, ...]) -> str:
        found = self._value(section.get(path[-1]), path)
        if isinstance(found, str):
            return found
        self._refuse_form(found, path, "a text")
        return ""

    def _texts(self, section: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
        found = section.get(path[-1], [])
        given = found if isinstance(found, list) else [found]
        values = [self._value(one, path) for one in given]
        if not all(isinstance(one, str) for one in given):
            self._fault("HG122", f"{path[-1]} has to be a list of texts", self._places.value(path))
        return tuple(one for one in values if isinstance(one, str) and one)

    def _truth(self, section: Mapping[str, Any], path: tuple[str, ...]) -> bool | None:
        found = self._value(section.get(path[-1]), path)
        if isinstance(found, str) and found.lower() in ("true", "false"):
            return found.lower() == "true"
        if isinstance(found, bool):
            return found
        self._refuse_form(found, path, "true or false")
        return None

    def _value(self, value: Any, path: tuple[str, ...]) -> Any:
        """Return a value, read from the environment where it is ``env:NAME``."""
        if not isinstance(value, str) or not value.startswith("env:"):
            return value
        name = value.removeprefix("env:")
        if name in self._environ:
            return self._environ[name]
        hint = f"Set it: export {name}=..." if re.fullmatch(r"\w+", name) else "Write env:NAME."
        self._fault("HG123", f"the environment variable {name} is not set", self._places.value(path), hint)
        return None

    def _refuse_form(self, value: Any, path: tuple[str, ...], form: str) -> None:
        if value is not None:
            self._fault("HG122", f"{path[-1]} has to be {form}", self._places.value(path))

    def _others(self, section: Mapping[str, Any], path: tuple[str, ...], known: Mapping[str, str]) -> None:
        for key in section:
            if key not in known:
                where = f"[{'.'.join(path)}]" if path else CONFIG_FILE
                hint = did_you_mean(key, known, f"Known are {', '.join(known)}.")
                self._fault("HG121", f"unknown key {key} in {where}", self._places.key((*path, key)), hint)

    def _fault(self, code: str, summary: str, place: Place, hint: str = "") -> None:
        self._source.fault(code, summary, place, hint)


_BARE = "Leave bare_schemas = true with one environment that has a name."
