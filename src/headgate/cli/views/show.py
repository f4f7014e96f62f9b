"""`headgate show`: everything about one asset."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.core.json_form import plain
from headgate.words.show import lines_of_asset

if TYPE_CHECKING:
    from headgate.app.show import AssetShown
    from headgate.core.address import Address
    from headgate.core.gate import Decision


def run(options: Namespace, terminal: Terminal) -> int:
    """Show it."""
    from headgate.app.show import show, sql_of

    session, repository = with_repository(options, terminal)
    if options.sql:
        with session:
            return _show_sql(terminal, *sql_of(repository, options.address))
    with session:
        found = show(session, repository, options.address)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "show", _body(found))
    for line in lines_of_asset(found, terminal.width):
        terminal.write(line)
    return 0


def _show_sql(terminal: Terminal, address: str, sql: str) -> int:
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "show", {"address": address, "sql": sql})
    terminal.write(sql.strip("\n"))
    return 0


def _findings(decision: Decision, address: Address) -> list[dict[str, Any]]:
    from headgate.words.gate import level_text

    return [{**plain(one), "does": level_text(one, decision)} for one in decision.findings if one.address == address]


def _body(found: AssetShown) -> dict[str, Any]:
    from headgate.words.checks import checks_to_json

    node = found.node
    return {
        "address": node.address, "kind": node.kind.value, "owner": node.properties.owner,
        "description": node.properties.description, "place": plain(node.place), "columns": plain(found.columns),
        "loading": plain(node.properties.loading), "cron": node.properties.cron,
        "inputs": list(node.inputs), "readers": list(found.readers), "uses": plain(getattr(node, "uses", {})),
        "builds": {
            name: {
                "build": b.id, "rows": b.rows, "bytes": b.bytes, "seconds": b.seconds, "created_at": b.created_at,
                "printed": b.printed,
            }
            for name, b in found.builds
        },
        "checks": {environment: checks_to_json(results) for environment, results in found.checks},
        "gate": {where: _findings(decision, node.address) for where, decision in found.decisions},
        "environments": {
            one.environment: {
                "covered": plain(one.covered), "is_part": one.is_part, "cron": one.cron, "next_tick": one.next_tick,
                "differs": dict(one.differs),
            }
            for one in found.standings
        },
    }  # fmt: skip
