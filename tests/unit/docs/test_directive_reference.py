"""docs/directives.md is what the code says."""

from __future__ import annotations

import subprocess
import sys

from support.paths import ROOT


def test_the_page_is_up_to_date():
    done = subprocess.run(
        [sys.executable, "scripts/directive_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
