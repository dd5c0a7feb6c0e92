"""``python -m asyncmig_cli``."""

from asyncmig_cli.app import main

if __name__ == "__main__":
    main()
