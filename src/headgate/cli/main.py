"""The entry of the command line: which command it is, and what becomes of whatever goes wrong."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

_STANDALONE = ("--json", "--quiet", "-q", "--no-color", "--yes", "-y")
_WITH_VALUE = ("-C", "--project")


def run(arguments: Sequence[str]) -> int:
    """Carry out one command and return its exit status."""
    started = time.perf_counter()
    try:
        status = _run(list(arguments), started)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:
        return _unwritten(error)
    except KeyboardInterrupt as error:
        sys.stderr.write("\nInterrupted.\n")
        _end_if_unanswered(error)
        return 130
    return status


def _end_if_unanswered(error: KeyboardInterrupt) -> None:
    """End the process at once where a question that only reads goes on in a thread, which nothing else would end."""
    import os

    from headgate.app.interrupting import Unanswered

    if isinstance(error, Unanswered):
        sys.stderr.flush()
        os._exit(130)


def _run(arguments: list[str], started: float) -> int:
    if arguments[:1] == ["--version"]:
        from headgate import __version__

        print(f"headgate {__version__}")
        return 0
    if arguments[:1] == ["completion-words"]:  # a shell asks; what follows is no command line of ours
        from headgate.cli.views.completion import words

        return words(arguments[1:])
    before, command, after = _split(arguments)
    if command in ("", "--help", "-h") or (command == "help" and not after):
        from headgate.cli.arguments import overview

        print(overview())
        return 0 if command or before else 2
    if command == "help":
        command, after = after[0], ["--help"]
    return _carry_out(command, [*before, *after], started)


def _carry_out(command: str, arguments: list[str], started: float) -> int:
    try:
        from headgate.cli.arguments import COMMANDS, parse
        from headgate.cli.parser import WrongUsage

        if command not in COMMANDS:
            raise WrongUsage(f"{command} is no command of Headgate{_nearest(command, COMMANDS)}")
        options = parse(command, arguments)
        options.started = started
        status: int = _view(command)(options, _terminal(arguments))
        return status
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        from headgate.cli.failures import tell

        return tell(error, command, _terminal(arguments), arguments)


def _split(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    """Return the options that stand before the command, the command, and what follows it."""
    before: list[str] = []
    rest = list(arguments)
    while rest and (rest[0] in _STANDALONE or rest[0] in _WITH_VALUE):
        before.append(rest.pop(0))
        if before[-1] in _WITH_VALUE and rest:
            before.append(rest.pop(0))
    return before, rest[0] if rest else "", rest[1:]


def _view(command: str):  # type: ignore[no-untyped-def]  # typing costs 10 ms of every start
    from importlib import import_module

    # `import` is a word of Python, and no module can be called so.
    return import_module(f"headgate.cli.views.{'importing' if command == 'import' else command}").run


def _terminal(arguments: list[str]):  # type: ignore[no-untyped-def]
    from headgate.cli.terminal import Terminal

    return Terminal(
        is_quiet="--quiet" in arguments or _has_letter("q", arguments),
        is_json="--json" in arguments,
        has_colour="--no-color" not in arguments,
        says_yes="--yes" in arguments or _has_letter("y", arguments),
    )


def _has_letter(letter: str, arguments: list[str]) -> bool:
    """Tell whether a short option is given, alone or together with others (``-yq``)."""
    return any(a[:1] == "-" and letter in a and not a[1:].strip("hqvy") for a in arguments)


def _nearest(name: str, known: object) -> str:
    from headgate.core.diagnostic import nearest

    near = nearest(name, known)  # type: ignore[arg-type]  # a mapping of names
    return f". Did you mean {near[0]}?" if near else ""


def _reader_gone() -> int:
    """End as a program does whose reader has gone (`headgate releases | head -1`): without a word."""
    import os

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return 141
    return 141


def _unwritten(error: OSError) -> int:
    """End where the answer itself cannot be written (a full disk): nothing more is written there."""
    sys.stderr.write(f"failed HG600  standard output cannot be written: {error.strerror}\n")
    _reader_gone()
    return 3
