"""Mutations of a module: its text with one small mistake in it.

The mistakes are those of a careless edit: a comparison turned round, a condition removed, a statement lost, a
number off by one, a constant emptied. The words of messages stay.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Replacement = tuple[ast.AST, str]
    """A node, and the text in its place."""

__all__ = ["Mutation", "find_mutations"]

COMPARISONS = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
OTHER_END = {"min": "max", "max": "min", "any": "all", "all": "any"}
UNSEEN = frozenset({"TYPE_CHECKING", "__all__", "__slots__"})
"""Names of what has no effect at run time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One mistake.

    Attributes:
        line: its line, from 1.
        code: that line, as it is.
        before: the text that is replaced.
        after: the text in its place.
        source: the whole module with the mistake.
        in_function: false for what runs when the module is imported.
    """

    line: int
    code: str
    before: str
    after: str
    source: str
    in_function: bool

    @property
    def change(self) -> str:
        """The mistake on one line."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{before} -> {after}"


def find_mutations(source: str) -> list[Mutation]:
    """All mutations of a module, in the order of its lines."""
    text = _Text(source)
    found = []
    for node, after, in_function in _walk(ast.parse(source), text, in_function=False):
        start, end = text.span(node)
        found.append(
            Mutation(
                line=node.lineno,
                code=text.line(node.lineno),
                before=source[start:end],
                after=after,
                source=source[:start] + after + source[end:],
                in_function=in_function,
            )
        )
    return sorted(found, key=lambda mutation: mutation.line)


class _Text:
    """The text of a module by the positions of its syntax tree, which count bytes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def line(self, number: int) -> str:
        return self._lines[number - 1].strip()

    def span(self, node: ast.AST) -> tuple[int, int]:
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self._source[start:end]

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _walk(node: ast.AST, text: _Text, *, in_function: bool) -> Iterator[tuple[ast.AST, str, bool]]:
    for child in _children(node):
        yield from (
            (place, after, in_function) for place, after in _replacements(child, node, text)
        )
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, text, in_function=in_function or is_function)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one that matter at run time: not its annotations, decorators, docstrings."""
    if isinstance(node, ast.JoinedStr):
        return  # Python 3.12 is the first to know where its parts are
    unseen: list[ast.AST | None] = []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        unseen += node.decorator_list
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        unseen.append(node.returns)
    if isinstance(node, ast.arg | ast.AnnAssign):
        unseen.append(node.annotation)
    for child in ast.iter_child_nodes(node):
        if child not in unseen and not _is_declaration(child):
            yield child


def _is_declaration(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name in UNSEEN
    return False


def _replacements(node: ast.AST, parent: ast.AST, text: _Text) -> Iterator[Replacement]:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            other = COMPARISONS[type(operator)]
            yield node, f"({text.of(left)} {other} {text.of(right)})"
        case ast.BoolOp(op=operator, values=values):
            word = " or " if isinstance(operator, ast.And) else " and "
            yield node, "(" + word.join(f"({text.of(value)})" for value in values) + ")"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, f"({text.of(operand)})"
        case ast.Constant(value=bool(value)):
            yield node, str(not value)
        case ast.Constant(value=int(value)):
            yield node, str(value + 1)
        case ast.Call(func=ast.Name(id=name) as function) if name in OTHER_END:
            yield function, OTHER_END[name]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            if not (_is_text(left) or _is_text(right)):
                sign = "-" if isinstance(node.op, ast.Add) else "+"
                yield node, f"({text.of(left)} {sign} {text.of(right)})"
        case ast.IfExp(test=test) | ast.If(test=test):
            yield test, "True"
            yield test, "False"
        case ast.While(test=test):
            yield test, "False"
        case ast.comprehension(ifs=tests):
            yield from ((test, "True") for test in tests)
        case ast.match_case(guard=ast.expr() as guard):
            yield guard, "True"
        case ast.Return(value=ast.expr() as value) if not _is_false(value):
            yield value, "None"
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield node, "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield node, "pass"
        case ast.Assign(value=value) if isinstance(parent, ast.Module) and _is_text(value):
            yield value, '""'


def _is_text(node: ast.expr) -> bool:
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_constant or isinstance(node, ast.JoinedStr)


def _is_false(node: ast.expr) -> bool:
    """True for None and for False, which callers take for the same."""
    return isinstance(node, ast.Constant) and (node.value is None or node.value is False)
