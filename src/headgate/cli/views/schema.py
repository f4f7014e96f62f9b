"""`headgate schema`: a JSON Schema on standard output, or files of them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headgate.cli.terminal import Terminal


def run(options: Namespace, terminal: Terminal) -> int:
    """Print one schema, or write some; no project is needed."""
    from headgate.app.schema import KINDS, schema_of, text_of, write_schemas

    if options.out:
        kinds = (options.kind,) if options.kind else KINDS
        files = [str(file) for file in write_schemas(Path(options.out), kinds)]
        if terminal.is_json:
            from headgate.cli.envelope import print_envelope

            return print_envelope(terminal, "schema", {"files": files})
        for file in files:
            terminal.write(file)
        return 0
    kind = options.kind or KINDS[0]
    schema = schema_of(kind)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "schema", {"kind": kind, "schema": schema})
    terminal.write_raw(text_of(schema).rstrip("\n"))
    return 0
