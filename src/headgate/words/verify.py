"""The words of a verification: who signed what, and what was altered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.words.figures import counted, time_text

if TYPE_CHECKING:
    from headgate.app.verify import Verification
    from headgate.release.verify import Verified


def sound_text(one: Verified) -> str:
    """Return what a sound record says: which release, who made and signed it, from what, and how it was decided."""
    said = one.predicate or {}
    code = f"commit {said['commit'][:7]}" if said.get("commit") else "no commit"
    facts = (time_text(str(said.get("at", ""))), f"by {said.get('by')}", code, f"decision {said.get('decision')}")
    return f"release {one.serial} of {one.environment} is as it was signed: {', '.join(facts)}"


def summary_text(found: Verification) -> str:
    """Return how many releases were verified, and what came of it."""
    sound = sum(one.is_sound for one in found.releases)
    unsigned = sum(not one.is_signed and one.predicate is None for one in found.releases)
    left = f", {unsigned:,} without a record that holds" if unsigned else ""
    return f"{sound:,} of {counted(len(found.releases), 'release')} of {found.environment} as signed{left}."


def signers_text(found: Verification) -> str:
    """Return whose signatures counted."""
    keys = {one.key for one in found.releases if one.key}
    if not keys:
        return ""
    whose = "that headgate.toml names" if found.is_pinned else "seen first in this state; [record] signers names others"
    return f"Signed with {', '.join(sorted(keys))}, {'keys' if len(keys) > 1 else 'a key'} {whose}."
