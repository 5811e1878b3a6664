"""Which numbers a student has: one whole number for each exercise, which only the secret and the id lead to."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from pathlib import Path

from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

_KEY = re.compile(r"[0-9a-f]{64}")
_SECRET_LIMIT = 4096


def variant(secret: str, student: str, exercise: Exercise) -> int:
    """What a student's numbers for an exercise are drawn from.

    Args:
        secret: the course's.
        student: the id.
        exercise: which one.

    Returns:
        63 bits.
    """
    return of_key(key(secret, student), exercise)


def key(secret: str, student: str) -> str:
    """A student's key: enough for this student's numbers, and no way to another's or to the secret.

    Args:
        secret: the course's.
        student: the id; the spaces around it and the Unicode form of its letters make no difference.
    """
    name = unicodedata.normalize("NFC", student.strip())
    return hmac.new(secret.encode(), b"reparam/student/1\0" + name.encode(), hashlib.sha256).hexdigest()


def of_key(key: str, exercise: Exercise) -> int:
    """What the numbers for an exercise are drawn from, by a student's key; 63 bits."""
    digest = hmac.new(bytes.fromhex(key), b"reparam/exercise/1\0" + exercise.name.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) >> 1


def is_key(text: object) -> bool:
    """Whether something looks like what :func:`key` makes."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None


def public_secret(course: Course) -> str:
    """What stands in for a secret where there is none: everybody can work out everybody's numbers."""
    return f"no secret: {course.title}"


def read_secret(path: Path) -> str:
    """The secret in a file, without the spaces and line ends around it.

    Raises:
        UnusableInput: the file cannot be read, or holds no secret.
    """
    shown = one_line(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_SECRET_LIMIT + 1)
        secret = content.decode().strip()
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnusableInput(f"{shown} is not UTF-8 text. A secret is a line of text.") from None
    if len(content) > _SECRET_LIMIT:
        raise UnusableInput(f"{shown} is longer than {_SECRET_LIMIT} bytes. A secret is a line of text.")
    if not secret:
        raise UnusableInput(f"{shown} is empty. Put a line of text into it that nobody can guess.")
    return secret
