"""`headgate record`: the signed record of a release as a file for others, and the public key that signs here."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal
from headgate.core.errors import EnvironmentFailed, UsageError


def run(options: Namespace, terminal: Terminal) -> int:
    """Print a record or a key, or write it to a file."""
    session = with_config(options, terminal)
    with session:
        if options.what == "key":
            from headgate.app.verify import own_key
            from headgate.core.envelope import key_id, pem_of

            if options.release:
                raise UsageError("a key belongs to no release: headgate record key")
            key = own_key(session)
            body, text = {"key": key, "key_id": key_id(key), "pem": pem_of(key)}, pem_of(key) if options.pem else key
        else:
            from headgate.app.verify import exported
            from headgate.core.json_form import loads

            if options.pem:
                raise UsageError("--pem is for a key: headgate record key --pem")
            text = exported(session, options.release or 0, environment=options.env or "")
            body = loads(text)
    if options.out:
        try:
            Path(options.out).write_text(text.rstrip("\n") + "\n")
        except OSError as error:
            raise EnvironmentFailed(f"{options.out} cannot be written: {error.strerror}") from error
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "record", body)
    if not options.out:
        terminal.write(text.rstrip("\n"))
    return 0
