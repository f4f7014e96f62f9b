"""What a template's names mean: the functions that it is given, and the macros."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from jinja2 import nodes

from headgate.project.templates.filters import FILTERS
from headgate.project.templates.library import Library
from headgate.project.templates.limits import FAULTS_MAX, RANGE_MAX
from headgate.project.templates.methods import number_given, text_given
from headgate.project.templates.relations import relation_of
from headgate.project.templates.statements import Returned, carry_out
from headgate.project.templates.trouble import Exceeded, Trouble, closed, failed, unknown
from headgate.project.templates.values import (
    Function,
    Macro,
    Namespace,
    Record,
    Relation,
    Undefined,
    Value,
    copied,
    given,
    instead,
    items_of,
    text_of,
)
from headgate.project.templates.vocabulary import CLOSED, GIVEN
from headgate.project.templates.work import Buffer, Frame, Scope, Work
from headgate.project.templates.world import Question, Subject, World

_NOT_GIVEN = object()


class Names:
    """The names of one template. What is asked of the world is noted in ``asked``."""

    def __init__(self, subject: Subject, world: World, library: Library) -> None:
        self.configured: list[tuple[Mapping[str, Any], int]] = []
        self.warned: list[tuple[str, int]] = []
        self.asked: dict[Question, str] = {}
        self._subject = subject
        self._world = world
        self._library = library
        self._scopes: dict[str, Scope] = {}
        self._known = self._given()
        self._work: Work

    def serve(self, work: Work) -> None:
        """Let the names be those of a filling in."""
        self._work = work

    def _given(self) -> dict[str, Value]:
        known: dict[str, Callable[..., Value]] = {
            "dict": self._dict, "env_var": self._env_var, "fromjson": self._from_json,
            "is_incremental": lambda: False, "log": lambda *_, **__: "", "namespace": self._namespace,
            "print": lambda *_, **__: "", "range": self._range, "ref": self._ref, "return": self._return,
            "set": self._set, "source": self._source, "tojson": self._to_json, "var": self._var, "zip": self._zip,
        }  # fmt: skip
        functions: dict[str, Value] = {name: Function(name, call) for name, call in known.items()}
        members = {
            "get": Function("config.get", self._config_get),
            "require": Function("config.require", self._require),
        }
        raising = {"raise_compiler_error": self._raise, "warn": self._warn}
        return {
            **functions,
            "config": Function("config", self._config, members),
            "exceptions": Record("exceptions", {name: Function(name, call) for name, call in raising.items()}),
            "execute": True,
            "target": Record("target", self._world.target, self._no_target),
            "this": relation_of(self._subject.address),
        }

    def find(self, name: str, scope: Scope) -> Value:
        """Return what a name means that no block of the template has set."""
        if name in self._world.replaced:
            return self._replaced()[name]
        if package := self._replaced(f"{name}."):
            return Record(name, package, self._no_macro)
        if name in self._known:
            if name == "target":
                self._ask("target")
            return self._known[name]
        if name in CLOSED:
            return Undefined(closed(f"{name} is not given to templates", CLOSED[name]))
        self._ask("macro", name)
        macro = self._macro(name)
        if macro is not None:
            return macro
        if name == self._world.project:
            return Record(name, _Macros(self._of_project, self._library), self._no_macro)
        known = (*scope.known(), *GIVEN, *self._library.files)
        hint = instead(name[:60], known, "It is set nowhere in the template, and there is no such macro in macros/.")
        return Undefined(unknown(f"unknown name {name[:60]}", hint))

    def _replaced(self, prefix: str = "") -> dict[str, Value]:
        """Return what is called instead, by what stands behind ``prefix``."""
        return {
            name.removeprefix(prefix): Function(name, partial(self._give, value))
            for name, value in self._world.replaced.items()
            if name.startswith(prefix)
        }

    def _give(self, value: Value, /, *_: Value, **__: Value) -> Value:
        return copied(self._work.meter, value)

    def _of_project(self, name: str) -> Value:
        return self._replaced().get(name) or self._macro(name)

    def _ask(self, kind: str, *names: str) -> None:
        question = (kind, names)
        if question not in self.asked:
            self.asked[question] = self._world.answer(question, self._subject)

    def _macro(self, name: str) -> Macro | None:
        """Return a macro of macros/. What its file sets outside of macros is carried out once, before the first one."""
        file = self._library.files.get(name)
        if file is None:
            return None
        self._ask("macro", name)
        scope = self._scopes.get(file.source.path)
        if scope is None:
            scope = self._scopes[file.source.path] = Scope()
            work = self._work
            entered = work.depth
            work.frames.append(Frame(file.source.path, work.source, work.at))
            work.source = file.source
            body = [
                node
                for node in self._library.tree(file).body
                if isinstance(node, (nodes.Assign, nodes.AssignBlock, nodes.Macro))
            ]
            carry_out(work, body, scope, Buffer(work.meter))
            frame = work.frames.pop()
            work.source, work.at, work.depth = frame.source, frame.at, entered
        found = scope.names.get(name)
        return found if isinstance(found, Macro) else None

    def _no_macro(self, name: str) -> Trouble:
        return unknown(f"there is no macro {name[:60]}", instead(name[:60], self._library.files))

    def _ref(self, *names: Value, **named: Value) -> Relation:
        if named.keys() & {"v", "version"}:
            raise Trouble("HG303", "versions of assets are not supported in this version", "Leave the version out.")
        if named or not 1 <= len(names) <= 2:
            raise failed("ref takes NAME, or SCHEMA and NAME", "Write ref('orders') or ref('staging', 'orders').")
        texts = [text_given(name, "the argument of ref") for name in names]
        self._ask("ref", *texts)
        return relation_of(self._world.ref(texts, self._subject))

    def _source(self, schema: Value, name: Value) -> Relation:
        names = text_given(schema, "the schema"), text_given(name, "the name")
        self._ask("source", *names)
        return relation_of(self._world.addresses.source(*names))

    def _var(self, name: Value, default: Value = _NOT_GIVEN) -> Value:
        key = text_given(name, "the name")
        self._ask("var", key)
        if key in self._world.variables:
            return copied(self._work.meter, self._world.variables[key])
        if default is _NOT_GIVEN:
            otherwise = "Declare it under [vars] in headgate.toml, or write var('NAME', DEFAULT)."
            raise unknown(f"there is no variable {key[:60]}", instead(key[:60], self._world.variables, otherwise))
        return given(default)

    def _env_var(self, name: Value, default: Value = _NOT_GIVEN) -> Value:
        key = text_given(name, "the name")
        found = self._world.environment_variable(key)
        self._ask("env", key)
        if found is not None:
            self._work.meter.text(len(found))
            return found
        if default is _NOT_GIVEN:
            raise unknown(f"the environment variable {key[:60]} is not set", f"Set it: export {key[:60]}=...")
        return text_of(self._work.meter, default)

    def _no_target(self, name: str) -> Trouble:
        lines = [
            "A build is shared by environments, so that no text follows one. Say what it shall be in headgate.toml:",
            "  [template.target]",
            f'  {name[:60]} = "..."',
        ]
        return closed(f"target.{name[:60]} is not declared", "\n".join(lines))

    def _config(self, *positional: Value, **named: Value) -> str:
        if len(positional) > 1 or (positional and not isinstance(positional[0], dict)):
            raise failed("config takes names and values", "Write config(materialized='view', tags=['daily']).")
        if self._work.frames:
            raise closed("config is called by the file itself, not by a macro", "Call it in the asset's file.")
        said = {**(positional[0] if positional else {}), **named}
        for value in said.values():
            text_of(self._work.meter, [value])  # counts it, and refuses what has no text
        if not all(isinstance(key, str) for key in said):
            raise failed("the keys of a config are names")
        self.configured.append((copied(self._work.meter, said), self._work.at))
        return ""

    def _config_get(self, name: Value, default: Value = None, validator: Value = None) -> Value:
        del validator
        key = text_given(name, "the name")
        for said, _ in reversed(self.configured):
            if key in said:
                return copied(self._work.meter, said[key])
        self._ask("config", key)
        found = self._subject.declared.get(key)
        return default if found is None else copied(self._work.meter, found)

    def _require(self, name: Value) -> Value:
        found = self._config_get(name)
        if found is None:
            raise failed(f"the file has no config {str(name)[:60]}")
        return found

    def _return(self, value: Value = None) -> Value:
        if not self._work.frames:
            raise failed("return stands in a macro")
        raise Returned(given(value))

    def _raise(self, message: Value = "") -> Value:
        raise failed(_line(text_of(self._work.meter, message)) or "the template refuses")

    def _warn(self, message: Value = "") -> str:
        if len(self.warned) >= FAULTS_MAX:
            raise Exceeded(f"the template warns more than {FAULTS_MAX} times")
        frames = self._work.frames
        at = frames[0].at if frames else self._work.at
        self.warned.append((_line(text_of(self._work.meter, message)), at))
        return ""

    def _dict(self, **named: Value) -> dict[str, Value]:
        self._work.meter.items(8 * len(named))
        return {name: given(value) for name, value in named.items()}

    def _namespace(self, *positional: Value, **named: Value) -> Namespace:
        if len(positional) > 1 or (positional and not isinstance(positional[0], dict)):
            raise failed("namespace takes names and values")
        self._work.meter.items(8 * (len(named) + 4))
        return Namespace({**(positional[0] if positional else {}), **named})

    def _range(self, *ends: Value) -> list[int]:
        numbers = [number_given(end, "the end of a range") for end in ends]
        if not 1 <= len(numbers) <= 3 or (len(numbers) == 3 and not numbers[2]):
            raise failed("range takes a stop, or start, stop and step")
        found = range(*numbers)
        if len(found) > RANGE_MAX:
            raise Exceeded(f"a range has {len(found):,} numbers, more than {RANGE_MAX:,}")
        self._work.meter.items(5 * len(found))
        return list(found)

    def _zip(self, *lists: Value, default: Value = None) -> list[Value]:
        del default
        rows = [items_of(self._work.meter, one) for one in lists]
        self._work.meter.items(min(map(len, rows), default=0) * (len(rows) + 6))
        return [list(row) for row in zip(*rows, strict=False)]

    def _set(self, value: Value, default: Value = None) -> list[Value]:
        del default
        items = items_of(self._work.meter, value)
        if not all(item is None or isinstance(item, (str, int, float)) for item in items):
            raise failed("set takes texts and numbers")
        return list(dict.fromkeys(items))

    def _from_json(self, text: Value, default: Value = None) -> Value:
        text = text_given(text, "the text")
        self._work.meter.make(16 * len(text))
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            if default is None:
                raise failed("the text is no JSON") from None
            return default

    def _to_json(self, value: Value, default: Value = None, sort_keys: Value = True) -> Value:
        del default, sort_keys
        return FILTERS["tojson"](self._work.meter, given(value))


def _line(message: str) -> str:
    return " ".join(message.split())[:400]


class _Macros(Mapping[str, Value]):
    """All macros by name; a file is read when one of its macros is asked for."""

    def __init__(self, find: Callable[[str], Value], library: Library) -> None:
        self._find = find
        self._library = library

    def __getitem__(self, name: str) -> Value:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._library.files)

    def __len__(self) -> int:
        return len(self._library.files)
