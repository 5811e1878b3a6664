"""Pictures on a terminal: of any width, without colour, with ASCII alone, and above the line of a grading at work."""

from __future__ import annotations

import os

import pytest
from drawings import BARS, DENSITIES, EVERY_KIND, LEAK, SLOPES, TRAINING, TWO_MODES, pictures
from hypothesis import given
from hypothesis import strategies as st
from reports import PASSED, VARIANCE, report
from rich.cells import cell_len

from grader.core import CheckPlan, Event
from grader.render.drawing import draw
from grader.render.live import LiveLine
from grader.render.page import Look
from grader.render.terminal import render
from grader.report import CheckResult, Comparison, Curves, Floor, Grid, Images, Picture, Scatter, Series, Status

LOOKS = [Look(), Look(width=40), Look(unicode=False), Look(width=40, unicode=False)]


def drawn(picture: Picture, width: int = 80, *, unicode: bool = True) -> list[str]:
    return draw(picture, Look(width, unicode=unicode), indent=0)


@given(pictures, st.integers(40, 100), st.booleans())
def test_every_picture_fits(picture: Picture, width: int, unicode: bool) -> None:
    lines = draw(picture, Look(width, unicode=unicode))
    assert max(map(cell_len, lines), default=0) <= width
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("picture", EVERY_KIND, ids=lambda picture: picture.kind)
@pytest.mark.parametrize("width", [40, 80, 100])
def test_a_picture_is_short_and_needs_no_unicode(picture: Picture, width: int) -> None:
    plain = draw(picture, Look(width, unicode=False))
    assert picture.kind == "comparison" or "\n".join(plain).isascii()
    assert len(plain) <= (19 if picture.kind == "scatter" else 12)
    assert plain[0].strip().startswith(picture.title.split(" ")[0])


# --- points -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", LOOKS)
def test_points_over_their_modes_say_what_the_signs_mean(look: Look) -> None:
    lines = draw(TWO_MODES, look)
    assert lines[0].strip() == "After 100 steps"
    reached, missed = ("●", "○") if look.unicode else ("O", "x")
    legend = " ".join(line.strip() for line in lines)
    assert legend.endswith(f"{reached} 1 of 2 modes reached, {missed} 1 missed, 1 of 4 points lie outside the picture")
    above = next(number for number, line in enumerate(lines) if reached in line)
    below = next(number for number, line in enumerate(lines) if missed in line)
    assert above < below < len(lines) - 1


def test_a_picture_of_no_points_is_a_picture() -> None:
    assert drawn(Scatter("", (), ((0.0, 0.0),), 0.0))[-1].strip() == "● 0 of 1 modes reached, ○ 1 missed"


# --- curves -----------------------------------------------------------------------------------------------


def test_a_training_comes_down_to_its_floor() -> None:
    title, *plot, axis, legend = drawn(TRAINING)
    assert title == "The VAE as it trains: loss (nats)"
    assert legend == "your loss: 43 at first, 3.001 at last; ┄ entropy: 2.5"
    assert axis.split() == ["└", "0", "─" * 45, "99", "step"]
    label, line = plot[-1].split("│")
    assert float(label) == 2.5  # the floor is the lowest thing there is
    assert line.startswith("┄  ┄")
    heights = [
        next(row for row, line in enumerate(plot) if line[column : column + 1].strip("┄ ")) for column in (7, 50)
    ]
    assert heights[0] == 0
    assert heights[1] in (len(plot) - 2, len(plot) - 1)


def test_the_steep_beginning_of_a_training_does_not_flatten_the_rest() -> None:
    late = Curves(
        "", "step", "", (Series("loss", tuple(map(float, range(100))), (1e6, *(2 - k / 99 for k in range(99)))),), ()
    )
    plot = drawn(late)[:-2]
    assert float(plot[0].split("│")[0]) < 2.1
    assert all(line.split("│")[1].strip() for line in plot)


def test_a_loss_below_its_floor_is_drawn_below_it() -> None:
    peeking = Curves("", "step", "", (Series("loss", (0.0, 50.0, 100.0), (5.0, 0.1, 0.0)),), (Floor("entropy", 2.77),))
    plot = drawn(peeking)[:-2]
    floor = next(row for row, line in enumerate(plot) if "┄" in line)
    assert floor < len(plot) - 1
    assert plot[-1].split("│")[1].strip()


@pytest.mark.parametrize(("unicode", "marks"), [(True, "●○"), (False, "ox")])
def test_several_curves_have_a_mark_each(unicode: bool, marks: str) -> None:
    _, *plot, _, legend = drawn(DENSITIES, unicode=unicode)
    assert legend == f"{marks[0]} yours; {marks[1]} the data"
    assert marks[1] in plot[0]
    assert marks[0] in plot[-1]
    assert marks[1] not in plot[-1]


@pytest.mark.parametrize("values", [(0.0,), (7.0,), (7.0, 7.0), (-1e30, 1e30), (1e-30, 0.0)])
def test_a_curve_without_a_range_is_a_curve(values: tuple[float, ...]) -> None:
    lines = drawn(Curves("", "step", "", (Series("loss", tuple(map(float, range(len(values)))), values),), ()))
    assert any("\u2800" < sign <= "\u28ff" for line in lines for sign in line)


# --- images, tables ---------------------------------------------------------------------------------------


def test_images_are_half_blocks_in_frames() -> None:
    assert drawn(BARS) == ["Samples", "───────", "│▀▀│ █│", "───────", "│▄▀│", "───────"]
    assert drawn(BARS, unicode=False) == ["Samples", "-------", '|""| #|', "-------", '|_"|', "-------"]


def test_as_many_images_as_fit_are_drawn() -> None:
    blank = tuple((0.0,) * 8 for _ in range(8))
    lines = drawn(Images("Samples", (blank,) * 100, 10), 40)
    assert len(lines) <= 13
    assert lines[-1] == "8 of 100 images"


def test_the_leaking_cell_stands_in_brackets() -> None:
    lines = drawn(LEAK)
    assert lines == ["The mask", " 1  1  1", " 1 [1] 0", " 0  0  0", "[ ] open, and must be hidden"]


def test_a_matrix_that_does_not_fit_says_what_is_missing() -> None:
    wide = Grid("Jacobian", ((0.0,) * 32,) * 32, ((0, 0), (31, 31)), "reads what comes later")
    legend = "[ ] reads what comes later, 1 marked cell outside of what is shown, 16 × 13 of 32 × 32 cells"
    assert " ".join(drawn(wide, 40)).endswith(legend)


def test_a_comparison_is_a_table() -> None:
    assert drawn(SLOPES) == [
        "The gradient of μ",
        "element        got  expected",
        "[0]           0.36       0.6",
        "[1]      no number      -0.2",
    ]


# --- in a report ------------------------------------------------------------------------------------------


def shown(*checks: CheckResult) -> str:
    return render(report(*checks), Look(), command="grade 1")


def with_pictures(check: CheckResult, *pictures: Picture) -> CheckResult:
    return CheckResult(**{**vars(check), "pictures": pictures})


def test_a_comparison_does_not_repeat_the_evidence() -> None:
    table = Comparison("Got and expected", ("element", "got", "expected"), (("[0]", 0.36, 0.6),))
    assert "Got and expected" not in shown(with_pictures(VARIANCE, table))
    silent = CheckResult("test_a", "A", Status.FAILED, 0, 1, message="Wrong.")
    assert "Got and expected" in shown(with_pictures(silent, table))


def test_what_failed_shows_every_picture() -> None:
    text = shown(with_pictures(VARIANCE, TRAINING, BARS, LEAK))
    assert all(title in text for title in (TRAINING.title, BARS.title, LEAK.title))


def test_what_passed_keeps_one_picture_and_a_curve_only_when_all_passed() -> None:
    both = with_pictures(PASSED, TRAINING, BARS)
    assert BARS.title in shown(both)
    assert TRAINING.title not in shown(both)
    curve = with_pictures(PASSED, TRAINING)
    assert TRAINING.title in shown(curve)
    assert TRAINING.title not in shown(curve, VARIANCE)


# --- while a check runs -----------------------------------------------------------------------------------


def test_the_live_line_shows_the_pictures_and_takes_them_away() -> None:
    line = LiveLine(Look(), "The title")
    line(Event("begin", checks=(CheckPlan("test_a", "Training", 1), CheckPlan("test_b", "Values", 1))))
    line(Event("start", name="test_a"))
    line(Event("picture", pictures=(TWO_MODES,)))
    assert "1 of 2 modes reached" in line.__rich__().plain
    line(Event("result", name="test_a", result=PASSED))
    assert "modes" not in line.__rich__().plain


@pytest.mark.parametrize(
    ("height", "titles"), [(10, []), (17, [TRAINING.title]), (40, [TWO_MODES.title, TRAINING.title])]
)
def test_live_pictures_leave_room_for_the_line(height: int, titles: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, height)))
    line = LiveLine(Look(), "The title")
    line(Event("picture", pictures=(TWO_MODES, TRAINING)))
    text = line.__rich__().plain
    assert text.count("\n") < height - 1
    assert [picture.title for picture in (TWO_MODES, TRAINING) if picture.title in text] == titles
