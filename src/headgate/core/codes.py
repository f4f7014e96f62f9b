"""Every code of a diagnostic, with one sentence that says what it means. Sorted; a code never changes its meaning."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "HG401": "A name given to --select names no asset, or more than one.",
    "HG402": "A name given to --refresh is not a source table that some table reads.",
    "HG450": "The plan was made by another version of Headgate, or altered: a key in it is not what it should be.",
    "HG451": "A file changed after the plan was made, or while it was read.",
    "HG452": "A source table has other columns than the plan was made with.",
    "HG502": "An entry that the plan read has moved since: plan again.",
    "HG503": "The lease was lost while the command ran; nothing more was written.",
    "HG600": "The engine, the state or the disk failed.",
    "HG601": "The engine refused a statement of the repository.",
}
