"""Checks of exercise 6: six tasks and the tool for each, the rule behind them, and the passes that drawing takes."""

# ruff: noqa: ARG001, D103
# A misconception keeps the signature that it is called with, and its docstring is the text of its mark.

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from grader.checking import (
    CheckFailure,
    NotAttempted,
    Range,
    Rng,
    assert_shape,
    assert_true,
    by_hand,
    fail,
    free_text,
    misconception,
    points,
    reference,
    separated,
    trial,
)

if TYPE_CHECKING:
    from grader.learner import Learner

Tensor = torch.Tensor
Row = tuple[bool, ...]

# --- what the course says of the tools --------------------------------------------------------------------

TOOLS = ("vae", "gan", "diffusion", "self_supervised", "autoregressive")

CODES = {
    "encode_only": "features alone, with nothing generated",
    "latent_structure": "moving about in a latent space",
    "photorealism": "images as sharp as photographs",
    "low_latency": "a limit of one network pass",
    "latency_tolerant": "images that may take long",
    "exact_likelihood": "log p(x) itself",
    "stable_training": "a training run that must not fail",
    "paired_translation": "one kind of image that becomes another",
    "unpaired_translation": "one kind of image that becomes another",
    "first_stage": "a way to a latent grid and back",
}
"""Every code, and what a text speaks of that has it."""

FAILS = {
    "encode_only": {
        "vae": "for features alone, its decoder would be trained for nothing",
        "gan": "it turns noise into images, and has no encoder",
        "diffusion": "it learns to draw images, step by step, and nobody wants an image",
        "autoregressive": "it learns to predict pixel after pixel, and nobody wants an image",
    },
    "latent_structure": {
        "gan": "no term of its loss puts the latents in order, and without an encoder no given image has a place there",
        "diffusion": "it has no small latent space of its own to move in",
        "self_supervised": "no way leads from its feature vectors back to an image",
        "autoregressive": "it has no latent space at all, only pixels",
    },
    "photorealism": {
        "vae": "its images are a little soft",
        "self_supervised": "it draws no images, sharp or soft",
        "autoregressive": "its images are less sharp than those of GANs and diffusion models",
    },
    "low_latency": {
        "diffusion": "it needs one network pass for each of its steps",
        "self_supervised": "it draws no images, quickly or slowly",
        "autoregressive": "it draws with one pass for each value of each pixel; only training and scoring are quick",
    },
    "latency_tolerant": {
        "self_supervised": "it draws no images, however long one waits",
    },
    "exact_likelihood": {
        "vae": "its ELBO is a lower bound of log p(x), not log p(x) itself",
        "gan": "its D(x) says “real or generated?” and is no density",
        "diffusion": "it is trained on a bound of log p(x), as a VAE is",
        "self_supervised": "a feature vector does not say how likely its image is",
    },
    "stable_training": {
        "gan": "its two networks play against each other, which may oscillate or collapse",
    },
    "first_stage": {
        "gan": "without an encoder no image gets to the latent grid",
        "diffusion": "it works inside the latent grid, and brings no image there or back",
        "self_supervised": "without a decoder nothing gets back from the latent grid to an image",
        "autoregressive": "it has no latent space, so there is no grid to bring an image to",
    },
    # No code of a task, but what remains of a row when nothing is asked but drawing.
    "drawing": {
        "self_supervised": "it draws no images",
        "autoregressive": "its many passes are worth their price only where exact_likelihood is asked for",
    },
}
"""Which tool fails which demand, and the sentence of the lesson that says why."""

MEETS = {
    "encode_only": {"self_supervised": "it is an encoder and nothing else"},
    "latent_structure": {"vae": "its KL term keeps the latent space smooth, and its encoder finds the way there"},
    "photorealism": {
        "gan": "its images are as sharp as photographs",
        "diffusion": "its images are as sharp as photographs",
    },
    "low_latency": {
        "vae": "one pass of its decoder draws an image",
        "gan": "one pass of its generator draws an image",
    },
    "latency_tolerant": {
        "vae": "where an image may take long, a quick tool is fine too",
        "gan": "where an image may take long, a quick tool is fine too",
        "diffusion": "where an image may take long, its steps are no obstacle",
        "autoregressive": "where an image may take long, its many passes are no obstacle",
    },
    "exact_likelihood": {"autoregressive": "the chain rule gives p(x) exactly, and one pass scores a given image"},
    "stable_training": {
        "vae": "it minimizes one loss, and has no opponent",
        "diffusion": "it minimizes one loss, and has no opponent",
        "self_supervised": "it minimizes one loss, and has no opponent",
        "autoregressive": "it minimizes one loss, and has no opponent",
    },
    "first_stage": {"vae": "its encoder brings an image to the latent grid, and its decoder brings it back"},
    "drawing": {
        "vae": "it draws images, and nothing speaks against it here",
        "gan": "it draws images, and nothing speaks against it here",
        "diffusion": "it draws images, and nothing speaks against it here",
    },
}
"""The other half of the table: why a tool meets a demand."""

SCENARIOS: dict[str, tuple[str, tuple[str, ...]]] = {
    "S1": ("self_supervised", ("encode_only",)),
    "S2": ("vae", ("latent_structure",)),
    "S3": ("gan", ("photorealism", "low_latency")),
    "S4": ("diffusion", ("photorealism", "latency_tolerant", "stable_training")),
    "S5": ("vae", ("first_stage",)),
    "S6": ("autoregressive", ("exact_likelihood",)),
}
"""Task → (the tool, the codes that its text has)."""

# --- references -------------------------------------------------------------------------------------------

FLAGS = ("synthesis", "exact_likelihood", "latent_structure", "photorealism", "latency_tight", "compress_first")

ROWS: list[Row] = sorted(itertools.product((True, False), repeat=len(FLAGS)), key=sum)
"""All 64 tasks, those with the fewest flags set first, so that the first mistake is the smallest counterexample."""


def demands(
    synthesis: bool,
    exact_likelihood: bool,
    latent_structure: bool,
    photorealism: bool,
    latency_tight: bool,
    compress_first: bool,
) -> list[str]:
    """The demands that are left of a task when those that step back are gone."""
    if compress_first:
        return ["first_stage"]
    if not synthesis:
        return ["exact_likelihood" if exact_likelihood else "encode_only"]
    first = "latent_structure" if latent_structure else "drawing"
    first = "photorealism" if photorealism else first
    first = "exact_likelihood" if exact_likelihood else first
    return [first, "low_latency"] if latency_tight else [first]


def fitting(row: Row) -> set[str]:
    """The tools that fail none of a task's demands."""
    return {tool for tool in TOOLS if not any(tool in FAILS[demand] for demand in demands(*row))}


@reference("any")
def choose(
    synthesis: bool,
    exact_likelihood: bool,
    latent_structure: bool,
    photorealism: bool,
    latency_tight: bool,
    compress_first: bool,
) -> set[str]:
    return fitting((synthesis, exact_likelihood, latent_structure, photorealism, latency_tight, compress_first))


def passes(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    """Calls of a network to draw one image."""
    return {"vae": 1, "gan": 1, "diffusion": steps, "autoregressive": height * width * channels}[family]


@reference("scalar", possible=Range(1, None, "no image is drawn without calling a network"))
def forward_passes(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return passes(family, height, width, channels, steps)


def right_answers() -> dict[str, dict[str, Any]]:
    """All six tasks, with the first code that rejects each of the other tools."""
    return {
        name: {
            "tool": right,
            "because": list(codes),
            "rejects": {tool: next(code for code in codes if tool in FAILS[code]) for tool in TOOLS if tool != right},
        }
        for name, (right, codes) in SCENARIOS.items()
    }


@by_hand()
def answers(functions: Any) -> dict[str, dict[str, Any]]:
    return right_answers()


@free_text()
def justification() -> None:
    """One changed sentence, the tool that fits then, and why the old one fails."""


# --- the six tasks ----------------------------------------------------------------------------------------


@points(2)
def test_s1(learner: Learner, rng: Rng) -> None:
    """S1, the herbarium: the tool, its reasons, and why no other tool."""
    assert_scenario(learner, "S1")


@points(2)
def test_s2(learner: Learner, rng: Rng) -> None:
    """S2, the chairs: the tool, its reasons, and why no other tool."""
    assert_scenario(learner, "S2")


@points(3)
def test_s3(learner: Learner, rng: Rng) -> None:
    """S3, the portraits: the tool, its reasons, and why no other tool."""
    assert_scenario(learner, "S3")


@points(3)
def test_s4(learner: Learner, rng: Rng) -> None:
    """S4, the posters: the tool, its reasons, and why no other tool."""
    assert_scenario(learner, "S4")


@points(1)
def test_s5(learner: Learner, rng: Rng) -> None:
    """S5 (bonus), the latent grid: the tool, its reasons, and why no other tool."""
    assert_scenario(learner, "S5")


@points(1)
def test_s6(learner: Learner, rng: Rng) -> None:
    """S6 (bonus), the glyphs: the tool, its reasons, and why no other tool."""
    assert_scenario(learner, "S6")


def assert_scenario(learner: Learner, name: str) -> None:
    """Judge what is filled in; a task with empty places is not a mistake, only not finished."""
    place = f'answers["{name}"]'
    given = _alike(learner.answer("answers"))
    if _empty(given):
        raise NotAttempted("answers is still to be filled")
    assert_true(isinstance(given, Mapping), 'answers should be a dict with the keys "S1" to "S6"', got=given)
    part = given.get(name.lower())
    if _empty(part):
        raise NotAttempted(f"{place} is still to be filled")
    keys = '"tool", "because" and "rejects"'
    assert_true(isinstance(part, Mapping), f"{place} should be a dict with the keys {keys}", got=part)
    tool, because, rejects = (part.get(key) for key in ("tool", "because", "rejects"))
    unfilled = [key for key in ("tool", "because", "rejects") if _empty(part.get(key))]
    if "tool" not in unfilled:
        _assert_tool(tool, name, place)
    if "because" not in unfilled:
        _assert_because(because, name, place)
    if "tool" not in unfilled and "rejects" not in unfilled:
        unfilled += _assert_rejects(rejects, name, place)
    if unfilled:
        raise NotAttempted(f"nothing in {place} is wrong so far; still to be filled: {', '.join(unfilled)}")


def _alike(value: Any) -> Any:
    """Texts in small letters without blanks around them, sets and tuples as lists, all the way down."""
    if isinstance(value, str):
        return "_".join(value.casefold().replace("-", " ").split())
    if isinstance(value, Mapping):
        return {_alike(key) if isinstance(key, str) else key: _alike(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_alike(part) for part in value]
    return value


def _empty(value: Any) -> bool:
    """A place of the stub: None, or an empty text, list or dict, or one that holds nothing else."""
    if isinstance(value, Mapping):
        return all(map(_empty, value.values()))
    if isinstance(value, list):
        return all(map(_empty, value))
    return value is None or (isinstance(value, str) and not value)


def _assert_tool(tool: Any, name: str, place: str) -> None:
    right, codes = SCENARIOS[name]
    known = isinstance(tool, str) and tool in TOOLS
    assert_true(known, f'{place}["tool"] should be one of {", ".join(map(_quoted, TOOLS))}', got=tool)
    if tool != right:
        reason = next(FAILS[code][tool] for code in codes if tool in FAILS[code])
        fail(f'{place}["tool"] = {_quoted(tool)} does not fit: {reason}', got=tool)


def _assert_because(because: Any, name: str, place: str) -> None:
    codes = SCENARIOS[name][1]
    given = _codes(because, f'{place}["because"]')
    for code in given:
        if code not in codes:
            fail(f'{place}["because"] names {_quoted(code)}, but {_not_asked(code, name)}', got=tuple(given))
    if set(given) != set(codes):
        fail(f'{place}["because"] is right as far as it goes, but {name} demands more than that', got=tuple(given))


def _assert_rejects(rejects: Any, name: str, place: str) -> list[str]:
    """Judge the rejections that are there; the places of those that are not."""
    right, codes = SCENARIOS[name]
    place += '["rejects"]'
    assert_true(isinstance(rejects, Mapping), f"{place} should be a dict: one code for each of four tools", got=rejects)
    for tool in rejects:
        assert_true(tool in TOOLS, f"{place} names {_quoted(tool)}, which is none of the five tools", got=tool)
    chosen = f"{place} holds {_quoted(right)}, the tool that you chose: leave it None or take it out"
    assert_true(_empty(rejects.get(right)), chosen, got=right)
    given = {tool: _codes(rejects[tool], f'{place}["{tool}"]') for tool in TOOLS if not _empty(rejects.get(tool))}
    wrong = {
        tool: code for tool, found in given.items() for code in found if code not in codes or tool not in FAILS[code]
    }
    for tool, code in wrong.items():
        asked = f"{tool} meets that demand, since {MEETS[code][tool]}" if code in codes else _not_asked(code, name)
        fail(f'{place}["{tool}"] = {_quoted(code)}: {asked}', got=wrong)
    return [f'rejects["{tool}"]' for tool in TOOLS if tool != right and tool not in given]


def _not_asked(code: str, name: str) -> str:
    return f"nothing in {name} speaks of {CODES[code]}"


def _codes(value: Any, place: str) -> list[str]:
    """The known codes among the learner's, sorted; one code may stand without a list around it."""
    found = [code for code in (value if isinstance(value, list) else [value]) if not _empty(code)]
    for code in found:
        assert_true(isinstance(code, str), f"{place} should hold codes, such as “low_latency”", got=value)
        assert_true(code in CODES, f"{place} holds {_quoted(code)}, which is none of the ten codes", got=value)
    return sorted(set(found))


def _quoted(value: Any) -> str:
    return f'"{value[:40]}"' if isinstance(value, str) else str(value)[:40]


# --- the rule ---------------------------------------------------------------------------------------------


@points(2)
def test_choose_encoding(learner: Learner, rng: Rng) -> None:
    """Your rule where only features are wanted (8 of the 64 rows)."""
    assert_rule(learner, lambda row: demands(*row) == ["encode_only"])


@points(2)
def test_choose_likelihood(learner: Learner, rng: Rng) -> None:
    """Your rule where log p(x) itself is wanted and time is not short (12 rows)."""
    assert_rule(learner, lambda row: demands(*row) == ["exact_likelihood"])


@points(2)
def test_choose_quality(learner: Learner, rng: Rng) -> None:
    """Your rule where images are drawn and may take long (4 rows)."""
    assert_rule(learner, lambda row: demands(*row) in (["photorealism"], ["latent_structure"], ["drawing"]))


@points(2)
def test_choose_latency(learner: Learner, rng: Rng) -> None:
    """Your rule where an image must be drawn in one pass (8 rows)."""
    assert_rule(learner, lambda row: "low_latency" in demands(*row))


@points(2)
def test_choose_first_stage(learner: Learner, rng: Rng) -> None:
    """Your rule where the first stage of a latent-diffusion model is wanted (32 rows)."""
    assert_rule(learner, lambda row: demands(*row) == ["first_stage"])


@points(2)
def test_choose_everywhere(learner: Learner, rng: Rng) -> None:
    """Your rule is right in all 64 rows."""
    assert_rule(learner, lambda _: True)


def assert_rule(learner: Learner, concerned: Callable[[Row], bool]) -> None:
    """Compare the learner's rule with ours on some rows, and show the smallest counterexample."""
    table = ask(learner)
    sets = {row: _named_set(learner, row, table[row]) for row in ROWS if concerned(row)}
    evidence = _bits(list(sets.values()))
    if len({_tools(told[0]) if told is not None else None for told in table.values()}) == 1:
        same = _braces(next(iter(sets.values())))
        fail(f"choose gives {same} in each of the 64 rows, whatever is set", got=evidence)
    for row, found in sets.items():
        if found != fitting(row):
            learner.note("choose", row, {})
            fail(counterexample(row, found), got=evidence)


def ask(learner: Learner) -> dict[Row, tuple[Any] | None]:
    """What the learner's rule says in each row, None where it raises."""
    learner.note("choose", ROWS[0], {})
    told = learner.run(ask_every_row, ROWS, timeout=10)
    usable = isinstance(told, list) and len(told) == len(ROWS)
    usable = usable and all(one is None or (isinstance(one, tuple) and len(one) == 1) for one in told)
    assert_true(usable, "64 calls of choose did not give 64 values")
    return dict(zip(ROWS, told, strict=True))


@trial
def ask_every_row(learner: Any, rows: list[tuple[bool, ...]]) -> list[tuple[Any] | None]:
    """64 calls without leaving the learner's process."""
    told: list[tuple[Any] | None] = []
    for row in rows:
        try:
            value = learner.choose(*row)
            plain = value is None or isinstance(value, (str, dict, set, frozenset, list, tuple))
            told.append((value if plain else list(value),))  # a generator or an array of texts cannot travel
        except Exception:  # noqa: BLE001  the judge asks this row again, alone
            told.append(None)
    return told


def _tools(told: Any) -> frozenset[str] | None:
    """A set, list or tuple of texts as the set of their names; None for anything else."""
    if not isinstance(told, set | frozenset | list | tuple) or not all(isinstance(tool, str) for tool in told):
        return None
    return frozenset(_alike(list(told)))


def _named_set(learner: Learner, row: Row, told: tuple[Any] | None) -> frozenset[str]:
    """What the learner's rule says in one row, if it is a set of tools."""
    # Where it raised, once more and alone: whatever it raises now is told with the right call.
    value = learner.choose(*row) if told is None else told[0]
    found = _tools(value)
    if found is None or not found <= set(TOOLS):
        learner.note("choose", row, {})
        raise CheckFailure(f"{_setting(row)}, choose {_no_set_of_tools(value, found)}", got=value)
    return found


def _no_set_of_tools(value: Any, found: frozenset[str] | None) -> str:
    if value is None:
        return "returns None: is a `return` missing?"
    if isinstance(value, str):
        return f"returns a text: make it the set {{{_quoted(value)}}}, even for a single tool"
    if found is None:
        return "should return a set of names of tools"
    return f"names {_quoted(min(found - set(TOOLS)))}, which is none of the five tools"


def _bits(sets: list[frozenset[str]]) -> Tensor:
    """One row for each set, one column for each tool: what a misconception leaves is compared by it."""
    return torch.tensor([[tool in found for tool in TOOLS] for found in sets], dtype=torch.float64)


def counterexample(row: Row, found: frozenset[str]) -> str:
    """One row in plain words: what the rule says, and the sentence of the lesson that it breaks."""
    right, wanted = fitting(row), demands(*row)
    told = f"{_setting(row)}, choose gives {_braces(found)}"
    for tool in TOOLS:
        if tool in found - right:
            told += f". {tool} does not fit: {next(FAILS[one][tool] for one in wanted if tool in FAILS[one])}"
            break
    else:
        tool = next(tool for tool in TOOLS if tool in right - found)
        told += f". {tool} is missing: {MEETS[wanted[0]][tool]}"
    return f"{told}. {_precedence(row)}".removesuffix(". ")


def _setting(row: Row) -> str:
    """The flags of a row in words."""
    names = [name for name, on in zip(FLAGS, row, strict=True) if on]
    if not names:
        return "with no flag set"
    *first, last = names
    return f"with only {', '.join(first)} and {last} set" if first else f"with only {last} set"


def _braces(tools: frozenset[str]) -> str:
    return "{" + ", ".join(tool for tool in TOOLS if tool in tools) + "}" if tools else "the empty set"


def _precedence(row: Row) -> str:
    """What weighs more, where a row has flags that clash.

    In a smallest counterexample such flags are there only because the mistake needs them.
    """
    synthesis, exact_likelihood, latent_structure, photorealism, _, compress_first = row
    if compress_first:
        return "compress_first decides alone" if sum(row) > 1 else ""
    if not synthesis:
        return "Where nothing is drawn, the flags about drawing mean nothing" if any(row[2:5]) else ""
    if exact_likelihood and (photorealism or latent_structure):
        return "photorealism and latent_structure step back behind exact_likelihood"
    return "latent_structure steps back behind photorealism" if photorealism and latent_structure else ""


# --- counting passes --------------------------------------------------------------------------------------


@points(2)
def test_one_pass(learner: Learner, rng: Rng) -> None:
    """A VAE and a GAN draw with one pass, and not every family does."""
    cases = _drawn_cases(rng, "test_one_pass", ("vae", "gan"))
    found = _counts(learner, cases)
    others = [("diffusion", *cases[0][1:]), ("autoregressive", *cases[0][1:])]
    if (found == 1).all() and (_counts(learner, others) == 1).all():
        told = "forward_passes counts one pass for every family: then latency would be no question at all"
        fail(told, got=torch.ones(len(cases) + len(others)))
    _assert_counts(learner, cases, found)


@points(2)
def test_autoregressive_passes(learner: Learner, rng: Rng) -> None:
    """The passes of an autoregressive model."""
    cases = _drawn_cases(rng, "test_autoregressive_passes", ("autoregressive",) * 3)
    cases.append(cases[0][:3])  # one value per pixel when nobody says otherwise
    _assert_counts(learner, cases, _counts(learner, cases))


@points(2)
def test_diffusion_passes(learner: Learner, rng: Rng) -> None:
    """The passes of a diffusion model."""
    cases = _drawn_cases(rng, "test_diffusion_passes", ("diffusion",) * 3)
    cases += [cases[0][:3], cases[1][:4]]  # 50 steps when nobody says otherwise
    _assert_counts(learner, cases, _counts(learner, cases))


Case = tuple[Any, ...]
"""(family, height, width) and, if they are given, channels and steps."""


def _drawn_cases(rng: Rng, check: str, families: tuple[str, ...]) -> list[Case]:
    """One case for each family, on which the misconceptions that this check names differ."""

    def draw() -> tuple[Tensor]:
        ranges = ((5, 30), (5, 30), (2, 5), (5, 41))
        return (torch.tensor([[rng.integer(*pair) for pair in ranges] for _ in families]),)

    def answer(count: Callable[..., Any]) -> Callable[[Tensor], Tensor]:
        return lambda sizes: torch.tensor([count(*case) for case in cases(sizes)])

    def cases(sizes: Tensor) -> list[Case]:
        return [(family, *size) for family, size in zip(families, sizes.tolist(), strict=True)]

    marks = [vars(f)["__misconception__"] for f in globals().values() if hasattr(f, "__misconception__")]
    wrong = [mark.wrong for mark in marks if mark.fails == check and mark.separable]
    (sizes,) = separated(draw, [answer(one) for one in (passes, *wrong)])
    return cases(sizes)


def _counts(learner: Learner, cases: list[Case]) -> Tensor:
    found = []
    for case in cases:
        value = learner.forward_passes(*case)
        assert_shape(value, (), f"what {_call(case)} returns")
        assert_true(not value.is_complex(), f"{_call(case)} gives a complex number")
        found.append(value.detach().double())
    return torch.stack(found)


def _assert_counts(learner: Learner, cases: list[Case], found: Tensor) -> None:
    right = torch.tensor([passes(*case) for case in cases], dtype=torch.float64)
    for case, got, wanted in zip(cases, found, right, strict=True):
        if not (got - wanted).abs() <= 1e-6 * wanted:
            learner.note("forward_passes", case, {}).result = got  # the call to show is the one that went wrong
            fail(f"{_call(case)} gives {float(got):g}, and that is not right", got=found, expected=right)


def _call(case: Case) -> str:
    return f"forward_passes({', '.join(map(_quoted, case))})"


# --- misconceptions about the tasks -----------------------------------------------------------------------


def _about(target: str, fails: str) -> Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]:
    """The mark of a misconception about ``target`` that fails the check ``fails``."""

    def mark(says: str, why: str, look: str, *, separable: bool = True) -> Any:
        return misconception(target, fails=fails, says=says, why=why, look=look, separable=separable)

    return mark


def changed(name: str, **fields: Any) -> dict[str, dict[str, Any]]:
    """The right answers but for one task."""
    found = right_answers()
    found[name] |= fields
    return found


def rejecting(name: str, **codes: str) -> dict[str, dict[str, Any]]:
    """The right answers but for some rejections of one task."""
    found = right_answers()
    found[name]["rejects"] |= codes
    return found


wrong_s1 = _about("answers", "test_s1")


@wrong_s1(
    "a VAE was taken for its encoder",
    "Half of a VAE is a decoder, and its code is shaped by the wish to rebuild every pixel and to look like the prior.",
    "Which parts of your tool would ever be used once the training is over?",
)
def vae_for_features(functions: Any) -> Any:
    return changed("S1", tool="vae")


@wrong_s1(
    "a GAN was taken to get features",
    "Its generator starts from noise, and its discriminator learns one thing only: to tell real from generated.",
    "Which of the five tools has an image as its input and a vector as its output?",
)
def gan_for_features(functions: Any) -> Any:
    return changed("S1", tool="gan")


@wrong_s1(
    "the newest generative model was taken where nothing is generated",
    "What a model can draw is no argument where nobody wants a drawing.",
    "What does S1 want to have in its hands for each scan?",
)
def diffusion_for_features(functions: Any) -> Any:
    return changed("S1", tool="diffusion")


@wrong_s1(
    "a feature vector was taken for a latent space to move in",
    "One reads a feature vector; one moves in a latent space, and decodes what one finds there.",
    "Does anybody in S1 blend or edit a scan?",
)
def features_as_latents(functions: Any) -> Any:
    return changed("S1", because=["encode_only", "latent_structure"])


wrong_s2 = _about("answers", "test_s2")


@wrong_s2(
    "a GAN was taken for a smooth latent space: that is the trade-off the wrong way round",
    "A VAE pays with sharpness for order in its latents, and a GAN pays with order for sharpness.",
    "Which of the two does S2 say it can do without?",
)
def gan_for_smooth_latents(functions: Any) -> Any:
    return changed("S2", tool="gan")


@wrong_s2(
    "a diffusion model was taken to go from one image to another",
    "Its best side is sharpness, and S2 does not ask for that.",
    "Which tool has an encoder, a decoder, and a small space between them?",
)
def diffusion_for_blending(functions: Any) -> Any:
    return changed("S2", tool="diffusion")


@wrong_s2(
    "an encoder alone was taken, although something is to be drawn",
    "An encoder finds the places of the two chairs, but nobody can look at what lies between them.",
    "What leads from a place of the slider to a picture?",
)
def encoder_for_blending(functions: Any) -> Any:
    return changed("S2", tool="self_supervised")


@wrong_s2(
    "sharpness was counted among the demands",
    "A demand is what the text cannot do without.",
    "What does the last sentence of S2 allow?",
)
def blending_needs_sharpness(functions: Any) -> Any:
    return changed("S2", because=["latent_structure", "photorealism"])


@wrong_s2(
    "a slider was taken for a time limit",
    "The text says how much a picture may change, and leaves open how long it may take.",
    "Which words of S2 speak of time?",
)
def slider_needs_speed(functions: Any) -> Any:
    return changed("S2", because=["latent_structure", "low_latency"])


wrong_s3 = _about("answers", "test_s3")


@wrong_s3(
    "the sharpest tool was taken, and the clock forgotten",
    "Fifty steps are fifty passes, however good the last one looks.",
    "How many passes does the phone have time for, and how many does your tool need?",
)
def diffusion_on_the_phone(functions: Any) -> Any:
    return changed("S3", tool="diffusion")


@wrong_s3(
    "the clock was heeded, and sharpness forgotten",
    "Two tools draw in one pass, and only one of them could pass for a camera.",
    "What would the single hair look like?",
)
def vae_on_the_phone(functions: Any) -> Any:
    return changed("S3", tool="vae")


@wrong_s3(
    "an autoregressive model was taken where there is time for one pass",
    "Its training sees an image in one pass, and that is easily mistaken for drawing one in one pass.",
    "How many calls did the sampler of exercise 3 make for one small image?",
)
def autoregressive_on_the_phone(functions: Any) -> Any:
    return changed("S3", tool="autoregressive")


@wrong_s3(
    "the time limit is not among the reasons",
    "Sharpness alone would leave two tools, and the text leaves one.",
    "Which of the tools that draw as sharply does your list not exclude?",
)
def sharpness_alone(functions: Any) -> Any:
    return changed("S3", because=["photorealism"])


@wrong_s3(
    "sharpness is not among the reasons",
    "The time limit alone would leave two tools, and the text leaves one.",
    "Which of the tools that draw as quickly does your list not exclude?",
)
def speed_alone(functions: Any) -> Any:
    return changed("S3", because=["low_latency"])


@wrong_s3(
    "the reasons against the VAE and against diffusion have changed places",
    "One of the two is quick and soft, the other sharp and slow.",
    "Which of the two draws with a single pass of a decoder?",
)
def reasons_swapped(functions: Any) -> Any:
    return rejecting("S3", vae="low_latency", diffusion="photorealism")


@wrong_s3(
    "the VAE was rejected for being slow",
    "Its encoder plays no part in drawing: a code is drawn from the prior and decoded.",
    "How many networks does a VAE need to draw a new image, and how often?",
)
def vae_too_slow(functions: Any) -> Any:
    return rejecting("S3", vae="low_latency")


@wrong_s3(
    "diffusion was rejected for its images",
    "Its images are not what keeps it off the phone.",
    "What would the phone be doing while the portrait is drawn?",
)
def diffusion_too_soft(functions: Any) -> Any:
    return rejecting("S3", diffusion="photorealism")


wrong_s4 = _about("answers", "test_s4")


@wrong_s4(
    "a VAE was taken for posters",
    "It has all night and a steady training, and the one thing that it lacks is what one sees on a poster.",
    "What does a VAE trade for its smooth latent space?",
)
def vae_for_posters(functions: Any) -> Any:
    return changed("S4", tool="vae")


@wrong_s4(
    "a GAN was taken, although the training run must not fail",
    "As sharp it is, but its strong point is speed, which this theatre does not need, and its weak point is training.",
    "Which sentence of S4 is about something that happens before the first poster is drawn?",
)
def gan_for_posters(functions: Any) -> Any:
    return changed("S4", tool="gan")


@wrong_s4(
    "an autoregressive model was taken for posters",
    "A theatre asks what a poster looks like, not how likely it is.",
    "What is an autoregressive model the only one for, and does S4 ask for that?",
)
def autoregressive_for_posters(functions: Any) -> Any:
    return changed("S4", tool="autoregressive")


@wrong_s4(
    "the demand on the training is not among the reasons",
    "Without it a GAN would do just as well: it is as sharp, and the night is long enough for anything.",
    "Read the last sentence of S4 once more: which code is about training?",
)
def risk_forgotten(functions: Any) -> Any:
    return changed("S4", because=["photorealism", "latency_tolerant"])


@wrong_s4(
    "the night is not among the reasons",
    "To be allowed to be slow is part of the task as well: it is what lets the tool of your choice take its steps.",
    "What does S4 say about time, and is there a code for it?",
)
def night_forgotten(functions: Any) -> Any:
    return changed("S4", because=["photorealism", "stable_training"])


@wrong_s4(
    "a time limit was read into a text that gives plenty of time",
    "One code forbids all but a single pass, the other allows many; they are opposites.",
    "How many passes fit into half a minute?",
)
def limit_for_permission(functions: Any) -> Any:
    return changed("S4", because=["photorealism", "low_latency", "stable_training"])


@wrong_s4(
    "the GAN was rejected for its speed",
    "Some summaries name GANs in one breath with “latency-tolerant”, yet a GAN draws in one pass.",
    "Does a tool fail a task because it is quicker than it has to be?",
)
def gan_wrong_speed(functions: Any) -> Any:
    return rejecting("S4", gan="latency_tolerant")


@wrong_s4(
    "the GAN was rejected for its images",
    "Its images are its strong side; another sentence of the text is what it fails.",
    "What may go wrong before a GAN draws anything worth printing?",
)
def gan_not_sharp(functions: Any) -> Any:
    return rejecting("S4", gan="photorealism")


@wrong_s4(
    "the VAE was rejected for its training",
    "Reconstruction and KL pull in different directions, but they are one loss, and one network pair minimizes it.",
    "Which of the five tools has an opponent?",
)
def vae_unsteady(functions: Any) -> Any:
    return rejecting("S4", vae="stable_training")


wrong_s5 = _about("answers", "test_s5")


@wrong_s5(
    "a GAN was taken as the first stage",
    "Its generator is only the way back to an image; S5 also needs the way there.",
    "Which two directions does S5 name?",
)
def gan_as_first_stage(functions: Any) -> Any:
    return changed("S5", tool="gan")


@wrong_s5(
    "an encoder alone was taken as the first stage",
    "Its features are meant to be read by a classifier, and have lost what an image could be rebuilt from.",
    "Which two directions does S5 name?",
)
def encoder_as_first_stage(functions: Any) -> Any:
    return changed("S5", tool="self_supervised")


@wrong_s5(
    "the diffusion model was taken as its own first stage",
    "The diffusion model is what the team has in mind for later; asked for is what stands in front of it.",
    "What is the input of the diffusion model in S5, and who makes it?",
)
def diffusion_before_itself(functions: Any) -> Any:
    return changed("S5", tool="diffusion")


@wrong_s5(
    "moving about in the latent space was read into the text",
    "The diffusion model will work in that space; nobody says that two images are to be blended there.",
    "Which code was made for a network in front of another one?",
)
def grid_to_move_in(functions: Any) -> Any:
    return changed("S5", because=["first_stage", "latent_structure"])


wrong_s6 = _about("answers", "test_s6")


@wrong_s6(
    "the ELBO was taken for log p(x)",
    "The gap between the two is KL(q(z|x) ‖ p(z|x)), it differs from glyph to glyph, and nobody knows it.",
    "What stands between log p(x) and the ELBO, an equals sign?",
)
def elbo_as_likelihood(functions: Any) -> Any:
    return changed("S6", tool="vae")


@wrong_s6(
    "the discriminator's answer was taken for a likelihood",
    "At its best D(x) is p_data(x) / (p_data(x) + p_g(x)), and when the training succeeds that is ½ for every glyph.",
    "Over all images together, what must a probability add up to, and what does D add up to?",
)
def critic_as_likelihood(functions: Any) -> Any:
    return changed("S6", tool="gan")


@wrong_s6(
    "a diffusion model was taken to give log p(x)",
    "What it minimizes is a weighted sum of denoising errors: a bound, at best.",
    "In which exercise did Σ p(x) over all images come out as 1?",
)
def diffusion_as_likelihood(functions: Any) -> Any:
    return changed("S6", tool="diffusion")


@wrong_s6(
    "scoring glyphs was taken for encoding them",
    "A feature vector describes a glyph; log p(x) is one number, and an encoder does not have it.",
    "Does S6 ask for a vector or for a number?",
)
def scoring_as_encoding(functions: Any) -> Any:
    return changed("S6", because=["encode_only", "exact_likelihood"])


# --- misconceptions about the rule ------------------------------------------------------------------------


def on(row: Row, *names: str) -> bool:
    """Whether all these flags are set."""
    return all(row[FLAGS.index(name)] for name in names)


def with_flag(row: Row, name: str, value: bool) -> Row:
    """The row with one flag changed."""
    return tuple(value if flag == name else old for flag, old in zip(FLAGS, row, strict=True))


def draws(row: Row) -> bool:
    """Whether images are drawn and no exact likelihood is asked for."""
    return on(row, "synthesis") and not on(row, "exact_likelihood") and not on(row, "compress_first")


wrong_likelihood = _about("choose", "test_choose_likelihood")


@wrong_likelihood(
    "D(x) was taken for a likelihood",
    "A discriminator learns to tell real from generated; its answers do not add up to 1 over all images.",
    "What should D(x) be everywhere when the generator has become perfect?",
)
def critic_is_likelihood(*row: bool) -> set[str]:
    return {"gan"} if on(row, "exact_likelihood") else fitting(row)


@wrong_likelihood(
    "the ELBO was taken for log p(x)",
    "The flag is called exact_likelihood, and a lower bound is not exact.",
    "What does the B in ELBO stand for?",
)
def elbo_is_likelihood(*row: bool) -> set[str]:
    return {"vae"} if on(row, "exact_likelihood") else fitting(row)


@wrong_likelihood(
    "a VAE was allowed beside the autoregressive model, as if a bound were the value",
    "Both say something about p(x), but only one of them says it exactly.",
    "What does the B in ELBO stand for?",
)
def bound_is_enough(*row: bool) -> set[str]:
    return fitting(row) | {"vae"} if on(row, "exact_likelihood") else fitting(row)


@wrong_likelihood(
    "a diffusion model was allowed beside the autoregressive model",
    "Its loss is a bound as well, and a bound is not the value.",
    "Which of the five tools multiplies conditional probabilities?",
)
def diffusion_is_exact(*row: bool) -> set[str]:
    return fitting(row) | {"diffusion"} if on(row, "exact_likelihood") else fitting(row)


@wrong_likelihood(
    "an encoder was taken wherever nothing is drawn, even where log p(x) is wanted",
    "To score an image draws nothing either, but features are no score.",
    "Without synthesis there are two kinds of task: which flag tells them apart?",
)
def scoring_is_encoding(*row: bool) -> set[str]:
    return fitting(row) if on(row, "synthesis") or on(row, "compress_first") else {"self_supervised"}


@wrong_likelihood(
    "the flag exact_likelihood is not used",
    "Only one of the five tools can say how likely an image is, so the flag has to change the answer.",
    "Where in your function does exact_likelihood stand?",
)
def likelihood_ignored(*row: bool) -> set[str]:
    return fitting(with_flag(row, "exact_likelihood", False))


@wrong_likelihood(
    "a wish for sharpness or for latents was allowed to rule out the only tool that gives log p(x)",
    "Point 3 of the rule lets those wishes step back behind exact_likelihood.",
    "Which of the three flags of point 3 comes first?",
)
def wishes_rule_out(*row: bool) -> set[str]:
    wishes = on(row, "photorealism") or on(row, "latent_structure")
    return set() if wishes and on(row, "synthesis") and "exact_likelihood" in demands(*row) else fitting(row)


@wrong_likelihood(
    "the time for drawing was held against scoring",
    "To score a given image takes one pass, and latency_tight speaks of images that are drawn.",
    "What does latency_tight mean when synthesis is False?",
)
def scoring_is_slow(*row: bool) -> set[str]:
    late = on(row, "exact_likelihood", "latency_tight") and not on(row, "compress_first")
    return set() if late else fitting(row)


wrong_quality = _about("choose", "test_choose_quality")


@wrong_quality(
    "a GAN was taken for smooth latents: that is the trade-off the wrong way round",
    "A VAE pays with sharpness for order in its latents, and a GAN pays with order for sharpness.",
    "Which term of which loss keeps a latent space smooth?",
)
def gan_for_latents(*row: bool) -> set[str]:
    return {"gan"} if on(row, "latent_structure") and not on(row, "photorealism") else fitting(row)


@wrong_quality(
    "the flag photorealism is not used",
    "A VAE draws a little softly, so the flag has to change the answer.",
    "Where in your function does photorealism stand?",
)
def photorealism_ignored(*row: bool) -> set[str]:
    return fitting(with_flag(row, "photorealism", False))


@wrong_quality(
    "a VAE was counted among the sharp tools",
    "Its images are a little soft: that is its side of the trade-off.",
    "What does a VAE pay for its smooth latent space?",
)
def vae_is_sharp(*row: bool) -> set[str]:
    return fitting(row) | {"vae"} if on(row, "photorealism") and draws(row) else fitting(row)


@wrong_quality(
    "the flag latent_structure is not used",
    "Only one tool has a smooth latent space, so the flag has to change the answer.",
    "Where in your function does latent_structure stand?",
)
def structure_ignored(*row: bool) -> set[str]:
    return fitting(with_flag(row, "latent_structure", False))


@wrong_quality(
    "latent_structure was put before photorealism",
    "Where the two clash, point 3 of the rule says which of them steps back.",
    "In which order does point 3 name its three flags?",
)
def latents_before_sharpness(*row: bool) -> set[str]:
    return {"vae"} if on(row, "latent_structure") and draws(row) else fitting(row)


@wrong_quality(
    "photorealism and latent_structure together were thought to rule out everything",
    "Where the two clash, point 3 of the rule lets one of them step back.",
    "In which order does point 3 name its three flags?",
)
def clash_fits_nothing(*row: bool) -> set[str]:
    return set() if on(row, "latent_structure", "photorealism") and draws(row) else fitting(row)


@wrong_quality(
    "GANs were thought to be out of date",
    "Diffusion is the modern default, but a GAN is as sharp, and fits wherever only sharpness is asked for.",
    "Is there a flag for the difficulty of the training?",
)
def gan_is_outdated(*row: bool) -> set[str]:
    return fitting(row) - {"gan"} if draws(row) and not on(row, "latency_tight") else fitting(row)


@wrong_quality(
    "autoregressive models were allowed wherever there is time to draw",
    "They do draw, but point 5 of the rule keeps them for tasks that ask for log p(x).",
    "What does point 5 say about the price of their passes?",
)
def autoregressive_draws_too(*row: bool) -> set[str]:
    plain = demands(*row) == ["drawing"]
    return fitting(row) | {"autoregressive"} if plain else fitting(row)


wrong_latency = _about("choose", "test_choose_latency")


@wrong_latency(
    "a diffusion model was thought to draw in one pass",
    "Every denoising step is a pass of its own, and each needs the result of the one before.",
    "What does forward_passes give for a diffusion model of 50 steps?",
)
def diffusion_is_one_pass(*row: bool) -> set[str]:
    return fitting(row) | (fitting(with_flag(row, "latency_tight", False)) & {"diffusion"})


@wrong_latency(
    "an autoregressive model was thought to draw in one pass",
    "One pass is all that training and scoring take; a sampler has to wait for every pixel before the next.",
    "How often did the sampler of exercise 3 call its model for one 8×8 image?",
)
def autoregressive_is_one_pass(*row: bool) -> set[str]:
    return fitting(row) | (fitting(with_flag(row, "latency_tight", False)) & {"autoregressive"})


@wrong_latency(
    "the flag latency_tight is not used",
    "Two of the tools that draw need many passes, so the flag has to change the answer.",
    "Where in your function does latency_tight stand?",
)
def latency_ignored(*row: bool) -> set[str]:
    return fitting(with_flag(row, "latency_tight", False))


@wrong_latency(
    "a GAN was taken for too slow",
    "Its discriminator is gone once the training is over: one pass of the generator draws an image.",
    "Which of a GAN's two networks is used to draw?",
)
def gan_is_slow(*row: bool) -> set[str]:
    return fitting(row) - {"gan"} if on(row, "latency_tight") else fitting(row)


@wrong_latency(
    "a VAE was taken for too slow",
    "Its encoder plays no part in drawing: one pass of the decoder draws an image.",
    "Which of a VAE's two networks is used to draw?",
)
def vae_is_slow(*row: bool) -> set[str]:
    return fitting(row) - {"vae"} if on(row, "latency_tight") and not on(row, "compress_first") else fitting(row)


@wrong_latency(
    "a GAN was taken whenever latency_tight is set",
    "It is not the only tool that draws in one pass, and speed does not undo the other demands.",
    "Which other tool draws in one pass, and which demand would a GAN fail?",
)
def hurry_means_gan(*row: bool) -> set[str]:
    return {"gan"} if "low_latency" in demands(*row) else fitting(row)


wrong_first_stage = _about("choose", "test_choose_first_stage")


@wrong_first_stage(
    "the VAE was thought to be out of date",
    "It never went away: most latent-diffusion models keep one in front.",
    "Which tool has an encoder, a decoder, and a smooth space between them?",
)
def vae_is_outdated(*row: bool) -> set[str]:
    return fitting(row) - {"vae"} or {"diffusion"} if "vae" in fitting(row) else fitting(row)


@wrong_first_stage(
    "a GAN was taken as the first stage",
    "A generator is only the way back from the grid; without an encoder no image gets there.",
    "Which two directions does a first stage have to go?",
)
def first_stage_is_gan(*row: bool) -> set[str]:
    return {"gan"} if on(row, "compress_first") else fitting(row)


@wrong_first_stage(
    "a self-supervised encoder was taken as the first stage",
    "It leads to features, and there is no decoder to lead back to an image.",
    "Which two directions does a first stage have to go?",
)
def first_stage_is_encoder(*row: bool) -> set[str]:
    return {"self_supervised"} if on(row, "compress_first") else fitting(row)


@wrong_first_stage(
    "the flag compress_first is not used",
    "What stands in front of a latent-diffusion model does a job of its own, whatever the images are for.",
    "Where in your function does compress_first stand?",
)
def first_stage_ignored(*row: bool) -> set[str]:
    return fitting(with_flag(row, "compress_first", False))


@wrong_first_stage(
    "the flag compress_first was heeded only together with synthesis",
    "Point 1 of the rule lets it decide alone.",
    "Which flag should your function look at first?",
)
def first_stage_only_to_draw(*row: bool) -> set[str]:
    return fitting(row) if on(row, "synthesis") else fitting(with_flag(row, "compress_first", False))


@wrong_first_stage(
    "the flag exact_likelihood was put before compress_first",
    "Point 1 of the rule lets compress_first decide alone.",
    "Which flag should your function look at first?",
)
def likelihood_before_first_stage(*row: bool) -> set[str]:
    return fitting(with_flag(row, "compress_first", False)) if on(row, "exact_likelihood") else fitting(row)


@wrong_first_stage(
    "a time limit was held against the first stage",
    "Point 1 of the rule lets compress_first decide alone.",
    "Which flag should your function look at first?",
)
def first_stage_in_a_hurry(*row: bool) -> set[str]:
    return set() if on(row, "compress_first", "latency_tight") else fitting(row)


# Last, as some of them are wrong in more than one kind of row: what is named there is the more special one.

wrong_encoding = _about("choose", "test_choose_encoding")


@wrong_encoding(
    "diffusion was taken for the answer to everything",
    "It is the modern default for sharp images, and neither a phone nor an encoder nor a log p(x) is a sharp image.",
    "For which of the ten codes is diffusion the only tool?",
)
def diffusion_for_everything(*row: bool) -> set[str]:
    return {"diffusion"}


@wrong_encoding(
    "a GAN was taken for the answer to everything",
    "It is quick and sharp, and that is all it is.",
    "What can a GAN do with an image that it is given?",
)
def gan_for_everything(*row: bool) -> set[str]:
    return {"gan"}


@wrong_encoding(
    "a VAE was taken for the answer to everything",
    "It has an encoder, a decoder and a bound, and so it can do a little of everything, but little of it best.",
    "Which flags should ever change the answer?",
)
def vae_for_everything(*row: bool) -> set[str]:
    return {"vae"}


@wrong_encoding(
    "a VAE was taken where nothing is drawn",
    "All that is needed there is the way from an image to a vector, and a tool was made for that alone.",
    "What is left to be done by a decoder when synthesis is False?",
)
def vae_to_encode(*row: bool) -> set[str]:
    return fitting(row) if on(row, "synthesis") else {"vae"}


@wrong_encoding(
    "a VAE was allowed beside the self-supervised encoder",
    "It has an encoder, too, but the task does not pay for a decoder beside it.",
    "Does encode_only let a tool pass that learns to draw?",
)
def vae_encodes_too(*row: bool) -> set[str]:
    return fitting(row) | {"vae"} if fitting(row) == {"self_supervised"} else fitting(row)


@wrong_encoding(
    "the set was left empty where nothing is drawn",
    "There is a tool that was made for exactly that.",
    "Which of the five tools draws no images, and what is it good for?",
)
def nothing_encodes(*row: bool) -> set[str]:
    return fitting(row) - {"self_supervised"}


@wrong_encoding(
    "a GAN was taken whenever photorealism is set, even where nothing is drawn",
    "A wish about the look of images means nothing when there are none.",
    "Which flag should your function look at before photorealism?",
)
def gan_whenever_sharp(*row: bool) -> set[str]:
    return {"gan"} if on(row, "photorealism") else fitting(row)


@wrong_encoding(
    "a VAE was taken whenever latent_structure is set, even where nothing is drawn",
    "To blend and edit means to draw what lies between: without synthesis the flag means nothing.",
    "Which flag should your function look at before latent_structure?",
)
def vae_whenever_structured(*row: bool) -> set[str]:
    return {"vae"} if on(row, "latent_structure") else fitting(row)


@wrong_encoding(
    "the flag synthesis is not used",
    "Without it a task that wants features looks like one that wants drawings.",
    "Where in your function does synthesis stand?",
)
def synthesis_ignored(*row: bool) -> set[str]:
    return fitting(with_flag(row, "synthesis", True))


@wrong_quality(
    "the flag latency_tight was read the wrong way round",
    "When it is True there is time for one pass; when it is False an image may take long.",
    "Is “tight” much time or little?",
)
def latency_upside_down(*row: bool) -> set[str]:
    return fitting(with_flag(row, "latency_tight", not on(row, "latency_tight")))


# --- misconceptions about forward_passes ------------------------------------------------------------------

wrong_one_pass = _about("forward_passes", "test_one_pass")


@wrong_one_pass(
    "the encoder of the VAE was counted",
    "To draw, one takes a code from the prior and decodes it: there is no image yet that could be encoded.",
    "Which of a VAE's two networks is used to draw?",
)
def encoder_counted(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 2 if family == "vae" else passes(family, height, width, channels, steps)


@wrong_one_pass(
    "the discriminator of the GAN was counted",
    "It has done its part when the training ends.",
    "Which of a GAN's two networks is used to draw?",
)
def discriminator_counted(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 2 if family == "gan" else passes(family, height, width, channels, steps)


@wrong_one_pass(
    "the second networks of the VAE and of the GAN were counted",
    "An encoder and a discriminator are needed to train; to draw takes a decoder or a generator, once.",
    "Which network is still needed when only new images are wanted?",
)
def both_networks_counted(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 2 if family in ("vae", "gan") else passes(family, height, width, channels, steps)


@wrong_one_pass(
    "the pixels were counted for the VAE and the GAN",
    "A decoder gives all pixels at once, however many there are.",
    "Does a generator wait for one pixel before it makes the next?",
)
def pixels_one_by_one(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return height * width if family in ("vae", "gan") else passes(family, height, width, channels, steps)


wrong_pixels = _about("forward_passes", "test_autoregressive_passes")


@wrong_pixels(
    "an autoregressive model was thought to draw in one pass",
    "One pass is all that training takes, because there every pixel is known already.",
    "What does the model have to see before it can predict the second pixel?",
)
def drawn_as_trained(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 1 if family == "autoregressive" else passes(family, height, width, channels, steps)


@wrong_pixels(
    "the channels were left out",
    "In a colour image red, green and blue of one pixel are drawn one after the other, as in exercise 3.",
    "What does your function give for 8×8 pixels with 3 values each?",
)
def channels_left_out(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return height * width if family == "autoregressive" else passes(family, height, width, channels, steps)


@wrong_pixels(
    "a whole row was drawn with one call",
    "Pixels of one row wait for each other as well, from left to right.",
    "What does the raster order say about two neighbours in a row?",
)
def row_by_row(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return height * channels if family == "autoregressive" else passes(family, height, width, channels, steps)


@wrong_pixels(
    "height and width were added",
    "Every row has as many pixels as the image is wide.",
    "How many pixels has an image of 8×8?",
)
def sides_added(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    calls = (height + width) * channels
    return calls if family == "autoregressive" else passes(family, height, width, channels, steps)


@wrong_pixels(
    "the channels were added to the pixels",
    "Every pixel has as many values as there are channels.",
    "How many numbers does an image of 8×8 pixels in colour hold?",
)
def channels_added(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    calls = height * width + channels
    return calls if family == "autoregressive" else passes(family, height, width, channels, steps)


@wrong_pixels(
    "the very first value was not counted",
    "Nothing comes before it, but its probability comes out of the network all the same.",
    "How often was the model of exercise 3 called for 8×8 pixels?",
)
def first_value_for_nothing(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    calls = height * width * channels - 1
    return calls if family == "autoregressive" else passes(family, height, width, channels, steps)


wrong_steps = _about("forward_passes", "test_diffusion_passes")


@wrong_steps(
    "a diffusion model was thought to draw in one pass",
    "Each step takes away a little noise, and waits for the one before.",
    "What does the argument steps stand for?",
)
def one_big_step(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 1 if family == "diffusion" else passes(family, height, width, channels, steps)


@wrong_steps(
    "the argument steps is not used",
    "50 is only what it is when nobody says otherwise.",
    "What does your function give for steps = 20?",
)
def always_fifty(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 50 if family == "diffusion" else passes(family, height, width, channels, steps)


@wrong_steps(
    "the steps of the training were counted",
    "Many models are trained on 1000 levels of noise, but drawing takes as many steps as one asks for.",
    "What does the argument steps stand for?",
)
def training_levels(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 1000 if family == "diffusion" else passes(family, height, width, channels, steps)


@wrong_steps(
    "the pixels were counted in every step",
    "One call of the network takes a little noise away from all pixels at once.",
    "Does the number of calls of a convolutional network depend on the size of its image?",
)
def steps_times_pixels(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    calls = steps * height * width * channels
    return calls if family == "diffusion" else passes(family, height, width, channels, steps)


@wrong_steps(
    "a pass was counted for the start as well",
    "The first image is noise, and noise is drawn without a network.",
    "What comes out of the network in the very first step?",
)
def start_counted(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return steps + 1 if family == "diffusion" else passes(family, height, width, channels, steps)


@wrong_steps(
    "two passes were counted for every step",
    "Guidance by a caption may double the passes, but the exercise counts one call for each step.",
    "What does part 3 say about one step?",
)
def guidance_counted(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 2 * steps if family == "diffusion" else passes(family, height, width, channels, steps)


# Last for the same reason: for a single family it is what the misconception about that family says.
@wrong_one_pass(
    "every family was thought to draw with one pass",
    "Two of them build an image bit by bit, and each bit waits for the one before.",
    "Which families need the result of one call for the next?",
    separable=False,
)
def all_in_one_pass(family: str, height: int, width: int, channels: int = 1, steps: int = 50) -> int:
    return 1
