"""From a folder of stems to a mixed file, without server or database: ingest, listen, set the console, render."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from mixing.engine.audio import music
from mixing.engine.audio.analysis import analyse
from mixing.engine.audio.encode import wav_to_flac
from mixing.engine.audio.ingest import ingest
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.console.renderer import RenderReport, render
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import AudioRejected, MixFailed
from mixing.engine.export.outputs import refuse_unknown_extension, write_export
from mixing.engine.export.session import Session, SessionStem
from mixing.engine.mixers.interface import AudioFeatures, Intent, Mixer, SessionFeatures, StemFeatures
from mixing.engine.role_sound import guess_role
from mixing.engine.session_folder import SONG_FILE, FolderStem, SessionFolder

OUTPUT_KINDS: Final = (".wav", ".flac")

Tell = Callable[[str, float], None]
"""Told a stage in words and how much of it is done, 0 to 1."""
Console = Callable[[SessionFeatures], ConsoleParameters]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMix:
    """What was mixed: the console that was used, what the mixer saw, and what was measured on the written file."""

    session: SessionFeatures
    parameters: ConsoleParameters
    report: RenderReport


def mix_folder(
    folder: SessionFolder,
    output: Path,
    *,
    console: Console,
    sample_rate: int | None = None,
    parameters_output: Path | None = None,
    exports: Sequence[Path] = (),
    mixed_by: str = "",
    mixer_version: str = "",
    tell: Tell = lambda stage, done: None,
) -> FolderMix:
    """Mix a folder's stems into ``output`` (24-bit WAV or FLAC, by its extension).

    Everything in between lies in one hidden folder beside ``output`` that is gone afterwards, whatever happens; the
    outputs appear when they are whole, or not at all.

    Parameters
    ----------
    console : Callable
        Sets the console from what was measured: :func:`by_mixer` or :func:`as_saved`.
    sample_rate : int | None
        Of the session; None takes the family (44.1 or 48 kHz) of the first stem.
    parameters_output : Path | None
        Where the console that was used is written as JSON.
    exports : Sequence[Path]
        Further forms of the mix, each by its extension; see :mod:`mixing.engine.export.outputs`.
    mixed_by, mixer_version : str
        Who set the console, in words, for the exports.

    Raises
    ------
    AudioRejected, MixFailed
        With a sentence that names the file.
    """
    refuse_outputs(folder, output, parameters_output, exports=exports)
    with tempfile.TemporaryDirectory(prefix=".aimixer-", dir=output.parent) as name:
        scratch = Path(name)
        session, sources, stems = _ingest_all(folder.stems, scratch, sample_rate, tell)
        parameters = console(session)
        if parameters.sample_rate is None:
            parameters = parameters.at_rate(session.sample_rate)
        mixed = scratch / "mix.wav"
        report = _rendered(sources, parameters, session.sample_rate, mixed, tell)
        finished = Session(
            title=folder.title,
            artist=folder.artist,
            licence=folder.licence,
            mixer=mixed_by,
            mixer_version=mixer_version,
            sample_rate=session.sample_rate,
            stems=stems,
            parameters=parameters,
            report=report.to_dict(),
        )
        for path in exports:
            write_export(path, finished, sources, mixed, progress=partial(tell, f"Writing {path.name}"))
        if output.suffix.lower() == ".flac":
            mixed = _encoded(mixed, scratch / "mix.flac", folder.title, tell)
        if parameters_output is not None:
            _write_parameters(parameters, parameters_output)
        os.replace(mixed, output)
    return FolderMix(session=session, parameters=parameters, report=report)


def by_mixer(mixer: Mixer, intent: Intent) -> Console:
    """The console that a mixer sets for what it hears."""
    return lambda session: mixer.predict(session, intent)


def as_saved(parameters: ConsoleParameters, folder: SessionFolder) -> Console:
    """A saved console exactly as it is; refused at once if it is for other stems."""
    refuse_other_stems([stem.name for stem in folder.stems], parameters)
    return lambda session: parameters


def measured_reference(path: Path, tell: Tell = lambda stage, done: None) -> AudioFeatures:
    """What a reference mix measures; AudioRejected ``silent_reference`` where it has no sound to come near."""
    found = analyse(path, name=path.name, progress=lambda done: tell("Listening to the reference", done))
    if found.loudness_lufs is None:
        raise AudioRejected(
            "silent_reference", f"“{path.name}” is silent: there is nothing to come near. Name another recording."
        )
    return found


def refuse_other_stems(stems: Sequence[str], parameters: ConsoleParameters) -> None:
    """A console belongs to its stems by name: MixFailed ``stems_mismatch`` says what is missing on which side."""
    strips = {strip.stem for strip in parameters.strips}
    without_strip = [name for name in stems if name not in strips]
    without_stem = [strip.stem for strip in parameters.strips if strip.stem not in stems]
    if without_strip or without_stem:
        sides = (
            ("stems without a strip", without_strip),
            ("strips without a stem", without_stem),
        )
        found = "; ".join(f"{what}: {', '.join(names)}" for what, names in sides if names)
        raise MixFailed(
            "stems_mismatch",
            f"These parameters belong to other stems ({found}); strips go by file names.",
            field="strips",
        )


def refuse_outputs(
    folder: SessionFolder,
    output: Path,
    parameters_output: Path | None,
    *,
    inputs: Sequence[Path] = (),
    exports: Sequence[Path] = (),
) -> None:
    """Outputs that could not be written, or would overwrite what is read, are refused before any work is done."""
    if output.suffix.lower() not in OUTPUT_KINDS:
        raise _bad_output(output, f"{output.name} ends in neither .wav nor .flac, and the mix is one of these.")
    kept = {path.resolve() for path in (folder.path / SONG_FILE, *inputs, *(stem.path for stem in folder.stems))}
    for path in exports:
        refuse_unknown_extension(path)
    outputs = [output, *([] if parameters_output is None else [parameters_output]), *exports]
    for path in outputs:
        if not path.parent.is_dir():
            raise _bad_output(path, f"There is no folder called {path.parent}; make it first.")
        if path.is_dir():
            raise _bad_output(path, f"{path} is a folder; name a file.")
        if path.resolve() in kept:
            raise _bad_output(path, f"{path} is read for this mix and would be overwritten; name another file.")
    if parameters_output is not None and parameters_output.resolve() == output.resolve():
        raise _bad_output(output, "The mix and its parameters cannot be one file; name two.")
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise _bad_output(output, "Two outputs cannot be one file; name each of them differently.")


def _bad_output(path: Path, message: str) -> MixFailed:
    return MixFailed("bad_output", message, field=str(path))


def _ingest_all(
    stems: Sequence[FolderStem], scratch: Path, sample_rate: int | None, tell: Tell
) -> tuple[SessionFeatures, list[StemSource], tuple[SessionStem, ...]]:
    """Every stem as a canonical file at one rate, in order, what was measured on each, and how it is told."""
    features: list[StemFeatures] = []
    sources: list[StemSource] = []
    told_stems: list[SessionStem] = []
    for index, stem in enumerate(stems):

        def told(done: float, before: int = index) -> None:
            tell("Listening to the stems", (before + done) / len(stems))

        path = scratch / f"{index:03}.wav"
        ingested = ingest(stem.path, path, name=stem.name, sample_rate=sample_rate, progress=told)
        sample_rate = ingested.sample_rate
        role = guess_role(stem.name, ingested.features) if stem.role_is_guess else stem.role
        features.append(StemFeatures(name=stem.name, role=role, audio=ingested.features, mel=ingested.mel))
        sources.append(StemSource(name=stem.name, path=path))
        told_stems.append(
            SessionStem(
                name=stem.name,
                role=role,
                channels=ingested.channels,
                frames=ingested.frames,
                sha256=ingested.sha256,
            )
        )
    if sample_rate is None:
        raise MixFailed("empty_session", "There is no stem to mix.")
    heard = music.listen([(source.path, stem.role) for source, stem in zip(sources, features, strict=True)])
    session = SessionFeatures(sample_rate=sample_rate, stems=tuple(features), tempo_bpm=heard.tempo_bpm, key=heard.key)
    return session, sources, tuple(told_stems)


def _rendered(
    sources: Sequence[StemSource], parameters: ConsoleParameters, sample_rate: int, output: Path, tell: Tell
) -> RenderReport:
    def told(done: float) -> None:
        tell("Mixing", done)

    return render(sources, parameters, sample_rate=sample_rate, output=output, progress=told)


def _encoded(source: Path, destination: Path, title: str, tell: Tell) -> Path:
    wav_to_flac(source, destination, tags={"title": title}, progress=lambda done: tell("Encoding", done))
    return destination


def _write_parameters(parameters: ConsoleParameters, path: Path) -> None:
    text = json.dumps(parameters.to_dict(), indent=1, ensure_ascii=False) + "\n"
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
