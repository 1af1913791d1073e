"""What a worker does for a battle: two mixes, the two clips cut from them, and nothing else left behind.

Only workers import this module: it brings the engine's kernels with it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from django.db.models import F
from django.db.models.functions import Greatest

from mixing.engine.console.renderer import render
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.registry import mixer as registered
from mixing.models import Job, Mixer
from mixing.services import sessions, storage
from mixing.services.jobs import Run
from tournament.engine.anchors import broken
from tournament.engine.clips import cut_pair, swap_pair
from tournament.models import Battle
from tournament.services import battles, clip_files
from tournament.services.battles import PublishedSide
from tournament.services.contenders import contenders

# What watchers read while the job runs names no side and no mixer.
LISTENING = "Listening to the stems"
ONE_SIDE = "Mixing one side"
OTHER_SIDE = "Mixing the other side"
CHOOSING = "Finding where they differ most"
SPANS = ((0.02, 0.45, ONE_SIDE), (0.45, 0.88, OTHER_SIDE))


Side = tuple[Mixer, Path, Path, bool]
"""The mixer, where its mix lies, where its clip will lie, and whether its console is broken on purpose."""


def prepare(*, battle: Battle, run: Run) -> None:
    """Mix both sides, cut and match the clips, and publish them with the end of the job.

    Hidden trials go the same way and take the same time, but for the repeat of an earlier battle, whose clips are
    there already.

    Raises
    ------
    MixFailed
        If one of the mixers cannot mix the song, or the two mixes cannot be compared.
    Cancelled, Superseded
        As :meth:`mixing.services.jobs.Run.progress` says.
    """
    clip_files.remove_other_attempts(battle, run.attempt)
    if battle.purpose == Battle.Purpose.REPEAT:
        _swap(battle, run)
    else:
        _mix_both(battle, run)


def _mix_both(battle: Battle, run: Run) -> None:
    ready = sessions.ready_stems(battle.played_song)
    session = sessions.session_features(battle.played_song, ready, progress=run.part(0.0, 0.02, LISTENING))
    stems = sessions.stem_sources(battle.played_song, ready)
    clip_a, clip_b, peaks = _files(battle, run)
    twice: Literal["a"] | None = "a" if battle.purpose == Battle.Purpose.SAME else None
    with TemporaryDirectory(dir=clip_a.parent) as work:
        mix_a, mix_b = Path(work, "a.wav"), Path(work, "b.wav")
        sides = [
            (battle.mixer_a, mix_a, clip_a, battle.broken_side == "a"),
            (_another_than(battle.mixer_a) if twice else battle.mixer_b, mix_b, clip_b, battle.broken_side == "b"),
        ]
        made: dict[Path, PublishedSide] = {}
        for (card, mix, clip, is_broken), span in zip(_shuffled(sides), SPANS, strict=True):
            made[clip] = _mix(card, session, stems, mix, clip, run.part(*span), run.cancelled, is_broken)
        clips = cut_pair(
            mix_a,
            mix_b,
            clip_a=clip_a,
            clip_b=clip_b,
            twice=twice,
            dither_seeds=_drawn_seeds(),
            progress=run.part(0.88, 0.99, CHOOSING),
            cancelled=run.cancelled,
        )
    peaks.write_bytes(clips.peaks)
    side_b = replace(made[clip_a], clip_path=made[clip_b].clip_path) if twice else made[clip_b]
    with run.publish():
        battles.publish_clips(battle=battle, side_a=made[clip_a], side_b=side_b, clips=clips)


def _swap(battle: Battle, run: Run) -> None:
    """The clips of an earlier battle with their sides exchanged; nothing is mixed again."""
    earlier = battle.repeats
    if earlier is None or not earlier.is_ready or not clip_files.clip_path(earlier, "a").is_file():
        raise MixFailed("repeat_gone", "The battle that was to be heard again is gone.")
    clip_a, clip_b, peaks = _files(battle, run)
    heard_a, heard_b = clip_files.clip_path(earlier, "a"), clip_files.clip_path(earlier, "b")
    run.progress(0.5, OTHER_SIDE)
    start_s = earlier.clip_start_s or 0.0
    clips = swap_pair(heard_a, heard_b, clip_a=clip_a, clip_b=clip_b, start_s=start_s, dither_seeds=_drawn_seeds())
    peaks.write_bytes(clips.peaks)
    _look_as_old(battle, earlier, (clip_a, clip_b, peaks))
    side_a = PublishedSide(
        version=earlier.version_b, parameters=earlier.parameters_b or {}, clip_path=storage.relative(clip_a)
    )
    side_b = PublishedSide(
        version=earlier.version_a, parameters=earlier.parameters_a or {}, clip_path=storage.relative(clip_b)
    )
    with run.publish():
        battles.publish_clips(battle=battle, side_a=side_a, side_b=side_b, clips=clips)
        _look_as_long(battle, earlier)


def _look_as_old(battle: Battle, earlier: Battle, files: Sequence[Path]) -> None:
    """As much younger than their battle as the earlier clips are: a browser is told both times, and copying is fast."""
    took_s = clip_files.clip_path(earlier, "a").stat().st_mtime - earlier.created_at.timestamp()
    stamp_s = battle.created_at.timestamp() + took_s
    for file in files:
        os.utime(file, (stamp_s, stamp_s))


def _look_as_long(battle: Battle, earlier: Battle) -> None:
    """As many steps as the earlier preparation told of: a page is told their number."""
    told = earlier.preparation.sequence
    Job.objects.filter(pk=battle.preparation.pk).update(sequence=Greatest(F("sequence"), told))


def _files(battle: Battle, run: Run) -> tuple[Path, Path, Path]:
    """Where clip A, clip B and their one waveform go."""
    folder = clip_files.attempt_folder(battle, run.attempt)
    return run.file(folder / "a.wav"), run.file(folder / "b.wav"), run.file(folder / clip_files.PEAKS)


def _another_than(mixer: Mixer) -> Mixer:
    """Whom a mixer that stands on both sides might have met, for where the clips begin and how loud they are."""
    others = list(contenders().exclude(pk=mixer.pk))
    if not others:
        raise MixFailed("too_few_mixers", "A battle needs two mixers, and this site has fewer.")
    return secrets.choice(others)


def _drawn_seeds() -> tuple[int, int]:
    return secrets.randbits(64), secrets.randbits(64)


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
    is_broken: bool,
) -> PublishedSide:
    contender = registered(card.key)
    console = contender.predict(session, Intent()).at_rate(session.sample_rate)
    if is_broken:
        console = broken(console, {stem.name: stem.role for stem in session.stems})
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
