"""``python -m headgate`` and the ``headgate`` script."""

import sys


def main() -> int:
    """Run the command line; return its exit status."""
    from headgate.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
