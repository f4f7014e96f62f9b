"""The policy of the gate: which findings stop a change, how far each may go, and who the owners are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from headgate.core.address import Address, fold
from headgate.core.gate import Level, Topic
from headgate.core.hashing import Digest, Part, digest

FIXED = frozenset({Topic.CHECK, Topic.EVIDENCE})
"""Topics that no policy lowers: a check says itself whether it only warns, and what was not measured never passes."""

WITH_BUDGET = (Topic.REMOVED, Topic.ADDED, Topic.CHANGED, Topic.COUNT, Topic.DRIFT, Topic.KEY)
"""Topics with an amount that a budget bounds: shares of rows, and of drift an effect size."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the policy says of a topic: its level, and the amount up to which a finding is only shown."""

    level: Level
    budget: float = 0.0


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of the assets of a pattern (``marts.*``, ``marts.orders.price``; empty: of all), by topic."""

    pattern: str = ""
    levels: Mapping[Topic, Level] = field(default_factory=dict)
    budgets: Mapping[Topic, float] = field(default_factory=dict)


RELEASES: Mapping[Topic, Rule] = {
    Topic.CHECK: Rule(Level.BLOCK),
    Topic.CONTRACT: Rule(Level.BLOCK),
    Topic.EVIDENCE: Rule(Level.BLOCK),
    Topic.EMPTY: Rule(Level.BLOCK),
    Topic.REMOVED: Rule(Level.APPROVE),
    Topic.ADDED: Rule(Level.SHOW),
    Topic.CHANGED: Rule(Level.APPROVE),
    Topic.COUNT: Rule(Level.APPROVE, 0.05),
    Topic.DRIFT: Rule(Level.APPROVE),
    Topic.COLUMN_ADDED: Rule(Level.SHOW),
    Topic.COLUMN_REMOVED: Rule(Level.APPROVE),
    Topic.COLUMN_RETYPED: Rule(Level.APPROVE),
    Topic.COLUMN_REORDERED: Rule(Level.SHOW),
    Topic.COLUMN_UNPROTECTED: Rule(Level.BLOCK),
    Topic.ASSET_REMOVED: Rule(Level.APPROVE),
    Topic.CONSUMER: Rule(Level.APPROVE),
    Topic.UNSTABLE: Rule(Level.APPROVE),
    Topic.POLICY: Rule(Level.APPROVE),
    Topic.KEY: Rule(Level.BLOCK),
}
"""What holds of a release where nobody says otherwise."""

RUNS: Mapping[Topic, Rule] = {
    **{topic: Rule(Level.SHOW) for topic in Topic},
    Topic.CHECK: Rule(Level.BLOCK),
    Topic.EVIDENCE: Rule(Level.BLOCK),
    Topic.EMPTY: Rule(Level.BLOCK),
    Topic.KEY: Rule(Level.BLOCK),
    Topic.COUNT: Rule(Level.APPROVE, 0.5),
    Topic.DRIFT: Rule(Level.APPROVE),
}
"""What holds of new data where nobody says otherwise: rows come and change; that half of them are gone is no load.

Distributions are looked at where a section speaks of them, and nowhere else (``watches``).
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """What ``[gate]`` and ``[owners]`` say. Of several sections that speak of an asset the last one counts.

    ``sections`` hold for releases, ``runs`` for new data. ``owners`` gives the members of each owner that has a
    section, by name; ``owner`` has to agree to changes of the policy itself, empty: any owner. Not ``is_lowering``:
    what was declared to be expected is told, and somebody has to agree all the same.
    """

    sections: tuple[Section, ...] = ()
    runs: tuple[Section, ...] = ()
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owner: str = ""
    is_lowering: bool = True

    def rule(self, topic: Topic, address: Address, column: str = "") -> Rule:
        """Return what holds of a topic of an asset, or of one of its columns, in a release.

        >>> strict = Policy((Section("marts.*", budgets={Topic.COUNT: 0.01}),))
        >>> strict.rule(Topic.COUNT, Address("marts.orders")).budget, strict.rule(Topic.COUNT, Address("raw.a")).budget
        (0.01, 0.05)
        """
        return _rule(RELEASES[topic], self.sections, topic, address, column)

    def run_rule(self, topic: Topic, address: Address, column: str = "") -> Rule:
        """Return what holds of a topic of an asset when new data comes in."""
        return _rule(RUNS[topic], self.runs, topic, address, column)

    def section(self, topic: Topic, address: Address, column: str = "", *, is_of_data: bool = False) -> str:
        """Return the section of ``headgate.toml`` whose level of a topic counts: that of all where no other says it.

        >>> Policy((Section("m.*", {Topic.KEY: Level.BLOCK}),)).section(Topic.KEY, Address("m.a"))
        '[gate."m.*"]'
        """
        sections, name = (self.runs, "gate.run") if is_of_data else (self.sections, "gate")
        speak = (one.pattern for one in reversed(sections) if topic in one.levels)
        pattern = next((one for one in speak if matches(one, address, column)), "")
        return f'[{name}."{pattern}"]' if pattern else f"[{name}]"

    def watches(self, topic: Topic, address: Address, column: str) -> bool:
        """Tell whether somebody said what holds of a topic of a column when new data comes in.

        >>> Policy(runs=(Section("m.a.price", {}, {Topic.DRIFT: 0.5}),)).watches(Topic.DRIFT, Address("m.a"), "id")
        False
        """
        return any(
            (topic in one.levels or topic in one.budgets) and matches(one.pattern, address, column) for one in self.runs
        )

    def members(self, owner: str) -> frozenset[str]:
        """Return the names and e-mail addresses of an owner's members, folded; one without a section is a person.

        >>> sorted(Policy(owners={"ops": ("Ada", "ben@x.org")}).members("ops")), sorted(Policy().members("Ada"))
        (['ada', 'ben@x.org'], ['ada'])
        """
        return frozenset(map(fold, self.owners.get(owner) or (owner,)))

    @property
    def digest(self) -> Digest:
        """The identity of all that it says."""
        return digest(
            "policy",
            tuple(map(_part, self.sections)),
            tuple(map(_part, self.runs)),
            tuple((name, tuple(sorted(members))) for name, members in sorted(self.owners.items())),
            self.owner,
            self.is_lowering,
        )


def differences(before: Policy, after: Policy) -> Iterator[str]:
    """Yield, in the words of ``headgate.toml``, where two policies differ."""
    for name, was, now in (("gate", before.sections, after.sections), ("gate.run", before.runs, after.runs)):
        told_before, told_after = _told(was), _told(now)
        for where in sorted({*told_before, *told_after}):
            if told_before.get(where) != told_after.get(where):
                yield f"{name} {where}".strip()
        if was != now and told_before == told_after:
            yield f"the order of {name}"
    if before.owner != after.owner:
        yield "gate owner"
    if before.is_lowering != after.is_lowering:
        yield "gate expected"
    for owner in sorted({*before.owners, *after.owners}):
        if sorted(before.owners.get(owner, ())) != sorted(after.owners.get(owner, ())):
            yield f"owners {owner}"


def matches(pattern: str, address: Address, column: str = "") -> bool:
    """Tell whether a pattern means an asset, or one of its columns; ``*`` stands for any letters within one part.

    >>> matches("marts.*", Address("marts.orders")), matches("*.orders.price", Address("marts.orders"), "Price")
    (True, True)
    >>> matches("marts.orders.price", Address("marts.orders"))
    False
    """
    parts = pattern.count(".")
    name = f"{address}.{column}" if parts == 2 and column else address
    return not pattern or bool(_compiled(fold(pattern)).fullmatch(fold(name)))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(r"[^.]*".join(map(re.escape, pattern.split("*"))))


def _rule(rule: Rule, sections: tuple[Section, ...], topic: Topic, address: Address, column: str) -> Rule:
    level, budget = rule.level, rule.budget
    for section in sections:
        if (topic in section.levels or topic in section.budgets) and matches(section.pattern, address, column):
            level = section.levels.get(topic, level)
            budget = section.budgets.get(topic, budget)
    return Rule(level, budget)


def _part(section: Section) -> Part:
    levels = tuple((topic.value, level.value) for topic, level in sorted(section.levels.items()))
    budgets = tuple((topic.value, repr(float(budget))) for topic, budget in sorted(section.budgets.items()))
    return section.pattern, levels, budgets


def _told(sections: tuple[Section, ...]) -> Mapping[str, object]:
    return {
        f"{topic.value} of {section.pattern or 'all'}": (section.levels.get(topic), section.budgets.get(topic))
        for section in sections
        for topic in (*section.levels, *section.budgets)
    }
