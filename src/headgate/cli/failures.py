"""What a person is told when a command cannot do what was asked, and the exit status that goes with it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from headgate.cli.envelope import print_envelope
from headgate.cli.parser import WrongUsage
from headgate.cli.terminal import Terminal
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import EnvironmentFailed, HeadgateError, Refused, StatementFailed, UsageError
from headgate.words.diagnostics import lines_of

BUG = 70
"""The exit status of a fault of our own (EX_SOFTWARE of sysexits.h)."""


def tell(error: Exception, command: str, terminal: Terminal, arguments: Sequence[str]) -> int:
    """Tell what went wrong and return the exit status."""
    if isinstance(error, Refused):
        return _diagnosed(error.diagnostics, 1, command, terminal)
    if isinstance(error, (WrongUsage, UsageError)):
        name = command if not isinstance(error, WrongUsage) else error.command
        hint = f"headgate {name + ' ' if name else ''}--help tells more."
        fault = Diagnostic("", str(error), hint=hint)
        if terminal.is_json:
            print_envelope(terminal, command, None, status=2, diagnostics=(fault,))
        else:
            terminal.complain(f"{error}")
            terminal.complain(hint)
        return 2
    if isinstance(error, StatementFailed):
        return _diagnosed(
            (Diagnostic(error.code, "the engine refused a statement", detail=str(error)),), 1, command, terminal
        )
    if isinstance(error, EnvironmentFailed):
        return _diagnosed((Diagnostic(error.code, str(error), hint=error.hint),), 3, command, terminal)
    if isinstance(error, OSError) and not isinstance(error, HeadgateError):
        text = f"{error.strerror or error}{': ' + str(error.filename) if error.filename else ''}"
        hint = f"Once that is mended: headgate {command}"
        return _diagnosed((Diagnostic("HG600", text, hint=hint),), 3, command, terminal)
    return _bug(error, command, terminal, arguments)


def _diagnosed(diagnostics: Sequence[Diagnostic], status: int, command: str, terminal: Terminal) -> int:
    if terminal.is_json:
        print_envelope(terminal, command, None, status=status, diagnostics=diagnostics)
        return status
    word = "failed" if status == 3 else ""
    for line in lines_of(diagnostics, word=word):
        terminal.complain(line)
    return status


def _bug(error: Exception, command: str, terminal: Terminal, arguments: Sequence[str]) -> int:
    path = _report(error, command, arguments)
    text = f"this is a bug in Headgate: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    hint = f"What happened stands in {path}; please report it."
    if terminal.is_json:
        print_envelope(terminal, command, None, status=BUG, diagnostics=(Diagnostic("", text, hint=hint),))
    else:
        terminal.complain(f"{text.rstrip(': ')}\n  {hint}")
    return BUG


def _report(error: Exception, command: str, arguments: Sequence[str]) -> str:
    """Write the traceback into the project's own folder, else into the folder of temporary files."""
    import tempfile
    import traceback

    from headgate import __version__
    from headgate.app.session import find_root, own_folder

    facts = (
        f"headgate {__version__}, Python {sys.version}, {' '.join(os.uname())}\ncommand: {command} {list(arguments)}\n"
    )
    text = facts + "".join(traceback.format_exception(error))
    name = f"bug-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    project = next((after for before, after in pairwise(arguments) if before in ("-C", "--project")), ".")
    try:
        path = own_folder(find_root(Path(project))) / name
        path.write_text(text)
    except (HeadgateError, OSError):
        path = Path(tempfile.gettempdir()) / f"headgate-{name}"
        path.write_text(text)
    return str(path)
