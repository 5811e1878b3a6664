"""Small decks for the tests."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

from flashcards.deck import Card, Library, load

GUIDE = Path(__file__).parents[2] / "docs" / "flashcards.md"

NUMERIC = """\
- id: kl-1d
  kind: numeric
  draw:
    mu: {choice: [-1, -0.5, 0.5]}
    sigma: {range: [0.1, 3, 0.1]}
  let: {var: sigma**2}
  front: KL(N({mu}, {sigma}²) ‖ N(0, 1)) in nats?
  answer: 0.5*(mu**2 + var - 1 - log(var))
  tolerance: 0.01
  unit: nats
  back: ½(({mu})² + {var} − 1 − ln {var}) = {answer}
  wrong:
    - {answer: 0.5*(mu**2 + sigma - 1 - log(sigma)), says: You used σ where σ² belongs.}
    - {answer: mu**2 + var - 1 - log(var), says: The factor ½ is missing.}
  source: a paper
"""
CLOZE = """\
- id: gan-paper
  kind: cloze
  text: GANs are by {{c1::Goodfellow::who}} et al., {{c2::2014}}.
  accept: {c1: [Ian Goodfellow]}
  back: It began in a bar.
  source: a paper
"""
CHOICE = """\
- id: first-mask
  kind: choice
  front: Which mask comes first?
  right: kind A
  wrong:
    - kind B
    - {answer: no mask, says: The network would copy its input.}
  back: The others are of kind B.
  source: a paper
"""
ORDER = """\
- id: history
  kind: order
  front: From the oldest to the newest?
  items: [GAN, DCGAN, WGAN, StyleGAN]
  source: papers
"""
IMAGE = """\
- id: mask-a
  kind: image
  front: Which mask is this?
  back: Kind A.
  image: ["###", "#5.", "..."]
  source: a paper
"""
BASIC = """\
- id: formula
  front: How is z drawn?
  back: z = μ + σ·ε
  tex: 'z = \\mu + \\sigma \\odot \\epsilon'
  source: a paper
  exercise: exercise1
  after: [exercise1.variance_as_std]
  tags: [vae]
"""
ALL = (BASIC, CLOZE, NUMERIC, CHOICE, ORDER, IMAGE)


def deck_text(*cards: str, name: str = "small", more: str = "") -> str:
    return f"deck: {name}\ntitle: Deck {name}\n{more}cards:\n" + "".join(indent(card, "  ") for card in cards)


def written(folder: Path, *cards: str, name: str = "small", more: str = "") -> Path:
    """A deck file of some cards."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(deck_text(*cards, name=name, more=more), encoding="utf-8")
    return path


def library(folder: Path, *cards: str) -> Library:
    written(folder, *cards or ALL)
    return load([folder])


def card(folder: Path, text: str) -> Card:
    """The card, or the first gap, that a text makes."""
    return next(iter(library(folder, text).cards.values()))


def guide_deck() -> str:
    """The examples of the page that authors read, as one deck."""
    first, *others = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return first.rstrip() + "\n" + "".join(others)
