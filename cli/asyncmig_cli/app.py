"""The console script ``asyncmig``."""

import gc
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line of this process, and exit with its code.

    Most calls end within a tenth of a second. Collecting garbage among freshly imported modules would
    take a good part of that: the collector is off until a run starts, and at exit.
    """
    gc.disable()
    from asyncmig_cli.application import run

    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)
