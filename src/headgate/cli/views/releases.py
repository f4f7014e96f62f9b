"""`headgate releases`: one line a release, newest first."""

from __future__ import annotations

from argparse import Namespace

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal
from headgate.words.layout import aligned, styled
from headgate.words.releases import none_text, row_of


def run(options: Namespace, terminal: Terminal) -> int:
    """List them."""
    from headgate.app.releases import releases

    session = with_config(options, terminal)
    with session:
        found = releases(session, options.environment, limit=max(0, options.limit))
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.records import move_to_json

        body = [{**move_to_json(r.move), "is_shown": r.is_shown} for r in found.releases]
        return print_envelope(terminal, "releases", {"environment": found.environment, "releases": body})
    if not found.releases:
        terminal.write(none_text(found))
        return 0
    rows = [(*cells, styled(shown, "green")) for *cells, shown in map(row_of, found.releases)]
    for line in aligned(rows, width=terminal.width, indent="", right=frozenset({0})):
        terminal.write(line)
    if found.total > len(found.releases):
        terminal.say(f"{found.total - len(found.releases):,} older ones: --limit 0 lists all.")
    return 0
