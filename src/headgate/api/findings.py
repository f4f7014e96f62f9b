"""What check, status, releases and show found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.api.shown import WIDTH, Shown
from headgate.words.diagnostics import lines_of
from headgate.words.layout import aligned, styled

if TYPE_CHECKING:
    from headgate.app import check, releases, show, status
    from headgate.core.address import Address
    from headgate.core.diagnostic import Diagnostic
    from headgate.core.records import Build


@dataclass(frozen=True, slots=True, repr=False)
class Checked(Shown):
    """Every fault of the repository, errors first.

    >>> import headgate
    >>> checked = headgate.open().check()
    >>> checked.errors, checked.warnings, checked.assets
    (0, 0, 2)
    """

    _checked: check.Checked

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Each has ``code``, ``severity``, ``summary``, ``place`` (path, line, column), ``hint`` and ``detail``."""
        return self._checked.diagnostics

    @property
    def errors(self) -> int:
        """How many of them are errors."""
        return self._checked.errors

    @property
    def warnings(self) -> int:
        """How many of them are warnings."""
        return self._checked.warnings

    @property
    def assets(self) -> int:
        """How many things are declared, sources and exposures included."""
        return self._checked.assets

    def _lines(self) -> list[str]:
        found = lines_of(self.diagnostics)
        return [*found, *([""] if found else []), self._sum()]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import lines, paragraph

        return (lines(lines_of(self.diagnostics)), paragraph(self._sum()))

    def _sum(self) -> str:
        from headgate.words.check import sum_text

        return sum_text(self._checked)


@dataclass(frozen=True, slots=True, repr=False)
class Status(Shown):
    """What the environments show. Where one was asked for, its ``shows`` has a row for each asset.

    >>> import headgate
    >>> status = headgate.open().status()
    >>> [(one.name, one.assets) for one in status]
    [('prod', 2), ('dev', 2)]
    >>> status["prod"].is_protected
    True
    """

    environments: tuple[status.EnvironmentStatus, ...]

    def __iter__(self) -> Iterator[status.EnvironmentStatus]:
        return iter(self.environments)

    def __len__(self) -> int:
        return len(self.environments)

    def __getitem__(self, name: str) -> status.EnvironmentStatus:
        """Return the one of that name; raise ``KeyError``."""
        for one in self.environments:
            if one.name == name:
                return one
        raise KeyError(name)

    def _lines(self) -> list[str]:
        from headgate.words.status import ASSET_NUMBERS, asset_rows, notes_of, row_of

        rows = [(styled(name, "bold"), *cells) for name, *cells in map(row_of, self.environments)]
        lines = aligned(rows, width=WIDTH, indent="")
        for one in self.environments:
            lines += [*notes_of(one), *aligned(asset_rows(one), width=WIDTH, right=ASSET_NUMBERS)]
        return lines

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph, table
        from headgate.words.status import ASSET_NUMBERS, asset_rows, notes_of, row_of

        parts = [table([row_of(one) for one in self.environments])]
        for one in self.environments:
            parts += [paragraph(note) for note in notes_of(one)]
            parts.append(table(asset_rows(one), right=ASSET_NUMBERS))
        return tuple(parts)


@dataclass(frozen=True, slots=True, repr=False)
class Releases(Shown):
    """The releases of an environment, newest first.

    >>> import headgate
    >>> releases = headgate.open().releases("prod")
    >>> [(release.move.serial, release.move.kind.value, release.is_shown) for release in releases]
    [(1, 'promote', True)]
    """

    _releases: releases.Releases

    @property
    def environment(self) -> str:
        """Whose releases they are."""
        return self._releases.environment

    @property
    def total(self) -> int:
        """How many there are, older ones than were asked for included."""
        return self._releases.total

    def __iter__(self) -> Iterator[releases.Release]:
        return iter(self._releases.releases)

    def __len__(self) -> int:
        return len(self._releases.releases)

    def __getitem__(self, number: int) -> releases.Release:
        """Return the one at that place: 0 is the newest."""
        return self._releases.releases[number]

    def _more(self) -> str:
        more = self.total - len(self)
        return f"{more:,} older ones: limit=0 lists all." if more > 0 else ""

    def _lines(self) -> list[str]:
        from headgate.words.releases import none_text, row_of

        if not len(self):
            return [none_text(self._releases)]
        lines = aligned([row_of(one) for one in self], width=WIDTH, indent="", right=frozenset({0}))
        return [*lines, more] if (more := self._more()) else lines

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph, table
        from headgate.words.releases import none_text, row_of

        if not len(self):
            return (paragraph(none_text(self._releases)),)
        return (table([row_of(one) for one in self], right={0}), paragraph(self._more(), "dim"))


@dataclass(frozen=True, slots=True, repr=False)
class Asset(Shown):
    """All that is known of one asset.

    >>> import headgate
    >>> asset = headgate.open().show("revenue")
    >>> asset.address, asset.kind, asset.inputs, asset.readers
    ('marts.revenue', 'table', ('shop.orders',), ())
    >>> [(column.name, column.type) for column in asset.columns]
    [('customer', 'VARCHAR'), ('total', 'HUGEINT')]
    >>> [(environment, build.rows) for environment, build in asset.builds]
    [('dev', 2), ('prod', 2)]
    """

    _shown: show.AssetShown

    @property
    def address(self) -> Address:
        """Its address, ``schema.name``."""
        return self._shown.node.address

    @property
    def kind(self) -> str:
        """What it is: source, seed, view, table, exposure."""
        return self._shown.node.kind.value

    @property
    def owner(self) -> str:
        """Who is responsible; empty where nobody is named."""
        return self._shown.node.properties.owner

    @property
    def description(self) -> str:
        """What its files say of it."""
        return self._shown.node.properties.description

    @property
    def columns(self) -> tuple[show.ColumnShown, ...]:
        """Its columns: ``name``, ``type``, ``description``."""
        return self._shown.columns

    @property
    def inputs(self) -> tuple[Address, ...]:
        """What it reads."""
        return self._shown.node.inputs

    @property
    def readers(self) -> tuple[Address, ...]:
        """Who reads it."""
        return self._shown.readers

    @property
    def builds(self) -> tuple[tuple[str, Build], ...]:
        """The build that each environment shows, by its name: ``rows``, ``bytes``, ``seconds``, ``created_at``."""
        return self._shown.builds

    def _lines(self) -> list[str]:
        from headgate.words.show import lines_of_asset

        return lines_of_asset(self._shown, WIDTH)

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph, table
        from headgate.words.show import facts_of, opaque_text, sections_of

        parts = [paragraph(" · ".join(facts_of(self._shown)), "bold"), paragraph(self.description.strip())]
        for title, rows in sections_of(self._shown):
            parts += [paragraph(title, "dim"), table(rows)]
        return (*parts, paragraph(opaque_text(self._shown)))
