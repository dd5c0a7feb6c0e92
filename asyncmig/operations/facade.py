"""``Operations``: all directives, on the one object that a script gets."""

from __future__ import annotations

from asyncmig.operations.batch import BatchDirectives
from asyncmig.operations.directives.backfills import BackfillDirectives
from asyncmig.operations.directives.checks import CheckDirectives
from asyncmig.operations.directives.columns import ColumnDirectives
from asyncmig.operations.directives.comments import CommentDirectives
from asyncmig.operations.directives.constraints import ConstraintDirectives
from asyncmig.operations.directives.data import DataDirectives
from asyncmig.operations.directives.entities import EntityDirectives
from asyncmig.operations.directives.enums import EnumDirectives
from asyncmig.operations.directives.exclusions import ExclusionDirectives
from asyncmig.operations.directives.execute import ExecuteDirectives
from asyncmig.operations.directives.extensions import ExtensionDirectives
from asyncmig.operations.directives.foreign_keys import ForeignKeyDirectives
from asyncmig.operations.directives.functions import FunctionDirectives
from asyncmig.operations.directives.grants import GrantDirectives
from asyncmig.operations.directives.indexes import IndexDirectives
from asyncmig.operations.directives.keys import KeyDirectives
from asyncmig.operations.directives.online import OnlineDirectives
from asyncmig.operations.directives.partitions import PartitionDirectives
from asyncmig.operations.directives.policies import PolicyDirectives
from asyncmig.operations.directives.schemas import SchemaDirectives
from asyncmig.operations.directives.sequences import SequenceDirectives
from asyncmig.operations.directives.tables import TableDirectives
from asyncmig.operations.directives.triggers import TriggerDirectives
from asyncmig.operations.directives.views import ViewDirectives

__all__ = ["Operations"]


class Operations(
    TableDirectives,
    ColumnDirectives,
    IndexDirectives,
    ConstraintDirectives,
    KeyDirectives,
    ForeignKeyDirectives,
    CheckDirectives,
    ExclusionDirectives,
    CommentDirectives,
    ExecuteDirectives,
    DataDirectives,
    BackfillDirectives,
    OnlineDirectives,
    SchemaDirectives,
    ExtensionDirectives,
    SequenceDirectives,
    EnumDirectives,
    ViewDirectives,
    FunctionDirectives,
    TriggerDirectives,
    PolicyDirectives,
    GrantDirectives,
    PartitionDirectives,
    EntityDirectives,
    BatchDirectives,
):
    """The directives of one script.

    Args:
        sink: takes the operations that directives make.
        created_types: the types that this run has created so far; None for a script on its own.

    Example::

        def upgrade(op: Operations) -> None:
            op.add_column("book", sa.Column("pages", sa.Integer))
    """
