"""What PostgreSQL and its driver say when they fail, read into the exceptions of ``core.errors``.

No message of ours holds a connection string: a password stands in it.
"""

from __future__ import annotations

import psycopg

from headgate.core.errors import EngineBusy, EngineFailed, StatementFailed
from headgate.plugins.engines.postgres_texts import position

_USERS = ("0A", "20", "21", "22", "23", "25006", "2F", "34", "38", "39", "42", "44", "54", "P0")
"""Beginnings of the codes that speak of the statement; all others are about the server."""

LOST = "the connection to PostgreSQL was lost"


def text_of(error: psycopg.Error) -> str:
    """Return PostgreSQL's own sentence, with its detail and its hint, one a line."""
    told = error.diag
    if not told.message_primary:
        return str(error).strip().split("\n", maxsplit=1)[0] or type(error).__name__
    parts = (told.message_primary, told.message_detail, told.message_hint)
    return "\n".join(part for part in parts if part)


def is_lost(error: psycopg.Error) -> bool:
    """Tell whether the connection is gone: cut, ended by an administrator, the server stopped or crashed."""
    code = error.sqlstate or ""
    if code:
        return code.startswith("08") or code in ("57P01", "57P02", "57P03", "57P05")
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def is_waiting(error: psycopg.Error) -> bool:
    """Tell whether others were in the way, so that the same transaction may succeed when it is tried again."""
    return (error.sqlstate or "") in ("55P03", "40P01", "40001")


def is_of_statement(error: psycopg.Error) -> bool:
    """Tell whether an error is the statement's: not one of the server, and not a right that is missing."""
    code = error.sqlstate or ""
    return code != "42501" and code.startswith(_USERS)


def statement_fault(error: psycopg.Error, text: str, *, prefix: str = "", job: str = "") -> EngineFailed:
    """Return the exception for the failure of ``prefix + text``: the user's, with its place in ``text``, or ours."""
    if not is_of_statement(error):
        return engine_fault(error)
    line, column = position(text, offset_of(error, prefix))
    return StatementFailed(text_of(error), line=line, column=column, job=job)


def offset_of(error: psycopg.Error, prefix: str = "") -> int | None:
    """Return the character of the text behind ``prefix`` that an error points at, from 0."""
    told = error.diag.statement_position
    return None if not told else int(told) - 1 - len(prefix)


def engine_fault(error: psycopg.Error) -> EngineFailed:
    """Return the exception for a failure that is nobody's SQL."""
    code = error.sqlstate or ""
    message = text_of(error)
    if is_lost(error):
        return EngineFailed(f"{LOST}: {message}", hint="Nothing was half done. Run the command again.")
    if code == "57014":
        return EngineFailed("PostgreSQL was interrupted", hint="Run the command again.")
    if code == "42501":
        return EngineFailed(f"PostgreSQL does not allow it: {message}", hint=_grant(message))
    if code == "2BP01":
        told = error.diag.message_detail or message
        return EngineFailed(
            f"something that Headgate did not make reads what has to be dropped: {told}",
            hint="Drop that first, or have it read the views of an environment; then run the command again.",
        )
    if is_waiting(error):
        return EngineBusy(f"others were in the way for too long: {message}", hint="Run the command again.")
    if code.startswith("53"):
        return EngineFailed(f"PostgreSQL has not enough of something: {message}", hint="Run the command again.")
    return EngineFailed(f"PostgreSQL failed: {message}", hint="Run the command again; nothing was half done.")


def unreadable_url() -> EngineFailed:
    """Return the exception for a url that cannot be read; no part of it is told."""
    hint = 'Write "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"; in a password @ is %40, / is %2F, : is %3A.'
    return EngineFailed("the url of the engine cannot be read", hint=hint)


def connect_fault(error: psycopg.Error, where: str) -> EngineFailed:
    """Return the exception for a server that cannot be reached; ``where`` names it without a password."""
    if isinstance(error, psycopg.ProgrammingError):  # it quotes parts of the address
        return unreadable_url()
    message = " ".join(str(error).split())
    told = message.rpartition("failed: ")[2] or message
    hint = "Look whether the server runs and can be reached, and at the url of the engine in headgate.toml."
    if "password authentication failed" in message or "no password supplied" in message:
        hint = "Look at the user and the password in the url of the engine; in a password @ is %40, / is %2F, : is %3A."
    elif "does not exist" in message:
        hint = "Make it, or name another one in the url of the engine."
    return EngineFailed(f"PostgreSQL at {where} cannot be reached: {told}", hint=hint)


def _grant(message: str) -> str:
    """Return the statement that gives the right which a message says is missing."""
    words = message.split("\n", maxsplit=1)[0].removeprefix("permission denied for ").split(" ")
    kind, name = (words[0], words[-1]) if len(words) > 1 else ("", "")
    rights = {
        "database": f"grant create on database {name} to ROLE",
        "schema": f"grant usage, create on schema {name} to ROLE",
        "table": f"grant select on table {name} to ROLE, with its schema before the name",
        "view": f"grant select on table {name} to ROLE, with its schema before the name",
        "function": f"grant execute on function {name} to ROLE",
    }
    if kind in rights:
        return f"Whoever owns it has to run: {rights[kind]} (ROLE is the user in the url of the engine)."
    if message.startswith("must be owner of"):
        return "Give it to the user in the url of the engine: alter ... owner to ROLE."
    return "Give the user in the url of the engine the right to it."
