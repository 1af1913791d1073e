"""What a worker does for a round of a tournament: both competitors heard on one song, and two clips cut from them.

A mixer sets its console, a child is bred from its recipe first, and the own rough mix is taken as it was uploaded. Only
workers import this module.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import soundfile as sf
import soxr

from mixing.engine.audio.encode import WavWriter
from mixing.engine.breeding import lineage
from mixing.engine.console.renderer import render
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import Cancelled, MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.checkpoint import Checkpoint
from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures
from mixing.engine.mixers.registry import MODELS
from mixing.engine.mixers.registry import mixer as registered
from mixing.models import Reference
from mixing.services import sessions, storage
from mixing.services.jobs import Run
from tournament.engine.clips import cut_pair
from tournament.models import Battle, Competitor, Round
from tournament.services import battles, clip_files
from tournament.services.battles import PublishedSide
from tournament.services.preparation import CHOOSING, LISTENING, SPANS

_BLOCK_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounded:
    """A competitor that was heard: the side that is published, and the weights of one that has some."""

    side: PublishedSide
    sha256: str = ""


def prepare(*, battle: Battle, run: Run) -> None:
    """Make both sides of a round, cut and match the clips, and publish them with the end of the job.

    Raises
    ------
    MixFailed
        If a competitor cannot mix the song or cannot be bred, or the two cannot be compared.
    Cancelled, Superseded
        As :meth:`mixing.services.jobs.Run.progress` says.
    """
    row = Round.objects.select_related("on_a__mixer", "on_b__mixer", "on_a__tournament").get(battle=battle)
    ready = sessions.ready_stems(battle.played_song)
    session = sessions.session_features(battle.played_song, ready, progress=run.part(0.0, 0.02, LISTENING))
    stems = sessions.stem_sources(battle.played_song, ready)
    clip_files.remove_other_attempts(battle, run.attempt)
    folder = clip_files.attempt_folder(battle, run.attempt)
    clip_a, clip_b, peaks = (run.file(folder / name) for name in ("a.wav", "b.wav", clip_files.PEAKS))
    made: dict[int, Sounded] = {}
    with TemporaryDirectory(dir=folder) as work:
        mix_a, mix_b = Path(work, "a.wav"), Path(work, "b.wav")
        sides = [(row.on_a, mix_a, clip_a), (row.on_b, mix_b, clip_b)]
        # A coin decides which side is made first: some take longer, and a watcher of the progress has a clock.
        if secrets.randbelow(2):
            sides.reverse()
        for (competitor, mix, clip), span in zip(sides, SPANS, strict=True):
            made[competitor.pk] = _sound(competitor, session, stems, mix, clip, run.part(*span), run.cancelled)
        told = run.part(0.88, 0.99, CHOOSING)
        clips = cut_pair(mix_a, mix_b, clip_a=clip_a, clip_b=clip_b, progress=told, cancelled=run.cancelled)
    peaks.write_bytes(clips.peaks)
    with run.publish():
        side_a, side_b = made[row.on_a.pk].side, made[row.on_b.pk].side
        battles.publish_clips(battle=battle, side_a=side_a, side_b=side_b, clips=clips)
        for competitor in (row.on_a, row.on_b):
            _note(competitor, made[competitor.pk])


def _sound(
    competitor: Competitor,
    session: SessionFeatures,
    stems: Sequence[StemSource],
    output: Path,
    clip: Path,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Sounded:
    clip_path = storage.relative(clip)
    if competitor.kind == Competitor.Kind.ROUGH_MIX:
        version = _copy_rough_mix(competitor, session.sample_rate, output, cancelled)
        return Sounded(side=PublishedSide(version=version, parameters={}, clip_path=clip_path))
    mixer = _mixer(competitor)
    intent = Intent.from_dict(competitor.tournament.intent)
    console = mixer.predict(session, intent).at_rate(session.sample_rate)
    render(
        stems,
        console,
        sample_rate=session.sample_rate,
        output=output,
        scratch_dir=output.parent,
        progress=progress,
        cancelled=cancelled,
    )
    side = PublishedSide(version=mixer.version, parameters=console.to_dict(), clip_path=clip_path)
    return Sounded(side=side, sha256=str(getattr(mixer, "sha256", "")))


def _note(competitor: Competitor, made: Sounded) -> None:
    """Keep the console that was heard, and the weights by which a child can be a parent."""
    competitor.parameters = made.side.parameters or None
    if competitor.kind in (Competitor.Kind.HYBRID, Competitor.Kind.MUTANT):
        competitor.recipe = {**competitor.recipe, "sha256": made.sha256}
    Competitor.objects.filter(pk=competitor.pk).update(parameters=competitor.parameters, recipe=competitor.recipe)


# ---- mixers and children ---------------------------------------------------------------------------------------------


def _mixer(competitor: Competitor) -> Mixer:
    if competitor.kind == Competitor.Kind.MIXER:
        return registered(_key(competitor))
    return lineage.mixer_of(_weights(competitor))


def _weights(competitor: Competitor) -> Checkpoint:
    """The weights of a competitor: off the disk, or bred again from its recipe, parents first."""
    if competitor.kind == Competitor.Kind.MIXER:
        return checkpoint.load(MODELS / f"{_key(competitor)}{checkpoint.SUFFIX}")
    parents = {
        found.card.sha256: found
        for parent in (competitor.mother, competitor.father)
        if parent is not None and (found := _weights(parent))
    }

    def find(sha256: str) -> Checkpoint:
        if sha256 not in parents:
            raise MixFailed("parent_gone", f"A parent of {competitor.name} has changed since it was chosen.")
        return parents[sha256]

    child = lineage.breed(lineage.Recipe.from_dict(competitor.recipe), find, title=competitor.name)
    kept: Any = competitor.recipe.get("sha256")
    if kept and kept != child.card.sha256:
        raise MixFailed("lineage_broken", f"{competitor.name} cannot be made again from its recipe.")
    return child


def _key(competitor: Competitor) -> str:
    if competitor.mixer is None:
        raise MixFailed("unknown_mixer", f"{competitor.name} is no longer there.")
    return competitor.mixer.key


# ---- the own rough mix -----------------------------------------------------------------------------------------------


def _copy_rough_mix(competitor: Competitor, sample_rate: int, output: Path, cancelled: Callable[[], bool]) -> str:
    """The recording at the session's rate; which one it was, as a version."""
    found = Reference.objects.filter(
        song=competitor.tournament.song_id, kind=Reference.Kind.ROUGH_MIX, state=Reference.State.READY
    ).first()
    if found is None or not storage.absolute(found.audio_path).is_file():
        raise MixFailed("rough_mix_gone", "Your rough mix was removed meanwhile, so that nothing can be compared.")
    with sf.SoundFile(storage.absolute(found.audio_path)) as source:
        stream = soxr.ResampleStream(source.samplerate, sample_rate, source.channels, dtype="float32")
        block = round(_BLOCK_S * source.samplerate)
        with WavWriter(output, sample_rate=sample_rate, channels=source.channels, subtype="FLOAT") as wav:
            while True:
                if cancelled():
                    raise Cancelled
                samples = source.read(block, dtype="float32", always_2d=True)
                is_last = source.tell() >= source.frames
                wav.write(stream.resample_chunk(samples, last=is_last).reshape(-1, source.channels).T.copy())
                if is_last:
                    break
    return f"own:{found.sha256[:12]}"
