"""Renames, applied to a server: what the models say afterwards, and what there was before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from asyncmig import Migrator
from asyncmig.diff.schema_items.printed_sql import printed
from asyncmig.errors import TargetError
from fix_database import catalog_dump

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.results import RenameCandidate
    from fix_project import Project

# keywords that older servers do not have, and do not quote
NEWER = frozenset({"json", "json_exists", "json_query", "json_scalar"})


def migrator(project: Project, url: str, metadata: sa.MetaData) -> Migrator:
    return Migrator(settings=project.settings(url=url), target_metadata=metadata)


async def there_and_back(
    project: Project,
    url: str,
    before: sa.MetaData,
    after: sa.MetaData,
    renames: dict[str, str],
) -> str:
    """The script; upgraded by it nothing is left to do, and its downgrade restores everything."""
    first = migrator(project, url, before)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    origin = catalog_dump(url, version_table=False)
    second = migrator(project, url, after)
    created = await second.revision("second", autogenerate=True, rev_id="b2", renames=renames)
    text = project.versions.joinpath("b2_second.py").read_text()
    assert len(created.renames) == len(renames)
    await second.upgrade()
    assert (await second.check()).differences == ()
    await second.downgrade("a1")
    assert catalog_dump(url, version_table=False) == origin
    return text


def shop(table: str = "users", phone: str = "fone", *, more: bool = False) -> sa.MetaData:
    """Everything in it that a rename of the table or of the column could touch."""
    metadata = sa.MetaData()
    sa.Table(
        table,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("boss_id", sa.ForeignKey(f"{table}.id", ondelete="SET NULL")),
        sa.Column(phone, sa.String(30), sa.CheckConstraint(f"\"{phone}\" <> 'fone'")),
        sa.Column("digits", sa.Text, sa.Computed(f"\"{phone}\" || 'x'")),
        *([sa.Column("note", sa.Text)] if more else []),
        sa.UniqueConstraint(phone),
        sa.UniqueConstraint(phone, "id", name="by_hand"),
        sa.Index(
            "ix_lower", sa.text(f'lower("{phone}")'), postgresql_where=sa.text(f"\"{phone}\" > 'a'")
        ),
        sa.Index(f"ix_{table}_id", "id", postgresql_include=[phone]),
        sa.Index("ix_ops", phone, postgresql_ops={phone: "text_pattern_ops"}),
    )
    sa.Table(
        "purchase",
        metadata,
        sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("buyer", sa.ForeignKey(f"{table}.id")),
        sa.Column("called", sa.String(30)),
        sa.ForeignKeyConstraint(["called"], [f"{table}.{phone}"]),
    )
    return metadata


async def test_a_table_with_everything(project, database_url):
    text = await there_and_back(
        project, database_url, shop(), shop("accounts"), {"users": "accounts"}
    )
    body = text[text.index("def upgrade") : text.index("def downgrade")]
    assert "drop_" not in body
    assert "create_" not in body
    assert 'op.rename_table("users", "accounts")' in body
    for name in ("pkey", "fone_key", "boss_id_fkey", "fone_check"):
        assert f"RENAME CONSTRAINT users_{name} TO accounts_{name}" in re.sub(r'"\s+"', "", body)
    assert "ALTER SEQUENCE users_id_seq RENAME TO accounts_id_seq" in body
    assert "RENAME TO ix_accounts_id" in body
    assert "by_hand" not in body


@pytest.mark.cells(1)
@pytest.mark.parametrize("new", ["phone", "Phone No", "user", "position"])
async def test_a_column_with_everything(project, database_url, new):
    text = await there_and_back(
        project, database_url, shop(), shop(phone=new), {"users.fone": f'users."{new}"'}
    )
    body = text[text.index("def upgrade") : text.index("def downgrade")]
    assert "drop_" not in body
    assert "create_" not in body
    assert f"users_{new}_key" in body
    assert f'op.alter_column("users", "fone", new_column_name="{new}")' in body


async def test_table_and_column_at_once_with_other_changes(project, database_url):
    text = await there_and_back(
        project,
        database_url,
        shop(),
        shop("accounts", "phone", more=True),
        {"users": "accounts", "users.fone": "accounts.phone"},
    )
    body = text[text.index("def upgrade") : text.index("def downgrade")]
    assert "drop_" not in body
    assert "users_fone_key TO accounts_phone_key" in body
    assert 'op.add_column("accounts", sa.Column("note", sa.Text()))' in body


async def test_identity_and_long_names_follow(project, database_url):
    def models(table: str, column: str) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table(
            table,
            metadata,
            sa.Column(column, sa.Integer, sa.Identity(), primary_key=True),
            sa.Column("x" * 40, sa.Text, unique=True),
        )
        return metadata

    old, new = "t" * 50, "ü" * 28
    text = await there_and_back(
        project,
        database_url,
        models(old, "number"),
        models(new, "id"),
        {old: new, f"{old}.number": "id"},
    )
    body = text[text.index("def upgrade") : text.index("def downgrade")]
    assert "drop_" not in body
    assert body.count("RENAME CONSTRAINT") == 2
    assert "ALTER SEQUENCE" in body


async def test_an_identity_that_goes_comes_back_with_its_name(project, database_url):
    def models(table: str, *more: Any) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table(table, metadata, sa.Column("n", sa.Integer, *more), sa.Column("title", sa.Text))
        return metadata

    before, after = models("book", sa.Identity()), models("volume")
    after.tables["volume"].c.n.nullable = False
    text = await there_and_back(project, database_url, before, after, {"book": "volume"})
    assert "ALTER SEQUENCE volume_n_seq RENAME TO book_n_seq" in text


async def test_a_column_that_a_key_carries_along(project, database_url):
    def models(column: str) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table(
            "t",
            metadata,
            sa.Column("a", sa.Integer),
            sa.Column(column, sa.Integer),
            sa.UniqueConstraint("a", postgresql_include=[column]),
        )
        return metadata

    text = await there_and_back(
        project,
        database_url,
        models("INCLUDE (b)"),
        models('c "d)'),
        {'t."INCLUDE (b)"': '"c ""d)"'},
    )
    body = text[text.index("def upgrade") : text.index("def downgrade")]
    assert body.count("RENAME CONSTRAINT") == 1
    assert "drop_" not in body


def moods(type_: str, label: str, *more: str) -> sa.MetaData:
    metadata = sa.MetaData()
    mood = sa.Enum("sad", label, "happy", *more, name=type_)
    literal = label.replace("'", "''")
    sa.Table(
        "person",
        metadata,
        sa.Column("mood", mood, server_default=label),
        sa.Column("moods", postgresql.ARRAY(mood)),
        sa.Column("other", sa.Text, server_default=label),
        sa.CheckConstraint(f"mood <> '{literal}'::{type_}", name="mood_check"),
        sa.Index("moody", "mood", postgresql_where=sa.text(f"mood <> '{literal}'::{type_}")),
    )
    return metadata


async def test_enum_types_and_labels(project, database_url):
    before, after = moods("mood", "ok"), moods("feeling", "it's fine", "elated")
    after.tables["person"].c.other.server_default = before.tables["person"].c.other.server_default
    text = await there_and_back(
        project, database_url, before, after, {"mood": "feeling", "mood.ok": "it's fine"}
    )
    body = text[text.index("def upgrade") : text.index("def downgrade")]
    assert [line.strip().partition("(")[0] for line in body.splitlines()[1:] if line.strip()] == [
        "op.rename_enum",
        "op.rename_enum_value",
        "op.add_enum_value",
    ]


async def test_sequences_of_their_own(project, database_url):
    def models(name: str) -> sa.MetaData:
        metadata = sa.MetaData()
        number = sa.Sequence(name, metadata=metadata, start=7)
        sa.Table(
            "t", metadata, sa.Column("n", sa.Integer, number, server_default=number.next_value())
        )
        return metadata

    text = await there_and_back(
        project, database_url, models("old.name"), models("new"), {'"old.name"': "new"}
    )
    assert """'ALTER SEQUENCE "old.name" RENAME TO "new"'""" in text
    assert "create_sequence" not in text


async def test_a_schema_of_its_own(project, database_url):
    def models(table: str) -> sa.MetaData:
        metadata = sa.MetaData(schema="shop")
        sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True))
        return metadata

    text = await there_and_back(
        project, database_url, models("users"), models("accounts"), {"shop.users": "accounts"}
    )
    assert 'op.rename_table("users", "accounts", schema="shop")' in text


async def test_what_looks_alike_is_told_and_not_guessed(project, database_url):
    first = migrator(project, database_url, shop())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    second = migrator(project, database_url, shop(phone="phone"))
    created = await second.revision("second", autogenerate=True, rev_id="b2")
    assert [(item.kind, item.old, item.new) for item in created.candidates] == [
        ("column", "users.fone", "users.phone")
    ]
    assert created.renames == ()
    text = project.versions.joinpath("b2_second.py").read_text()
    assert 'op.drop_column("users", "fone")' in text


async def asked(
    project: Project, url: str, models: sa.MetaData, answer: Callable[[RenameCandidate], bool]
) -> tuple[list[tuple[str, str]], Any]:
    """What was asked, and what came of it; no file is written twice."""
    questions: list[tuple[str, str]] = []

    async def ask(candidate: RenameCandidate) -> bool:
        questions.append((candidate.old, candidate.new))
        return answer(candidate)

    created = await migrator(project, url, models).revision(
        "second", autogenerate=True, rev_id="b2", confirm_rename=ask
    )
    return questions, created


async def test_columns_of_a_renamed_table_are_asked_about_after_it(project, database_url):
    first = migrator(project, database_url, shop())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    after = shop("accounts", "phone")
    questions, created = await asked(project, database_url, after, lambda _: True)
    assert questions == [("users", "accounts"), ("accounts.fone", "accounts.phone")]
    assert [item.new for item in created.renames] == ["accounts", "accounts.phone"]
    assert "drop_" not in project.versions.joinpath("b2_second.py").read_text()


async def test_no_is_asked_once(project, database_url):
    first = migrator(project, database_url, shop())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    questions, created = await asked(project, database_url, shop("accounts"), lambda _: False)
    assert questions == [("users", "accounts")]
    assert (created.renames, created.candidates) == ((), ())


@pytest.mark.cells(2)
@pytest.mark.parametrize(
    ("pair", "message", "hint"),
    [
        (("user", "accounts"), "the database has no user", "did you mean users?"),
        (
            ("fone", "phone"),
            "the database has no table, type, sequence or index fone",
            "fone is a column of users: write users.fone=users.phone",
        ),
        (("users.fome", "phone"), "the database has no users.fome", "did you mean users.fone?"),
        (("users", "acounts"), "the models have no table 'acounts'", "did you mean accounts?"),
        (("users", "purchase"), "has a table of that name", "first"),
        (("users", "other.accounts"), "a rename cannot change the schema", "SET SCHEMA"),
        (("a.b.c.d", "e"), "is not a name that can be renamed", "schema.table.column"),
        (("users.", "e"), "is not a name that can be renamed", "schema.table.column"),
    ],
)
async def test_a_name_that_is_nowhere(project, database_url, pair, message, hint):
    first = migrator(project, database_url, shop())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    second = migrator(project, database_url, shop("accounts"))
    with pytest.raises(TargetError, match=message) as info:
        await second.revision("x", autogenerate=True, renames=dict([pair]))
    assert hint in str(info.value.hint)
    assert len(list(project.versions.glob("*.py"))) == 1


async def test_identifiers_are_quoted_as_the_server_quotes_them(pg):
    words = await pg.fetch("SELECT word, quote_ident(word) AS quoted FROM pg_get_keywords()")
    wrong = [row["word"] for row in words if printed(row["word"]) != row["quoted"]]
    # an older server quotes fewer; then a rename to such a word builds what names it again
    assert set(wrong) <= NEWER, wrong
