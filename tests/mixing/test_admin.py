from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from mixing.models import Job, Mix, Mixer, Song, Stem, Upload
from tests.factories import checking_stem, finished_mix, make_song, make_user, mixable_song

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

MODELS = [Song, Stem, Job, Mix, Upload, Mixer]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user("Staff", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def song() -> Song:
    owner = make_user("Alice")
    song = mixable_song(owner)
    finished_mix(song, owner)
    checking_stem(song, "Kick.wav")
    return song


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:mixing_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_can_be_read_searched_and_opened_and_nothing_can_be_added(
    model: Any, staff: Client, song: Song
) -> None:
    assert staff.get(address(model, "changelist")).status_code == 200
    assert staff.get(address(model, "changelist"), {"q": "alice"}).status_code == 200
    assert staff.get(address(model, "change", model.objects.first().pk)).status_code == 200
    assert staff.get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_a_list_asks_the_database_no_more_for_many_rows(
    model: Any, staff: Client, song: Song, django_assert_max_num_queries: Any
) -> None:
    for index in range(6):
        checking_stem(song, f"{index}.wav")
        finished_mix(song, song.owner)
        make_song(song.owner)
    staff.get(address(model, "changelist"))
    with django_assert_max_num_queries(14):
        staff.get(address(model, "changelist"))


def test_staff_ask_jobs_to_cancel_and_finished_ones_stay(staff: Client, song: Song) -> None:
    waiting = Job.objects.get(kind="ingest")
    done = Job.objects.get(kind="mix")
    staff.post(
        address(Job, "changelist"), {"action": "ask_to_cancel", "_selected_action": [waiting.pk, done.pk]}, follow=True
    )
    waiting.refresh_from_db()
    done.refresh_from_db()
    assert (waiting.state, done.state) == (Job.State.CANCELLED, Job.State.DONE)


def test_a_song_deleted_by_staff_takes_its_sound_along(
    staff: Client, song: Song, media: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        staff.post(
            address(Song, "changelist"),
            {"action": "delete_selected", "_selected_action": [song.pk], "post": "yes"},
        )
    assert not Song.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_a_house_song_can_be_retitled_here(staff: Client) -> None:
    house = make_song(None, title="Old")
    response = staff.post(
        address(Song, "change", house.pk), {"title": "New", "artist": "AI Mixer", "licence": "CC0-1.0"}
    )
    assert response.status_code == 302
    house.refresh_from_db()
    assert house.title == "New"


def test_who_is_no_staff_sees_nothing() -> None:
    client = Client()
    client.force_login(make_user("Bob"))
    assert client.get(address(Song, "changelist")).status_code == 302


def test_all_models_of_this_floor_are_shown() -> None:
    assert all(admin.site.is_registered(model) for model in MODELS)
