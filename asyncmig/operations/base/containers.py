"""Containers of operations, which autogenerate makes and ``process_revision_directives`` changes."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from os import PathLike

__all__ = [
    "DowngradeOps",
    "MigrationScript",
    "ModifyTableOps",
    "OpContainer",
    "UpgradeOps",
    "flatten",
]


class OpContainer(MigrateOperation):
    """A list of operations, in order."""

    directive = "operations"

    def __init__(self, ops: Sequence[MigrateOperation] = ()) -> None:
        self.ops = list(ops)

    def is_empty(self) -> bool:
        """True without operations."""
        return not self.ops

    def as_diffs(self) -> list[Any]:
        """The operations as tuples of ``compare_metadata``."""
        return [operation.to_diff_tuple() for operation in flatten(self.ops)]

    def _reversed_ops(self) -> list[MigrateOperation]:
        return [operation.reverse() for operation in reversed(self.ops)]


def flatten(operations: Iterable[MigrateOperation]) -> Iterator[MigrateOperation]:
    """The operations in order, those of containers included, without the containers."""
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from flatten(operation.ops)
        else:
            yield operation


class ModifyTableOps(OpContainer):
    """The changes of one table."""

    def __init__(
        self, table_name: str, ops: Sequence[MigrateOperation], *, schema: str | None = None
    ) -> None:
        super().__init__(ops)
        self.table_name = table_name
        self.schema = schema

    def reverse(self) -> ModifyTableOps:
        """The reversed changes, the last one first."""
        return ModifyTableOps(self.table_name, self._reversed_ops(), schema=self.schema)


class UpgradeOps(OpContainer):
    """The operations of ``upgrade()``."""

    def __init__(
        self,
        ops: Sequence[MigrateOperation] = (),
        upgrade_token: str = "upgrades",  # noqa: S107 - a name in the template
    ) -> None:
        super().__init__(ops)
        self.upgrade_token = upgrade_token

    def reverse_into(self, downgrade_ops: DowngradeOps) -> DowngradeOps:
        """Replace its operations by the reversed ones, the last one first."""
        downgrade_ops.ops[:] = self._reversed_ops()
        return downgrade_ops

    def reverse(self) -> DowngradeOps:
        """The reversed operations, the last one first."""
        return self.reverse_into(DowngradeOps())


class DowngradeOps(OpContainer):
    """The operations of ``downgrade()``."""

    def __init__(
        self,
        ops: Sequence[MigrateOperation] = (),
        downgrade_token: str = "downgrades",  # noqa: S107 - a name in the template
    ) -> None:
        super().__init__(ops)
        self.downgrade_token = downgrade_token

    def reverse(self) -> UpgradeOps:
        """The reversed operations, the last one first."""
        return UpgradeOps(self._reversed_ops())


class MigrationScript(MigrateOperation):
    """A revision file that is about to be written.

    ``upgrade_ops`` and ``downgrade_ops`` are the only container each. With several databases or
    MetaData, ``upgrade_ops_list`` and ``downgrade_ops_list`` have all containers.
    """

    directive = "revision"

    def __init__(
        self,
        rev_id: str | None,
        upgrade_ops: UpgradeOps | list[UpgradeOps] | None,
        downgrade_ops: DowngradeOps | list[DowngradeOps] | None,
        *,
        message: str | None = None,
        imports: set[str] | None = None,
        head: str | None = None,
        splice: bool | None = None,
        branch_label: str | Sequence[str] | None = None,
        version_path: str | PathLike[str] | None = None,
        depends_on: str | Sequence[str] | None = None,
    ) -> None:
        self.rev_id = rev_id
        self.message = message
        self.imports = set() if imports is None else imports
        self.head = head
        self.splice = splice
        self.branch_label = branch_label
        self.version_path = PurePath(version_path).as_posix() if version_path else None
        self.depends_on = depends_on
        self.upgrade_ops = upgrade_ops
        self.downgrade_ops = downgrade_ops

    @property
    def upgrade_ops(self) -> Any:
        """The one container of upgrade operations, or None.

        Raises:
            ValueError: there are several.
        """
        return _only(self._upgrade_ops, "upgrade_ops")

    @upgrade_ops.setter
    def upgrade_ops(self, value: UpgradeOps | list[UpgradeOps] | None) -> None:
        self._upgrade_ops: list[UpgradeOps] = _as_list(value, UpgradeOps)

    @property
    def downgrade_ops(self) -> Any:
        """The one container of downgrade operations, or None.

        Raises:
            ValueError: there are several.
        """
        return _only(self._downgrade_ops, "downgrade_ops")

    @downgrade_ops.setter
    def downgrade_ops(self, value: DowngradeOps | list[DowngradeOps] | None) -> None:
        self._downgrade_ops: list[DowngradeOps] = _as_list(value, DowngradeOps)

    @property
    def upgrade_ops_list(self) -> list[UpgradeOps]:
        """All containers of upgrade operations."""
        return self._upgrade_ops

    @property
    def downgrade_ops_list(self) -> list[DowngradeOps]:
        """All containers of downgrade operations."""
        return self._downgrade_ops


def _only(containers: Sequence[OpContainer], name: str) -> OpContainer | None:
    if len(containers) > 1:
        raise ValueError(f"this script has {len(containers)} {name}: read {name}_list")
    return containers[0] if containers else None


def _as_list(value: Any, kind: type) -> list[Any]:
    containers = (
        [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    )
    for container in containers:
        if not isinstance(container, kind):
            raise TypeError(f"{kind.__name__} expected, not {type(container).__name__}")
    return containers
