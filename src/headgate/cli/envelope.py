"""The one object that `--json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headgate.core.json_form import dumps, plain

if TYPE_CHECKING:
    from headgate.cli.terminal import Terminal
    from headgate.core.diagnostic import Diagnostic

FORMAT = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""


def print_envelope(
    terminal: Terminal, command: str, result: Any, *, status: int = 0, diagnostics: Sequence[Diagnostic] = ()
) -> int:
    """Print ``{"format", "command", "exit_status", "diagnostics", "result"}`` and return the status."""
    body = {
        "format": FORMAT,
        "command": command,
        "exit_status": status,
        "diagnostics": [plain(d) for d in diagnostics],
        "result": plain(result),
    }
    terminal.write_raw(dumps(body))
    return status
