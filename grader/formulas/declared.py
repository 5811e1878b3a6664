"""A formula as an author declares it beside a reference."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from grader.formulas.tree import Domain, Tree, Variable

GREEK = {"mu": "μ", "sigma": "σ", "epsilon": "ε", "beta": "β"}
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Formula:
    """A declared formula.

    Args:
        written: torch code on the arguments by name.
        variables: those that are numbers.
        flags: those that are True or False: they choose between formulas.
    """

    written: Callable[..., Any]
    variables: tuple[Variable, ...]
    flags: tuple[str, ...]

    @classmethod
    def of(cls, written: Callable[..., Any], domains: Mapping[str, str]) -> Formula:
        """A formula whose arguments are those of ``written``.

        Raises:
            ValueError: a domain is unknown, or of no argument.
        """
        names = list(inspect.signature(written).parameters)
        for name, domain in domains.items():
            if name not in names or domain not in ("flag", *get_args(Domain)):
                raise ValueError(f"{name}={domain!r}: there is no such argument or no such domain")
        flags = tuple(name for name in names if domains.get(name) == "flag")
        variables = tuple(_variable(name, domains.get(name, "real")) for name in names if name not in flags)
        return cls(written, variables, flags)

    def trees(self, arguments: Mapping[str, Any]) -> tuple[Tree, ...]:
        """The formula of a call with these arguments: one tree, or one for each value that the function returns."""
        given = {variable.name: variable for variable in self.variables}
        result = self.written(**given, **{name: bool(arguments[name]) for name in self.flags})
        return result if isinstance(result, tuple) else (result,)


def _variable(name: str, domain: str) -> Variable:
    word = name.rstrip("0123456789")
    subscript = name[len(word) :].translate(SUBSCRIPTS)
    log_of = f"σ{subscript}" if word == "logvar" else ""
    shown = f"ln {log_of}²" if log_of else GREEK.get(word, word) + subscript
    return Variable((), name, shown, domain, log_of)  # type: ignore[arg-type]  # one of Domain, as checked above
