"""What is kept beside a stem, and what happens when it is missing, broken or of another version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import User
from mixing.engine.audio import music
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import ANALYSIS_VERSION, MelWindows
from mixing.models import Song, Stem
from mixing.services import sessions, songs, storage
from mixing.services import stems as stem_service
from tests.factories import make_song, make_user, mixable_song, ready_stem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def mel_of(stem: Stem) -> Path:
    return storage.mel_file(storage.absolute(stem.audio_path))


@pytest.fixture
def owner() -> User:
    return make_user()


def test_a_session_brings_the_excerpts_that_were_kept_with_each_stem(owner: User) -> None:
    song = mixable_song(owner)
    session = sessions.session_features(song)
    for stem, heard in zip(song.stems.all(), session.stems, strict=True):
        assert heard.mel == MelWindows.load(mel_of(stem))
        assert heard.mel is not None
        assert len(heard.mel) == 1
        assert heard.mel.mid_db.max() == 0.0


def test_the_excerpts_count_as_what_a_stem_holds(owner: User) -> None:
    stem = ready_stem(make_song(owner))
    files = [storage.absolute(stem.audio_path), storage.absolute(stem.peaks_path), mel_of(stem)]
    assert stem.stored_bytes == sum(path.stat().st_size for path in files)


@pytest.mark.parametrize(
    "damage",
    [
        lambda stem: mel_of(stem).unlink(),
        lambda stem: mel_of(stem).write_bytes(b"no archive"),
        lambda stem: mel_of(stem).write_bytes(mel_of(stem).read_bytes()[:-200]),
        lambda stem: Stem.objects.filter(pk=stem.pk).update(analysis=None),
        lambda stem: Stem.objects.filter(pk=stem.pk).update(analysis={**stem.analysis, "version": 1}),
        lambda stem: Stem.objects.filter(pk=stem.pk).update(analysis={"version": ANALYSIS_VERSION}),
    ],
    ids=["gone", "no archive", "cut off", "never measured", "old version", "fields missing"],
)
def test_what_is_missing_broken_or_outdated_is_measured_again_and_kept(
    owner: User, damage: Callable[[Stem], object]
) -> None:
    stem = ready_stem(make_song(owner), channels=2)
    [fresh] = sessions.session_features(stem.song).stems
    damage(stem)
    told: list[float] = []
    [again] = sessions.session_features(stem.song, progress=told.append).stems
    assert again == fresh
    assert (told, told[-1]) == (sorted(told), 1.0)
    row = Stem.objects.get(pk=stem.pk)
    assert (row.analysis, row.stored_bytes) == (stem.analysis, stem.stored_bytes)
    assert MelWindows.load(mel_of(stem)) == fresh.mel


def test_a_stem_whose_sound_is_gone_is_named(owner: User) -> None:
    stem = ready_stem(make_song(owner), "Choir.wav")
    storage.absolute(stem.audio_path).unlink()
    mel_of(stem).unlink()
    with pytest.raises(MixFailed, match=r"Choir\.wav") as caught:
        sessions.session_features(stem.song)
    assert caught.value.code == "stem_gone"


def test_a_stem_that_is_deleted_while_it_is_measured_again_leaves_no_excerpts(owner: User) -> None:
    stem = ready_stem(make_song(owner))
    mel_of(stem).unlink()
    stale = Stem.objects.get(pk=stem.pk)
    song = stem.song
    Stem.objects.filter(pk=stem.pk).delete()
    sessions.session_features(song, [stale])
    assert not mel_of(stem).exists()


def test_the_excerpts_go_with_their_stem_and_with_their_song(
    owner: User, media: Path, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    song = mixable_song(owner)
    first = song.stems.all()[0]
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        stem_service.delete(stem=first)
    assert not mel_of(first).exists()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        songs.delete(song=song)
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_the_sweep_takes_excerpts_without_a_stem_and_leaves_those_of_stems(owner: User) -> None:
    stem = ready_stem(make_song(owner))
    orphan = mel_of(stem).with_name("0000-1.mel.npz")
    orphan.write_bytes(b"")
    assert storage.sweep_orphans(older_than_s=-60) == 1
    assert (orphan.exists(), mel_of(stem).exists()) == (False, True)


def test_tempo_and_key_are_heard_once_for_the_same_stems_and_kept_with_the_song(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[list[tuple[Path, str]]] = []

    def listen(stems: list[tuple[Path, str]]) -> music.Music:
        heard.append(stems)
        return music.Music(97.5, "Eb minor") if len(heard) == 1 else music.Music(None, None)

    monkeypatch.setattr(music, "listen", listen)
    song = mixable_song(owner)
    for _ in range(2):
        session = sessions.session_features(song)
        assert (session.tempo_bpm, session.key) == (97.5, "Eb minor")
        song = Song.objects.get(pk=song.pk)
    assert [role for _, role in heard[0]] == ["bass", "lead_vocal"]
    assert len(heard) == 1
    # A stem that turns out to be a drum is no longer asked for the key: the song is heard again.
    stem_service.set_role(stem=song.stems.all()[0], role="kick")
    for _ in range(2):
        session = sessions.session_features(song)
        assert (session.tempo_bpm, session.key) == (None, None)
    song.refresh_from_db()
    assert (len(heard), song.tempo_bpm, song.key) == (2, None, "")
