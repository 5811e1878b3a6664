"""Reports for other programs, as those programs' own parsers read them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from reports import MIXED, NOT_ATTEMPTED, PASSED, RAISED, SKIPPED, VARIANCE, report

from grader.render.exchange import Ungraded, to_gradescope, to_junit
from grader.report import Advice, Evidence, FreeText, Report

ROOT = Path(__file__).parent.parent
GRADESCOPE = json.loads(files("grader").joinpath("schema/gradescope.schema.json").read_text(encoding="utf-8"))
UNUSABLE = Ungraded("exercise2_gaussian_kl", 30, "mine.py, line 3: it is not Python.", student="ada")


def parsed(text: str) -> list[TestSuite]:
    return list(JUnitXml.fromstring(text.encode()))


def gradescope(*entries: Report | Ungraded) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to_gradescope(entries))
    jsonschema.validate(found, GRADESCOPE)
    return found


def outcome(case: TestCase) -> type | None:
    kinds = [type(result) for result in case.result]
    return kinds[0] if kinds else None


# --- JUnit --------------------------------------------------------------------------------------------------


def test_every_end_of_a_check_has_its_own_element() -> None:
    (suite,) = parsed(to_junit([report(*MIXED)]))
    assert suite.name == "exercise1_reparameterization"
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 2, 1, 1)
    assert {case.name: outcome(case) for case in suite} == {
        "test_shape": None,
        "test_z": Failure,
        "test_values": Error,
        "test_moments": Skipped,
        "test_recover": Failure,
    }


def test_a_failure_says_what_and_why() -> None:
    (suite,) = parsed(to_junit([report(VARIANCE)]))
    (case,) = suite
    (failure,) = case.result
    assert (failure.type, failure.message) == ("variance_as_std", VARIANCE.message.splitlines()[0])
    for said in (VARIANCE.title, "σ² was used where σ belongs", "[0.6, 0.65, -0.2, 12.25]", VARIANCE.hint):
        assert said in failure.text
    assert "0 of 3 points" in case.system_out
    assert "step 2" in case.system_out


def test_points_seed_and_layers_are_properties() -> None:
    (suite,) = parsed(to_junit([replace(report(*MIXED), student="ada")]))
    assert suite.name == "ada/exercise1_reparameterization"
    assert {one.name: one.value for one in suite.properties()} == {
        "student": "ada",
        "exercise": "exercise1_reparameterization",
        "title": "The reparameterization trick",
        "points": "2",
        "max_points": "13",
        "seed": "20261107",
        "sandbox": "rlimits landlock seccomp",
    }


def test_what_has_no_verdict_is_an_error() -> None:
    first, second = parsed(to_junit([report(PASSED), UNUSABLE]))
    assert (first.errors, second.errors, second.name) == (0, 1, "ada/exercise2_gaussian_kl")
    (case,) = second
    assert case.result[0].message == UNUSABLE.why


def test_totals_are_those_of_the_suites() -> None:
    found = JUnitXml.fromstring(to_junit([report(*MIXED), UNUSABLE, report(RAISED)]).encode())
    told = (found.tests, found.failures, found.errors)
    found.update_statistics()
    assert told == (found.tests, found.failures, found.errors) == (7, 2, 3)


def test_without_times_the_same_verdicts_are_the_same_text() -> None:
    slower = replace(report(*MIXED), seconds=9.9, checks=tuple(replace(check, seconds=3.3) for check in MIXED))
    assert to_junit([report(*MIXED)], times=False) == to_junit([slower], times=False)
    assert to_junit([report(*MIXED)]) != to_junit([slower])


def test_an_empty_report_is_a_suite_without_cases() -> None:
    (suite,) = parsed(to_junit([report()]))
    assert suite.tests == 0


# Control characters, lone surrogates, what ends CDATA, entities, comments, non-characters, directions, NUL.
NASTY = "a]]>b\x00\x0b\x1b[31m\ud800\ufffe\uffff<!--&amp;<x y='1'\"/>\u202e\u200b\x85\r\n\t𝔸"


def said(text: str) -> Report:
    """A report in which a learner's text stands wherever one can."""
    evidence = Evidence(text, text, text)
    advice = (Advice("name", text),)
    failed = replace(VARIANCE, message=text, hint=text, output=text, evidence=evidence, misconception=text)
    right = replace(PASSED, title=text, output=text, advice=advice)
    skipped = replace(SKIPPED, message=text)
    return replace(report(failed, right, skipped), student=text, title=text, texts=(FreeText("why", text, text),))


def test_nothing_in_a_text_breaks_the_xml() -> None:
    (suite,) = parsed(to_junit([said(NASTY)]))
    failed, right, _ = suite
    assert "]]>" in failed.result[0].text
    assert "<!--&amp;<x y='1'\"/>" in failed.result[0].message
    assert not {"\x1b", "\u202e", "\ufffe"} & set(failed.result[0].text + right.system_out)


@given(st.text(st.characters(codec=None, categories=None), max_size=60))
def test_any_text_is_well_formed(text: str) -> None:
    (suite,) = parsed(to_junit([said(text)]))
    assert suite.tests == 3
    (second,) = parsed(to_junit([Ungraded("exercise1_x", 3, text, text)]))
    assert second.errors == 1
    gradescope(said(text), Ungraded("exercise1_x", 3, text))


# --- Gradescope ---------------------------------------------------------------------------------------------


def test_gradescope_has_every_check_with_its_points() -> None:
    found = gradescope(report(*MIXED))
    assert found["score"] == 2
    assert found["execution_time"] == 0.841
    assert [(test["name"], test["score"], test["max_score"], test["status"]) for test in found["tests"]] == [
        (check.title, check.points, check.max_points, "passed" if check is PASSED else "failed") for check in MIXED
    ]
    assert [test["number"] for test in found["tests"]] == ["1", "2", "3", "4", "5"]
    assert found["tests"][1]["extra_data"] == {
        "check": "test_z",
        "status": "failed",
        "misconception": "variance_as_std",
    }
    assert found["tests"][4]["extra_data"]["status"] == NOT_ATTEMPTED.status
    assert "got:      [0.36, 0.695, -0.25, 12.25]" in found["tests"][1]["output"]
    assert found["tests"][1]["output"].endswith("Your code printed:\nbefore the loop\nstep 1\nstep 2")


def test_the_seed_stays_hidden() -> None:
    """Who knows it can draw the numbers of the checks."""
    assert "20261107" not in to_gradescope([report(*MIXED), UNUSABLE])


def test_several_exercises_are_numbered() -> None:
    other = report(PASSED, RAISED, exercise="exercise3_masked_convolution")
    found = gradescope(report(PASSED), UNUSABLE, other)
    assert [test["number"] for test in found["tests"]] == ["1.1", "2", "3.1", "3.2"]
    assert [test["tags"][0] for test in found["tests"]][2] == "exercise3_masked_convolution"


def test_what_cannot_be_graded_earns_nothing_and_says_why() -> None:
    found = gradescope(UNUSABLE)
    assert found["score"] == 0
    assert found["output"] == "exercise2_gaussian_kl: mine.py, line 3: it is not Python."
    (test,) = found["tests"]
    assert (test["score"], test["max_score"], test["output"]) == (0, 30, UNUSABLE.why)


def test_only_layers_that_every_grading_had() -> None:
    fewer = replace(report(PASSED), sandbox=("rlimits", "seccomp"))
    assert gradescope(report(PASSED), fewer)["extra_data"]["sandbox"] == ["rlimits", "seccomp"]


def test_a_person_reads_a_text() -> None:
    free = replace(report(PASSED), texts=(FreeText("why", "One changed sentence", "mine"),))
    assert gradescope(free)["output"].splitlines()[1] == "A person reads your answer to: One changed sentence"


# --- the command --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exercises")
    for name in ("exercise1_reparameterization", "exercise6_tool_choice"):
        (folder / f"{name}.py").write_text((ROOT / "exercises" / f"{name}.py").read_text(encoding="utf-8"))
    (folder / "exercise6_tool_choice.py").write_text("def broken(:\n")
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grader.cli", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_all_exercises_into_a_file(handed_in: Path) -> None:
    """Those whose file cannot be used are told of; the others are reported."""
    result = run(handed_in, "all", "--submission-dir", ".", "--format", "junit", "--out", "results", "--seed", "1")
    assert result.returncode == 2
    assert "exercise6_tool_choice.py, line 1" in result.stderr
    assert result.stdout.startswith("0 of 30 points; the report is in results")
    (suite,) = parsed((handed_in / "results").read_text(encoding="utf-8"))
    assert suite.failures + suite.skipped == suite.tests > 3


def test_one_exercise_on_standard_output(handed_in: Path) -> None:
    words = ["1", "--submission", "exercise1_reparameterization.py", "--check", "test_z"]
    result = run(handed_in, *words, "--format", "gradescope")
    assert (result.returncode, result.stderr) == (1, "")
    found = json.loads(result.stdout)
    jsonschema.validate(found, GRADESCOPE)
    assert [test["tags"][1] for test in found["tests"]] == ["test_z"]
