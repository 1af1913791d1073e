"""Exports by their file's extension, for who works with files and folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mixing.engine.audio.encode import wav_to_mp3
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import MixFailed
from mixing.engine.export.dawproject import write_dawproject
from mixing.engine.export.session import Session
from mixing.engine.export.stems import write_stems

EXTENSIONS: Final = (".zip", ".dawproject", ".json", ".mp3")


def refuse_unknown_extension(path: Path) -> None:
    """Raise MixFailed ``bad_output`` for a file that is no export by its name."""
    if path.suffix.lower() not in EXTENSIONS:
        raise MixFailed(
            "bad_output",
            f"{path.name} is no export: name a .zip (processed stems), .dawproject, .json (session) or .mp3 file.",
            field=str(path),
        )


def write_export(
    path: Path,
    session: Session,
    sources: Sequence[StemSource],
    mix: Path,
    *,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write what the extension of ``path`` names, as MP3, processed stems, DAWproject or session.

    Parameters
    ----------
    path : Path
        Appears when it is whole, or not at all.
    session : Session
        The finished mix.
    sources : Sequence[StemSource]
        The canonical file of each stem.
    mix : Path
        The rendered WAV.
    """
    refuse_unknown_extension(path)
    kind = path.suffix.lower()
    if kind == ".zip":
        write_stems(sources, session.parameters, sample_rate=session.sample_rate, output=path, progress=progress)
    elif kind == ".dawproject":
        write_dawproject(session, sources, path, progress=progress)
    elif kind == ".mp3":
        words = {"artist": session.artist, "comment": session.credit, "copyright": session.licence}
        wav_to_mp3(mix, path, tags={"title": session.title, **words}, progress=progress)
    else:
        with whole_file(path) as partial:
            partial.write_text(session.to_json(), encoding="utf-8")
