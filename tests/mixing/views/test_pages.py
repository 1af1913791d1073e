from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mixing.models import Job, Mix, Song, Stem
from mixing.services import mixes as mix_service
from tests.factories import (
    checking_stem,
    finished_mix,
    make_mixer,
    make_song,
    make_user,
    mixable_song,
    ready_stem,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def alice() -> Any:
    return make_user("Alice")


@pytest.fixture
def browser(alice: Any) -> Client:
    return signed_in(alice)


def page_data(response: Any) -> dict[str, Any]:
    match = re.search(rb'<script id="page" type="application/json">(.*?)</script>', response.content, re.DOTALL)
    assert match is not None
    return dict(json.loads(match.group(1)))


def test_a_title_makes_a_song_and_leads_to_it(browser: Client, alice: Any) -> None:
    response = browser.post(reverse("mixing:songs"), {"title": "  Evening  "})
    song = Song.objects.get()
    assert (song.title, song.owner) == ("Evening", alice)
    assert response.url == reverse("mixing:song", args=[song.uuid])


@pytest.mark.parametrize("title", ["", "   ", "x" * 121])
def test_a_song_needs_a_title_of_at_most_120_characters(title: str, browser: Client) -> None:
    response = browser.post(reverse("mixing:songs"), {"title": title})
    assert response.status_code == 422
    assert not Song.objects.exists()


def test_a_title_is_shown_as_text_and_never_as_markup(browser: Client, alice: Any) -> None:
    song = make_song(alice, title="</script><script>alert(1)</script>")
    for url in (reverse("mixing:songs"), reverse("mixing:song", args=[song.uuid])):
        assert b"<script>alert(1)" not in browser.get(url).content


def test_the_list_counts_stems_and_mixes_and_tells_the_length(browser: Client, alice: Any) -> None:
    song = mixable_song(alice)
    Stem.objects.create(song=song, name="Bad.wav", state=Stem.State.REJECTED)
    finished_mix(song, alice)
    finished_mix(song, alice)
    (listed,) = browser.get(reverse("mixing:songs")).context["songs"]
    assert (listed.ready_stems, listed.mix_count, listed.duration_s) == (2, 2, 1.0)


def test_the_song_page_asks_the_database_no_more_for_thirty_stems_than_for_two(browser: Client, alice: Any) -> None:
    song = mixable_song(alice)
    url = reverse("mixing:song", args=[song.uuid])

    def queries() -> int:
        browser.get(url)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert browser.get(url).status_code == 200
        return len(caught)

    few = queries()
    for index in range(12):
        checking_stem(song, f"{index}.wav")
        finished_mix(song, alice)
    assert queries() == few


def test_the_song_page_knows_the_jobs_that_are_under_way(browser: Client, alice: Any) -> None:
    song = make_song(alice)
    stem = checking_stem(song, "Kick.wav")
    ready_stem(song, "Bass.wav")
    data = page_data(browser.get(reverse("mixing:song", args=[song.uuid])))
    assert [job["uuid"] for job in data["jobs"]] == [str(stem.job.uuid)]
    assert data["jobs"][0]["target"]["uuid"] == str(stem.uuid)
    assert data["urls"]["tus"] == reverse("mixing:uploads", args=[song.uuid])


def test_a_role_is_corrected_and_is_no_guess_from_then_on(browser: Client, alice: Any) -> None:
    stem = ready_stem(make_song(alice), "Audio 1.wav", role="other")
    url = reverse("mixing:stem_role", args=[stem.uuid])
    response = browser.post(url, {"role": "lead_vocal"}, headers={"accept": "application/json"})
    assert response.json() == {"role": "lead_vocal"}
    stem.refresh_from_db()
    assert (stem.role, stem.role_is_guess) == ("lead_vocal", False)
    refused = browser.post(url, {"role": "kazoo"}, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_role")


def test_a_mix_is_asked_for_with_a_loudness_and_how_present_each_stem_is(browser: Client, alice: Any) -> None:
    song = mixable_song(alice)
    lead = song.stems.get(name="Lead.wav")
    make_mixer()
    response = browser.post(
        reverse("mixing:mix_create", args=[song.uuid]),
        {"mixer": "rough-mix", "target_lufs": "-16", f"presence-{lead.uuid}": "lead"},
    )
    mix = Mix.objects.get()
    assert response.url == reverse("mixing:mix", args=[mix.uuid])
    assert mix.intent["target_lufs"] == -16.0
    assert mix.intent["stems"]["Lead.wav"]["presence"] == "lead"
    assert set(mix.stems.all()) == set(song.stems.all())
    assert (mix.job.kind, mix.job.state, mix.job.owner) == ("mix", Job.State.QUEUED, alice)


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"mixer": "kazoo"}, 422, "no such mixer"),
        ({}, 422, "required"),
        ({"mixer": "faders-up", "target_lufs": "0"}, 422, "-5"),
        ({"mixer": "faders-up", "target_lufs": "loud"}, 422, "number"),
    ],
)
def test_a_mix_that_cannot_be_is_refused_on_the_songs_page_with_a_sentence(
    fields: dict[str, str], status: int, word: str, browser: Client, alice: Any
) -> None:
    song = mixable_song(alice)
    make_mixer()
    response = browser.post(reverse("mixing:mix_create", args=[song.uuid]), fields)
    assert response.status_code == status
    assert word in response.context["error"]["message"]
    assert response.context["error"]["message"] in response.content.decode().replace("&#x27;", "'")
    assert not Mix.objects.exists()


def test_a_mix_waits_for_the_stems_that_are_being_checked_and_needs_two(browser: Client, alice: Any) -> None:
    song = make_song(alice)
    make_mixer()
    ready_stem(song, "Bass.wav")
    url = reverse("mixing:mix_create", args=[song.uuid])
    assert browser.post(url, {"mixer": "faders-up"}).context["error"]["code"] == "too_few_stems"
    checking_stem(song, "Kick.wav")
    response = browser.post(url, {"mixer": "faders-up"})
    assert (response.status_code, response.context["error"]["code"]) == (409, "still_checking")
    assert "Kick.wav" in response.context["error"]["message"]


def test_one_person_may_have_sixteen_mixes_waiting(browser: Client, alice: Any) -> None:
    song = mixable_song(alice)
    make_mixer()
    for _ in range(mix_service.WAITING_MAX):
        mix_service.create(song=song, owner=alice, mixer_key="faders-up", intent={})
    response = browser.post(reverse("mixing:mix_create", args=[song.uuid]), {"mixer": "faders-up"})
    assert (response.status_code, response.context["error"]["code"]) == (429, "too_many_waiting")


def test_a_finished_mix_is_noted_as_opened_when_its_owner_comes_and_an_unfinished_one_is_not(
    browser: Client, alice: Any
) -> None:
    song = mixable_song(alice)
    mix = finished_mix(song, alice)
    waiting = mix_service.create(song=song, owner=alice, mixer_key="faders-up", intent={})
    for row in (mix, waiting):
        assert browser.get(reverse("mixing:mix", args=[row.uuid])).status_code == 200
        row.refresh_from_db()
    assert mix.opened_at is not None
    assert waiting.opened_at is None


@pytest.mark.parametrize(
    ("name", "extra"),
    [("mixing:mix_audio", ["wav"]), ("mixing:mix_download", ["flac"]), ("mixing:mix_peaks", []), ("api-mix", [])],
)
def test_whatever_shows_a_mix_notes_that_it_was_opened(
    name: str, extra: list[str], browser: Client, alice: Any
) -> None:
    mix = finished_mix(mixable_song(alice), alice)
    assert browser.get(reverse(name, args=[mix.uuid, *extra])).status_code == 200
    mix.refresh_from_db()
    assert mix.opened_at is not None


def test_the_mix_page_reads_the_console_out(browser: Client, alice: Any) -> None:
    mix = finished_mix(mixable_song(alice), alice)
    response = browser.get(reverse("mixing:mix", args=[mix.uuid]))
    (strip,) = response.context["strips"]
    assert (strip.stem, strip.role, strip.level, strip.pan, strip.eq) == ("Bass.wav", "bass", "−3.0 dB", "L 30", "flat")
    assert response.context["report"]["loudness_text"] == "−14.0 LUFS"
    data = page_data(response)
    assert data["mix"]["wav_url"] == reverse("mixing:mix_audio", args=[mix.uuid, "wav"])
    assert data["job"]["state"] == "done"
    assert data["job"]["target"]["ready"] is True


def test_a_mix_says_what_is_otherwise_than_in_the_one_before_it_or_in_one_that_is_chosen(
    browser: Client, alice: Any
) -> None:
    song = mixable_song(alice)
    mixes = [finished_mix(song, alice) for _ in range(3)]
    for mix, fader_db in zip(mixes, (-3.0, 0.0, 1.5), strict=True):
        mix.parameters["strips"][0]["fader_db"] = fader_db
        mix.save()
    stranger = finished_mix(mixable_song(make_user("Bob")), alice)

    def lines(mix: Mix, **asked: Any) -> list[str]:
        return list(browser.get(reverse("mixing:mix", args=[mix.uuid]), asked).context["beside"].lines)

    assert lines(mixes[2]) == ["Bass +1.5 dB"]
    assert lines(mixes[2], beside=mixes[0].uuid) == ["Bass +4.5 dB"]
    assert lines(mixes[0]) == ["Bass −4.5 dB"]
    assert lines(mixes[2], beside=stranger.uuid) == lines(mixes[2], beside="nonsense") == ["Bass +1.5 dB"]
    assert browser.get(reverse("mixing:mix", args=[stranger.uuid])).context["beside"] is None


def test_a_download_is_named_after_the_song_and_the_mixer(browser: Client, alice: Any) -> None:
    mix = finished_mix(mixable_song(alice, title='A/B: "one" né'), alice)
    response = browser.get(reverse("mixing:mix_download", args=[mix.uuid, "flac"]))
    assert response.headers["Content-Type"] == "audio/flac"
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert "A_B_%20_one_%20n%C3%A9%20-%20Faders%20up.flac" in disposition


def test_sound_is_sent_in_parts(browser: Client, alice: Any) -> None:
    mix = finished_mix(mixable_song(alice), alice)
    response = browser.get(reverse("mixing:mix_audio", args=[mix.uuid, "wav"]), headers={"range": "bytes=2-4"})
    assert response.status_code == 206
    assert b"".join(response.streaming_content) == b"234"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_deleted_song_takes_all_of_its_sound_along(
    browser: Client, alice: Any, media: Any, django_capture_on_commit_callbacks: Any
) -> None:
    song = mixable_song(alice)
    finished_mix(song, alice)
    checking_stem(song, "Kick.wav")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(reverse("mixing:song_delete", args=[song.uuid]))
    assert not Song.objects.exists()
    assert not Job.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_a_deleted_mix_and_a_deleted_stem_take_their_own_files_along(
    browser: Client, alice: Any, django_capture_on_commit_callbacks: Any, media: Any
) -> None:
    song = mixable_song(alice)
    mix = finished_mix(song, alice)
    stem = song.stems.get(name="Lead.wav")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(reverse("mixing:mix_delete", args=[mix.uuid]))
        response = browser.post(reverse("mixing:stem_delete", args=[stem.uuid]), headers={"accept": "application/json"})
    assert response.status_code == 204
    left = {path.name.split("-1.")[0] for path in media.rglob("*") if path.is_file()}
    assert left == {str(song.stems.get().uuid)}


def test_a_job_is_cancelled_by_its_owner_who_hears_how_it_stands(browser: Client, alice: Any) -> None:
    song = mixable_song(alice)
    make_mixer()
    mix = mix_service.create(song=song, owner=alice, mixer_key="faders-up", intent={})
    url = reverse("mixing:job_cancel", args=[mix.job.uuid])
    payload = browser.post(url, headers={"accept": "application/json"}).json()
    assert (payload["state"], payload["stage_text"]) == ("cancelled", "Cancelled")
    assert browser.post(url).url == reverse("mixing:mix", args=[mix.uuid])
