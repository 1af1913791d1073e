"""Projects on disk for the tests of their writer and their reader."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    Limiter,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.console.sources import StemSource
from mixing.engine.export.dawproject import write_dawproject
from mixing.engine.export.session import Session, SessionStem
from tests.mixing.engine.console.sessions import RATE, noise, write


def full_console() -> ConsoleParameters:
    compressor = Compressor(on=True, threshold_db=-21.3, ratio=3.7, attack_ms=0.7, release_ms=123.4, knee_db=5.1)
    eq = Eq(high_pass=HighPass(on=True, freq_hz=33.3), peak_2=Peak(gain_db=-2.7, freq_hz=777.7, q=0.9))
    return ConsoleParameters(
        strips=(
            Strip(
                stem="Vox “lead” & <co>.wav",
                group="vocals",
                trim_db=1.1,
                eq=eq,
                compressor=compressor,
                fader_db=-3.3,
                pan=-0.123,
                width=1.3,
                sends=Sends(reverb_db=-12.7),
            ),
            Strip(stem="Kick.wav", group="drums", mute=True, fader_db=-90.0),
            Strip(stem="Bass.wav", group="bass", solo=True),
        ),
        groups=Groups(drums=GroupBus(gain_db=-1.7, eq=eq, compressor=compressor), vocals=GroupBus(gain_db=0.1)),
        master=Master(eq=eq, compressor=compressor, target_lufs=-13.9, limiter=Limiter(on=True)),
    ).at_rate(RATE)


def files(folder: Path, parameters: ConsoleParameters, gain_db: float = 2.2) -> tuple[Session, list[StemSource]]:
    short = noise(1, 441)
    sources = [
        StemSource(strip.stem, write(folder, {str(index): short})[0].path)
        for index, strip in enumerate(parameters.strips)
    ]
    stems = tuple(
        SessionStem(name=source.name, role="other", channels=1, frames=441, sha256="0" * 64) for source in sources
    )
    session = Session(
        title="Dawn", artist="Någon", mixer="Rough mix", mixer_version="3", sample_rate=RATE, stems=stems,
        parameters=parameters, report={"gain_db": gain_db},
    )  # fmt: skip
    return session, sources


def written(folder: Path, parameters: ConsoleParameters) -> Path:
    session, sources = files(folder, parameters)
    write_dawproject(session, sources, folder / "song.dawproject")
    return folder / "song.dawproject"


def project_of(path: Path) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read("project.xml"))  # noqa: S314 - written by the test itself


def with_project(path: Path, project: str | bytes) -> Path:
    """The same file with another project.xml."""
    changed = path.with_name("changed.dawproject")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            after.writestr(name, project if name == "project.xml" else before.read(name))
    return changed
