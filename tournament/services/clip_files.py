"""Where a battle's clips lie: below its song, so that what deletes a song deletes them too."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from mixing.services import storage
from tournament.models import Battle

Side = Literal["a", "b"]
SIDES: Final[tuple[Side, Side]] = ("a", "b")
PEAKS: Final = "peaks"


def attempt_folder(battle: Battle, attempt: int) -> Path:
    """The folder of one attempt at preparing a battle; made, and empty if it was not there."""
    folder = _battle_folder(battle) / str(attempt)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remove_other_attempts(battle: Battle, attempt: int) -> None:
    """Delete what earlier attempts left; they are dead, or will find that the row is no longer theirs."""
    for folder in _battle_folder(battle).glob("*"):
        if folder.name != str(attempt):
            shutil.rmtree(folder, ignore_errors=True)


def clip_path(battle: Battle, side: Side) -> Path:
    """The clip of one side of a battle that is ready."""
    return storage.absolute(battle.clip_a_path if side == "a" else battle.clip_b_path)


def peaks_path(battle: Battle) -> Path:
    """The one waveform that stands for both clips."""
    return clip_path(battle, "a").with_name(PEAKS)


def remove(battle: Battle) -> None:
    """Delete all sound of a battle, whose row names none any more."""
    shutil.rmtree(_battle_folder(battle), ignore_errors=True)


def battle_folders() -> list[Path]:
    """The folders of all battles that have one, whether a row knows them or not; each is called as its battle."""
    return [folder for folder in storage.media_root().glob("songs/*/battles/*") if _is_uuid(folder.name)]


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def _battle_folder(battle: Battle) -> Path:
    return storage.song_folder(battle.song_uuid) / "battles" / str(battle.uuid)
