"""What can be wrong with what a learner gave us; each message names the file and what mends it."""

from __future__ import annotations


class Unusable(Exception):  # noqa: N818  it names what we were given, not an error of the program
    """Something that we were given cannot be used. It ends the command with exit code 2, and nothing is lost."""


class StoreError(Unusable):
    """The database cannot be used, or the disk does not let it be; what was in it stays there."""


class SettingsError(Unusable):
    """The learner's settings, or the file of fitted parameters, cannot be used."""


class SyncError(Unusable):
    """The folder to sync with cannot be used."""


class OptimizeError(Unusable):
    """Parameters cannot be fitted; the message says what is missing."""


class UnknownDeck(Unusable):
    """There is no deck of a name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        shown = "".join(filter(str.isprintable, name))[:60]
        super().__init__(f'There is no deck "{shown}". There are {", ".join(known)}.')
        self.name = name
        self.known = known
