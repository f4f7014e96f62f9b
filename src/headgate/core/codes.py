"""Every code of a diagnostic, with one sentence that says what it means. Sorted; a code never changes its meaning."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "HG190": "The example's data, which a package carries, is not installed.",
    "HG191": "Files are in the way of a new project.",
    "HG401": "A name given to --select names no asset, or more than one.",
    "HG402": "A name given to --refresh is not a source table that some table reads.",
    "HG450": "The plan was made by another version of Headgate, or altered: a key in it is not what it should be.",
    "HG451": "A file changed after the plan was made, or while it was read.",
    "HG452": "A source table has other columns than the plan was made with.",
    "HG501": "Somebody else is changing the warehouse.",
    "HG502": "An entry that the plan read has moved since: plan again.",
    "HG503": "The lease was lost while the command ran; nothing more was written.",
    "HG505": "An environment would show a table that was built on something else than it shows.",
    "HG507": "Two environments would have the same schemas in the engine.",
    "HG508": "A build that should be shown is gone from the state or from the warehouse.",
    "HG509": "An environment lives in another engine than the one named for it.",
    "HG510": "A table that Headgate did not make stands where an environment has to show a view.",
    "HG511": "An environment does not show the code that is to be promoted from it.",
    "HG512": "A promotion would take a source back in time.",
    "HG513": "A build was made on other data than the promotion would show beside it.",
    "HG514": "There is nothing in the environment to promote from.",
    "HG515": "A promotion moves on an environment that was rolled back.",
    "HG516": "A promotion would undo a release that somebody made meanwhile.",
    "HG520": "The warehouse and the state do not belong together, or one of them is an older copy.",
    "HG530": "There is no such move to roll back to.",
    "HG531": "A rollback lacks builds that were collected.",
    "HG540": "The clock is earlier than the last recorded event, so that nothing can be judged old.",
    "HG541": "There is no environment of this name in the engine.",
    "HG542": "The state cannot be kept where headgate.toml says.",
    "HG543": "A protected environment cannot be changed in this way.",
    "HG544": "The repository has no environment of this name.",
    "HG600": "The engine, the state or the disk failed.",
    "HG601": "The engine refused a statement of the repository.",
}
