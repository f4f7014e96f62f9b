"""Headgate: DevOps for data. The commands as functions begin with ``headgate.open``.

Names are imported when they are asked for: to import the package alone costs next to nothing.
"""

__version__ = "0.1.0"

__all__ = [
    "Applied",
    "Asset",
    "Checked",
    "Contract",
    "ContractImport",
    "EnvironmentFailed",
    "Garbage",
    "HeadgateError",
    "Plan",
    "Project",
    "Promotion",
    "Ran",
    "Refused",
    "Relation",
    "Released",
    "Releases",
    "Rollback",
    "Status",
    "Tested",
    "UsageError",
    "open",
    "table",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headgate.api.contracts import Contract, ContractImport
    from headgate.api.findings import Asset, Checked, Releases, Status
    from headgate.api.moves import Garbage, Promotion, Released, Rollback
    from headgate.api.plans import Applied, Plan
    from headgate.api.project import Project
    from headgate.api.project import open_project as open  # noqa: A004  # headgate.open(".") is how it reads best
    from headgate.api.relation import Relation
    from headgate.api.running import Ran
    from headgate.api.tested import Tested
    from headgate.core.errors import EnvironmentFailed, HeadgateError, Refused, UsageError
    from headgate.decorators import table
else:
    _HOMES = {
        "headgate.api.contracts": ("Contract", "ContractImport"),
        "headgate.api.findings": ("Asset", "Checked", "Releases", "Status"),
        "headgate.api.moves": ("Garbage", "Promotion", "Released", "Rollback"),
        "headgate.api.plans": ("Applied", "Plan"),
        "headgate.api.project": ("Project", "open"),
        "headgate.api.relation": ("Relation",),
        "headgate.api.running": ("Ran",),
        "headgate.api.tested": ("Tested",),
        "headgate.core.errors": ("EnvironmentFailed", "HeadgateError", "Refused", "UsageError"),
        "headgate.decorators": ("table",),
    }

    def __getattr__(name):
        """Return a public name, imported now; a command line that needs none of them starts sooner."""
        from importlib import import_module

        for module, names in _HOMES.items():
            if name in names:
                found = getattr(import_module(module), "open_project" if name == "open" else name)
                globals()[name] = found
                return found
        raise AttributeError(f"module 'headgate' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})
