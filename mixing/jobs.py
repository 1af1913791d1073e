"""What workers run. Only workers import this module: it brings the engine's compiled kernels with it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

import numpy as np
import structlog
from django.conf import settings
from django.urls import reverse

from mixing.engine.audio.encode import WavWriter, copy_wav_with_tags, wav_to_flac
from mixing.engine.audio.ingest import IngestedStem
from mixing.engine.audio.ingest import ingest as take_in
from mixing.engine.audio.probe import Limits
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import AudioRejected, EngineError
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.registry import mixer as find_mixer
from mixing.engine.mixers.registry import sha256
from mixing.engine.mixers.registry import warm as load_weights
from mixing.models import Export, Mix, Reference, Stem
from mixing.services import exports, jobs, mixes, references, sessions, stems, storage

log = structlog.get_logger("aimixer.jobs")


def ingest(*, job_uuid: str, attempt: int, request_id: str = "") -> None:
    """Listen to an uploaded file and make a stem of it."""
    jobs.run(UUID(job_uuid), attempt, _ingest)


def reference(*, job_uuid: str, attempt: int, request_id: str = "") -> None:
    """Listen to a recording that mixes are to be compared with."""
    jobs.run(UUID(job_uuid), attempt, _reference)


def mix(*, job_uuid: str, attempt: int, request_id: str = "") -> None:
    """Let a mixer set the console and render the mix."""
    jobs.run(UUID(job_uuid), attempt, _mix)


def export(*, job_uuid: str, attempt: int, request_id: str = "") -> None:
    """Write a finished mix in another form."""
    jobs.run(UUID(job_uuid), attempt, _export)


def warm() -> None:
    """Compile or load every kernel, and load all weights, before the first job comes."""
    from mixing.engine.audio.music import warm as warm_music
    from mixing.engine.console.renderer import warm as warm_renderer

    warm_renderer()
    warm_music()
    warm_ingest()
    try:
        load_weights()
    except EngineError as error:
        # Its own mixes will say so; everybody else's go on.
        log.error("checkpoint_refused", code=error.code, reason=error.message)


def warm_ingest() -> None:
    """Compile or load what listening to a file needs. It starts no thread, so a process that forks may call it."""
    # News of a job carries an address, and the first address that is asked for imports every page of the site.
    reverse("mixing:songs")
    with tempfile.TemporaryDirectory() as folder:
        for channels in (1, 2):
            source = Path(folder) / f"{channels}.wav"
            with WavWriter(source, sample_rate=44_100, channels=channels) as wav:
                wav.write(np.full((channels, 22_050), 0.1, dtype=np.float32))
            take_in(source, source.with_suffix(".out.wav"), name=source.name, sample_rate=48_000)


def _ingest(run: jobs.Run) -> None:
    stem = Stem.objects.select_related("song", "upload").filter(job=run.job).first()
    if stem is None:
        raise jobs.Superseded
    part = _arrived(stem)
    song = stem.song
    audio = run.file(storage.stem_file(song.uuid, stem.uuid, run.attempt, ".wav"))
    peaks = run.file(storage.stem_file(song.uuid, stem.uuid, run.attempt, ".peaks"))
    storage.remove_leftovers(audio.parent, stem.uuid, before_attempt=run.attempt, keep=set())
    try:
        taken = _listen(run, stem.name, song.sample_rate, part, audio, 0.0)
        stems.accept(run=run, stem=stem, ingested=taken, audio=audio, peaks=peaks)
    except stems.RateTaken:
        song.refresh_from_db(fields=["sample_rate"])
        taken = _listen(run, stem.name, song.sample_rate, part, audio, 0.5)
        stems.accept(run=run, stem=stem, ingested=taken, audio=audio, peaks=peaks)


def _reference(run: jobs.Run) -> None:
    found = Reference.objects.select_related("song", "upload").filter(job=run.job).first()
    if found is None:
        raise jobs.Superseded
    part = _arrived(found)
    audio = run.file(storage.reference_file(found.song.uuid, found.uuid, run.attempt, ".wav"))
    peaks = run.file(storage.reference_file(found.song.uuid, found.uuid, run.attempt, ".peaks"))
    storage.remove_leftovers(audio.parent, found.uuid, before_attempt=run.attempt, keep=set())
    taken = _listen(run, found.name, None, part, audio, 0.0)
    references.accept(run=run, reference=found, ingested=taken, audio=audio, peaks=peaks)


def _arrived(recording: Stem | Reference) -> Path:
    upload = getattr(recording, "upload", None)
    part = storage.part_file(upload.uuid) if upload is not None else None
    if part is None or not part.is_file():
        raise AudioRejected("upload_lost", f"What had arrived of “{recording.name}” was lost. Upload it again.")
    return part


def _listen(run: jobs.Run, name: str, sample_rate: int | None, part: Path, audio: Path, start: float) -> IngestedStem:
    return take_in(
        part,
        audio,
        name=name,
        sample_rate=sample_rate,
        limits=Limits(max_bytes=settings.UPLOAD_MAX_BYTES),
        progress=run.part(start, 1.0, "Listening"),
        cancelled=run.cancelled,
    )


def _mix(run: jobs.Run) -> None:
    mix = Mix.objects.select_related("song", "mixer", "reference").filter(job=run.job).first()
    if mix is None:
        raise jobs.Superseded
    flac = storage.mix_file(mix.song.uuid, mix.uuid, run.attempt, ".flac")
    published = {mix.wav_path, mix.peaks_path}
    storage.remove_leftovers(flac.parent, mix.uuid, before_attempt=run.attempt, keep=published)
    if not mix.is_ready:
        _render(run, mix)
    progress = run.part(0.92, 1.0, "Writing FLAC")
    wav_to_flac(storage.absolute(mix.wav_path), run.file(flac), tags=mixes.tags(mix), progress=progress)
    mixes.publish_flac(run=run, mix=mix, flac=flac)


def _render(run: jobs.Run, mix: Mix) -> None:
    from mixing.engine.console.renderer import render

    wav = run.file(storage.mix_file(mix.song.uuid, mix.uuid, run.attempt, ".wav"))
    peaks = run.file(storage.mix_file(mix.song.uuid, mix.uuid, run.attempt, ".peaks"))
    bare = run.file(storage.mix_file(mix.song.uuid, mix.uuid, run.attempt, ".bare.wav"))
    chosen = list(mix.stems.all())
    sources = sessions.stem_sources(mix.song, chosen)
    session = sessions.session_features(mix.song, chosen, progress=run.part(0.0, 0.02, "Listening"))
    run.progress(0.02, "Setting the console")
    parameters = _console(mix, session)
    report = render(
        sources,
        parameters,
        sample_rate=session.sample_rate,
        output=bare,
        progress=run.part(0.03, 0.92, "Rendering"),
        cancelled=run.cancelled,
    )
    copy_wav_with_tags(bare, wav, tags=mixes.tags(mix))
    bare.unlink()
    mixes.publish_sound(run=run, mix=mix, parameters=parameters, report=report, wav=wav, peaks=peaks)


def _console(mix: Mix, session: SessionFeatures) -> ConsoleParameters:
    """The console that the mix came with, or what its mixer sets now, which is then noted with its version."""
    if mix.parameters is not None:
        return ConsoleParameters.from_dict(mix.parameters)
    mixer = find_mixer(mix.mixer.key)
    parameters = mixer.predict(session, Intent.from_dict(mix.intent, reference=references.features(mix)))
    mix.mixer_version, mix.mixer_sha256 = mixer.version, sha256(mixer) or ""
    return parameters


def _export(run: jobs.Run) -> None:
    from mixing.services.export_files import write

    export = Export.objects.select_related("mix__song", "mix__mixer").filter(job=run.job).first()
    if export is None:
        raise jobs.Superseded
    suffix = f".{exports.FORMS[export.kind].extension}"
    file = storage.export_file(export.mix.song.uuid, export.uuid, run.attempt, suffix)
    storage.remove_leftovers(file.parent, export.uuid, before_attempt=run.attempt, keep={export.path})
    write(export, run.file(file), progress=run.part(0.0, 1.0, "Writing"), cancelled=run.cancelled)
    exports.publish(run=run, export=export, file=file)
