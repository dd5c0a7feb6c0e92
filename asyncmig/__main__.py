"""``python -m asyncmig``: the same as the command ``asyncmig``."""

from __future__ import annotations

from asyncmig_cli.app import main

if __name__ == "__main__":
    main()
