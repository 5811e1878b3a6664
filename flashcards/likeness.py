"""Words that mean the same although they are typed otherwise."""

from __future__ import annotations

import re
import unicodedata

from flashcards.expression import parse_answer

SPELLING_LENGTH = 6
"""In shorter words one letter makes another word."""

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ϑ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "σ": "sigma", "ς": "sigma", "τ": "tau", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_LOOK_ALIKES = str.maketrans(
    {"·": "*", "⋅": "*", "×": "*", "∗": "*", "÷": "/", "⁄": "/", "∕": "/", "‖": "|", "∥": "|"}
    | {"→": "->", "≈": "~", "≤": "<=", "≥": ">="}
)


def same(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but case, blanks, accents, kinds of dashes and quotes, or μ for mu."""
    if plain(one) == plain(other):
        return plain(one) != "" or one.strip() == other.strip()
    value = parse_answer(one)
    return value is not None and value == parse_answer(other)


def misspelt(typed: str, right: str) -> bool:
    """Whether a text is the right one but for a letter in a long word."""
    words, others = _words(typed), _words(right)
    if len(words) != len(others):
        return False
    pairs = [(word, other) for word, other in zip(words, others, strict=True) if word != other]
    return bool(pairs) and all(
        min(len(word), len(other)) >= SPELLING_LENGTH and word.isalpha() and _one_slip(word, other)
        for word, other in pairs
    )


def plain(text: str) -> str:
    """What :func:`same` compares."""
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    spelt = unicodedata.normalize("NFKD", text).casefold().translate(_LOOK_ALIKES)
    spelt = "".join(GREEK.get(letter, letter) for letter in spelt if not unicodedata.combining(letter))
    spelt = re.sub(r"[\u2010-\u2015\u2212]", "-", spelt)
    spelt = re.sub(r"[\"'`´‘’‚“”„«»^_{}]", "", spelt)
    spelt = re.sub(r"\|+", "|", spelt)
    # A hyphen inside a word joins it; before a digit it is a minus and counts.
    spelt = re.sub(r"(?<=[a-z])-+(?=[a-z])", "", spelt)
    # Points and commas count between digits only.
    return re.sub(r"(?<!\d)[.,;:!?]+|[.,;:!?]+(?!\d)", "", spelt).split()


def _one_slip(word: str, other: str) -> bool:
    """One letter too many, too few or another one, or two neighbours swapped."""
    if abs(len(word) - len(other)) > 1:
        return False
    start = next((place for place, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), None)
    if start is None:
        return True
    rest, others = word[start:], other[start:]
    swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]
