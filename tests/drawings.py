"""Pictures in their plain form, one of each kind and any there can be, for the tests of what shows and stores them."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.report import Comparison, Curves, Floor, Grid, Images, Scatter, Series

TWO_MODES = Scatter("After 100 steps", ((0.0, 1.0),) * 3 + ((9.0, 9.0),), ((0.0, 1.0), (0.0, -1.0)), 0.2)
TRAINING = Curves(
    "The VAE as it trains",
    "step",
    "loss (nats)",
    (Series("your loss", tuple(map(float, range(100))), tuple(3 + 40 * 0.9**step for step in range(100))),),
    (Floor("entropy", 2.5),),
)
DENSITIES = Curves(
    "What the GAN draws",
    "x",
    "density",
    (Series("yours", (0.0, 1.0, 2.0), (0.0, 1.0, 0.0)), Series("the data", (0.0, 1.0, 2.0), (1.0, 1.0, 1.0))),
    (),
)
BARS = Images("Samples", (((1.0, 1.0), (0.0, 0.0)), ((0.0, 1.0), (0.0, 1.0)), ((0.4, 0.5), (1.0, 0.0))), 2)
LEAK = Grid("The mask", ((1.0, 1.0, 1.0), (1.0, 1.0, 0.0), (0.0, 0.0, 0.0)), ((1, 1),), "open, and must be hidden")
SLOPES = Comparison("The gradient of μ", ("element", "got", "expected"), (("[0]", 0.36, 0.6), ("[1]", None, -0.2)))
EVERY_KIND = (TWO_MODES, TRAINING, DENSITIES, BARS, LEAK, SLOPES)

# --- any picture ------------------------------------------------------------------------------------------

_number = st.floats(-1e30, 1e30)
_shade = st.floats(0, 1)
_words = st.text(max_size=30)
_pair = st.tuples(_number, _number)


@st.composite
def _series(draw: st.DrawFn) -> Series:
    points = draw(st.lists(_pair, min_size=1, max_size=20))
    return Series(draw(_words), tuple(sorted(x for x, _ in points)), tuple(y for _, y in points))


@st.composite
def _images(draw: st.DrawFn) -> Images:
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 32))
    image = st.tuples(*[st.tuples(*[_shade] * width)] * height)
    return Images(draw(_words), tuple(draw(st.lists(image, min_size=1, max_size=5))), draw(st.integers(1, 100)))


@st.composite
def _grid(draw: st.DrawFn) -> Grid:
    rows, columns = draw(st.integers(1, 20)), draw(st.integers(1, 32))
    cells = st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))
    values = draw(st.tuples(*[st.tuples(*[_number] * columns)] * rows))
    return Grid(draw(_words), values, tuple(sorted(draw(st.sets(cells, max_size=5)))), draw(_words))


_points = st.lists(_pair, max_size=10).map(tuple)
_row = st.tuples(_words, st.none() | _number, st.none() | _number)
pictures = st.one_of(
    st.builds(Scatter, _words, _points, st.lists(_pair, min_size=1, max_size=9).map(tuple), st.floats(0, 1e30)),
    st.builds(
        Curves,
        _words,
        _words,
        _words,
        st.lists(_series(), min_size=1, max_size=6).map(tuple),
        st.lists(st.builds(Floor, _words, _number), max_size=4).map(tuple),
    ),
    _images(),
    _grid(),
    st.builds(Comparison, _words, st.tuples(_words, _words, _words), st.lists(_row, max_size=12).map(tuple)),
)
