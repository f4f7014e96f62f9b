"""What ``headgate.toml`` says of the gate: ``[gate]`` with its budgets and levels, and ``[owners]``.

No value comes from the environment: whoever starts a command does not choose what it may do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headgate.core.diagnostic import Place
from headgate.core.gate import Level, Topic
from headgate.core.policy import WITH_BUDGET, Policy, Section
from headgate.project.text import Text, did_you_mean
from headgate.project.toml import keys
from headgate.project.toml.places import TomlPlaces

_LEVELS = {level.value: level for level in Level}
_SHARE, _NUMBER = re.compile(keys.SHARE), re.compile(keys.EFFECT)
_PATTERN, _OWNER = re.compile(keys.GATE_PATTERN), re.compile(keys.ONE_LINE)
_EXPECTED = {"lower": True, "tell": False}


def read_gate(body: Mapping[str, Any], source: Text, places: TomlPlaces) -> Policy:
    """Return the policy of a file. Faults go to ``source``."""
    return _Reading(source, places).policy(body)


def amount_of(text: str) -> float | None:
    """Return a share of rows such as ``2.5 %`` as a number; None where it is none.

    >>> amount_of("2.5 %"), amount_of("half")
    (0.025, None)
    """
    found = _SHARE.fullmatch(text)
    return float(found[1]) / 100 if found else None


class _Reading:
    def __init__(self, source: Text, places: TomlPlaces) -> None:
        self._source = source
        self._places = places

    def policy(self, body: Mapping[str, Any]) -> Policy:
        """Return the policy of what the text holds."""
        gate, path = self._table(body, ("gate",)), ("gate",)
        runs, run_path = self._table(gate, ("gate", "run")), ("gate", "run")
        owner = gate.get("owner", "")
        if not self._is_name(owner):
            self._fault("HG122", "owner has to be a name", self._places.value(("gate", "owner")))
            owner = ""
        said = gate.get("expected", "lower")
        if not isinstance(said, str) or said not in _EXPECTED:
            hint = 'Write "lower", or "tell" so that an owner agrees all the same.'
            self._fault("HG122", f"expected cannot be {said!r}", self._places.value(("gate", "expected")), hint)
        return Policy(
            sections=self._sections(gate, path, own=keys.GATE, topics=keys.GATE_TOPICS),
            runs=self._sections(runs, run_path, own=keys.GATE_RUN, topics=keys.GATE_RUN),
            owners=self._owners(self._table(body, ("owners",))),
            owner=owner,
            is_lowering=said != "tell",
        )

    def _sections(
        self, body: Mapping[str, Any], path: tuple[str, ...], *, own: Mapping[str, str], topics: Mapping[str, str]
    ) -> tuple[Section, ...]:
        """Return what a table says of all assets, then what it says of those of patterns, in their order."""
        found = [self._section("", {key: body[key] for key in body if key in topics}, path)]
        for key in body:
            if key in own:
                continue
            if not _PATTERN.fullmatch(key):
                where = f"[{'.'.join(path)}]"
                hint = did_you_mean(key, own, f'Known are {", ".join(own)}; of some assets, as in ["marts.*"].')
                self._fault("HG121", f"unknown key {key} in {where}", self._places.key((*path, key)), hint)
                continue
            inside = self._table(body, (*path, key))
            for unknown in (one for one in inside if one not in topics):
                hint = did_you_mean(unknown, topics, f"Known are {', '.join(topics)}.")
                place = self._places.key((*path, key, unknown))
                self._fault("HG121", f"unknown key {unknown} in [{'.'.join(path)}.{key}]", place, hint)
            found.append(self._section(key, {k: inside[k] for k in inside if k in topics}, (*path, key)))
        return tuple(section for section in found if section.levels or section.budgets)

    def _section(self, pattern: str, body: Mapping[str, Any], path: tuple[str, ...]) -> Section:
        levels: dict[Topic, Level] = {}
        budgets: dict[Topic, float] = {}
        for key, value in body.items():
            topic = Topic(key)
            for one in self._said(value, (*path, key)):
                self._take(topic, one, levels, budgets, (*path, key))
        return Section(pattern, levels, budgets)

    def _said(self, value: Any, path: tuple[str, ...]) -> tuple[Any, ...]:
        """Return the level, the budget, or both of them, of one topic."""
        if not isinstance(value, dict):
            return (value,)
        for unknown in (key for key in value if key not in keys.GATE_RULE):
            hint = did_you_mean(unknown, keys.GATE_RULE, f"Known are {', '.join(keys.GATE_RULE)}.")
            self._fault("HG121", f"unknown key {unknown} in {path[-1]}", self._places.key((*path, unknown)), hint)
        level, budget = value.get("level"), value.get("budget")
        if level is not None and not _is_level(level):
            self._fault("HG122", f"level cannot be {level!r}", self._places.value(path), _LEVELS_HINT)
            level = None
        if _is_level(budget):
            self._fault("HG122", f"budget cannot be {budget!r}", self._places.value(path), 'Write "2 %".')
            budget = None
        return tuple(one for one in (level, budget) if one is not None)

    def _take(
        self, topic: Topic, said: Any, levels: dict[Topic, Level], budgets: dict[Topic, float], path: tuple[str, ...]
    ) -> None:
        text = said if isinstance(said, str) else ""
        place = self._places.value(path)
        if text in _LEVELS:
            if topic is Topic.POLICY and text == Level.SHOW.value:
                hint = "Who changes the gate passes through it: say approve or block."
                self._fault("HG122", f"{path[-1]} cannot be show", place, hint)
            else:
                levels[topic] = _LEVELS[text]
            return
        number = _NUMBER.fullmatch(text)
        amount = (float(number[1]) if number else None) if topic is Topic.DRIFT else amount_of(text)
        if topic not in WITH_BUDGET:
            self._fault("HG122", f"{path[-1]} cannot be {said!r}", place, _LEVELS_HINT)
        elif amount is None:
            example = '"0.2", an effect size' if topic is Topic.DRIFT else '"2 %"'
            self._fault(
                "HG122", f"{path[-1]} cannot be {said!r}", place, f"Write {example}, or show, approve or block."
            )
        else:
            budgets[topic] = amount

    def _owners(self, body: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        owners: dict[str, tuple[str, ...]] = {}
        for name in body:
            path = ("owners", name)
            section = self._table(body, path)
            for unknown in (key for key in section if key not in keys.OWNER):
                hint = did_you_mean(unknown, keys.OWNER, f"Known are {', '.join(keys.OWNER)}.")
                where = self._places.key((*path, unknown))
                self._fault("HG121", f"unknown key {unknown} in [owners.{name}]", where, hint)
            members = section.get("members", [])
            members = members if isinstance(members, list) else [members]
            if "members" not in section or not all(self._is_name(one) and one for one in members):
                hint = 'Write members = ["ada", "ben@example.org"]: user names and e-mail addresses.'
                self._fault("HG122", f"owner {name} has no members", self._places.key(path), hint)
            else:
                owners[name] = tuple(members)
        return owners

    def _is_name(self, said: Any) -> bool:
        return isinstance(said, str) and not said.startswith("env:") and bool(_OWNER.fullmatch(said))

    def _table(self, body: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
        found = body.get(path[-1], {})
        if isinstance(found, dict):
            return found
        hint = f"Begin it with [{'.'.join(path)}] on a line of its own."
        self._fault("HG122", f"{path[-1]} has to be a table", self._places.key(path), hint)
        return {}

    def _fault(self, code: str, summary: str, place: Place, hint: str = "") -> None:
        self._source.fault(code, summary, place, hint)


def _is_level(said: Any) -> bool:
    return isinstance(said, str) and said in _LEVELS


_LEVELS_HINT = "Write show, approve or block."
