"""``op.execute``: raw SQL, ``text()`` and SQLAlchemy's constructs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.dml import ValuesBase
from sqlalchemy.sql.elements import BindParameter, ClauseElement, TextClause
from sqlalchemy.sql.visitors import iterate

from asyncmig.ddl.compilation import clean_layout, generate_sql
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.defaults import add_python_defaults
from asyncmig.ddl.raw_sql import split_statements, unescape_colons
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.ddl.compilation import Compilation

__all__ = ["compile_construct", "execute"]


@generate_sql.register(ExecuteSQLOp)
def execute(operation: ExecuteSQLOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """The statements of ``op.execute``."""
    options = operation.execution_options or {}
    autocommit = True if options.get("isolation_level") == "AUTOCOMMIT" else None
    if isinstance(operation.sqltext, str) and not operation.parameters:
        yield from split_statements(unescape_colons(operation.sqltext), autocommit=autocommit)
        return
    yield from compile_construct(
        operation.sqltext,
        compilation,
        operation.parameters,
        schema_translate_map=options.get("schema_translate_map"),
        autocommit=autocommit,
    )


def compile_construct(
    construct: Any,
    compilation: Compilation,
    parameters: Mapping[str, Any] | None = None,
    *,
    schema_translate_map: Mapping[str | None, str | None] | None = None,
    autocommit: bool | None = None,
) -> Iterator[CompiledSql]:
    """A SQLAlchemy construct as SQL with literal values.

    Raises:
        DirectiveError: it is not SQL, or a parameter of ``text()`` has no value.
    """
    if isinstance(construct, str):
        construct = TextClause(construct)
    if not isinstance(construct, ClauseElement):
        raise directive_error(
            f"execute takes SQL text or a SQLAlchemy construct, not {type(construct).__name__}",
            hint="call str() or .text on it, or build it with sa.text(...)",
            directive="execute",
        )
    translated: dict[str, Any] = {}
    if schema_translate_map:
        translated = {
            "schema_translate_map": dict(schema_translate_map),
            "render_schema_translate": True,
        }
    if isinstance(construct, ExecutableDDLElement):
        sql = str(construct.compile(dialect=compilation.dialect, **translated))
        yield from split_statements(
            sql, autocommit=autocommit
        )  # it may be the source of a function
        return
    if isinstance(construct, TextClause):
        _check_values(construct, parameters or {})
    if parameters:
        construct = _with_values(construct, parameters)
    if isinstance(construct, ValuesBase):
        construct = add_python_defaults(construct, compilation.dialect)
        translated["column_keys"] = []
    sql = str(
        construct.compile(
            dialect=compilation.dialect, compile_kwargs={"literal_binds": True}, **translated
        )
    )
    values = tuple(_values(construct))
    if isinstance(construct, TextClause):
        yield from split_statements(sql, parameters=values, autocommit=autocommit)
    else:
        yield CompiledSql(clean_layout(sql), parameters=values, autocommit=autocommit)


def _check_values(construct: TextClause, parameters: Mapping[str, Any]) -> None:
    for name, bind in construct._bindparams.items():  # noqa: SLF001 - text() has no public attribute for them
        if bind.required and name not in parameters:
            raise directive_error(
                f"text() has no value for :{name}",
                hint=rf"give it with .bindparams({name}=...), or write \:{name} if it is not a parameter",
                directive="execute",
            )


def _with_values(construct: Any, parameters: Mapping[str, Any]) -> Any:
    """The construct with values for its named parameters, or for its columns."""
    if isinstance(construct, ValuesBase):
        return construct.values(dict(parameters))
    if isinstance(construct, TextClause):
        known = construct._bindparams  # noqa: SLF001 - text() has no public attribute for them
        return construct.bindparams(**{k: v for k, v in parameters.items() if k in known})
    return construct.params(dict(parameters))


def _values(construct: ClauseElement) -> Iterable[Any]:
    for element in iterate(cast("Any", construct)):
        if isinstance(element, BindParameter):
            yield element.effective_value
