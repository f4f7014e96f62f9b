"""A git repository for a new project."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_repository(root: Path, subject: str) -> bool:
    """Leave a repository with one commit of everything in ``root``; False where git is not there or refuses.

    Somebody without a name in git's settings gets a commit by "headgate", which they may amend.
    """
    name = _started(root, "config", "user.email")
    has_name = name is not None and bool(name.communicate()[0]) and name.returncode == 0
    identity = () if has_name else ("-c", "user.name=headgate", "-c", "user.email=headgate@localhost")
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        (*identity, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", subject),
    ):
        process = _started(root, *arguments)
        if process is None or process.communicate() is None or process.returncode != 0:
            return False
    return True


def _started(root: Path, *arguments: str) -> subprocess.Popen[bytes] | None:
    try:
        return subprocess.Popen(
            ("git", *arguments), cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
