"""A formula's tree as a learner reads it: ``½·Σ(μ² + σ² − 1 − ln σ²)``."""

from __future__ import annotations

from grader.formatting import number
from grader.formulas.tree import Constant, Detached, Function, Minus, Over, Plus, Power, Reduce, Times, Tree, Variable

FRACTIONS = {0.5: "½", 0.25: "¼", 0.125: "⅛", 0.75: "¾"}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NAMES = {"log": "ln", "log2": "log₂", "log10": "log₁₀"}

# How tightly a text holds together: what is looser than its place needs brackets.
SUM, PRODUCT, POWER, ATOM = range(4)


def shown(formula: Tree) -> str:
    """A formula in one line."""
    return _written(formula)[0]


def _written(node: Tree) -> tuple[str, int]:
    """The text of a node, and how tightly it holds together."""
    match node:
        case Variable():
            return node.shown, PRODUCT if node.log_of else ATOM
        case Constant():
            return FRACTIONS.get(node.value, number(node.value)), ATOM
        case Plus():
            first, *others = node.parts
            return _inside(first, SUM) + "".join(_signed(term) for term in others), SUM
        case Minus():
            return "−" + _inside(node.parts[0], PRODUCT), SUM
        case Times():
            *others, last = node.parts
            return "·".join([*(_inside(factor, POWER) for factor in others), _inside(last, PRODUCT)]), PRODUCT
        case Over():
            top, bottom = node.parts
            return f"{_inside(top, PRODUCT)}/{_inside(bottom, POWER)}", PRODUCT
        case Power():
            return _power(node)
        case Function():
            return _function(node.name, node.parts[0])
        case Reduce():
            return _reduced(node)
        case Detached():
            return f"detach({shown(node.parts[0])})", ATOM
    raise TypeError(f"{type(node).__name__} has no notation")


def _inside(node: Tree, place: int) -> str:
    text, strength = _written(node)
    return text if strength >= place else f"({text})"


def _signed(term: Tree) -> str:
    if isinstance(term, Minus):
        return f" − {_inside(term.parts[0], PRODUCT)}"
    return f" + {_inside(term, SUM)}"


def _power(node: Power) -> tuple[str, int]:
    base = _inside(node.parts[0], ATOM)
    if node.exponent == 0.5:
        return f"√{base}", POWER
    if node.exponent == int(node.exponent) > 0:
        return base + str(int(node.exponent)).translate(SUPERSCRIPTS), POWER
    return f"{base}^{FRACTIONS.get(node.exponent, f'({number(node.exponent)})')}", POWER


def _function(name: str, part: Tree) -> tuple[str, int]:
    if name == "exp":
        known = _of_standard_deviation(part)
        return known if known else (f"e^{_inside(part, ATOM)}", POWER)
    if name == "abs":
        return f"|{shown(part)}|", ATOM
    if name == "log_sigmoid":
        turned = isinstance(part, Minus)
        return (f"ln(1 − sigmoid({shown(part.parts[0])}))" if turned else f"ln(sigmoid({shown(part)}))"), ATOM
    return f"{NAMES.get(name, name)}({shown(part)})", ATOM


def _of_standard_deviation(exponent: Tree) -> tuple[str, int] | None:
    """e^(c·ln σ²) as a power of σ."""
    inner = exponent.parts[0] if isinstance(exponent, Minus) else exponent
    factor = 1.0
    if isinstance(inner, Times) and len(inner.parts) == 2 and isinstance(inner.parts[0], Constant):
        factor, inner = inner.parts[0].value, inner.parts[1]
    power = 2 * factor
    if not (isinstance(inner, Variable) and inner.log_of) or power != int(power) or power < 1:
        return None
    text = inner.log_of + ("" if power == 1 else str(int(power)).translate(SUPERSCRIPTS))
    if isinstance(exponent, Minus):
        return f"1/{text}", PRODUCT
    return text, ATOM if power == 1 else POWER


def _reduced(node: Reduce) -> tuple[str, int]:
    name = "Σ" if node.how == "sum" else "mean"
    name += f" {node.note} " if node.note else ""
    return f"{name}({shown(node.parts[0])})", POWER
