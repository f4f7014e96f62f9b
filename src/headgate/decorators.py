"""What people's own Python files import: ``import headgate as hg``, then ``@hg.table(...)``.

The decorator changes nothing of the function, so that it can be called and tested as any other. Headgate reads what it
says from the text of the file: it must be written in literals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def table(
    *,
    inputs: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    owner: str = "",
    description: str = "",
    tags: Sequence[str] = (),
    deterministic: bool = False,
    reads: Mapping[str, Sequence[str]] | None = None,
    rows: Sequence[str] | None = None,
    variables: Sequence[str] = (),
    network: bool = False,
    timeout: str = "",
    memory: str = "",
    cron: str = "",
) -> Callable[[_Function], _Function]:
    """Declare that the function makes a table, called as it is, in the schema of its folder.

    ``inputs`` maps each parameter to the table that it receives (``"staging.flights"``); the parameter's annotation
    says as what: ``pl.DataFrame``, ``pl.LazyFrame``, ``pd.DataFrame``, ``pa.Table``, ``pa.RecordBatchReader`` or
    ``duckdb.DuckDBPyRelation``. It returns anything that speaks the Arrow stream protocol, a lazy frame, or an
    iterator of such pieces of one table.

    ``columns`` names the result's columns with their types as DuckDB writes them; without it Headgate calls the
    function once on empty tables to see them. ``deterministic``: equal inputs always give equal rows, in equal order.
    ``reads`` says for each output column which input columns it depends on (``"flights.arr_delay"``), ``rows`` which
    ones decide what rows there are; the function then receives only those columns, and a change of any other rebuilds
    nothing. ``variables`` are environment variables that it may read; ``network`` opens the network. ``timeout``
    (``"10 minutes"``) and ``memory`` (``"2 GB"``) bound one call. ``cron`` says when a run takes new data
    (``"0 6 * * *"``, in UTC).

    >>> import headgate as hg
    >>> @hg.table(inputs={"flights": "staging.flights"}, owner="ops")
    ... def carriers(flights):
    ...     return flights
    >>> carriers("as before")
    'as before'
    """

    def unchanged(function: _Function) -> _Function:
        return function

    return unchanged
