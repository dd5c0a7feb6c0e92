"""Runs one command and says what it took: ``python -I -S launcher.py OUT ERR command...``.

A process of its own and a small one: the memory peak that the kernel reports for a child is at
least that of the process which started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main() -> None:
    output, errors, *command = sys.argv[1:]
    mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    begun = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, output, mode, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, errors, mode, 0o600),
        ],
    )
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    _, status, usage = os.wait4(child, 0)
    took = time.perf_counter() - begun
    unit = 1 if sys.platform == "darwin" else 1024
    report = {
        "seconds": took,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * unit,
        "code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(report))


main()
