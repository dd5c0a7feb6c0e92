"""A year of changes in one revision: run as a revision is, and read as a reviewer would."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig import Migrator
from fix_database import catalog_dump

if TYPE_CHECKING:
    from fix_project import Project

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def before() -> sa.MetaData:
    metadata = sa.MetaData(naming_convention=NAMES)
    sa.Table(
        "account",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(120), nullable=False, unique=True),
        sa.Column("full_name", sa.String(80)),
        sa.Column(
            "state", sa.Enum("new", "active", "banned", name="account_state"), nullable=False
        ),
        sa.Column("legacy_id", sa.Text, index=True),
        sa.Column("created_at", sa.DateTime, server_default=sa.func.now()),
    )
    sa.Table(
        "product",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sku", sa.String(20)),
        sa.Column("price", sa.Numeric(8, 2), nullable=False),
        sa.Column("tags", sa.JSON),
        sa.CheckConstraint("price > 0", name="price"),
    )
    sa.Table(
        "basket",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.ForeignKey("account.id")),
        sa.Column("last_item_id", sa.Integer),
    )
    sa.Table(
        "basket_item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("basket_id", sa.ForeignKey("basket.id")),
        sa.Column("product_id", sa.ForeignKey("product.id")),
    )
    metadata.tables["basket"].append_constraint(
        sa.ForeignKeyConstraint(["last_item_id"], ["basket_item.id"], use_alter=True)
    )
    return metadata


def after() -> sa.MetaData:
    metadata = sa.MetaData(naming_convention=NAMES)
    account = sa.Table(
        "account",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("email", sa.Text, nullable=False, comment="as it was typed, never lower-cased"),
        sa.Column("full_name", sa.String(40), nullable=False),
        sa.Column(
            "state",
            sa.Enum("new", "active", "sleeping", "banned", name="account_state"),
            nullable=False,
            server_default="sleeping",
        ),
        sa.Column("settings", pgs.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("invited_by", sa.BigInteger, sa.ForeignKey("account.id", ondelete="SET NULL")),
        comment="people, not sessions",
    )
    sa.Index("ix_account_lower_email", sa.func.lower(account.c.email), unique=True)
    sa.Index("ix_account_settings", account.c.settings, postgresql_using="gin")
    product = sa.Table(
        "product",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("sku", sa.String(20), index=True, unique=True),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
        sa.Column("gross", sa.Numeric(12, 2), sa.Computed("price * 1.2", persisted=True)),
        sa.Column("tags", pgs.ARRAY(sa.Text)),
        sa.CheckConstraint("price >= 0", name="price"),
    )
    sa.Table(
        "purchase",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "account_id",
            sa.ForeignKey("account.id", ondelete="RESTRICT"),
            nullable=False,
            index=True,
        ),
        sa.Column("state", sa.Enum("open", "paid", name="purchase_state"), nullable=False),
        sa.Column("first_line_id", sa.BigInteger),
        sa.Column("during", pgs.TSTZRANGE),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.CheckConstraint("state <> 'paid' OR first_line_id IS NOT NULL", name="paid"),
        sa.ForeignKeyConstraint(
            ["first_line_id"], ["purchase_line.id"], use_alter=True, deferrable=True
        ),
        comment="what was ordered",
        postgresql_with={"fillfactor": 80},
    )
    sa.Table(
        "purchase_line",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("purchase_id", sa.ForeignKey("purchase.id", ondelete="CASCADE"), nullable=False),
        sa.Column("sku", sa.String(20), sa.ForeignKey(product.c.sku, onupdate="CASCADE")),
        sa.Column("quantity", sa.SmallInteger, nullable=False, server_default="1"),
        sa.UniqueConstraint("purchase_id", "sku", postgresql_nulls_not_distinct=True),
    )
    return metadata


@pytest.mark.slow
@pytest.mark.pg(">=15")  # NULLS NOT DISTINCT
async def test_an_order_that_runs_and_comes_back(project: Project, database_url, pg):
    def migrator(metadata: sa.MetaData, **settings: Any) -> Migrator:
        return Migrator(
            settings=project.settings(url=database_url, **settings), target_metadata=metadata
        )

    def lines() -> list[str]:
        # a column that was dropped comes back as the last one
        dump = catalog_dump(database_url, version_table=False)
        return sorted(line.strip().rstrip(",") for line in dump.splitlines())

    await migrator(before()).revision("before", autogenerate=True, rev_id="a1")
    await migrator(before()).upgrade()
    dump = lines()
    fresh = migrator(after())
    await fresh.revision("after", autogenerate=True, rev_id="b2")
    # all of it in the revision's own phases: a new label is committed before the default that uses it
    await fresh.upgrade()
    assert (await fresh.check()).ok
    await fresh.downgrade("a1")
    assert lines() == dump
    path = project.versions.joinpath("b2_after.py")
    text = path.read_text()
    concurrent = migrator(after(), concurrent_indexes=True)
    path.unlink()
    await concurrent.revision("after", autogenerate=True, rev_id="b2")
    await concurrent.upgrade()
    assert (await concurrent.check()).ok
    await concurrent.downgrade("a1")
    assert lines() == dump
    path.write_text(text)
    _is_tidy(path)


def _is_tidy(path: Any) -> None:
    """Nothing for ruff's default rules to say, nothing for its formatter to change."""
    for arguments in (["check", "--isolated"], ["format", "--isolated", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, path.name],
            cwd=path.parent,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
