"""`headgate verify`: whether releases are what was signed; what was altered, one by one."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal
from headgate.words.diagnostics import lines_of
from headgate.words.verify import signers_text, sound_text, summary_text

if TYPE_CHECKING:
    from headgate.app.verify import Verification


def run(options: Namespace, terminal: Terminal) -> int:
    """Verify, and end with 1 where something was altered or nothing was signed."""
    from headgate.app.verify import verify

    session = with_config(options, terminal)
    with session:
        found = verify(session, options.release or 0, environment=options.env or "", is_all=options.all)
    status = 0 if found.is_sound else 1
    told = [*found.findings, *(finding for one in found.releases for finding in one.findings)]
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "verify", _body(found), status=status, diagnostics=told)
    if len(found.releases) == 1 and found.is_sound:
        terminal.write(sound_text(found.releases[0]))
    for line in lines_of(told):
        terminal.write(line)
    if len(found.releases) > 1:
        terminal.write(summary_text(found))
    if text := signers_text(found):
        terminal.say(text)
    return status


def _body(found: Verification) -> dict[str, object]:
    return {
        "environment": found.environment,
        "is_sound": found.is_sound,
        "is_pinned": found.is_pinned,
        "releases": [
            {"release": one.serial, "is_signed": one.is_signed, "is_sound": one.is_sound, "key": one.key,
             "predicate": one.predicate}
            for one in found.releases
        ],
    }  # fmt: skip
