"""The form that asks for a mix, the places for recordings beside a song, and what a mix tells of its maker."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mixing.models import Mix, Mixer, Reference, Song, Upload
from tests.factories import (
    coming_reference,
    finished_mix,
    make_mixer,
    make_song,
    make_user,
    mixable_song,
    ready_reference,
    signed_in,
    song_on_the_desk,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def alice() -> Any:
    return make_user("Alice")


@pytest.fixture
def browser(alice: Any) -> Client:
    return signed_in(alice)


@pytest.fixture
def song(alice: Any) -> Song:
    return song_on_the_desk(alice)


def ask(browser: Client, song: Song, **fields: str) -> Any:
    return browser.post(reverse("mixing:mix_create", args=[song.uuid]), {"mixer": "rough-mix", **fields})


def test_a_mix_is_asked_for_in_a_style_with_each_stem_in_its_place(browser: Client, song: Song) -> None:
    lead = song.stems.get(name="Lead.wav")
    wish = {f"presence-{lead.uuid}": "lead", f"pan-{lead.uuid}": "-0.4", f"space-{lead.uuid}": "0"}
    ask(browser, song, style="dense", target_lufs="-11", **wish)
    intent = Mix.objects.get().intent
    assert (intent["style"], intent["target_lufs"]) == ("dense", -11.0)
    assert intent["stems"] == {"Lead.wav": {"presence": "lead", "pan": -0.4, "space": 0.0}}


def test_what_is_left_open_is_left_to_the_mixer(browser: Client, song: Song) -> None:
    lead = song.stems.get(name="Lead.wav")
    open_wish = {f"{part}-{lead.uuid}": "" for part in ("presence", "pan", "space")}
    ask(browser, song, style="", target_lufs="", reference="", **open_wish)
    mix = Mix.objects.get()
    assert mix.intent == {"style": None, "target_lufs": None, "stems": {}, "locks": {}}
    assert (mix.reference, mix.reference_name) == (None, "")


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [("style", "crunchy", "crunchy"), ("pan-", "1.5", "1"), ("space-", "-1", "0"), ("reference", "kazoo", "UUID")],
)
def test_a_wish_that_cannot_be_is_refused_with_a_sentence_and_nothing_chosen_is_lost(
    field: str, value: str, word: str, browser: Client, song: Song
) -> None:
    lead = song.stems.get(name="Lead.wav")
    name = f"{field}{lead.uuid}" if field.endswith("-") else field
    kept = {"target_lufs": "-11", f"presence-{lead.uuid}": "background"}
    response = ask(browser, song, **{**kept, "mixer": "faders-up", name: value})
    assert response.status_code == 422
    assert word in response.context["error"]["message"]
    assert (response.context["desk"]["mixer"], response.context["desk"]["target"]) == ("faders-up", "-11")
    page = response.content.decode()
    assert '<option value="-11" selected>' in page
    assert f'name="presence-{lead.uuid}" value="background" checked' in page
    assert "data-wishes open" in page
    assert not Mix.objects.exists()


def test_a_style_with_a_checkpoint_of_its_own_makes_the_mix(browser: Client, song: Song) -> None:
    for key in ("console-net", "console-net-dark"):
        fields = {"family": "console-net", "version": "1", "title": key, "sha256": "a" * 64, "is_active": True}
        Mixer.objects.update_or_create(key=key, defaults=fields)
    ask(browser, song, mixer="console-net", style="dark")
    mix = Mix.objects.get()
    assert (mix.mixer.key, mix.intent["style"]) == ("console-net-dark", None)
    page = browser.get(reverse("mixing:song", args=[song.uuid])).content.decode()
    assert 'value="console-net"' in page
    assert 'value="console-net-dark"' not in page


def test_the_reference_is_chosen_until_somebody_says_otherwise(browser: Client, song: Song) -> None:
    mine = ready_reference(song, "Mine.wav", kind="rough_mix")
    page = browser.get(reverse("mixing:song", args=[song.uuid]))
    assert page.context["desk"]["match"] == ""
    hit = ready_reference(song, "Hit.wav")
    page = browser.get(reverse("mixing:song", args=[song.uuid]))
    assert page.context["desk"]["match"] == str(hit.uuid)
    assert f'name="reference" value="{hit.uuid}" checked' in page.content.decode()
    ask(browser, song, reference=str(mine.uuid))
    assert Mix.objects.get().reference == mine


def test_a_mixer_that_needs_a_reference_says_so_before_and_after_the_click(browser: Client, song: Song) -> None:
    Mixer.objects.filter(key="rough-mix").update(needs_reference=True)
    page = browser.get(reverse("mixing:song", args=[song.uuid])).content.decode()
    assert "<span data-wants-reference>Needs a reference: drop one above." in page
    response = ask(browser, song)
    assert (response.status_code, response.context["error"]["code"]) == (422, "needs_reference")
    ready_reference(song)
    page = browser.get(reverse("mixing:song", args=[song.uuid])).content.decode()
    assert "<span data-wants-reference hidden>" in page
    assert "<span data-wants-reference>" not in page


def test_the_places_beside_the_song_show_what_lies_there(browser: Client, song: Song) -> None:
    hit = ready_reference(song, "Hit.wav")
    refused = coming_reference(song, "Mine.wav", kind="rough_mix")
    Reference.objects.filter(pk=refused.pk).update(state="rejected", error_message="“Mine.wav” is broken.")
    response = browser.get(reverse("mixing:song", args=[song.uuid]))
    page = response.content.decode()
    assert reverse("mixing:reference_audio", args=[hit.uuid]) in page
    assert f"−{abs(hit.analysis['loudness_lufs']):.1f} LUFS" in page
    assert "“Mine.wav” is broken." in page
    assert [slot.used for slot in response.context["slots"]] == [hit, None]


def test_one_that_is_checked_is_followed_live(browser: Client, song: Song) -> None:
    coming = coming_reference(song)
    response = browser.get(reverse("mixing:song", args=[song.uuid]))
    (job,) = response.context["page"]["jobs"]
    assert job["uuid"] == str(coming.job.uuid)
    assert job["target"] == {
        "type": "reference",
        "uuid": str(coming.uuid),
        "url": f"{reverse('mixing:song', args=[song.uuid])}#references",
        "ready": False,
    }


def test_a_song_of_the_house_has_no_places_for_recordings(browser: Client) -> None:
    make_mixer()
    page = browser.get(reverse("mixing:song", args=[mixable_song(None).uuid]))
    assert page.context["slots"] == []
    assert b'id="references"' not in page.content


def test_a_recording_is_removed_and_leads_back_to_its_place(browser: Client, song: Song) -> None:
    hit = ready_reference(song)
    response = browser.post(reverse("mixing:reference_delete", args=[hit.uuid]))
    assert response.url == f"{reverse('mixing:song', args=[song.uuid])}#references"
    asked_by_a_script = browser.post(
        reverse("mixing:reference_delete", args=[ready_reference(song).uuid]), headers={"accept": "application/json"}
    )
    assert asked_by_a_script.status_code == 204
    assert not Reference.objects.exists()


# ---- the door for files ------------------------------------------------------------------------------------------


def begin(browser: Client, song: Song, **pairs: str) -> Any:
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "4", "Upload-Metadata": metadata}
    return browser.post(reverse("mixing:uploads", args=[song.uuid]), headers=headers)


def test_a_file_says_of_itself_that_it_is_a_reference(browser: Client, alice: Any) -> None:
    song = make_song(alice)
    location = begin(browser, song, filename="Hit.wav", kind="rough_mix")["Location"]
    done = browser.patch(
        location,
        b"1234",
        content_type="application/offset+octet-stream",
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    )
    reference = Reference.objects.get()
    assert (done["X-Reference"], done["X-Job"]) == (str(reference.uuid), str(reference.job.uuid))
    assert "X-Stem" not in done
    assert reference.kind == "rough_mix"


def test_a_kind_that_nobody_knows_is_refused_and_one_that_is_no_text_is_no_stem(browser: Client, alice: Any) -> None:
    song = make_song(alice)
    refused = begin(browser, song, filename="Hit.wav", kind="video")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_kind")
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "4", "Upload-Metadata": "filename SGl0,kind ***"}
    broken = browser.post(reverse("mixing:uploads", args=[song.uuid]), headers=headers)
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid_filename")
    assert not Upload.objects.exists()


# ---- mixes and mixers --------------------------------------------------------------------------------------------


def test_a_mix_tells_what_was_asked_for_and_which_checkpoint_made_it(browser: Client, alice: Any, song: Song) -> None:
    mix = finished_mix(song, alice, key="rough-mix")
    mix.intent = {"style": "dark", "target_lufs": -11.0, "stems": {"Lead.wav": {"presence": "lead", "pan": 0.3}}}
    mix.reference_name, mix.mixer_sha256 = "Hit.wav", "0123456789abcdef" * 4
    mix.save()
    page = browser.get(reverse("mixing:mix", args=[mix.uuid])).content.decode()
    assert "You asked for Dark; −11.0 LUFS; like “Hit.wav”; Lead.wav in front, R 30." in page
    assert f'href="{reverse("mixing:mixer", args=["rough-mix"])}"' in page
    assert f'<code title="{"0123456789abcdef" * 4}">0123456789ab</code>' in page


def test_a_mix_that_stopped_is_asked_for_again_with_all_that_was_wished(
    browser: Client, alice: Any, song: Song
) -> None:
    hit, lead = ready_reference(song), song.stems.get(name="Lead.wav")
    ask(browser, song, style="open", reference=str(hit.uuid), **{f"pan-{lead.uuid}": "0.5"})
    mix = Mix.objects.get()
    mix.job.state = "failed"
    mix.job.save()
    page = browser.get(reverse("mixing:mix", args=[mix.uuid]))
    ask(browser, song, **dict(page.context["again"]))
    again = Mix.objects.exclude(pk=mix.pk).get()
    assert (again.intent, again.reference, again.mixer) == (mix.intent, hit, mix.mixer)


def test_a_card_shows_what_it_holds(client: Client) -> None:
    make_mixer()
    Mixer.objects.create(
        key="shallow-sets",
        family="shallow-sets",
        version="abc",
        title="Shallow sets",
        sha256="d" * 64,
        card={
            "precision": "float32",
            "bytes": 81_920,
            "towers": {"level": "trained", "dynamics": "rule"},
            "data": {"songs": [{"title": "Home <b>", "artist": "Ann", "licence": "CC-BY-4.0"}]},
            "metrics": {"how": "On features.", "level": {"mean": 2.4, "low": 2.2, "high": 2.6}},
            "quantisation": {"int8": {"bytes": 20_480}},
            "style": {"how": "set, not trained"},
            "recipe": {"command": "manage.py train_mixer --family shallow-sets"},
        },
    )
    page = client.get(reverse("mixing:mixer", args=["shallow-sets"])).content.decode()
    for words in (
        "Home &lt;b&gt;", "Ann", "CC-BY-4.0", "d" * 64, "set, not trained", "2.40", "On features.", "int8", "20 480",
        "manage.py train_mixer --family shallow-sets", "1 song.",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("trained</span>") == 1


def test_a_card_that_holds_nothing_claims_nothing(client: Client) -> None:
    make_mixer()
    page = client.get(reverse("mixing:mixer", args=["faders-up"])).content.decode()
    assert "Every fader stands at 0 dB" in page
    assert "nothing is claimed here" in page
    assert "What it learned from" not in page


def test_the_card_of_the_rough_mix_names_the_songs_that_it_was_fitted_to(client: Client) -> None:
    mixer = make_mixer("rough-mix")
    song = mixer.card["data"]["songs"][0]
    page = client.get(reverse("mixing:mixer", args=["rough-mix"])).content.decode()
    assert song["title"] in page
    assert song["licence"] in page
    assert 'class="intervals"' in page


def test_the_list_of_mixers_asks_no_more_for_more_mixers(client: Client, django_assert_num_queries: Any) -> None:
    make_mixer()
    with django_assert_num_queries(1):
        client.get(reverse("mixing:mixers"))
    Mixer.objects.create(key="x", family="x", version="1", title="X", sha256="e" * 64)
    with django_assert_num_queries(1):
        assert b"X" in client.get(reverse("mixing:mixers")).content
