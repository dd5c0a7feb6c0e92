"""Operations run by their stage, and within a stage in the order in which they were added."""

from __future__ import annotations

from asyncmig.diff.stages import Stage, StagedOperations
from asyncmig.operations.directives.execute import ExecuteSQLOp


def test_stages_before_additions():
    operations = StagedOperations()
    last, first, second = (ExecuteSQLOp(text) for text in ("last", "first", "second"))
    operations.add(Stage.DROP_SCHEMAS, last)
    operations.add(Stage.CREATE_TABLES, first, second)
    assert list(operations) == [last, first, second]
    assert operations.in_order() == [first, second, last]


def test_one_stage_keeps_the_order_of_additions():
    operations = StagedOperations()
    added = [ExecuteSQLOp(str(number)) for number in range(20)]
    for operation in added:
        operations.extend(Stage.FINISH, [operation])
    assert operations.in_order() == added


def test_only_some_stages():
    operations = StagedOperations()
    drop, create = ExecuteSQLOp("drop"), ExecuteSQLOp("create")
    operations.add(Stage.CREATE_ENTITIES, create)
    operations.add(Stage.DROP_ENTITIES, drop)
    assert operations.in_order([Stage.DROP_ENTITIES]) == [drop]
    assert operations.in_order([]) == []


def test_what_is_created_is_there_before_what_depends_on_it():
    pairs = [
        (Stage.CREATE_SCHEMAS, Stage.CREATE_EXTENSIONS),
        (Stage.DROP_FOREIGN_KEYS, Stage.DROP_TABLES),
        (Stage.DROP_FOREIGN_KEYS, Stage.DROP_CONSTRAINTS),
        (Stage.CREATE_TYPES, Stage.CREATE_TABLES),
        (Stage.CREATE_TABLES, Stage.ADD_FOREIGN_KEYS),
        (Stage.CREATE_INDEXES, Stage.ADD_FOREIGN_KEYS),
        (Stage.CREATE_INDEXES_CONCURRENTLY, Stage.ADD_FOREIGN_KEYS_TO_CONCURRENT_INDEXES),
        (Stage.DROP_ENTITIES, Stage.DROP_TABLES),
        (Stage.CHANGE_COLUMNS, Stage.CREATE_ENTITIES),
        (Stage.CREATE_INDEXES_CONCURRENTLY, Stage.CREATE_ENTITIES_AFTER_INDEXES),
        (Stage.DROP_COLUMNS, Stage.DROP_TYPES),
        (Stage.DROP_TYPES, Stage.DROP_SCHEMAS),
    ]
    assert [pair for pair in pairs if pair[0] > pair[1]] == []
