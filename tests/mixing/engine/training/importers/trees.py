"""Small trees in the layouts of public collections."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.mixing.engine.training.songs import noise, tone, write_song

STEREO = noise(1, seconds=0.2)
MONO = tone(200.0, seconds=0.2)


def musdb18hq(top: Path) -> Path:
    for subset, song in (("train", "Ann Lee - Night Drive"), ("test", "The Oaks - Early")):
        stems = {f"{name}.wav": STEREO for name in ("vocals", "drums", "bass", "other", "mixture")}
        write_song(top / subset / song, stems)
    return top


def musdb18(top: Path) -> Path:
    (top / "train").mkdir(parents=True)
    (top / "train" / "Ann Lee - Night Drive.stem.mp4").write_bytes(b"\0\0\0\x18ftyp")
    return top


def medleydb(top: Path, *, metadata_apart: bool = False) -> Path:
    name = "AnnLee_NightDrive"
    song = top / "Audio" / name
    stems = [
        {"instrument": "drum set", "component": ""},
        {"instrument": "electric bass", "component": "bass"},
        {"instrument": "female singer", "component": "melody"},
        {"instrument": ["male singer", "female singer"], "component": ""},
        {"instrument": "oud", "component": ""},
        {"instrument": "Main System", "component": ""},
    ]
    files = {f"{name}_STEMS/{name}_STEM_{number:02d}.wav": STEREO for number in range(1, len(stems) + 1)}
    write_song(song, files | {f"{name}_MIX.wav": STEREO, f"{name}_RAW/{name}_RAW_01_01.wav": MONO})
    data = {
        "artist": "AnnLee",
        "title": "NightDrive",
        "genre": "Singer/Songwriter",
        "stems": {
            f"S{number:02d}": stem | {"filename": f"{name}_STEM_{number:02d}.wav"}
            for number, stem in enumerate(stems, start=1)
        },
    }
    place = top / "Metadata" if metadata_apart else song
    place.mkdir(exist_ok=True)
    (place / f"{name}_METADATA.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return top


def moisesdb(top: Path) -> Path:
    song = top / "moisesdb_v0.1" / "0f1e2d3c"
    sources = [
        ("vocals", "lead female singer", "a1"),
        ("vocals", "background vocals", "a2"),
        ("drums", "kick drum", "b1"),
        ("bass", "contrabass/double bass (bass of instrings)", "c1"),
        ("wind", "other wind", "d1"),
        ("other_plucked", "banjo, mandolin, ukulele, harp etc", "e1"),
        ("other", "click track", "f1"),
    ]
    write_song(song, {f"{stem}/{identity}.wav": STEREO for stem, _, identity in sources})
    stems = [
        {"stemName": stem, "tracks": [{"trackType": kind, "id": identity, "extension": "wav", "has_bleed": False}]}
        for stem, kind, identity in sources
    ]
    data = {"song": "Night Drive", "artist": "Ann Lee", "genre": "folk", "stems": stems}
    (song / "data.json").write_text(json.dumps(data), encoding="utf-8")
    return top


def slakh(top: Path) -> Path:
    song = top / "train" / "Track00007"
    stems = {
        "S00": {"inst_class": "Drums", "is_drum": True, "midi_program_name": "Acoustic Grand Piano"},
        "S01": {"inst_class": "Guitar", "is_drum": False, "midi_program_name": "Acoustic Guitar (nylon)"},
        "S02": {"inst_class": "Pipe", "is_drum": False, "midi_program_name": "Shakuhachi"},
        "S03": {"inst_class": "Bass", "is_drum": False, "midi_program_name": "Fretless Bass", "audio_rendered": False},
    }
    write_song(song, {f"stems/{name}.flac": MONO for name in ("S00", "S01", "S02")} | {"mix.flac": MONO})
    (song / "metadata.yaml").write_text(yaml.safe_dump({"audio_dir": "stems", "stems": stems}), encoding="utf-8")
    return top


def cambridge(top: Path) -> Path:
    tracks = {"01_Kick.wav": MONO, "02_BassDI.wav": MONO, "03_LeadVox.wav": MONO}
    write_song(top / "AnnLee_NightDrive_Full", tracks)
    write_song(top / "TheOaks_Early_Full" / "TheOaks_Early_Full", tracks)
    write_song(top, {"AnnLee_NightDrive_Full_Preview.wav": STEREO})
    return top


def folder(top: Path) -> Path:
    write_song(top / "night", {"Kick.wav": MONO, "Vox.wav": MONO, "mixture.wav": STEREO})
    return top
