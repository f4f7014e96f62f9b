"""`headgate policy test`: which scenarios come out as declared."""

from __future__ import annotations

from argparse import Namespace

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.words.figures import counted
from headgate.words.layout import styled


def run(options: Namespace, terminal: Terminal) -> int:
    """Try all scenarios, and tell those that come out otherwise."""
    from headgate.app.policy_test import FOLDER, policy_test
    from headgate.core.json_form import plain

    session, repository = with_repository(options, terminal)
    with session:
        tried = policy_test(session.root, repository.declarations, options.file)
    failed = [one for one in tried if not one.is_passed]
    status = 1 if failed else 0
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "policy", {"scenarios": plain(tried)}, status=status)
    for one in failed:
        terminal.write(f"{styled('failed', 'red')}  {one.name or one.place}  {one.place}")
        for line in one.told:
            terminal.write(f"  {line}")
    if not tried:
        terminal.write(f"There is no scenario in {FOLDER}.")
    else:
        passed = counted(len(tried) - len(failed), "scenario")
        terminal.write(f"{passed} passed" + (f", {len(failed):,} failed." if failed else "."))
    return status
