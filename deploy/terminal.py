"""What people see on a terminal, and what is left of it in a file."""

import sys

from rich.console import Console

WIDE = 160


def wide() -> Console:
    """A console as wide as the terminal; in a file or a pipe, wide enough that no table is cut. Text is printed as written."""
    return Console(markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDE)
