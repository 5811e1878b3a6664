"""By-hand numbers of a student's own: drawn, printed, graded; and the printed ones wherever there is no student."""

from __future__ import annotations

import functools
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from suites import EXERCISES, suite_of

from grader import author, diagnosis, own_numbers, own_texts, variants, workspace
from grader.answers import compare_answer
from grader.assertions import CheckFailure
from grader.audit.mutants import _by_hand as answer_of
from grader.checking import Draw, Misconception
from grader.core import Sandbox, grade
from grader.course import Course, Exercise, built_in
from grader.errors import CheckFileError, UnusableInput
from grader.learner import LocalLearner
from grader.probes import Rng
from grader.report import Report, Status
from grader.separation import varied
from grader.submission import Submission
from grader.suite import Check, Suite
from grader.wording import Wording, worded
from grader.wordings import told

pytestmark = pytest.mark.xdist_group("variants")

SECRET = "a secret of the course"  # noqa: S105  of a course that there is not
STUDENTS = [f"student {number}" for number in range(20)]
VARIED = [exercise for exercise in EXERCISES if own_texts.has_numbers(exercise)]
Run = Callable[..., tuple[int, str, str]]

by_exercise = pytest.mark.parametrize("exercise", VARIED, ids=lambda exercise: exercise.short)


@pytest.fixture(scope="module", autouse=True)
def drawn() -> None:
    """All numbers at once, by one process."""
    own_texts.draw([(e, variants.variant(SECRET, student, e)) for e in VARIED for student in STUDENTS])


def variant_of(student: str, exercise: Exercise) -> int:
    return variants.variant(SECRET, student, exercise)


@functools.cache
def suite_for(student: str, exercise: Exercise) -> Suite:
    return varied(suite_of(exercise), variant_of(student, exercise))


def by_hand_checks(exercise: Exercise) -> list[str]:
    """The checks that compare by-hand answers, each named after its answer."""
    suite = suite_of(exercise)
    return [name for name in suite.checks if name.removeprefix("test_") in suite.answers]


def marked(sandbox: Sandbox, exercise: Exercise, source: str, variant: int | None, checks: Sequence[str]) -> Report:
    name = f"{exercise.name}.py"
    return grade(
        exercise, Submission(Path(name), name, source), sandbox=sandbox, seed=0, checks=checks, variant=variant
    )


# --- which numbers ----------------------------------------------------------------------------------------


def test_a_student_always_has_the_same_numbers() -> None:
    one, two = VARIED[:2]
    assert variants.variant("s", "ada", one) == 8925881894460933152
    assert variants.variant("s", "ada", one) == variants.of_key(variants.key("s", "ada"), one)
    others = [("s", "bob", one), ("t", "ada", one), ("s", "ada", two), ("", "ada", one), ("sa", "da", one)]
    assert len({variants.variant(*other) for other in [("s", "ada", one), *others]}) == 6
    assert variants.variant("s", " Zoë ", one) == variants.variant("s", "Zoe\u0308", one)
    assert all(0 <= variant_of(student, one) < 2**63 for student in STUDENTS)


def test_draws_are_the_same_everywhere() -> None:
    """Should this fail, then every student's numbers have changed."""
    draw = Draw(2**63 - 1)
    assert [draw.choice(range(100)) for _ in range(5)] == [31, 63, 80, 45, 47]
    assert draw.several("abcdef", 6) == ["e", "d", "b", "f", "c", "a"]
    own = suite_for("student 0", VARIED[0]).own
    assert own == {"mu": [0.2, 0.8, -0.6], "sigma": [0.4, 0.2, 0.8], "epsilon": [-0.8, 0.6, -0.4]}


@by_exercise
def test_numbers_differ_between_students(exercise: Exercise) -> None:
    found = [str(suite_for(student, exercise).own) for student in STUDENTS]
    assert len(set(found)) == len(STUDENTS)
    printed = suite_of(exercise).numbers
    assert printed is not None
    assert str(dict(printed.printed)) not in found


# --- the laws, for twenty students ------------------------------------------------------------------------


SAME = {"value_at_equilibrium"}
"""The one question about no number."""


@by_exercise
def test_a_students_solution_earns_everything_by_hand(exercise: Exercise, warm: Sandbox) -> None:
    checks = by_hand_checks(exercise)
    for student in STUDENTS:
        variant = variant_of(student, exercise)
        assert marked(warm, exercise, own_texts.solution(exercise, variant), variant, checks).passed, student


@by_exercise
def test_printed_answers_earn_nothing_by_hand(exercise: Exercise, warm: Sandbox) -> None:
    printed = author.read_source(exercise)
    for student in STUDENTS[:4]:
        found = marked(warm, exercise, printed, variant_of(student, exercise), by_hand_checks(exercise))
        assert {check.name.removeprefix("test_") for check in found.checks if check.points} <= SAME, student
        others = [check for check in found.checks if not check.points]
        assert others
        assert all("yours are others" in check.message for check in others)
    for student in STUDENTS:
        own = suite_for(student, exercise)
        for name in set(own.answers) - SAME:
            with pytest.raises(CheckFailure):
                compare_answer(name, own.printed.right_answer(name), own.right_answer(name), own.tolerance(name))


@by_exercise
def test_every_misconception_is_caught_and_named_by_hand(exercise: Exercise, warm: Sandbox) -> None:
    """For each student as a check in the judge sees it; for one of them as a submission in the sandbox."""
    checks = by_hand_checks(exercise)
    for number, student in enumerate(STUDENTS):
        suite = suite_for(student, exercise)
        left = [m for m in suite.misconceptions if m.fails in checks]
        for m in left:
            check = suite.checks[m.fails]
            failure = diagnosis.run_check(check, LocalLearner(suite, m), Rng(0, check.name))
            assert isinstance(failure, CheckFailure), (student, m.name)
            assert diagnosis.explain(suite, check, failure, {m.target}, 0, "") is m, (student, m.name)
        while left and number == 0:
            # One about each answer fits into a submission.
            batch = {m.fails: m for m in reversed(left)}
            left = [m for m in left if m not in batch.values()]
            variant = variant_of(student, exercise)
            lines = [f"{m.target} = {answer_of(suite, m, m.target)}" for m in batch.values()]
            source = "\n".join([own_texts.solution(exercise, variant), *lines])
            found = marked(warm, exercise, source, variant, [*batch])
            named = {check.name: (check.status, check.misconception) for check in found.checks}
            assert named == {name: (Status.FAILED, m.name) for name, m in batch.items()}, student


@by_exercise
def test_who_has_a_misconception_about_a_function_is_told_so_by_hand(exercise: Exercise) -> None:
    """Wherever the printed numbers lead to the name of a misconception, a student's own numbers do so too."""

    def named(suite: Suite, check: Check, m: Misconception) -> str | None:
        failure = diagnosis.run_check(check, LocalLearner(suite, m), Rng(0, check.name))
        if not isinstance(failure, CheckFailure):
            return None
        found = diagnosis.explain(suite, check, failure, {check.name.removeprefix("test_")}, 0, "")
        return found.name if found is not None else None

    printed, own = suite_of(exercise), suite_for(STUDENTS[0], exercise)
    name = by_hand_checks(exercise)[0]
    for m in printed.misconceptions_about({name.removeprefix("test_")}):
        if named(printed, printed.checks[name], m) == m.name:
            assert named(own, own.checks[name], m) == m.name


@by_exercise
def test_a_neighbours_answers_fail(exercise: Exercise, warm: Sandbox) -> None:
    for mine, theirs in pairwise(STUDENTS[:4]):
        copied = own_texts.solution(exercise, variant_of(theirs, exercise))
        found = marked(warm, exercise, copied, variant_of(mine, exercise), by_hand_checks(exercise))
        assert not found.passed
        assert not any("yours are others" in check.message for check in found.checks)


@by_exercise
def test_whatever_the_printed_numbers_tell_apart_is_told_apart(exercise: Exercise) -> None:
    """By another way than the one by which they are drawn: the answers as somebody would write them."""
    printed = suite_of(exercise)
    for own in (suite_for(student, exercise) for student in STUDENTS[:5]):
        for name in printed.answers:
            limit = 2 * printed.tolerance(name)
            before, after = written(printed, name), written(own, name)
            if before != after:
                assert distance(before[0], after[0]) > limit
                for one, two in combinations(range(len(before)), 2):
                    if distance(before[one], before[two]) > 2.5 * printed.tolerance(name):
                        assert distance(after[one], after[two]) > limit


def written(suite: Suite, name: str) -> list[list[float]]:
    """The numbers of a by-hand answer, of who is right and of who has each misconception."""
    right = Misconception("", "", "", "", "", "", False, "", print)
    texts = [answer_of(suite, one, name) for one in (right, *suite.misconceptions_about({name}))]
    # Keys of a dict are no numbers of an answer.
    return [[float(number) for number in _WRITTEN.findall(re.sub(r"\([^)]*\):", "", text))] for text in texts]


_WRITTEN = re.compile(r"-?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)")


def distance(one: list[float], other: list[float]) -> float:
    if len(one) != len(other):
        return math.inf
    apart = [abs(a - b) if math.isfinite(a - b) else math.inf * (a != b) for a, b in zip(one, other, strict=True)]
    return max((a for a in apart if not math.isnan(a)), default=0.0)


# --- the texts --------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)?")


@by_exercise
def test_every_printed_number_of_the_questions_is_replaced_and_no_other(exercise: Exercise) -> None:
    """Between two students' files only the declared places differ; with the printed numbers in them nothing does."""
    numbers = suite_of(exercise).numbers
    assert numbers is not None
    source = author.read_source(exercise)
    assert (
        worded(source, Wording(numbers.phrases(numbers.printed), {}), "").replace(
            "Your numbers are μ", "Your numbers are those of exercise 1: μ"
        )
        == source
        or exercise.number != 2
    )
    places = [before for before, _ in numbers.phrases(numbers.printed)]
    stub = author.stub(source, "")
    for student in STUDENTS[:5]:
        own = own_texts.stub(exercise, variant_of(student, exercise))
        mine = [after for _, after in numbers.phrases(suite_for(student, exercise).own or {})]
        rest, own_rest = stub, own
        for place, after in zip(places, mine, strict=True):
            rest, own_rest = rest.replace(place, "…", 1), own_rest.replace(after, "…", 1)
        assert own_rest == rest
    # Every number that is given stands in a place, and nowhere else in the questions.
    given = {shown for value in numbers.printed.values() for shown in _NUMBER.findall(str(value).replace("-", "−"))}
    assert given <= set(_NUMBER.findall(" ".join(places)))


@by_exercise
def test_right_answers_stand_in_a_students_solution(exercise: Exercise) -> None:
    variant = variant_of("student 0", exercise)
    printed, own = author.read_source(exercise).split("\n"), own_texts.solution(exercise, variant).split("\n")
    assert len(printed) == len(own)
    changed = [
        line.partition(" = ")[0] for old, line in zip(printed, own, strict=True) if old != line and line[0] != "#"
    ]
    answers = set(suite_of(exercise).answers) - {"value_at_equilibrium"}
    assert set(changed) == answers
    assert own_texts.solution(exercise, None) == author.read_source(exercise)


def test_without_a_student_everything_is_printed(tmp_path: Path) -> None:
    course = built_in()
    assert author.stale(course) == []
    copied = workspace.init(tmp_path, course, variant=own_numbers.begin(tmp_path, course).variant)
    assert own_numbers.FILE not in copied.written
    assert not (tmp_path / own_numbers.FILE).exists()
    for exercise in course.exercises:
        assert (tmp_path / "exercises" / exercise.stub.name).read_bytes() == exercise.stub.read_bytes()


@pytest.mark.parametrize(
    ("phrases", "says"),
    [
        ([("μ = 3", "μ = 4")], "it is not there"),
        ([("μ", "ν")], "it stands there 2 times"),
        ([("σ is 1", "σ is 2"), ("is 1", "is 3")], "overlap"),
    ],
)
def test_a_place_that_is_not_there_once_is_told(phrases: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(UnusableInput, match=says):
        worded("# μ is 2, σ is 1, μ again\nz = None\n", Wording(phrases, {}), "solution.py")


# --- a workspace ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secret") / "secret.txt"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def home(tmp_path: Path, secret: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of student 0, which is the current folder."""
    code, out, err = grade_command("init", str(tmp_path / "home"), "--student", "student 0", "--secret", str(secret))
    assert (code, err) == (0, "")
    assert "By-hand numbers of the student's own: exercise1, exercise2, exercise3, exercise4, exercise5.\n" in out
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def test_every_command_uses_the_students_numbers(home: Path, grade_command: Run) -> None:
    exercise = VARIED[0]
    variant = variant_of("student 0", exercise)
    file = home / "exercises" / exercise.stub.name
    stub = own_texts.stub(exercise, variant)
    assert file.read_text() == stub
    assert SECRET not in (home / own_numbers.FILE).read_text()
    file.write_text(own_texts.solution(exercise, variant))
    assert grade_command("1", "--check", "test_z")[0] == 0
    # Somebody's file from elsewhere answers the printed questions.
    elsewhere = shutil.copy(exercise.solution, home / "other.py")
    assert grade_command("1", "--check", "test_z", "--submission", elsewhere)[0] == 0
    shutil.copy(exercise.solution, file)
    code, out, _ = grade_command("1", "--check", "test_z")
    assert code == 1
    assert "yours are others" in " ".join(out.split())
    z = suite_for("student 0", exercise).right_answer("z").tolist()
    assert f"\n+z = {[round(one, 6) for one in z]}\n" in grade_command("solution", "1", "--give-up")[1]
    assert grade_command("reset", "1")[0] == 0
    assert file.read_text() == stub
    assert grade_command("init", ".", "--update")[1] == "There is nothing to do: everything is up to date.\n"
    file.unlink()
    assert grade_command("init", ".")[0] == 0
    assert file.read_text() == stub


def test_a_script_checks_itself_by_the_students_numbers(home: Path) -> None:
    exercise = VARIED[0]
    script = home / "exercises" / exercise.stub.name
    checks = """
if __name__ == "__main__":
    from grader import check
    own, other = check(1, "test_z"), check(1, "test_z", numbers=1)
    raise SystemExit(10 * own.points + other.points)
"""
    script.write_text(own_texts.solution(exercise, variant_of("student 0", exercise)) + checks)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=home)
    assert done.returncode == 20, done.stderr


def test_a_file_that_is_there_already_keeps_its_numbers(tmp_path: Path, grade_command: Run, secret: Path) -> None:
    first, second = (tmp_path / "exercises" / exercise.stub.name for exercise in VARIED[:2])
    assert grade_command("init", str(tmp_path))[0] == 0
    second.unlink()
    code, out, _ = grade_command("init", str(tmp_path), "--student", "student 1", "--secret", str(secret))
    assert code == 0
    assert "By-hand numbers of the student's own: exercise2.\n" in out
    assert "exercise1, exercise3, exercise4, exercise5 keep their numbers, as their files were here before." in out
    assert first.read_bytes() == VARIED[0].stub.read_bytes()
    assert second.read_text() == own_texts.stub(VARIED[1], variant_of("student 1", VARIED[1]))
    own = own_numbers.of(tmp_path)
    assert [own.variant(exercise) for exercise in VARIED[:2]] == [None, variant_of("student 1", VARIED[1])]
    # Another id later changes nothing of what is there.
    assert grade_command("init", str(tmp_path), "--student", "student 2", "--secret", str(secret))[0] == 0
    assert own_numbers.of(tmp_path).exercises == own.exercises


@pytest.mark.parametrize(
    "content", ["", "{}", '{"key": "x", "exercises": {}}', '{"key": null, "exercises": []}', "[" * 9999]
)
def test_numbers_that_nobody_knows_any_more_are_not_guessed(home: Path, content: str, grade_command: Run) -> None:
    (home / own_numbers.FILE).write_text(content)
    code, _, err = grade_command("1", "--check", "test_z")
    assert code == 2
    assert "numbers.json cannot be read" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b" \n ", "is empty"), (b"\xff", "not UTF-8"), (b"x" * 5000, "longer than")],
)
def test_a_secret_that_is_none(tmp_path: Path, content: bytes, says: str, grade_command: Run) -> None:
    (tmp_path / "secret").write_bytes(content)
    code, _, err = grade_command("init", str(tmp_path / "home"), "--student", "a", "--secret", str(tmp_path / "secret"))
    assert (code, says in err) == (2, True)
    assert not (tmp_path / "home").exists()
    assert grade_command("init", str(tmp_path / "home"), "--student", "a", "--secret", str(tmp_path))[0] == 2
    assert "--secret goes with --student" in grade_command("init", str(tmp_path), "--secret", str(tmp_path))[2]


# --- an author's mistakes ---------------------------------------------------------------------------------


def broken(tmp_path: Path, old: str, new: str) -> Exercise:
    """Exercise 1 as somebody's own course, with a mistake."""
    for exercise in built_in().exercises[:1]:
        for file, folder in ((exercise.checks, "checks"), (exercise.solution, "solutions")):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / file.name).write_text(file.read_text().replace(old, new))
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "course.yaml").write_text(
        "title: One\nexercises:\n  - {name: exercise1_reparameterization, title: One, minutes: 1}\n"
    )
    return Course.open(tmp_path).exercises[0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('rng.several(tenths, 3),\n        "sigma"', '[0.2, 0.7, -0.3],\n        "sigma"', None),
        ("    tenths = [", "    tenths = [0.5, 0.5, 0.5] or [", "none of 1000 draws"),
        ("    tenths = [", "    tenths = 1 / 0 or [", "ZeroDivisionError"),
        ("import ast\n", "import asst\n", "does not import"),
    ],
)
def test_a_check_file_that_cannot_draw_is_told(tmp_path: Path, old: str, new: str, says: str | None) -> None:
    exercise = broken(tmp_path, old, new)
    request = {"checks": str(exercise.checks), "variants": [1]}
    if says is None:
        assert "μ = [0.2, 0.7, −0.3], σ" in told(request)["wordings"][0]["phrases"][0][1]
        return
    if says.startswith("none"):
        old = '"epsilon": rng.several([-1.5, -1.2, *tenths, 1.2, 1.5], 3)'
        exercise.checks.write_text(exercise.checks.read_text().replace(old, '"epsilon": [0.0, 0.0, 0.0]'))
    assert says in told(request)["fault"]


def test_what_the_drawing_process_says_of_a_check_file_is_told(tmp_path: Path) -> None:
    exercise = broken(tmp_path, "import ast\n", "import asst\n")
    with pytest.raises(CheckFileError, match=r"line \d+: ModuleNotFoundError"):
        own_texts.solution(exercise, 1)
