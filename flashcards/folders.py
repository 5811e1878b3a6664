"""Where a learner's progress and decks lie."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "REPARAM_DATA"
DECKS = "decks"


def data_folder(chosen: Path | None = None) -> Path:
    """The folder of the progress: the one that was chosen, else ``$REPARAM_DATA``, else the user's data folder."""
    if chosen is not None:
        return chosen
    if variable := os.environ.get(VARIABLE):
        return Path(variable)
    import platformdirs  # late: nobody waits for it who has said where

    return platformdirs.user_data_path("reparam", appauthor=False)


def deck_folders(data: Path, here: Path | None = None) -> list[Path]:
    """Folders with decks: ours, the learner's own, and the workspace's around the current folder, if there is one.

    Args:
        data: see `data_folder`.
        here: None for the current folder.
    """
    from flashcards.deck import OWN_DECKS

    if here is None:
        try:
            here = Path.cwd()
        except OSError:  # it has been deleted
            here = data
    around = [folder / DECKS for folder in (here, *here.parents) if (folder / "exercises").is_dir()]
    return [OWN_DECKS, data / DECKS, *around[:1]]
