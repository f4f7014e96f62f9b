"""`headgate completion`: the script of a shell, and what that script asks when a key is pressed."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.cli.terminal import Terminal

if TYPE_CHECKING:
    from headgate.cli.completing import Wanted


def run(options: Namespace, terminal: Terminal) -> int:
    """Print the script."""
    from headgate.cli.completion_scripts import SCRIPTS

    script = SCRIPTS[options.shell]
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "completion", {"shell": options.shell, "script": script})
    terminal.write_raw(script.rstrip("\n"))
    return 0


def words(given: Sequence[str]) -> int:
    """Print what can stand in place of the last word: a candidate a line, a tab, and what it means.

    Nothing is said of faults: somebody is typing.
    """
    from headgate.cli.completing import FILES, FOLDERS, wanted

    found = wanted(given or [""])
    candidates = found.candidates
    if found.kind in (FILES, FOLDERS):
        candidates = ((found.kind, ""),)
    elif found.kind:
        candidates = tuple(one for one in _names(found) if one[0].startswith(found.typed))
    lines = [f"{found.before}{name}\t{' '.join(text.split())}\n" for name, text in candidates]
    sys.stdout.write("".join(lines))
    return 0


def _names(found: Wanted) -> Sequence[tuple[str, str]]:
    from headgate.app.known_names import known_names
    from headgate.app.session import find_root
    from headgate.core.errors import HeadgateError

    try:
        root = find_root(Path(found.project or "."))
        return known_names(root, found.kind, environment=found.environment)
    except (HeadgateError, OSError):
        return ()
