"""`headgate diff`: what differs most first, a line for each column, some rows."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.cli.views.plan import CHANGES
from headgate.words.diff import detail_lines, headline, sample_rows, summary_text
from headgate.words.layout import aligned, styled

if TYPE_CHECKING:
    from headgate.app.diff import Diff


def run(options: Namespace, terminal: Terminal) -> int:
    """Compare, and tell."""
    from headgate.app.diff import Asked, diff

    asked = Asked(
        options.before,
        options.after,
        tuple(options.addresses),
        options.key,
        {name: tolerance for one in options.tolerance for name, tolerance in one.items()},
        options.limit,
    )
    session, repository = with_repository(options, terminal)
    with session:
        found = diff(session, repository, asked)
    status = CHANGES if options.exit_code and not found.is_equal else 0
    if terminal.is_json:
        return _print(found, terminal, status)
    for line in _lines(found, terminal.width):
        terminal.write(line)
    terminal.write(summary_text(found))
    return status


def _print(found: Diff, terminal: Terminal, status: int) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.core.comparison_forms import comparison_to_json

    body = {
        "before": found.before,
        "after": found.after,
        "is_equal": found.is_equal,
        "comparisons": [comparison_to_json(one) | {"is_equal": one.is_equal} for one in found.comparisons],
        "same": found.same,
        "only_before": found.only_before,
        "only_after": found.only_after,
    }
    return print_envelope(terminal, "diff", body, status=status)


def _lines(found: Diff, width: int) -> list[str]:
    lines: list[str] = []
    for one in found.comparisons:
        if one.is_equal:
            continue
        lines.append(f"{styled(one.address, 'bold')}  {headline(one)}")
        details = [line.split("  ", 1) for line in detail_lines(one)]
        lines += aligned(details, width=width)
        rows = sample_rows(one)
        lines += aligned(rows, width=width, indent="    ") if rows else []
        lines.append("")
    return lines
