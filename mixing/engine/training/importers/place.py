"""A song of any layout as a plain folder: its stems beside each other, and a ``song.json`` with its licence."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mixing.engine.audio.probe import probe
from mixing.engine.errors import MixFailed
from mixing.engine.session_folder import SONG_FILE, STEMS_MAX
from mixing.engine.training.corpus import SongEntry


def check(entry: SongEntry) -> None:
    """Look at every stem's header.

    Raises
    ------
    MixFailed
        ``too_many_stems``.
    AudioRejected
        See :func:`mixing.engine.audio.probe.probe`: no sound, more than two channels, and so on.
    """
    if len(entry.stems) > STEMS_MAX:
        raise MixFailed(
            "too_many_stems",
            f"{entry.id} holds {len(entry.stems)} stems, and a session takes {STEMS_MAX} at most: sum some first.",
            field=entry.id,
        )
    for stem in entry.stems:
        probe(stem.path, name=f"{entry.id}/{stem.path.name}")


def place(entry: SongEntry, into: Path, *, link: bool = True) -> Path | None:
    """Write ``into/<id>/``: the stems, the human mix if there is one, and ``song.json``.

    Parameters
    ----------
    entry : SongEntry
    into : Path
        Made where it is missing.
    link : bool
        Hard links, which need no room, where the disk allows; copies otherwise.

    Returns
    -------
    Path | None
        The song's folder, which appears when it is whole, or not at all; None if it was there already.
    """
    destination = into / entry.id
    if destination.exists():
        return None
    into.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=into, prefix=".partial-"))
    try:
        names = [_free_name(partial, stem.path) for stem in entry.stems]
        for stem, name in zip(entry.stems, names, strict=True):
            _bring(stem.path, partial / name, link=link)
        mix = None if entry.human_mix is None else f"_human_mix{entry.human_mix.suffix.lower()}"
        if entry.human_mix is not None and mix is not None:
            _bring(entry.human_mix, partial / mix, link=link)
        card = json.dumps(_card(entry, names, mix), indent=1, ensure_ascii=False)
        (partial / SONG_FILE).write_text(card + "\n", encoding="utf-8")
        partial.chmod(0o755)
        partial.rename(destination)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return destination


def _card(entry: SongEntry, names: list[str], mix: str | None) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "artist": entry.artist,
        "genre": entry.genre,
        "licence": entry.licence,
        "source": entry.source,
        "kind": entry.kind,
        "human_balance": entry.human_balance,
        "human_mix": mix,
        "weights_may_ship": entry.weights_may_ship,
        "stems": [{"file": name, "role": stem.role} for name, stem in zip(names, entry.stems, strict=True)],
    }


def _free_name(folder: Path, path: Path) -> str:
    """The file's own name, unless it would hide the file or is taken; taking it leaves an empty file there."""
    stem, number = path.stem.lstrip("_.") or "stem", 1
    name = f"{stem}{path.suffix.lower()}"
    while (folder / name).exists():
        number += 1
        name = f"{stem}_{number}{path.suffix.lower()}"
    (folder / name).touch()
    return name


def _bring(source: Path, destination: Path, *, link: bool) -> None:
    destination.unlink(missing_ok=True)
    if link:
        try:
            os.link(source.resolve(), destination)
        except OSError:  # another disk, or one without hard links
            pass
        else:
            return
    shutil.copyfile(source, destination)
