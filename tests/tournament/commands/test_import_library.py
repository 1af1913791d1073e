"""Folders of stems become songs of the house. Sound is synthesised."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from django.conf import settings
from django.core.management import CommandError, call_command

from mixing.models import Song
from tests.tournament import factories
from tournament.services import consents

pytestmark = pytest.mark.django_db

RATE = 44_100


@pytest.fixture(autouse=True)
def _media(media):
    pass


def folder(at, name="Tide", *, stems=("Bass.wav", "Lead Vocal.wav"), song=None, pitch=110.0):
    path = at / name
    path.mkdir(parents=True)
    t = np.arange(RATE) / RATE
    for number, stem in enumerate(stems):
        sf.write(path / stem, 0.3 * np.sin(2 * np.pi * pitch * (number + 1) * t), RATE, subtype="PCM_16")
    if song is not None:
        (path / "song.json").write_text(json.dumps(song))
    return path


def told(*stems, **more):
    return {"stems": [{"file": stem} for stem in stems], **more}


def run(path, *args):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_library", str(path), *args, stdout=out, stderr=err)
        failed = ""
    except CommandError as error:
        failed = str(error)
    return out.getvalue(), err.getvalue(), failed


def test_a_folder_becomes_a_song_of_the_house_with_what_its_file_tells(tmp_path):
    said = told("Bass.wav", "Lead Vocal.wav", title="High Tide", artist="The Gulls", licence="CC BY 4.0", genre="folk")
    folder(tmp_path, song=said)
    out, _, failed = run(tmp_path)
    song = Song.objects.get()
    assert failed == ""
    assert "imported, 2 stems" in out
    assert (song.owner, song.title, song.artist, song.licence) == (None, "High Tide", "The Gulls", "CC BY 4.0")
    assert song.sample_rate == RATE
    assert [(stem.name, stem.role, stem.state) for stem in song.stems.all()] == [
        ("Bass.wav", "bass", "ready"),
        ("Lead Vocal.wav", "lead_vocal", "ready"),
    ]
    for stem in song.stems.all():
        assert (Path(settings.MEDIA_ROOT) / stem.audio_path).is_file()
        assert stem.analysis
    assert consents.genre_of(song) == "folk"
    assert song in consents.in_arena()


def test_names_that_are_too_long_for_a_row_are_cut_and_stay_apart(tmp_path):
    long = "Very " * 40
    deep = tmp_path / "Tide" / long.strip()
    folder(tmp_path, stems=("Bass.wav", f"{long}long take.wav"))
    deep.mkdir()
    (tmp_path / "Tide" / f"{long}long take.wav").rename(deep / f"{long}long take.wav")
    names = ("Bass.wav", f"{deep.name}/{long}long take.wav", f"{deep.name}/{long}long take 2.wav")
    sf.write(deep / f"{long}long take 2.wav", np.full(RATE, 0.2), RATE, subtype="PCM_16")
    (tmp_path / "Tide" / "song.json").write_text(json.dumps(told(*names, licence="CC0-1.0")))
    _, err, failed = run(tmp_path)
    assert (err, failed) == ("", "")
    found = [stem.name for stem in Song.objects.get().stems.order_by("position")]
    assert found[0] == "Bass.wav"
    assert [len(name) for name in found[1:]] == [200, 200]
    assert found[2].endswith(" (2).wav")
    assert found[1].endswith(".wav")


def test_importing_twice_makes_one_song_wherever_it_lies(tmp_path):
    folder(tmp_path / "here")
    folder(tmp_path / "there", "Another name")
    assert run(tmp_path / "here", "--licence", "CC0-1.0")[2] == ""
    files = sorted(Path(settings.MEDIA_ROOT).rglob("*"))
    out, _, failed = run(tmp_path / "there", "--licence", "CC0-1.0")
    assert (failed, "is there already" in out) == ("", True)
    assert Song.objects.count() == 1
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*")) == files


def test_a_song_without_a_licence_is_refused_with_a_sentence_and_the_others_come(tmp_path):
    folder(tmp_path, "Bare", pitch=90.0)
    folder(tmp_path, "Free", song=told("Bass.wav", "Lead Vocal.wav", licence="CC0-1.0"))
    out, err, failed = run(tmp_path)
    assert "Bare has no licence: name it in song.json" in err
    assert "Free: imported" in out
    assert failed == "1 of 2 songs were not imported; the others are there."
    assert [song.title for song in Song.objects.all()] == ["Free"]


def test_the_songs_own_licence_outranks_the_commands(tmp_path):
    folder(tmp_path, song=told("Bass.wav", "Lead Vocal.wav", licence="CC BY-SA 4.0"))
    run(tmp_path, "--licence", "CC0-1.0")
    assert Song.objects.get().licence == "CC BY-SA 4.0"


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"song": {"stems": [{"file": "Bass.wav"}, {"file": "Gone.wav"}]}}, "Gone.wav is not in the folder"),
        ({"stems": ("Bass.wav",)}, "has 1 stems"),
        ({"song": told("Bass.wav", "Lead Vocal.wav", genre="noise")}, "has the genre “noise”"),
        ({"song": told("Bass.wav", "Lead Vocal.wav", artist=7)}, "its artist is no text"),
        ({"song": told("Bass.wav", "Lead Vocal.wav", artist="x" * 121)}, "more than 120 characters"),
    ],
)
def test_a_folder_that_is_no_song_says_what_is_wrong_and_leaves_nothing(tmp_path, made, sentence):
    folder(tmp_path, **made)
    _, err, failed = run(tmp_path, "--licence", "CC0-1.0")
    assert sentence in err
    assert failed
    assert not Song.objects.exists()


def test_a_broken_stem_leaves_no_half_song(tmp_path):
    path = folder(tmp_path)
    (path / "Lead Vocal.wav").write_bytes(b"RIFF but nothing more")
    _, err, failed = run(path, "--licence", "CC0-1.0")
    assert "Lead Vocal.wav" in err
    assert failed
    assert not Song.objects.exists()
    assert not [file for file in Path(settings.MEDIA_ROOT).rglob("*") if file.is_file()]


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_a_folder_without_songs_says_so(tmp_path, path):
    assert run(tmp_path / path)[2]


def test_battles_are_prepared_on_what_was_imported(tmp_path):
    from tournament.services import queue

    factories.mixers()
    folder(tmp_path, song=told("Bass.wav", "Lead Vocal.wav", licence="CC0-1.0", genre="jazz"))
    run(tmp_path)
    assert {battle.genre for battle in queue.refill()} == {"jazz"}
