"""Arithmetic that a deck may hold: walked as a tree of a few allowed nodes, never run as Python."""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping

LENGTH_LIMIT = 400

# Everything is a float, so no power can grow into a number of a million digits.
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_CONSTANTS = {"pi": math.pi, "e": math.e}
# name → the function and how many arguments it takes; 0: two or more.
_FUNCTIONS: dict[str, tuple[Callable[..., float], int]] = {
    "abs": (abs, 1),
    "ceil": (math.ceil, 1),
    "cos": (math.cos, 1),
    "exp": (math.exp, 1),
    "floor": (math.floor, 1),
    "log": (math.log, 1),
    "log10": (math.log10, 1),
    "log2": (math.log2, 1),
    "max": (max, 0),
    "min": (min, 0),
    "round": (round, 1),
    "sin": (math.sin, 1),
    "sqrt": (math.sqrt, 1),
}
RESERVED = frozenset(_CONSTANTS) | frozenset(_FUNCTIONS)
"""Names that no variable may have."""


class ExpressionError(Exception):
    """An expression that nobody can evaluate. The message says what in it is not known."""


def evaluate(text: str, variables: Mapping[str, float]) -> float:
    """The value of an expression; NaN where it has none for these numbers (a logarithm of 0, an overflow).

    Args:
        text: as ``0.5*(mu**2 + sigma**2 - 1 - log(sigma**2))``.
        variables: the values of its names.

    Raises:
        ExpressionError: it is too long, is no expression, or uses what is not known.
    """
    tree = _parsed(text)
    try:
        return _value(tree, variables)
    except (ArithmeticError, ValueError):
        return math.nan


def names_in(text: str) -> frozenset[str]:
    """The variables that an expression uses.

    Raises:
        ExpressionError: as :func:`evaluate`.
    """
    found: set[str] = set()
    called: set[str] = set()
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
    return frozenset(found - called - set(_CONSTANTS))


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.expr:
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(f"is longer than {LENGTH_LIMIT} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError("is no expression; write it as in 0.5*(mu**2 - log(sigma))") from None
    _check(tree)
    return tree


def _check(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=bool()):
            raise ExpressionError("knows numbers only")
        case ast.Constant(value=int() | float()) | ast.Name():
            return
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left)
            _check(right)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            _check(operand)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            count = _FUNCTIONS[name][1]
            if len(arguments) != count if count else len(arguments) < 2:
                raise ExpressionError(f"{name} takes {'one number' if count else 'two numbers or more'}")
            for argument in arguments:
                _check(argument)
        case ast.Call():
            known = ", ".join(sorted(_FUNCTIONS))
            raise ExpressionError(f"knows these functions only: {known}")
        case _:
            part = ast.unparse(node)[:60]
            raise ExpressionError(f"`{part}` is not allowed; there are + - * / // % ** and functions of numbers")


def _value(node: ast.expr, variables: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            if name in variables:
                return float(variables[name])
            if name in _CONSTANTS:
                return _CONSTANTS[name]
            known = ", ".join([*variables, *_CONSTANTS])
            raise ExpressionError(f"`{name}` is no drawn number; there are {known}")
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, variables), _value(right, variables))
        case ast.UnaryOp(op=sign, operand=operand):
            return _UNARY[type(sign)](_value(operand, variables))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return float(_FUNCTIONS[name][0](*(_value(argument, variables) for argument in arguments)))
    raise AssertionError(ast.dump(node))


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,4})?"
_PLAIN = re.compile(_NUMBER)
_FRACTION = re.compile(rf"({_NUMBER})/({_NUMBER})")
_POWER_OF_TEN = re.compile(rf"(?:({_NUMBER})\*|([-+]?))10(?:\^|\*\*)\(?([-+]?\d{{1,4}})\)?")


def parse_answer(typed: str) -> float | None:
    """The number that a learner typed: ``0.5``, ``0,5``, ``1/3``, ``½``, ``-2e-3``, ``−2·10⁻³``; None if it is none.

    Args:
        typed: any text; unlike an expression it holds no operators but one fraction bar or one power of ten.
    """
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda found: "^" + found[0].translate(_SUPERSCRIPTS), typed[:100])
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text).replace("\u2044", "/")
    text = re.sub(r"[×·⋅x]", "*", text)
    # Blanks group digits or stand around signs; between two numbers that are no thousands they would join them.
    if re.search(r"\d\s+\d", text) and not re.fullmatch(r"[-+]?\s*\d{1,3}(\s\d{3})+([.,]\d+)?", text.strip()):
        return None
    text = re.sub(r"\s+", "", text).replace(",", ".")
    value: float | None = None
    if _PLAIN.fullmatch(text):
        value = float(text)
    elif found := _FRACTION.fullmatch(text):
        below = float(found[2])
        value = float(found[1]) / below if below else None
    elif found := _POWER_OF_TEN.fullmatch(text):
        value = float(found[1] or f"{found[2]}1") * float(f"1e{int(found[3])}")
    return value if value is not None and math.isfinite(value) else None
