"""Default names that follow the rename of their table or column."""

from __future__ import annotations

from asyncmig.catalog.model import ForeignKey
from asyncmig.diff.renames.apply import apply_rename, is_taken
from asyncmig.diff.renames.implied_renames import implied_renames
from asyncmig.diff.schema_items.rename import Rename, rename_operations, reversed_renames
from support.catalogs import (
    catalog,
    check,
    column,
    domain,
    enum,
    foreign_key,
    index,
    name,
    primary_key,
    sequence,
    sql,
    table,
    unique,
)

USERS = Rename(kind="table", schema="public", old="users", new="accounts")
FONE = Rename(kind="column", schema="public", parent="accounts", old="fone", new="phone")


def users(*parts):
    return table("users", column("id"), column("fone"), *parts)


def accounts(*parts):
    return table("accounts", column("id"), column("phone"), *parts)


def implied(before, after, *renames):
    current = catalog(before)
    for item in renames:
        current = apply_rename(current, item)
    found = implied_renames(current, catalog(after), renames)
    return [(item.kind, item.old, item.new) for item in found]


def test_default_names_follow():
    before = users(
        primary_key("id", constraint="users_pkey"),
        unique("users_fone_key", "fone"),
        check("users_fone_check", "(fone > 0)", "fone"),
    )
    after = accounts(
        primary_key("id", constraint="accounts_pkey", named=False),
        unique("accounts_phone_key", "phone", named=False),
        check("accounts_phone_check", "(phone > 0)", "phone", named=False),
    )
    assert implied(before, after, USERS, FONE) == [
        ("constraint", "users_pkey", "accounts_pkey"),
        ("constraint", "users_fone_key", "accounts_phone_key"),
        ("constraint", "users_fone_check", "accounts_phone_check"),
    ]


def test_chosen_names_stay():
    after = accounts(unique("accounts_phone_key", "phone", named=False))
    assert implied(users(unique("chosen", "fone")), after, USERS, FONE) == []
    named = accounts(unique("accounts_phone_key", "phone"))
    assert implied(users(unique("users_fone_key", "fone")), named, USERS, FONE) == []


def test_the_rename_of_another_table_is_not_one_of_this():
    other = Rename(kind="table", schema="public", old="shops", new="stores")
    before, after = (
        users(unique("users_fone_key", "fone")),
        accounts(unique("k", "phone", named=False)),
    )
    assert implied(before, after, other, USERS, FONE, other) == [
        ("constraint", "users_fone_key", "k")
    ]


def test_nothing_follows_without_a_rename():
    before = users(unique("users_fone_key", "fone"))
    after = table("users", column("id"), column("fone"), unique("other", "fone", named=False))
    assert implied(before, after) == []


def test_the_sequence_of_a_serial_column_follows():
    options = sequence("s").options
    before = column("id", serial=True, options=options, sequence=name("users_id_seq"))
    after = column("id", serial=True, options=options, sequence=name("accounts_id_seq"))
    assert implied(table("users", before), table("accounts", after), USERS) == [
        ("sequence", "users_id_seq", "accounts_id_seq")
    ]
    assert implied(table("users", before), table("accounts", before), USERS) == []
    chosen = column("id", serial=True, options=options, sequence=name("numbers"))
    assert implied(table("users", chosen), table("accounts", after), USERS) == []


def test_the_operations_of_each_kind():
    renames = [
        USERS,
        FONE,
        Rename(kind="column", schema="public", parent="c", old="a", new="b", inherited=True),
        Rename(kind="enum", schema="shop", old="mood", new="state"),
        Rename(kind="enum_value", schema="shop", parent="state", old="ok", new="it's"),
        Rename(kind="constraint", schema="public", parent="accounts", old="a", new="b"),
        Rename(kind="index", schema="shop", old="a", new="b"),
        Rename(kind="sequence", schema="public", old="a", new="b"),
    ]
    assert sql(rename_operations(renames, catalog())) == [
        "ALTER TABLE users RENAME TO accounts",
        "ALTER TABLE accounts RENAME fone TO phone",
        "ALTER TYPE shop.mood RENAME TO state",
        "ALTER TYPE shop.state RENAME VALUE 'ok' TO 'it''s'",
        "ALTER TABLE accounts RENAME CONSTRAINT a TO b",
        "ALTER INDEX shop.a RENAME TO b",
        "ALTER SEQUENCE a RENAME TO b",
    ]
    assert reversed_renames([USERS]) == [
        Rename(kind="table", schema="public", old="accounts", new="users")
    ]


def test_foreign_keys_of_other_tables_follow():
    before = catalog(
        table("users", column("id"), column("fone"), foreign_key("self", "fone", "users")),
        table("post", column("user_id"), foreign_key("fk", "user_id", "users")),
        table("note", column("id"), check("positive", "(id > 0)", "id")),
    )
    identity = Rename(kind="column", schema="public", parent="users", old="id", new="key")
    after = apply_rename(apply_rename(before, identity), USERS)
    keys = [
        item
        for each in after.tables.values()
        for item in each.constraints.values()
        if item.reference
    ]
    assert [item.definition for item in keys] == [
        "FOREIGN KEY (fone) REFERENCES public.accounts(key)",
        "FOREIGN KEY (user_id) REFERENCES public.accounts(key)",
    ]
    assert {item.reference for item in keys} == {
        ForeignKey(table=name("accounts"), columns=("key",))
    }
    note = after.tables[name("note")]
    assert note == before.tables[name("note")]
    own = Rename(kind="column", schema="public", parent="post", old="user_id", new="owner")
    (post,) = apply_rename(before, own).tables[name("post")].constraints.values()
    assert post.definition == "FOREIGN KEY (owner) REFERENCES public.users(id)"
    assert (post.columns, post.reference.columns) == (("owner",), ("id",))


def test_a_type_is_renamed_in_columns_and_domains():
    mood = Rename(kind="enum", schema="public", old="mood", new="state")
    before = catalog(
        table("users", column("mood", "public.mood", kind="e"), column("n")),
        enum("mood", "ok"),
        domain("moods", "public.mood[]", checks=(("c", "(VALUE <> '{ok}'::public.mood[])"),)),
    )
    after = apply_rename(before, mood)
    columns = after.tables[name("users")].columns
    assert (columns["mood"].type.name, columns["mood"].type.text) == (name("state"), "public.state")
    assert columns["n"] == column("n")
    changed = after.domains[name("moods")]
    assert changed.type == "public.state[]"
    assert changed.checks == (("c", "(VALUE <> '{ok}'::public.state[])"),)


def test_the_column_of_a_renamed_sequence():
    numbers = Rename(kind="sequence", schema="public", old="s", new="t")
    serial = column("id", serial=True, options=sequence("s").options, sequence=name("s"))
    after = apply_rename(catalog(table("users", serial, column("n"))), numbers)
    columns = after.tables[name("users")].columns
    assert [item.sequence for item in columns.values()] == [name("t"), None]


def test_a_rename_of_everything_and_back():
    before = catalog(
        table(
            "users",
            column("fone", default="'a'::public.mood"),
            check("c", "(fone > 0)", "fone"),
            index("ix", "users", "fone"),
        ),
        enum("mood", "a", "b"),
        sequence("s", owned_by=(name("users"), "fone")),
    )
    renames = [
        USERS,
        FONE,
        Rename(kind="enum", schema="public", old="mood", new="state"),
        Rename(kind="enum_value", schema="public", parent="state", old="a", new="z"),
        Rename(kind="constraint", schema="public", parent="accounts", old="c", new="d"),
        Rename(kind="index", schema="public", old="ix", new="iy"),
        Rename(kind="sequence", schema="public", old="s", new="t"),
    ]
    after = before
    for item in renames:
        assert not is_taken(after, item)
        after = apply_rename(after, item)
        assert is_taken(after, item)
    renamed = after.tables[name("accounts")]
    assert renamed.columns["phone"].default == "'z'::public.state"
    assert renamed.constraints["d"].definition == "CHECK ((phone > 0))"
    assert renamed.indexes["iy"].definition.startswith("CREATE INDEX iy ON public.accounts")
    assert after.sequences[name("t")].owned_by == (name("accounts"), "phone")
    for item in reversed_renames(renames):
        after = apply_rename(after, item)
    assert after == before
