"""Arithmetic without Python's powers: values, limits, and what a learner may type as a number."""

from __future__ import annotations

import ast
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards.expression import LENGTH_LIMIT, ExpressionError, evaluate, names_in, parse_answer

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3", 7),
        ("-2**2", -4),
        ("(2 + 1)/4", 0.75),
        ("7 // 2 + 7 % 4", 6),
        ("log(e) + exp(0) + sqrt(16)", 6),
        ("log2(8) + log10(100)", 5),
        ("sin(0) + cos(0) + abs(-2)", 3),
        ("min(3, 1, 2) + max(1, 2)", 3),
        ("floor(2.7) + ceil(2.1) + round(2.6)", 8),
        ("2*pi", 2 * math.pi),
        ("mu**2 + sigma", 4.25),
        ("+x1", 3),
        (" 1 ", 1),
    ],
)
def test_values(text: str, value: float) -> None:
    assert evaluate(text, {"mu": 2, "sigma": 0.25, "x1": 3}) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["1/0", "log(0)", "log(-1)", "sqrt(-1)", "(-8)**(1/3)", "9**9**9**9", "exp(1e9)", "5 % 0"]
)
def test_what_has_no_value(text: str) -> None:
    assert math.isnan(evaluate(text, {}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "x y",
        "1+" * LENGTH_LIMIT + "1",
        "-" * LENGTH_LIMIT + "1",
        "'a' * 9",
        "True",
        "1j",
        "1 < 2",
        "1 if 1 else 2",
        "[1][0]",
        "x.real",
        "__import__('os')",
        "().__class__",
        "lambda: 1",
        "log(1, 2)",
        "min(1)",
        "log(x=1)",
        "max(*[1, 2])",
        "eval('1')",
        "print(1)",
        "1 << 9",
        "1 @ 2",
        "not 1",
        "(x := 1)",
        "f'{1}'",
        "unknown + 1",
        "log",
        "1\x00",
        "1\n2",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {"x": 1})


@pytest.mark.parametrize("text", ["-" * (LENGTH_LIMIT - 1) + "1", "(" * 199 + "1" + ")" * 199, "1" + "+1" * 199])
def test_silly_ones_end(text: str) -> None:
    """Deep or long as they may be, they have a value or are refused."""
    try:
        assert math.isfinite(evaluate(text, {}))
    except ExpressionError as error:
        assert "no expression" in str(error)


def test_names() -> None:
    assert names_in("mu**2 + log(sigma) - pi*e + mu") == {"mu", "sigma"}


@given(st.text(alphabet="0123456789.+-*/%() expsqrtloginax,", max_size=60))
def test_nothing_but_a_number_or_a_refusal(text: str) -> None:
    try:
        assert isinstance(evaluate(text, {"x": 2.0}), float)
    except ExpressionError as error:
        assert str(error)


@given(st.recursive(NUMBERS.map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
    lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
), max_leaves=12))  # fmt: skip
def test_agrees_with_python(text: str) -> None:
    if len(text) > LENGTH_LIMIT:
        return
    try:
        expected = _python(ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        expected = math.nan
    assert evaluate(text, {}) == pytest.approx(expected, nan_ok=True)


def _python(node: ast.expr) -> float:
    """The same tree in exact arithmetic, as an oracle."""
    match node:
        case ast.Constant(value=value):
            return float(value)  # type: ignore[arg-type]  # only numbers were written
        case ast.UnaryOp(operand=operand):
            return -_python(operand)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _python(left), _python(right)
            return {ast.Add: a.__add__, ast.Sub: a.__sub__, ast.Mult: a.__mul__, ast.Div: a.__truediv__}[type(op)](b)
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (".5", 0.5),
        ("5.", 5),
        ("-2e-3", -0.002),
        ("−2e−3", -0.002),
        ("– 0.5", -0.5),
        ("+1", 1),
        ("1/3", 1 / 3),
        ("−1 / 3", -1 / 3),
        ("½", 0.5),
        ("1⁄4", 0.25),
        ("2·10^-3", 0.002),
        ("2 x 10^3", 2000),
        ("2*10**3", 2000),
        ("−3·10⁻²", -0.03),
        ("10⁵", 1e5),
        ("-10^2", -100),
        ("1 000 000", 1e6),
        ("1\u202f000,5", 1000.5),
        ("٠.٥", 0.5),
        ("  0.25\t", 0.25),
        ("1E3", 1000),
    ],
)
def test_numbers_as_people_write_them(typed: str, value: float) -> None:
    assert parse_answer(typed) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "abc",
        "1/0",
        "1e999",
        "nan",
        "inf",
        "∞",
        "1 2",
        "0. 5 7",
        "1/2/3",
        "1+1",
        "--1",
        "0x10",
        "1,5,2",
        "10^9999",
        "²",
        "1e",
    ],
)
def test_what_is_no_number(typed: str) -> None:
    assert parse_answer(typed) is None


@given(st.text(max_size=80))
def test_no_text_stumbles(text: str) -> None:
    value = parse_answer(text)
    assert value is None or math.isfinite(value)


@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=1000))
def test_a_fraction_is_what_it_says(fraction: Fraction) -> None:
    assert parse_answer(f"{fraction.numerator}/{fraction.denominator}") == pytest.approx(float(fraction))


@given(NUMBERS)
def test_what_python_prints_is_read(value: float) -> None:
    assert parse_answer(repr(value)) == value
    assert parse_answer(repr(value).replace(".", ",")) == value
    assert parse_answer(repr(value).replace("-", "−")) == value
