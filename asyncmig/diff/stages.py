"""The order in which the operations of a comparison run: each operation is recorded with its stage."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Stage", "StagedOperations"]


class Stage(IntEnum):
    """The stages of a script, in the order in which they run.

    Objects that depend on others are dropped before them and created after them. Labels of enum types come
    before everything that is dropped, because they must be committed before a statement can use them.
    """

    CREATE_SCHEMAS = auto()
    CREATE_EXTENSIONS = auto()
    ADD_ENUM_LABELS = auto()
    DROP_FOREIGN_KEYS = auto()
    DROP_INDEXES_CONCURRENTLY = auto()
    """Before anything else is dropped, so that nothing is missing while they are being dropped."""
    DROP_DOMAIN_CHECKS = auto()
    """Of domains that call a function that is dropped."""
    DROP_ENTITIES = auto()
    DETACH_FROM_PARENTS = auto()
    CREATE_TYPES = auto()
    CHANGE_SEQUENCES = auto()
    DROP_TABLES = auto()
    DROP_INDEXES = auto()
    DROP_CONSTRAINTS = auto()
    RENAME = auto()
    DROP_GENERATED_COLUMNS = auto()
    CHANGE_TYPES = auto()
    CREATE_ENTITIES_FOR_TABLES = auto()
    """Functions and types that defaults, checks, indexes and columns use."""
    ADD_DOMAIN_CHECKS = auto()
    """Of domains that call a function that is created."""
    CREATE_TABLES = auto()
    ADD_COLUMNS_TO_CHILDREN = auto()
    CHANGE_COLUMNS = auto()
    ADD_GENERATED_COLUMNS_TO_CHILDREN = auto()
    DROP_COLUMNS = auto()
    ADD_CONSTRAINTS = auto()
    CREATE_INDEXES = auto()
    SET_LOGGED = auto()
    ADD_FOREIGN_KEYS = auto()
    CREATE_ENTITIES = auto()
    DROP_ENTITIES_OF_TABLES = auto()
    """Functions and types that tables no longer use."""
    CREATE_INDEXES_CONCURRENTLY = auto()
    ADD_FOREIGN_KEYS_TO_CONCURRENT_INDEXES = auto()
    CREATE_ENTITIES_AFTER_INDEXES = auto()
    """Instead of ``CREATE_ENTITIES``, if an entity depends on a concurrently created index."""
    DROP_ENTITIES_OF_TABLES_AFTER_INDEXES = auto()
    FINISH = auto()
    """Comments, storage, ownership, and whatever needs the final tables."""
    DROP_SEQUENCES = auto()
    DROP_TYPES = auto()
    DROP_EXTENSIONS = auto()
    DROP_SCHEMAS = auto()


class StagedOperations:
    """Operations with their stages; those of one stage run in the order in which they were added."""

    def __init__(self) -> None:
        self._operations: list[tuple[Stage, MigrateOperation]] = []

    def __iter__(self) -> Iterator[MigrateOperation]:
        return (operation for _, operation in self._operations)

    def add(self, stage: Stage, *operations: MigrateOperation) -> None:
        """Add operations to a stage, after those that it has."""
        self.extend(stage, operations)

    def extend(self, stage: Stage, operations: Iterable[MigrateOperation]) -> None:
        """As ``add``, with operations from an iterable."""
        self._operations += ((stage, operation) for operation in operations)

    def in_order(self, stages: Iterable[Stage] = Stage) -> list[MigrateOperation]:
        """The operations of these stages, in the order in which they run."""
        chosen = frozenset(stages)
        ordered = sorted(self._operations, key=lambda item: item[0])
        return [operation for stage, operation in ordered if stage in chosen]
