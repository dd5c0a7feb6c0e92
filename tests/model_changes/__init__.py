"""Single changes of models as data: every attribute of every object, before and after."""

import pytest

pytest.register_assert_rewrite("model_changes.proving")

from model_changes import (  # noqa: E402 - what is imported first is not rewritten
    checks,
    columns,
    entities,
    indexes,
    keys,
    lesser_entities,
    named_types,
    renames,
    routines,
    schemas,
    sequences,
    storage,
    tables,
    types,
)
from model_changes.building import Change  # noqa: E402 - likewise

__all__ = ["CHANGES", "Change"]

CHANGES: dict[str, list[Change]] = {
    "Tables": tables.CHANGES,
    "Columns": columns.CHANGES,
    "Types of columns": types.CHANGES,
    "Primary keys, unique constraints and foreign keys": keys.CHANGES,
    "CHECK and exclusion constraints": checks.CHANGES,
    "Indexes": indexes.CHANGES,
    "Storage, and properties that models cannot express": storage.CHANGES,
    "Sequences": sequences.CHANGES,
    "Enums and domains": named_types.CHANGES,
    "Schemas": schemas.CHANGES,
    "Renames, confirmed": renames.CHANGES,
    "Functions, procedures and triggers beside models": routines.CHANGES,
    "Views, policies, types and rights beside models": entities.CHANGES,
    "Aggregates, rules and statistics beside models": lesser_entities.CHANGES,
}
"""By what they are about."""
