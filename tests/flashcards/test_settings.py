"""The learner's settings: what may stand in the file, and what is said about anything else."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS
from read_only import read_only

from flashcards.errors import SettingsError
from flashcards.parameters import Fit, read_fits, write_fits
from flashcards.schedule import Settings
from flashcards.settings import EXAMPLE, FILE, Preferences, read_settings


def written(folder: Path, text: str) -> Preferences:
    (folder / FILE).write_text(text, encoding="utf-8")
    return read_settings(folder)


def a_fit(shift: float = 0.0) -> Fit:
    return Fit("2026-11-21T12:00:00+00:00", 600, 0.4, 0.3, (DEFAULT_PARAMETERS[0] + shift, *DEFAULT_PARAMETERS[1:]))


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", EXAMPLE])
def test_the_usual_values(tmp_path: Path, text: str | None) -> None:
    assert (read_settings(tmp_path) if text is None else written(tmp_path, text)) == Preferences()


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("retention: .85", Preferences(Settings(retention=0.85))),
        ("new_per_day: 0", Preferences(new=0)),
        ("learning_steps: 30s 1h 2d", Preferences(Settings(learning_steps=(30, 3600, 172_800)))),
        (
            "learning_steps: []\nrelearning_steps: [5m]",
            Preferences(Settings(learning_steps=(), relearning_steps=(300,))),
        ),
        ("maximum_interval: 365\nrollover_hour: 0", Preferences(Settings(maximum_interval=365, rollover_hour=0))),
        ("fuzz: no", Preferences(Settings(fuzz=False))),
        (
            f"parameters: {list(DEFAULT_PARAMETERS)}",
            Preferences(Settings(parameters=DEFAULT_PARAMETERS), own_parameters=True),
        ),
    ],
)
def test_what_can_be_chosen(tmp_path: Path, text: str, chosen: Preferences) -> None:
    found = written(tmp_path, text)
    assert found == chosen
    assert found.scheduler().settings == chosen.scheduling


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("# a\nretention: 1", 2, "between 0 and 1"),
        ("retention: 0", 1, "between 0 and 1"),
        ("retention: nan", 1, "between 0 and 1"),
        ("retention: ninety", 1, "'ninety' is not a number"),
        ("retention: [0.9]", 1, "single value"),
        ("retentoin: 0.9", 1, "did you mean retention?"),
        ("colour: blue", 1, "there are retention, new_per_day"),
        ("fuzz: maybe", 1, "neither yes nor no"),
        ("new_per_day: -3", 1, "not a whole number"),
        ("new_per_day: 99999999", 1, "nobody learns"),
        ("learning_steps: [10]", 1, "10m"),
        ("learning_steps: [0m]", 1, "from 1 second to 30 days"),
        (f"learning_steps: {['1m'] * 99}", 1, "20 are enough"),
        ("rollover_hour: 24", 1, "from 0 to 23"),
        ("maximum_interval: 0", 1, "1 …"),
        ("parameters: [1, 2]", 1, "FSRS-6 has 21"),
        (f"parameters: {[99.0] * 21}", 1, "number 5 is 99.0"),
        ("- a\n- b", 1, "name: value"),
        ("retention: 0.9\nretention: 0.8", 2, "twice"),
        ("fuzz: no\n\tretention: 0.9", 2, "not YAML"),
        ("retention: !!python/object/apply:os.system [ls]", 1, "not allowed"),
    ],
)
def test_what_cannot_be_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        written(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / FILE}, line {line}: ")
    assert says in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(SettingsError, match=FILE):
        read_settings(tmp_path)


def test_the_documentation_shows_the_usual_values(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "flashcards.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^retention: .*?(?=^```)", page, re.MULTILINE | re.DOTALL)
    assert written(tmp_path, shown) == Preferences()
    assert {line.split(":")[0] for line in shown.splitlines()} >= {
        line.split(":")[0] for line in EXAMPLE.splitlines() if not line.startswith("#")
    }


def test_fitted_parameters_hold_unless_the_learner_wrote_others(tmp_path: Path) -> None:
    write_fits(tmp_path, [a_fit(), a_fit(0.1)])
    assert read_fits(tmp_path) == (a_fit(), a_fit(0.1))
    assert read_settings(tmp_path).scheduling.parameters == a_fit(0.1).parameters
    own = written(tmp_path, f"parameters: {list(DEFAULT_PARAMETERS)}")
    assert own.scheduling.parameters == DEFAULT_PARAMETERS
    assert own.own_parameters


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"fits": 3}',
        '{"fits": [{}]}',
        '{"fits": [{"parameters": [1], "at": "", "reviews": 1}]}',
        "[" * 10**5,
    ],
)
def test_a_file_of_parameters_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "parameters.json").write_text(content)
    with pytest.raises(SettingsError, match=r"parameters\.json holds no parameters"):
        read_settings(tmp_path)


def test_parameters_that_cannot_be_saved_leave_the_old_ones() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_fits(Path(folder), [a_fit()])
        with read_only(Path(folder)), pytest.raises(SettingsError, match="old parameters still hold"):
            write_fits(Path(folder), [a_fit(0.1)])
        assert read_fits(Path(folder)) == (a_fit(),)
        assert len(list(Path(folder).iterdir())) == 1
