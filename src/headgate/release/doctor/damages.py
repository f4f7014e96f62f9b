"""Whether the table of a build is as it was made. Pure."""

from __future__ import annotations

from headgate.core.ports.engine import Inventory, StoredTable
from headgate.core.recipe import Shape
from headgate.core.records import Build
from headgate.release.doctor.findings import Damage

_COLLATE = " COLLATE "


def damage_of(build: Build, inventory: Inventory) -> tuple[Damage, str] | None:
    """Return what is wrong with the table of a build, and in which way; None where it is as it was recorded."""
    table, row = inventory.tables.get(build.relation), inventory.builds.get(build.id)
    if table is None:
        return Damage.GONE, ""
    if not _has_columns(table, build):
        return Damage.COLUMNS, _difference(table, build)
    if row is None:
        return Damage.ROW, ""
    rows = table.rows if build.load is None else inventory.visible.get(build.id, 0)
    if rows != row.rows:
        return Damage.ROWS, f"{rows:,} rows, {row.rows:,} were made"
    return None


def _has_columns(table: StoredTable, build: Build) -> bool:
    """Tell whether the columns are those of the build; in a storage they may stand in another order."""
    there, made = _plain(table.shape), _plain(build.shape)
    return there == made if build.load is None else sorted(there) == sorted(made)


def _plain(shape: Shape) -> list[tuple[str, str]]:
    """Return names and types; an inventory tells no collations."""
    return [(column.name, column.type.partition(_COLLATE)[0]) for column in shape]


def _difference(table: StoredTable, build: Build) -> str:
    there, made = _plain(table.shape), _plain(build.shape)
    more = [name for name, kind in there if (name, kind) not in made]
    less = [name for name, kind in made if (name, kind) not in there]
    parts = [f"it has {', '.join(more)}"] if more else []
    parts += [f"it lacks {', '.join(less)}"] if less else []
    return " and ".join(parts) or "they stand in another order"
