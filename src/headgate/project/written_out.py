"""How long texts are once each view in them is written out: views that read views twice double with each level."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.core.address import Address
from headgate.core.declarations import AssetDeclaration, Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import SqlBody
from headgate.sql.bind import WRITTEN_OUT_MAX


class WrittenOut:
    """The lengths of the views that were seen so far; inputs must be looked at before what reads them."""

    def __init__(self) -> None:
        self._lengths: dict[Address, int] = {}

    def faults(self, asset: AssetDeclaration, body: SqlBody) -> Sequence[Diagnostic]:
        """Return the fault of an asset whose text, written out, is too long for an engine to be asked."""
        views = [r.address for r in body.references if not r.is_column and r.address in self._lengths]
        length = len(body.text) + sum(self._lengths[address] for address in views)
        if asset.kind is Kind.VIEW:
            self._lengths[asset.address] = length
        if length <= WRITTEN_OUT_MAX:
            return ()
        longest = max(views, key=lambda address: self._lengths[address], default=asset.address)
        return (
            Diagnostic(
                "HG201",
                f"{asset.address}, with its views written out, is longer than {WRITTEN_OUT_MAX:,} characters",
                asset.properties.place,
                hint=f"Make a table of {longest}: what a view stands for is read again wherever it is named.",
            ),
        )
