"""Pictures that checks draw: out of a learner's values come plain finite numbers of bounded size, or no picture."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from drawings import EVERY_KIND, pictures
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import report

from grader import drawings
from grader.pictures import Comparison, Curves, Drawable, Grid, Images, Scatter, drawn
from grader.render.exchange import to_json
from grader.report import CheckResult, Picture, Report, Status, picture_from_json
from grader.verdict import ELEMENTS_SHOWN

SCHEMA = json.loads(files("grader").joinpath("schema/report.schema.json").read_text(encoding="utf-8"))
ONE_PICTURE = jsonschema.Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": "#/$defs/picture"}]})


def published(picture: Picture) -> Any:
    return json.loads(json.dumps(asdict(picture), allow_nan=False))


# --- as JSON ----------------------------------------------------------------------------------------------


@given(pictures)
def test_every_picture_comes_back_from_json(picture: Picture) -> None:
    verdict = report(CheckResult("test_x", "X", Status.PASSED, 1, 1, pictures=(picture,)))
    assert Report.from_json(json.loads(to_json(verdict))) == verdict


@settings(max_examples=30)
@given(pictures)
def test_every_picture_follows_the_schema(picture: Picture) -> None:
    ONE_PICTURE.validate(published(picture))


@pytest.mark.parametrize("picture", EVERY_KIND, ids=lambda picture: picture.kind)
@pytest.mark.parametrize("change", [{"kind": "film"}, {"title": 3}, {"extra": 1}])
def test_the_schema_refuses_what_is_no_picture(picture: Picture, change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        ONE_PICTURE.validate(published(picture) | change)


@pytest.mark.parametrize(("kind", "field"), [("curves", "series"), ("images", "images"), ("grid", "values")])
def test_the_schema_refuses_a_picture_of_nothing(kind: str, field: str) -> None:
    picture = next(one for one in EVERY_KIND if one.kind == kind)
    with pytest.raises(jsonschema.ValidationError):
        ONE_PICTURE.validate(published(picture) | {field: []})


def test_a_picture_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture is a 'film'"):
        picture_from_json({"kind": "film", "title": ""})


# --- what a learner may hand over -------------------------------------------------------------------------

_tensors = st.builds(
    lambda shape, fill, dtype: torch.full(shape, fill).to(dtype),
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from([0.0, 1.0, -3.5, 1e38, math.nan, math.inf]),
    st.sampled_from([torch.float32, torch.float64, torch.float16, torch.int64, torch.bool, torch.complex64]),
)
_plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.complex_numbers(), st.text(),
    st.binary(), _tensors, _tensors.map(lambda tensor: tensor.numpy()), st.just(object()), st.just(print),
)  # fmt: skip
_anything = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner), max_leaves=12
)


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy.ndarrays")
@given(_anything, _anything)
def test_whatever_is_handed_over_is_a_plain_picture_or_none(one: Any, other: Any) -> None:
    asked: list[Drawable] = [
        Scatter("points", one, other, 0.1),
        Curves("curve", {"loss": one}, x=other),
        Curves("curve", {"loss": one, "other": other}),
        Images("images", one),
        Grid("grid", one, other),
        Comparison("comparison", one, other),
    ]
    for picture in drawn(asked):
        ONE_PICTURE.validate(published(picture))


def test_a_graph_does_not_matter() -> None:
    values = torch.ones(3, requires_grad=True) * 2
    (picture,) = drawn([Curves("loss", {"yours": values})])
    assert isinstance(picture, drawings.Curves)
    assert picture.series[0].y == (2.0, 2.0, 2.0)


def test_titles_are_cleaned_and_short() -> None:
    (picture,) = drawn([Curves("a\x1b[31m\nb" + "x" * 500, {"\u202eloss": [1.0]})])
    assert isinstance(picture, drawings.Curves)
    assert picture.title.startswith("a bxxx")
    assert len(picture.title) == 100
    assert picture.series[0].name == "loss"


def test_no_more_than_six_pictures_are_kept() -> None:
    assert len(drawn([Curves(str(number), {"loss": [1.0]}) for number in range(9)])) == drawings.PICTURES == 6


# --- curves -----------------------------------------------------------------------------------------------


def curve(values: Any, **options: Any) -> drawings.Curves:
    picture = Curves("loss", {"yours": values}, **options).picture()
    assert picture is not None
    return picture


def test_a_long_curve_is_averaged_over_runs() -> None:
    (line,) = curve(torch.arange(1000.0)).series
    assert len(line.x) == 200
    assert line.x[:2] == line.y[:2] == (2.0, 7.0)


def test_a_curve_ends_where_its_loss_does() -> None:
    (line,) = curve([3.0, 2.0, math.nan, math.inf, 1e300]).series
    assert (line.x, line.y) == ((0.0, 1.0), (3.0, 2.0))


def test_x_ascends_and_is_as_long_as_y() -> None:
    (line,) = curve(np.array([3.0, 1.0, 2.0, 9.0]), x=[30, 10, 20]).series
    assert (line.x, line.y) == ((10.0, 20.0, 30.0), (1.0, 2.0, 3.0))


def test_a_floor_that_is_no_number_is_left_out() -> None:
    assert curve([1.0], floors={"entropy": 0.5, "none": -math.inf, "nothing": math.nan}).floors == (
        drawings.Floor("entropy", 0.5),
    )


def test_lines_that_cannot_be_drawn_are_left_out() -> None:
    picture = Curves("loss", {"yours": "a text", "ours": [1.0]}).picture()
    assert picture is not None
    assert [line.name for line in picture.series] == ["ours"]
    assert Curves("loss", {"yours": [math.nan]}).picture() is None
    assert Curves("loss", {}).picture() is None


# --- the other kinds --------------------------------------------------------------------------------------


def test_points_that_are_not_finite_are_left_out_and_five_hundred_kept() -> None:
    points = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    points[0] = math.nan
    picture = Scatter("ring", points, torch.eye(2), 0.3).picture()
    assert picture is not None
    assert len(picture.points) == 500
    assert picture.centers == ((1.0, 0.0), (0.0, 1.0))
    assert Scatter("ring", points, torch.eye(2), math.nan).picture() is None


def test_large_images_are_averaged_down_and_a_hundred_kept() -> None:
    images = torch.zeros(120, 1, 64, 64)
    images[:, :, :2, :2] = 9.0
    images[3] = math.nan
    picture = Images("samples", images, columns=10).picture()
    assert picture is not None
    assert len(picture.images) == 99
    assert (len(picture.images[0]), len(picture.images[0][0])) == (32, 32)
    assert picture.images[0][0][:2] == (1.0, 0.0)


def test_a_matrix_keeps_its_marks() -> None:
    mask = torch.tensor([[1, 1], [1, 0]])
    picture = Grid("mask", mask, mask > torch.eye(2), "open").picture()
    assert picture is not None
    assert picture.values == ((1.0, 1.0), (1.0, 0.0))
    assert picture.marked == ((0, 1), (1, 0))
    assert picture.legend == "open"
    unmarked = Grid("mask", mask, torch.zeros(2, 2), "open").picture()
    assert unmarked is not None
    assert unmarked.legend == ""
    assert Grid("mask", torch.tensor([[math.nan]]), torch.ones(1, 1)).picture() is None
    assert Grid("mask", mask, torch.ones(3, 3)).picture() is None


def test_a_comparison_names_every_place() -> None:
    picture = Comparison("slopes", torch.tensor([[1.0, math.nan]]), torch.tensor([[1.5, 2.0]])).picture()
    assert picture is not None
    assert picture.rows == (("[0, 0]", 1.0, 1.5), ("[0, 1]", None, 2.0))
    assert Comparison("slopes", torch.ones(2), torch.ones(3)).picture() is None


def test_a_comparison_shows_no_more_than_the_evidence() -> None:
    picture = Comparison("slopes", torch.ones(50), torch.ones(50)).picture()
    assert picture is not None
    assert len(picture.rows) == ELEMENTS_SHOWN
