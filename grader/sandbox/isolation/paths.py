"""Which files learner code may read: the interpreter and its libraries, and nothing that belongs to the grader."""

from __future__ import annotations

import os
import site
import stat
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SYSTEM_PATHS: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
)
DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")

_PACKAGE: Final = Path(__file__).resolve().parents[2]


def python_paths() -> list[Path]:
    """The standard library and site-packages, with the shared libraries beside them."""
    schemes = sysconfig.get_paths()
    found = [schemes[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += site.getsitepackages()
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    for prefix in (sys.prefix, sys.base_prefix):
        found += [f"{prefix}/lib", f"{prefix}/lib64"]
    return _resolved(Path(path) for path in found)


def interpreter_paths() -> list[Path]:
    """What a running interpreter opens: `python_paths`, shared libraries, time zones, locales."""
    return sorted({*python_paths(), *_resolved(Path(path) for path in SYSTEM_PATHS)})


def own_paths() -> list[Path]:
    """What must stay unread wherever the package lies: checks, solutions and decks, in a wheel or a checkout."""
    return [_PACKAGE, *(_PACKAGE.parent / name for name in ("flashcards", "exercises", "solutions"))]


def readable(allowed: Iterable[Path], denied: Iterable[Path]) -> list[Path]:
    """The paths to allow so that all of ``allowed`` is readable but nothing of ``denied``.

    Landlock can only allow, and what it allows it allows to any depth. So a folder that holds something denied gives
    way to its children, as deep as it takes. Of a folder split like that, symbolic links are left out: following one
    could lead right back to what is denied.

    Args:
        allowed: files and folders; links are resolved, what does not exist is left out.
        denied: files and folders; they win over ``allowed`` wherever the two meet.
    """
    barred = _resolved(denied)

    def granted(path: Path) -> list[Path]:
        if not any(path in one.parents for one in barred):
            return [path]
        return [found for child in _children(path) if child not in barred for found in granted(child)]

    return [found for root in _outermost(allowed, barred) for found in granted(root)]


def listable(allowed: Iterable[Path], denied: Iterable[Path]) -> list[Path]:
    """The folders of ``allowed`` that `readable` splits: unless they can be listed, an import finds nothing in them.

    Listing goes to any depth as well, so that the names of denied files can be seen there, though not their content.
    """
    barred = _resolved(denied)
    return [root for root in _outermost(allowed, barred) if any(root in one.parents for one in barred)]


def readable_by_others(paths: Iterable[Path]) -> bool:
    """Whether a user without rights could read ``paths``, judged by the modes of themselves, parents and children."""
    seen: dict[Path, bool] = {}
    try:
        return all(_open_to_others(path.resolve(), seen) for path in paths)
    except OSError:
        return False


def _open_to_others(path: Path, seen: dict[Path, bool]) -> bool:
    for folder in path.parents:
        if folder not in seen:
            seen[folder] = bool(folder.stat().st_mode & stat.S_IXOTH)
        if not seen[folder]:
            return False
    mode = path.stat().st_mode
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    if mode & needed != needed:
        return False
    if not stat.S_ISDIR(mode):
        return True
    with os.scandir(path) as entries:  # packages that were installed under a strict umask
        return all(entry.stat(follow_symlinks=False).st_mode & stat.S_IROTH for entry in entries)


def _outermost(paths: Iterable[Path], barred: list[Path]) -> list[Path]:
    """Those of ``paths`` that lie in no other of them and in nothing barred."""
    found = _resolved(paths)
    covered = {*found}
    return [path for path in found if path not in barred and not {*barred, *covered}.intersection(path.parents)]


def _resolved(paths: Iterable[Path]) -> list[Path]:
    """Where the paths lead, each once and sorted, without those that lead nowhere that we can reach."""
    return sorted({path.resolve() for path in paths if _reachable(path)})


def _reachable(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def _children(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if not entry.is_symlink())
    except OSError:  # what we cannot list, the sandbox need not read
        return []
