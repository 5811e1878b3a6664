"""`flashcards check`: each kind of mistake is found, named with its place, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from decks import ALL, BASIC, CHOICE, CLOZE, GUIDE, IMAGE, NUMERIC, ORDER, guide_deck, written

from flashcards.deck import load
from flashcards.lint import HEIGHT, check
from flashcards.pictures import picture_height, picture_rows, picture_text, svg
from flashcards.tex import drawn_formula, mistake


def messages(folder: Path, *cards: str) -> list[str]:
    written(folder, *cards)
    return [f"{problem.field}: {problem.message}" for problem in check([folder])]


def test_good_cards_have_no_problem(tmp_path: Path) -> None:
    assert messages(tmp_path, *ALL) == []


def test_the_guide_s_examples_have_no_problem(tmp_path: Path) -> None:
    (tmp_path / "guide.yaml").write_text(guide_deck(), encoding="utf-8")
    assert check([tmp_path]) == []


def test_the_deck_of_the_authors_page_has_no_problem(tmp_path: Path) -> None:
    page = (GUIDE.parent / "authoring.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\n(deck: .*?)```", page, re.DOTALL)
    (tmp_path / "temperature.yaml").write_text(block, encoding="utf-8")
    assert check([tmp_path]) == []
    assert [card.after for card in load([tmp_path]).cards.values()] == [("exercise1.divided_after",)]
    assert "def divided_after(" in page


def test_every_file_s_problems_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, BASIC.replace("back:", "bakc:"), name="a")
    (tmp_path / "b.yaml").write_text("deck: [")
    written(tmp_path, NUMERIC.replace("{sigma}²", "{sgima}²"), CHOICE.replace("kind B", "B"), name="c")
    found = check([tmp_path])
    assert [problem.path.name for problem in found] == ["a.yaml", "b.yaml", "c.yaml", "c.yaml"]
    assert str(found[2]).startswith(f"{tmp_path / 'c.yaml'}, line 4: kl-1d.front: {{sgima}} is no drawn number")


@pytest.mark.parametrize(
    ("card", "told"),
    [
        (BASIC.replace(r"\odot", r"\foo"), r"formula.tex: uses \foo, which cannot be drawn"),
        (BASIC.replace(r"\odot", r"\frac{1}{"), "formula.tex: cannot be drawn"),
        (BASIC.replace("How is z drawn?", "How is z drawn... when?"), "formula.front: write … for three points"),
        (BASIC.replace("z = μ", "z = -1 + μ"), "formula.back: write − (U+2212) before a number: “z = -1 + μ"),
        (BASIC.replace("z = μ", "z - that is - μ"), "formula.back: write – or a colon"),
        (BASIC.replace("z = μ", "x^2 = μ"), "formula.back: write powers as ²"),
        (BASIC.replace("z = μ", "$z$ = μ"), "formula.back: is TeX"),
        (BASIC.replace("z = μ", r"\sigma = μ"), "formula.back: is TeX"),
        (BASIC.replace("z = μ", "z >= μ"), "formula.back: write ≤ ≥ ≠ →"),
        (BASIC.replace("z = μ", "z  = μ"), "formula.back: has two blanks in a row"),
        (BASIC.replace("z = μ", "z " * 1000 + "= μ"), "formula.front: question and answer take"),
        (IMAGE.replace('"###"', '"...", "..."').replace('"..."]', ", ".join(['"..."'] * 8) + "]"), None),
        (IMAGE.replace('"..."]', ", ".join(['"..."'] * 30) + "]"), None),
        (
            IMAGE.replace('"..."]', ", ".join(['"..."'] * 30) + "]").replace("Kind A.", "Kind A. " * 60),
            "mask-a.front: question and answer take",
        ),
        (CHOICE.replace("kind B", "B"), "first-mask.wrong: `B` could be meant as the letter"),
        (CHOICE.replace("kind B", "3"), "first-mask.wrong: `3` could be meant as the letter"),
        (CLOZE.replace("et al., ", "et al. (Goodfellow), "), "gan-paper.text: the answer `Goodfellow` can be read"),
        (NUMERIC.replace("log(var))\n  tol", "log(var)\n  tol"), "kl-1d.answer: is no expression"),
        (NUMERIC.replace("log(sigma))", "ln(sigma))"), "kl-1d.wrong[1].answer: knows these functions only: abs"),
        (NUMERIC.replace("sigma**2}", "tau**2}"), "kl-1d.let.var: `tau` is no drawn number; there are mu, sigma"),
        (NUMERIC.replace("{sigma}²", "{sgima}²"), "kl-1d.front: {sgima} is no drawn number"),
        (NUMERIC.replace("{answer}", "{result}"), "kl-1d.back: {result} is no drawn number"),
        (NUMERIC.replace("N({mu}, {sigma}²)", "N(μ, {sigma}²)"), "kl-1d.front: does not say {mu}"),
        (NUMERIC.replace("let: {var", "let: {unused: mu, var"), "kl-1d.draw.unused: is used nowhere"),
        (NUMERIC.replace("[0.1, 3, 0.1]", "[0, 3, 0.1]"), "kl-1d.answer: has no finite value, with mu = "),
        (
            NUMERIC.replace("tolerance: 0.01", "tolerance: 5"),
            "kl-1d.wrong: answers are nearer to each other than twice",
        ),
        (
            NUMERIC.replace("mu**2 + var - 1 - log(var), says: The", "0.5*(mu**2 + var - 1 - log(var)), says: The"),
            "nearer",
        ),
        (NUMERIC.replace("mu**2 + var - 1 - log(var), says", "0.5*(mu**2 + sigma - 1 - log(sigma)), says"), "nearer"),
    ],
)
def test_each_mistake(tmp_path: Path, card: str, told: str | None) -> None:
    found = messages(tmp_path, card)
    if told is None:
        assert found == []
    else:
        assert len(found) == 1, found
        assert told in found[0]


def test_what_shows_only_sometimes_is_found(tmp_path: Path) -> None:
    """One value of 50 has no logarithm."""
    card = NUMERIC.replace("{range: [0.1, 3, 0.1]}", "{range: [0, 4.9, 0.1]}")
    assert any(
        "has no finite value, with" in message and "sigma = 0" in message for message in messages(tmp_path, card)
    )


def test_a_note_s_problem_is_told_once(tmp_path: Path) -> None:
    assert len(messages(tmp_path, CLOZE.replace("in a bar", "in a bar..."))) == 1


def test_the_order_counts_its_items_once(tmp_path: Path) -> None:
    items = ", ".join(f"model number {number} of the list" for number in range(7))
    assert messages(tmp_path, ORDER.replace("GAN, DCGAN, WGAN, StyleGAN", items)) == []


def test_clashes_between_files(tmp_path: Path) -> None:
    written(tmp_path, BASIC, name="a")
    written(tmp_path, BASIC, name="b")
    (problem,) = check([tmp_path])
    assert "this id is taken by the card in" in problem.message


# Formulas.


@pytest.mark.parametrize(
    ("tex", "drawn"),
    [
        (r"z = \mu + \sigma \odot \epsilon", "z=μ+σ⊙ϵ"),
        (r"\frac{x - 1}{2}", " x−1\n╶───╴\n  2"),
        (r"\mathbb{E}[\log p]", "𝔼[logp]"),
        ("a ? b", "a?b"),
    ],
)
def test_formulas_are_drawn(tex: str, drawn: str) -> None:
    assert drawn_formula(tex, 80) == drawn
    assert mistake(tex) == ""


def test_a_formula_that_does_not_fit() -> None:
    assert drawn_formula("a + b + c", 4) is None
    assert drawn_formula("a + b + c", 5) == "a+b+c"


@pytest.mark.parametrize(
    "tex", [r"\foo", r"\operatorname{KL}", "{", "}", "x^", "\\", r"\frac{1}", "{" * 3000, r"\begin{x}", ""]
)
def test_what_is_no_formula(tex: str) -> None:
    assert mistake(tex)


# Pictures.


def test_pictures() -> None:
    image = ((1.0, 0.0, 5 / 9),) * 3
    assert picture_rows(image) == ["#.5"] * 3
    assert picture_text(image, colour=False).plain == "\n".join(["██··▒▒"] * 3)
    assert picture_text(image).plain == "\n".join(["      "] * 3)
    assert svg(image).count("<rect") == 9
    assert 'fill="#eeeeee"' in svg(image)


@pytest.mark.parametrize("side", [1, 12, 13, 31, 32])
def test_a_picture_takes_the_lines_it_says(side: int) -> None:
    image = ((0.5,) * side,) * side
    lines = picture_text(image).plain.split("\n")
    assert len(lines) == picture_height(image) <= HEIGHT
    assert {len(line) for line in lines} == {side if side > 12 else 2 * side}
