"""The console script ``asyncmig``."""

import gc
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Do what the arguments of the process say, and end it.

    Most calls are over in a tenth of a second, and a good part of that would go into looking for
    garbage among modules: nothing is collected before there is a run, and nothing at the end.
    """
    gc.disable()
    from asyncmig_cli.application import run

    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)
