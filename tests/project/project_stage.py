"""A stage for reading repositories: small ones written from text, and what is said of them as short lines."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from headgate.core.declarations import Declarations
from headgate.project.load import load

OWNED = "/* headgate\nowner: ops\n*/\n"


def written(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files below ``root``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def told(declarations: Declarations) -> list[str]:
    """Each diagnostic as ``code path:line:column``."""
    return [f"{d.code} {d.place}" for d in declarations.diagnostics]


def marked(declarations: Declarations) -> list[str]:
    """Each diagnostic as its code and the text that a caret would underline."""
    shown = []
    for d in declarations.diagnostics:
        start = d.place.column - 1 if d.place else 0
        shown.append(f"{d.code} {d.excerpt[start : start + (d.place.length if d.place else 0)]}")
    return shown


def read(root: Path, files: Mapping[str, str | bytes], **environ: str) -> Declarations:
    """Write the files and load the repository."""
    return load(written(root, files), environ=environ)


def git(root: Path, *arguments: str) -> str:
    """Run git with a fixed author, and none of the machine's settings."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *identity, "-c", "protocol.file.allow=always", *arguments],
        cwd=root, env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()
