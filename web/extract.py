"""Finds the texts to translate in Python sources: every Chinese string that is no docstring."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import IO

_ENGLISH = re.compile(r"^[A-Z“]|[a-z] ")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def chinese_texts(fileobj: IO[bytes], *_: object, **__: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield texts as Babel wants them: line, function, text, comments; its other arguments mean nothing here.

    A message to people is a template handed to an error, a word in a table or an argument of gettext; looking
    for the language of the text finds all of them, and none can be forgotten.
    """
    tree = ast.parse(fileobj.read())
    skipped = {id(node) for node in _unshown(tree)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in skipped
            and _CHINESE.search(node.value)
        ):
            yield node.lineno, "", node.value, []


def _unshown(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield docstrings, pieces of f-strings, patterns, and texts whose English stands beside them."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=pieces):
                yield from pieces
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=arguments):
                yield from arguments
            case ast.Call(args=arguments) | ast.Tuple(elts=arguments):
                yield from _in_both_languages(arguments)
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _docstring(node)


def _docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[ast.AST]:
    match node.body[:1]:
        case [ast.Expr(value=ast.Constant() as text)]:
            yield text


def _in_both_languages(arguments: list[ast.expr]) -> Iterator[ast.AST]:
    for chinese, english in pairwise(arguments):
        match english:
            case ast.Constant(value=str(text)) if _ENGLISH.search(text) and not _CHINESE.search(text):
                yield chinese
