"""Headgate: DevOps for data."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headgate.decorators import table as table

__all__ = ["__version__", "table"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what is asked for; a command line that needs none of it starts sooner."""
    if name == "table":
        from headgate.decorators import table

        return table
    raise AttributeError(f"module 'headgate' has no attribute {name!r}")
