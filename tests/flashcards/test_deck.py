"""Decks: what their files may say, and what is said about the rest."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest
import yaml
from decks import ALL, BASIC, CHOICE, CLOZE, IMAGE, NUMERIC, ORDER, deck_text, guide_deck, library, written
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards import yaml_nodes
from flashcards.deck import DeckError, Kind, Wrong, load, read_deck
from flashcards.document import SIZE_LIMIT
from flashcards.question import ask
from flashcards.yaml_nodes import DEPTH_LIMIT


def problem(tmp_path: Path, *cards: str, more: str = "") -> str:
    """What loading a deck complains about, without the file's name."""
    path = written(tmp_path, *cards, more=more)
    with pytest.raises(DeckError) as error:
        load([tmp_path])
    text = str(error.value)
    assert text.startswith(str(path))
    return text.removeprefix(str(path))


def test_every_kind(tmp_path: Path) -> None:
    cards = library(tmp_path).cards
    assert list(cards) == ["formula", "gan-paper#c1", "gan-paper#c2", "kl-1d", "first-mask", "history", "mask-a"]
    assert [card.kind for card in cards.values()] == [
        *(Kind.BASIC, Kind.CLOZE, Kind.CLOZE, Kind.NUMERIC, Kind.CHOICE, Kind.ORDER, Kind.IMAGE)
    ]
    formula = cards["formula"]
    assert formula.tex == r"z = \mu + \sigma \odot \epsilon"
    assert (formula.exercise, formula.after, formula.tags) == ("exercise1", ("exercise1.variance_as_std",), ("vae",))
    assert cards["kl-1d"].draw["mu"] == (-1, -0.5, 0.5)
    assert cards["kl-1d"].draw["sigma"][:3] == (0.1, 0.2, 0.3)
    assert cards["kl-1d"].draw["sigma"][-1] == 3
    assert cards["first-mask"].options == ("kind A", "kind B", "no mask")
    assert cards["first-mask"].wrong == (Wrong("no mask", "The network would copy its input."),)
    assert cards["history"].items == ("GAN", "DCGAN", "WGAN", "StyleGAN")
    assert cards["mask-a"].image == ((1, 1, 1), (1, 5 / 9, 0), (0, 0, 0))


def test_gaps_are_siblings(tmp_path: Path) -> None:
    cards = library(tmp_path, CLOZE).cards
    first, second = cards.values()
    assert first.front == "GANs are by [who] et al., 2014."
    assert second.front == "GANs are by Goodfellow et al., […]."
    assert (first.answer, second.answer) == ("Goodfellow", "2014")
    assert (first.accept, second.accept) == (("Ian Goodfellow",), ())
    assert first.note_id == second.note_id == "gan-paper"


def test_gaps_of_one_number_are_hidden_together(tmp_path: Path) -> None:
    text = "- {id: x, kind: cloze, source: s, text: '{{c1::σ}} or {{c2::ε}}, not {{c1::σ²}}'}\n"
    first, second = library(tmp_path, text).cards.values()
    assert (first.front, first.answer) == ("[…] or ε, not […]", "σ · σ²")
    assert second.front == "σ or […], not σ²"


def test_the_place_of_a_card(tmp_path: Path) -> None:
    cards = library(tmp_path).cards
    for card in cards.values():
        lines = card.path.read_text().splitlines()
        assert f"id: {card.note_id}" in lines[card.line - 1]


def test_texts_need_no_quotes_to_stay_texts(tmp_path: Path) -> None:
    cards = library(tmp_path, "- {id: no, front: No, back: 2014, source: 1e3}\n").cards
    assert (cards["no"].front, cards["no"].back, cards["no"].source) == ("No", "2014", "1e3")


def test_rev_follows_what_a_card_says_and_nothing_else(tmp_path: Path) -> None:
    before = library(tmp_path).cards
    moved = library(tmp_path, *ALL[::-1]).cards
    assert {key: card.rev for key, card in before.items()} == {key: card.rev for key, card in moved.items()}
    assert all(re.fullmatch("[0-9a-f]{12}", card.rev) for card in before.values())
    assert len({card.rev for card in before.values()}) == len(before)
    edited = library(tmp_path, NUMERIC.replace("0.01", "0.02"), BASIC.replace("a paper", "another")).cards
    assert edited["kl-1d"].rev != before["kl-1d"].rev
    assert edited["formula"].rev == before["formula"].rev


def test_former_ids(tmp_path: Path) -> None:
    found = library(tmp_path, BASIC + "  was: [old-formula, older]\n", CLOZE + "  was: [gan]\n")
    assert found.aliases == {
        "old-formula": "formula",
        "older": "formula",
        "gan#c1": "gan-paper#c1",
        "gan#c2": "gan-paper#c2",
    }


def test_folders_in_their_order_and_files_once(tmp_path: Path) -> None:
    written(tmp_path / "ours", BASIC, name="z")
    written(tmp_path / "mine", CHOICE, name="a")
    (tmp_path / "mine" / "notes.txt").write_text("no deck")
    (tmp_path / "mine" / ".#a.yaml").symlink_to("an-editor-s-lock")
    folders = [tmp_path / "ours", tmp_path / "mine", tmp_path / "none", tmp_path / "ours"]
    assert [deck.name for deck in load(folders).decks] == ["z", "a"]


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (BASIC.replace("id: formula", "id: My card"), 'id: "My card" should be small letters'),
        (BASIC.replace("  source: a paper\n", ""), "the field `source` of basic cards is missing"),
        (BASIC.replace("front:", "fornt:"), "formula.fornt: there is no such field. Did you mean `front`?"),
        (BASIC + "  kind: essay\n", "kind: should be one of basic, cloze, numeric"),
        (BASIC + "  back: twice\n", "line 12: the field `back` stands here twice"),
        (BASIC.replace("back: z = μ + σ·ε", "back:"), "formula.back: is empty"),
        (BASIC.replace("back: z = μ + σ·ε", "back: [z]"), "formula.back: should be a text"),
        (BASIC.replace("exercise1.variance_as_std", "variance"), 'after: "variance" should be like exercise1'),
        (BASIC.replace("exercise: exercise1", "exercise: 1"), 'exercise: "1" should be `exercise` and a number'),
        (BASIC.replace("back:", "back: a: b"), "not YAML"),
        (CLOZE.replace("{{", "{").replace("}}", "}"), "text: has no gap"),
        (CLOZE.replace("2014}}", "2014"), "text: has a gap that is not closed"),
        (CLOZE.replace("accept: {c1", "accept: {c3"), "accept.c3: there is no such gap; there are c1, c2"),
        (CHOICE.replace("    - kind B\n", ""), "wrong: has 1 entries; 2 to 6"),
        (CHOICE.replace("kind B", "Kind A"), "wrong: holds the same text twice"),
        (CHOICE.replace("says:", "say:"), "say: there is no such field"),
        (CHOICE.replace("answer: no mask", "answer: no, mask"), "Inside { } a text with a comma needs quotes"),
        (ORDER.replace("DCGAN, WGAN, StyleGAN", "DCGAN"), "items: has 2 entries"),
        (NUMERIC.replace("0.01", "a bit"), "tolerance: should be a number"),
        (NUMERIC.replace("tolerance: 0.01", "tolerance: -1"), "tolerance: should be 0 or more"),
        (NUMERIC.replace("tolerance: 0.01", "tolerance: nan"), "tolerance: should be a number"),
        (NUMERIC.replace("choice:", "among:"), "draw.mu: should be {choice:"),
        (NUMERIC.replace("[0.1, 3, 0.1]", "[0.1, 3]"), "draw.sigma: has 2 entries"),
        (NUMERIC.replace("[0.1, 3, 0.1]", "[0, 3, 1e-9]"), "draw.sigma: should be [low, high, step]"),
        (NUMERIC.replace("[0.1, 3, 0.1]", "[0, 3, 0]"), "draw.sigma: should be [low, high, step]"),
        (NUMERIC.replace("mu: {", "log: {"), "draw.log: should be another name"),
        (NUMERIC.replace("- log(var))", "- log(var)"), "kl-1d.answer: is no expression"),
        (
            NUMERIC.replace("- log(sigma))", "- log(tau))"),
            "kl-1d.wrong[1].answer: `tau` is no drawn number; there are mu",
        ),
        (NUMERIC.replace("sigma**2}", "var**2}"), "kl-1d.let.var: `var` is no drawn number; there are mu, sigma"),
        (NUMERIC.replace("let: {var:", "let: {mu:"), "draw.mu: should be another name"),
        (IMAGE.replace("  image: [", "  tags: [] # ["), "has no picture"),
        (IMAGE.replace("#5.", "#5"), "image: has rows of different lengths"),
        (IMAGE.replace("#5.", "#x."), "image: should hold `.`, `#` and digits only"),
        (IMAGE.replace('"###"', f'"{"#" * 33}"').replace("#5.", "#" * 33).replace('"..."', f'"{"." * 33}"'), "wider"),
        ("- just a text\n", "cards[1]: should be fields"),
        (BASIC.replace("z = μ", "&x z = μ"), "anchors and aliases"),
        (BASIC.replace("back: z", "back: !!python/name:os.system z"), "tags (with !)"),
        (BASIC.replace("z = μ", "z\u202e = μ"), "back: has an invisible character, U+202E"),
        (BASIC + BASIC.replace("z?", "y?"), "id: the card in line 4 has this id"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, card: str, message: str) -> None:
    told = problem(tmp_path, card)
    assert re.match(r", line \d+: ", told), told
    assert message in told


def test_the_line_is_that_of_the_field(tmp_path: Path) -> None:
    assert problem(tmp_path, BASIC, NUMERIC.replace("0.01", "a bit")).startswith(", line 20: kl-1d.tolerance: ")


def test_all_problems_of_a_file_are_found(tmp_path: Path) -> None:
    bad = (BASIC.replace("exercise1\n", "1\n"), CHOICE.replace("kind B", "kind A"), NUMERIC.replace("0.01", "x"))
    deck, found = read_deck(written(tmp_path, *bad))
    assert deck is None
    assert [one.field for one in found] == ["formula.exercise", "first-mask.wrong", "kl-1d.tolerance"]
    with pytest.raises(DeckError, match="2 more in this file: `flashcards check` lists them"):
        load([tmp_path])


def test_ids_belong_to_one_card_for_ever(tmp_path: Path) -> None:
    written(tmp_path, BASIC, name="one")
    other = written(tmp_path, BASIC, name="two")
    with pytest.raises(DeckError, match=r"two\.yaml, line 4: formula: this id is taken by the card in .*one\.yaml"):
        load([tmp_path])
    other.write_text(deck_text(CHOICE, name="two", more="retired: [formula]\n"))
    with pytest.raises(DeckError, match="lists this id as retired"):
        load([tmp_path])
    other.write_text(deck_text(CHOICE + "  was: [formula]\n", name="two"))
    with pytest.raises(DeckError, match="`formula` is the id of a card that exists"):
        load([tmp_path])
    other.write_text(deck_text(CHOICE + "  was: [x]\n", IMAGE + "  was: [x]\n", name="two"))
    with pytest.raises(DeckError, match="only one can inherit"):
        load([tmp_path])
    other.write_text(deck_text(CHOICE, name="one"))
    with pytest.raises(DeckError, match=r"`one` is the name of .*one\.yaml too"):
        load([tmp_path])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"deck: \xff", "line 1: this is not UTF-8"),
        (b"deck: a\n---\ndeck: b\n", "more than one YAML document"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{a: " * 100_000, "nested too deeply"),
        (b"? [a]\n: b\n", "the name of a field should be a text"),
        (b"deck: a\ntitle: b\ncards: []\n", "cards: has 0 entries"),
        (b"- just\n- a list\n", "should be fields"),
        (b"a: &a [*a, *a]\n", "anchors and aliases"),
        (b"deck: '\x07'", "not YAML"),
        (b"#" * (SIZE_LIMIT + 1), "larger than 1 MiB"),
    ],
)
def test_files_that_are_no_decks(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.yaml").write_bytes(content)
    with pytest.raises(DeckError, match=re.escape(message)):
        load([tmp_path])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    written(tmp_path, BASIC).chmod(0)
    with pytest.raises(DeckError, match="cannot be read: Permission denied"):
        load([tmp_path])


def test_a_folder_in_a_deck_s_place(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(DeckError, match="cannot be read: Is a directory"):
        load([tmp_path])


@pytest.mark.parametrize("content", [deck_text(*ALL).encode(), b"[" * 100_000, b"a: &x [*x]", b"a: b: c", b"\x07"])
def test_it_reads_the_same_without_libyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    deck, problems = read_deck(path)
    monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.SafeLoader)
    again, others = read_deck(path)
    assert again == deck
    assert [problem.line for problem in others] == [problem.line for problem in problems]


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("a.yaml")
    with pytest.raises(DeckError, match="cannot be read"):
        load([tmp_path])


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_no_damage_escapes_as_anything_but_a_problem(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Lines lost, doubled, swapped and cut, in every combination."""
    lines = deck_text(*ALL).splitlines(keepends=True)
    rng = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311  damage is not secret
    for _ in range(data.draw(st.integers(1, 4))):
        place = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, lines[rng.randrange(len(lines))])
            case 2:
                lines[place] = lines[place][: rng.randrange(len(lines[place]) + 1)] + "\n"
            case 3:
                lines[place] = " " * rng.randrange(9) + lines[place].lstrip()
            case _:
                lines[place] = lines[place].replace(":", rng.choice(["", ": [", ": {", ": '", ": |"]), 1)
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text("".join(lines), encoding="utf-8")
    deck, problems = read_deck(path)
    assert (deck is None) == bool(problems)
    for card in deck.cards if deck else ():
        assert ask(card, 0).judge("1").says is not None  # whatever can be loaded can be asked
    for one in problems:
        assert one.message
        assert str(one).startswith(str(path))


def test_the_guide_s_examples_are_a_deck(tmp_path: Path) -> None:
    (tmp_path / "guide.yaml").write_text(guide_deck(), encoding="utf-8")
    assert {card.kind for card in load([tmp_path]).cards.values()} == set(Kind)


def test_the_guide_names_every_field() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "flashcards.md").read_text(encoding="utf-8")
    from flashcards.reading import _COMMON, _OPTIONAL, _REQUIRED

    for name in {*_COMMON, *sum(_OPTIONAL.values(), ()), *sum(_REQUIRED.values(), ())}:
        assert f"`{name}`" in guide


def test_depth_allows_what_decks_need() -> None:
    """deck → cards → card → draw → mu → choice → number."""
    assert DEPTH_LIMIT >= 6
