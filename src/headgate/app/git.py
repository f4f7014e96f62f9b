"""A git repository for a new project."""

from __future__ import annotations

from pathlib import Path

from headgate.project.git import answer_of


def make_repository(root: Path, subject: str) -> bool:
    """Leave a repository with one commit of everything in ``root``; False where git is not there or refuses.

    Somebody without a name in git's settings gets a commit by "headgate", which they may amend.
    """
    identity = (
        ()
        if answer_of(root, "config", "user.email")
        else ("-c", "user.name=headgate", "-c", "user.email=headgate@localhost")
    )
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        (*identity, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", subject),
    ):
        if answer_of(root, *arguments) is None:
            return False
    return True
