"""What exports hold, written by the engine. Only workers import this module."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, cast

from mixing.engine.audio.encode import wav_to_mp3, wav_to_wav
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.export.dawproject import write_dawproject
from mixing.engine.export.session import Session, SessionStem
from mixing.engine.export.stems import write_stems
from mixing.engine.roles import Role
from mixing.models import Export, Mix
from mixing.services import mixes, sessions, storage

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]
Encode = Callable[..., None]

_ENCODERS: Final[dict[str, Encode]] = {
    Export.Kind.MP3: wav_to_mp3,
    Export.Kind.PREVIEW: partial(wav_to_mp3, quality="preview"),
    Export.Kind.WAV16: partial(wav_to_wav, subtype="PCM_16"),
    Export.Kind.WAV32F: partial(wav_to_wav, subtype="FLOAT"),
}


def write(export: Export, file: Path, *, progress: Progress, cancelled: Cancelled) -> None:
    """Write an export's file; it appears when it is whole, or not at all."""
    mix = export.mix
    if export.kind in _ENCODERS:
        source = storage.absolute(mix.wav_path)
        if not source.is_file():
            raise MixFailed("mix_gone", "The sound of this mix is gone. Mix again, then export.")
        encode = _ENCODERS[export.kind]
        encode(source, file, tags=mixes.tags(mix), progress=progress, cancelled=cancelled)
    elif export.kind == Export.Kind.SESSION:
        with whole_file(file) as partial_file:
            partial_file.write_text(session_of(mix).to_json(), encoding="utf-8")
    else:
        _write_from_stems(export, file, progress, cancelled)


def session_of(mix: Mix) -> Session:
    """A mix with its song, its stems and everything that is known about it."""
    song = mix.song
    stems = tuple(
        SessionStem(
            name=stem.name,
            role=cast(Role, stem.role),
            channels=stem.channels or 0,
            frames=stem.frames or 0,
            sha256=stem.sha256,
        )
        for stem in mix.stems.all()
    )
    return Session(
        title=song.title,
        artist=song.artist,
        licence=song.licence,
        mixer=mix.mixer.title,
        mixer_version=mix.mixer_version,
        sample_rate=song.sample_rate or 0,
        stems=stems,
        parameters=ConsoleParameters.from_dict(mix.parameters),
        report=mix.report or {},
    )


def _write_from_stems(export: Export, file: Path, progress: Progress, cancelled: Cancelled) -> None:
    session = session_of(export.mix)
    sources = sessions.stem_sources(export.mix.song, export.mix.stems.all())
    if export.kind == Export.Kind.STEMS:
        write_stems(
            sources,
            session.parameters,
            sample_rate=session.sample_rate,
            output=file,
            progress=progress,
            cancelled=cancelled,
        )
    else:
        write_dawproject(session, sources, file, progress=progress, cancelled=cancelled)
