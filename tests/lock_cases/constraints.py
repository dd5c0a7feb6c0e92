"""Constraints."""

from __future__ import annotations

from lock_cases.case import PARTITIONED, case

_ADD = "ALTER TABLE t ADD CONSTRAINT x"
_CHECK = "ALTER TABLE t ADD CONSTRAINT x CHECK (a > 0)"
_KEY = "ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (r_id) REFERENCES r (id)"
_UNIQUE_INDEX = "CREATE UNIQUE INDEX x_index ON t (a);"
_NOT_NULL_INDEX = """
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t ALTER id DROP NOT NULL;
CREATE UNIQUE INDEX x_index ON t (id);
"""

CONSTRAINTS = (
    case("add_check", _CHECK),
    case("add_check: not valid", f"{_CHECK} NOT VALID"),
    case("add_check: not enforced", f"{_CHECK} NOT ENFORCED", since=18),
    case("add_foreign_key", _KEY),
    case("add_foreign_key: not valid", f"{_KEY} NOT VALID"),
    case("add_foreign_key: not enforced", f"{_KEY} NOT ENFORCED", since=18),
    case(
        "add_foreign_key: partitioned table",
        "ALTER TABLE p ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES r (id)",
        PARTITIONED + "DELETE FROM p WHERE a > 20;",
    ),
    case(
        "add_foreign_key: partitioned table, not valid",
        "ALTER TABLE p ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES r (id) NOT VALID",
        PARTITIONED + "DELETE FROM p WHERE a > 20;",
    ),
    case("add_unique", f"{_ADD} UNIQUE (a)"),
    case("add_unique: using index", f"{_ADD} UNIQUE USING INDEX x_index", _UNIQUE_INDEX),
    case(
        "add_primary_key",
        "ALTER TABLE t ADD CONSTRAINT x PRIMARY KEY (id)",
        "ALTER TABLE t DROP CONSTRAINT t_pkey;",
    ),
    case(
        "add_primary_key: using index",
        "ALTER TABLE t ADD CONSTRAINT x PRIMARY KEY USING INDEX x_index",
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER id SET NOT NULL; "
        "CREATE UNIQUE INDEX x_index ON t (id);",
    ),
    case(
        "add_primary_key: using index, nullable column",
        "ALTER TABLE t ADD CONSTRAINT x PRIMARY KEY USING INDEX x_index",
        _NOT_NULL_INDEX,
    ),
    case("add_exclude", f"{_ADD} EXCLUDE USING btree (a WITH =)"),
    case("add_not_null", "ALTER TABLE t ADD CONSTRAINT x NOT NULL a", since=18),
    case(
        "add_not_null: not valid", "ALTER TABLE t ADD CONSTRAINT x NOT NULL a NOT VALID", since=18
    ),
    case(
        "validate_constraint: check", "ALTER TABLE t VALIDATE CONSTRAINT x", f"{_CHECK} NOT VALID;"
    ),
    case(
        "validate_constraint: foreign key",
        "ALTER TABLE t VALIDATE CONSTRAINT x",
        f"{_KEY} NOT VALID;",
    ),
    case(
        "validate_constraint: not null",
        "ALTER TABLE t VALIDATE CONSTRAINT x",
        "ALTER TABLE t ADD CONSTRAINT x NOT NULL a NOT VALID;",
        since=18,
    ),
    case(
        "alter_constraint",
        "ALTER TABLE t ALTER CONSTRAINT x DEFERRABLE",
        f"{_KEY};",
    ),
    case("drop_constraint: check", "ALTER TABLE t DROP CONSTRAINT x", f"{_CHECK};"),
    case("drop_constraint: foreign key", "ALTER TABLE t DROP CONSTRAINT x", f"{_KEY};"),
    case("drop_constraint: unique", "ALTER TABLE t DROP CONSTRAINT x", f"{_ADD} UNIQUE (a);"),
    case("rename_constraint", "ALTER TABLE t RENAME CONSTRAINT x TO y", f"{_CHECK};"),
)
