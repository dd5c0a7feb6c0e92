"""Each hazard with its SQL, the rules that are about it, and in which settings it is one.

The SQL is the bad example of a rule; tests/integration/lint/test_examples.py shows on a server that it does
what is claimed. A lock that is held for as long as a scan takes is no hazard on a small table, and
nothing that happens to a table which the same plan creates is one.
"""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.lint.rule import all_rules

__all__ = ["HAZARDS", "NOT_SQL", "Hazard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One hazard.

    Attributes:
        number: in the list of hazards.
        name: for the page.
        rule: ours; its bad example is the SQL, unless ``sql`` is given.
        squawk: the rules of squawk that are about it.
        sql: statements, each a transaction.
        setup: what is there before, beside the tables of all examples.
        big, small, new: whether it is a hazard on an existing big table, an existing small one, and a
            table that is new in the plan.
    """

    number: str
    name: str
    rule: str
    squawk: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    setup: str = ""
    big: bool = True
    small: bool | None = None
    new: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The statements."""
        examples = all_rules()[self.rule].examples
        return self.sql or (examples.bad if examples else ())

    @property
    def before(self) -> str:
        """What is there before."""
        examples = all_rules()[self.rule].examples
        return self.setup or (examples.setup if examples and not self.sql else "")

    @property
    def rows(self) -> str:
        """Rows for it."""
        examples = all_rules()[self.rule].examples
        return examples.rows if examples and not self.sql else ""

    def is_one(self, setting: str) -> bool:
        """Whether it is a hazard in a setting."""
        if setting == "small":
            by_time = all_rules()[self.rule].by_size
            return self.big and not by_time if self.small is None else self.small
        return self.big if setting == "big" else self.new


HAZARDS = (
    Hazard(number="1", name="CREATE INDEX", rule="create-index-blocking",
           squawk=("require-concurrent-index-creation",)),
    Hazard(number="2", name="DROP INDEX", rule="drop-index-blocking",
           squawk=("require-concurrent-index-deletion",)),
    Hazard(number="3", name="REINDEX", rule="reindex-blocking", squawk=("require-concurrent-reindex",)),
    Hazard(number="4", name="CONCURRENTLY in a transaction", rule="concurrently-in-transaction",
           squawk=("ban-concurrent-index-creation-in-transaction",), new=True),
    Hazard(number="5", name="ADD COLUMN, volatile default", rule="add-column-volatile-default",
           squawk=("adding-field-with-default",)),
    Hazard(number="5", name="ADD COLUMN, DEFAULT now()", rule="add-column-volatile-default", big=False,
           sql=("ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT now()",),
           squawk=("adding-field-with-default",)),
    Hazard(number="6", name="ADD COLUMN bigserial", rule="add-column-rewrite",
           squawk=("adding-serial-primary-key-field", "adding-field-with-default")),
    Hazard(number="6", name="ADD COLUMN, stored generated", rule="add-column-rewrite",
           sql=("ALTER TABLE orders ADD COLUMN double integer GENERATED ALWAYS AS (code * 2) STORED",),
           squawk=("adding-serial-primary-key-field", "adding-field-with-default")),
    Hazard(number="7", name="ADD COLUMN NOT NULL, no default", rule="add-column-not-null",
           squawk=("adding-required-field", "adding-not-nullable-field")),
    Hazard(number="8", name="ADD COLUMN with CHECK", rule="add-column-inline-constraint",
           squawk=("constraint-missing-not-valid",)),
    Hazard(number="8", name="ADD COLUMN with UNIQUE", rule="add-column-inline-constraint",
           sql=("ALTER TABLE orders ADD COLUMN slug text UNIQUE",),
           squawk=("disallowed-unique-constraint",)),
    Hazard(number="9", name="ADD COLUMN with REFERENCES", rule="add-column-references",
           squawk=("adding-foreign-key-constraint",)),
    Hazard(number="10", name="ALTER TYPE that rewrites", rule="alter-type-rewrite",
           squawk=("changing-column-type",)),
    Hazard(number="11", name="ALTER TYPE that is free", rule="alter-type-rewrite", big=False,
           sql=("ALTER TABLE orders ALTER COLUMN note TYPE varchar(100)",),
           squawk=("changing-column-type",)),
    Hazard(number="11b", name="ALTER TYPE, collation", rule="alter-type-collation",
           squawk=("changing-column-type",)),
    Hazard(number="12", name="SET NOT NULL", rule="set-not-null", squawk=("adding-not-nullable-field",)),
    Hazard(number="12", name="SET NOT NULL, proved by a CHECK", rule="set-not-null", big=False,
           setup="ALTER TABLE orders ADD CONSTRAINT p CHECK (status IS NOT NULL);",
           sql=("ALTER TABLE orders ALTER COLUMN status SET NOT NULL",),
           squawk=("adding-not-nullable-field",)),
    Hazard(number="13", name="ADD CHECK", rule="add-check", squawk=("constraint-missing-not-valid",)),
    Hazard(number="14", name="ADD FOREIGN KEY", rule="add-foreign-key",
           squawk=("adding-foreign-key-constraint", "constraint-missing-not-valid")),
    Hazard(number="15", name="NOT VALID and VALIDATE together", rule="validate-in-transaction",
           squawk=("constraint-missing-not-valid",)),
    Hazard(number="16", name="foreign keys to several tables", rule="several-foreign-keys",
           squawk=("adding-foreign-key-constraint",)),
    Hazard(number="17", name="ADD UNIQUE", rule="add-key", squawk=("disallowed-unique-constraint",)),
    Hazard(number="18", name="PRIMARY KEY of nullable columns", rule="primary-key-nullable",
           squawk=("adding-not-nullable-field", "adding-serial-primary-key-field")),
    Hazard(number="19", name="ADD EXCLUDE", rule="add-exclude",
           squawk=("constraint-missing-not-valid", "disallowed-unique-constraint")),
    Hazard(number="20", name="DROP a foreign key with others", rule="drop-foreign-key"),
    Hazard(number="21", name="DROP TABLE", rule="drop-table", squawk=("ban-drop-table",)),
    Hazard(number="22", name="DROP COLUMN", rule="drop-column", squawk=("ban-drop-column",)),
    Hazard(number="22", name="RENAME COLUMN", rule="rename", squawk=("renaming-column",)),
    Hazard(number="23", name="TRUNCATE", rule="truncate", squawk=("ban-truncate-cascade",)),
    Hazard(number="24", name="RENAME VALUE of an enum", rule="enum-rename"),
    Hazard(number="24", name="ADD VALUE without a position", rule="enum-position",
           squawk=("require-enum-value-ordering",)),
    Hazard(number="25", name="ALTER DOMAIN ADD CHECK", rule="domain-constraint",
           squawk=("ban-alter-domain-with-add-constraint",)),
    Hazard(number="26", name="CREATE TRIGGER", rule="trigger"),
    Hazard(number="27", name="ATTACH PARTITION without CHECK", rule="attach-partition"),
    Hazard(number="28", name="DETACH PARTITION", rule="detach-partition",
           squawk=("require-concurrent-partition-detach",)),
    Hazard(number="28", name="CREATE ... PARTITION OF", rule="create-partition"),
    Hazard(number="29", name="REFRESH MATERIALIZED VIEW", rule="refresh-materialized-view"),
    Hazard(number="30", name="VACUUM FULL", rule="table-rewrite", squawk=("prefer-repack",)),
    Hazard(number="31", name="lock_timeout of 0", rule="lock-timeout",
           squawk=("require-lock-timeout", "require-timeout-settings")),
    Hazard(number="32", name="UPDATE behind a strong lock", rule="long-lock"),
    Hazard(number="33", name="UPDATE of all rows", rule="change-all-rows"),
    Hazard(number="34", name="foreign key without index", rule="foreign-key-index"),
    Hazard(number="35", name="json column", rule="json-column"),
    Hazard(number="37", name="name of more than 63 bytes", rule="long-identifier", new=True,
           squawk=("identifier-too-long",)),
    Hazard(number="38", name="COMMIT in a script", rule="transaction-control", new=True,
           squawk=("transaction-nesting", "ban-uncommitted-transaction")),
    Hazard(number="39", name="index dropped before its successor", rule="replace-index"),
    Hazard(number="41", name="constraint left NOT VALID", rule="unvalidated-constraint"),
    Hazard(number="42", name="view on a changed column", rule="view-dependency", new=True),
    Hazard(number="45", name="dynamic SQL", rule="not-analysed", new=True),
)  # fmt: skip

NOT_SQL = {
    "36": "style: opt-in rules (`style-...`) for short keys, serial, char and varchar, timestamp, tables"
    " without a key",
    "40": "hand-kept lists of large tables: not needed, sizes are asked of the database",
    "43": "`history-order`, about the files of a branch (`--git-diff`)",
    "44": "`unfinished-backfill`, about rows of the database",
}
"""Hazards that no statement shows by itself, and what is about them."""
