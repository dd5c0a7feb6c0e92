"""Draws the terminal pictures of the README from real output: docs/pictures/*.svg.

It makes a project in a temporary folder with a private server, runs the commands in a pseudo-terminal, and
draws what they print. Usage: python scripts/terminal_pictures.py
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 96
BIN = Path(sys.executable).parent

REVISIONS = {
    "0001_users.py": '''"""users"""

import sqlalchemy as sa

from asyncmig import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
    )
    op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)


def downgrade(op: Operations) -> None:
    op.drop_table("users")
''',
    "0002_orders.sql": """-- orders
-- revision: 0002
-- down_revision: 0001

-- upgrade
CREATE TYPE order_status AS ENUM ('open');
CREATE TABLE orders (id bigint PRIMARY KEY, status order_status);
ALTER TYPE order_status ADD VALUE 'paid';

-- downgrade
DROP TABLE orders;
DROP TYPE order_status;
""",
}
SVG = """<svg class="terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">{matrix}</g>
</g>
</svg>
"""


def in_terminal(folder: Path, *arguments: str) -> str:
    """What a command prints to a terminal."""
    output = io.BytesIO()
    environment = os.environ | {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [BIN / "asyncmig", *arguments],
        cwd=folder,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    try:
        while part := os.read(leader, 65_536):
            output.write(part)
    except OSError:  # the child has closed the terminal
        pass
    os.close(leader)
    assert child.wait() == 0, output.getvalue().decode()
    return output.getvalue().decode().replace("\r\n", "\n").strip("\n")


def draw(name: str, command: str, output: str) -> None:
    """Write one picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
    console.print(Text.from_ansi(output))
    svg = console.export_svg(title="asyncmig", code_format=SVG, unique_id=f"asyncmig-{name}")
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"wrote docs/pictures/{name}.svg")


def main() -> None:
    """Draw all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        in_terminal(folder, "init", "migrations")
        for name, text in REVISIONS.items():
            (folder / "migrations/versions" / name).write_text(text)
        in_terminal(folder, "embedded", "start")
        try:
            draw("plan", "asyncmig plan", in_terminal(folder, "--embedded", "plan"))
            run = in_terminal(folder, "--embedded", "--no-progress", "upgrade")
            draw("upgrade", "asyncmig upgrade", re.sub(r"127\.0\.0\.1:\d+", "db.example.org", run))
        finally:
            in_terminal(folder, "embedded", "stop")


if __name__ == "__main__":
    main()
