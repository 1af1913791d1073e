"""What a worker does for a battle: two mixes, the two clips cut from them, and nothing else left behind.

Only workers import this module: it brings the engine's kernels with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mixing.engine.console.renderer import render
from mixing.engine.console.sources import StemSource
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.registry import mixer as registered
from mixing.models import Mixer
from mixing.services import sessions, storage
from mixing.services.jobs import Run
from tournament.engine.clips import ClipPair, cut_pair
from tournament.models import Battle
from tournament.services import battles, clip_files
from tournament.services.battles import PublishedSide

# What watchers read while the job runs names no side and no mixer.
LISTENING = "Listening to the stems"
ONE_SIDE = "Mixing one side"
OTHER_SIDE = "Mixing the other side"
CHOOSING = "Finding where they differ most"
SPANS = ((0.02, 0.45, ONE_SIDE), (0.45, 0.88, OTHER_SIDE))

Side = tuple[Mixer, Path, Path]


def prepare(*, battle: Battle, run: Run) -> None:
    """Mix both sides, cut and match the clips, and publish them with the end of the job.

    Raises
    ------
    MixFailed
        If one of the mixers cannot mix the song, or the two mixes cannot be compared.
    Cancelled, Superseded
        As :meth:`mixing.services.jobs.Run.progress` says.
    """
    ready = sessions.ready_stems(battle.played_song)
    session = sessions.session_features(battle.played_song, ready, progress=run.part(0.0, 0.02, LISTENING))
    stems = sessions.stem_sources(battle.played_song, ready)
    clip_files.remove_other_attempts(battle, run.attempt)
    folder = clip_files.attempt_folder(battle, run.attempt)
    clip_a, clip_b, peaks = (run.file(folder / name) for name in ("a.wav", "b.wav", clip_files.PEAKS))
    with TemporaryDirectory(dir=folder) as work:
        mix_a, mix_b = Path(work, "a.wav"), Path(work, "b.wav")
        sides = [(battle.mixer_a, mix_a, clip_a), (battle.mixer_b, mix_b, clip_b)]
        made: dict[Path, PublishedSide] = {}
        for (card, mix, clip), span in zip(_shuffled(sides), SPANS, strict=True):
            made[clip] = _mix(card, session, stems, mix, clip, run.part(*span), run.cancelled)
        told = run.part(0.88, 0.99, CHOOSING)
        clips = cut_pair(mix_a, mix_b, clip_a=clip_a, clip_b=clip_b, progress=told, cancelled=run.cancelled)
    peaks.write_bytes(clips.peaks)
    _publish(battle, run, made[clip_a], made[clip_b], clips)


def _shuffled(sides: list[Side]) -> list[Side]:
    """A coin decides which side is mixed first: some mixers take longer, and a watcher of the progress has a clock."""
    return sides[::-1] if secrets.randbelow(2) else sides


def _mix(
    card: Mixer,
    session: SessionFeatures,
    stems: Sequence[StemSource],
    output: Path,
    clip: Path,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> PublishedSide:
    contender = registered(card.key)
    console = contender.predict(session, Intent()).at_rate(session.sample_rate)
    render(
        stems,
        console,
        sample_rate=session.sample_rate,
        output=output,
        scratch_dir=output.parent,
        progress=progress,
        cancelled=cancelled,
    )
    return PublishedSide(version=contender.version, parameters=console.to_dict(), clip_path=storage.relative(clip))


def _publish(battle: Battle, run: Run, side_a: PublishedSide, side_b: PublishedSide, clips: ClipPair) -> None:
    with run.publish():
        battles.publish_clips(battle=battle, side_a=side_a, side_b=side_b, clips=clips)
