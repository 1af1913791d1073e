"""A row that another tab deletes between the door and the write: 404, as if it had come a moment later, never a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aimixer_site.ops.errors import DomainError
from mixing.models import Job, Mix, Song, Upload
from mixing.services import jobs, mixes, songs, stems, uploads
from tests.factories import make_mixer, make_user, mixable_song
from tournament.models import Battle
from tournament.services import battles

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


@pytest.fixture
def song() -> Song:
    return mixable_song(make_user("Alice"))


def told(act: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code, caught.value.status


def test_renaming_a_song(song: Song) -> None:
    Song.objects.all().delete()
    assert told(lambda: songs.rename(song=song, title="New")) == ("not_found", 404)


def test_giving_a_stem_a_role(song: Song) -> None:
    stem = song.stems.get(name="Bass.wav")
    Song.objects.all().delete()
    assert told(lambda: stems.set_role(stem=stem, role="kick")) == ("not_found", 404)


def test_stopping_a_job(song: Song) -> None:
    job = jobs.create(kind=jobs.INGEST, song=song, owner=song.owner)
    Job.objects.all().delete()
    assert told(lambda: jobs.request_cancel(job=job)) == ("not_found", 404)


def test_announcing_a_file(song: Song) -> None:
    assert song.owner is not None
    owner = song.owner
    Song.objects.all().delete()
    assert told(lambda: uploads.create(song=song, owner=owner, filename="K.wav", length=9)) == ("not_found", 404)
    assert not Upload.objects.exists()


def after_looking_at_the_stems(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    real = mixes.mixable_stems

    def looked(song: Song) -> Any:
        found = real(song)
        Song.objects.all().delete()
        return found

    monkeypatch.setattr(where, looked)


def test_asking_for_a_mix(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mixer()
    assert song.owner is not None
    owner = song.owner
    after_looking_at_the_stems(monkeypatch, "mixing.services.mixes.mixable_stems")
    asked = {"song": song, "owner": owner, "mixer_key": "faders-up", "intent": {}}
    assert told(lambda: mixes.create(**asked)) == ("not_found", 404)
    assert not Mix.objects.exists()
    assert not Job.objects.exists()


def test_starting_a_battle(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mixer()
    assert song.owner is not None
    owner = song.owner
    after_looking_at_the_stems(monkeypatch, "tournament.services.battles.mixable_stems")
    assert told(lambda: battles.create_battle(user=owner, song=song)) == ("not_found", 404)
    assert not Battle.objects.exists()
