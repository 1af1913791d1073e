"""Tournaments on pages: who sees what, what is said before and after a choice, and the page that is shared."""

import json

import pytest
from django.urls import reverse

from mixing.models import Job, Song
from tests.tournament import factories
from tests.tournament import tournaments as made
from tournament.models import Tournament
from tournament.services import tournaments

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person(display_name="Alice Private")


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def tournament(alice):
    return tournaments.create(song=made.song_of(alice), owner=alice, count=3, seed=7_000_000_123)


def url(name, tournament):
    return reverse(f"tournament:{name}", args=[tournament.uuid])


def text(response):
    return response.content.decode()


def test_it_starts_from_the_songs_page(as_alice, alice):
    song = made.song_of(alice)
    link = f"{reverse('tournament:tournaments')}?song={song.uuid}"
    assert link in text(as_alice.get(reverse("mixing:song", args=[song.uuid])))
    assert f'value="{song.uuid}" selected' in text(as_alice.get(link))
    answer = as_alice.post(reverse("tournament:tournaments"), {"song": str(song.uuid), "rounds": "4"})
    started = Tournament.objects.get()
    assert (answer.status_code, answer.url) == (302, url("tournament", started))
    assert (started.rounds, started.with_rough_mix, started.owner) == (4, False, alice)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"rounds": "11"}, "3 to 10 rounds"),
        ({"rounds": "many"}, "3 to 10 rounds"),
        ({"with_rough_mix": "1"}, "has no rough mix"),
        ({"song": "x"}, "Choose a song"),
    ],
)
def test_what_cannot_be_started_is_told(as_alice, alice, asked, sentence):
    song = made.song_of(alice)
    answer = as_alice.post(reverse("tournament:tournaments"), {"song": str(song.uuid), **asked})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not Tournament.objects.exists()


def test_somebody_elses_song_is_as_missing_as_any(as_alice):
    song = made.song_of(factories.person("bob"))
    assert as_alice.post(reverse("tournament:tournaments"), {"song": str(song.uuid)}).status_code == 404


def test_nobody_else_comes_in(client, tournament):
    client.force_login(factories.person("bob"))
    assert client.get(url("tournament", tournament)).status_code == 404
    for name in ("tournament_next", "tournament_leave", "tournament_share"):
        assert client.post(url(name, tournament)).status_code == 404
    client.logout()
    assert client.get(url("tournament", tournament)).status_code == 302


def test_before_the_choice_no_page_names_who_is_heard(as_alice, tournament):
    row = made.prepare(tournaments.current_round(tournament))
    for address in (
        url("tournament", tournament),
        reverse("tournament:tournaments"),
        reverse("tournament:battle", args=[row.battle.uuid]),
        reverse("api-tournament", args=[tournament.uuid]),
        reverse("api-tournaments"),
        reverse("api-battle", args=[row.battle.uuid]),
    ):
        shown = text(as_alice.get(address))
        for competitor in (row.on_a, row.on_b):
            assert competitor.name not in shown
            assert competitor.mixer.version not in shown
        assert f'"seed": {tournament.seed}' not in shown


def test_the_page_leads_to_the_battle_and_the_battle_back(as_alice, tournament):
    page = url("tournament", tournament)
    assert "Preparing the round" in text(as_alice.get(page))
    row = made.prepare(tournaments.current_round(tournament))
    battle = reverse("tournament:battle", args=[row.battle.uuid])
    assert battle in text(as_alice.get(page))
    assert page in text(as_alice.get(battle))
    made.vote(tournament, "a")
    revealed = text(as_alice.get(battle))
    assert f"You kept {row.on_a.name}" in revealed
    assert page in revealed
    assert row.on_a.name in text(as_alice.get(page))


def test_a_child_is_revealed_by_its_own_name(as_alice, tournament):
    made.vote(tournament, "a")
    row = made.prepare(tournaments.current_round(tournament))
    child = next(each for each in (row.on_a, row.on_b) if each.kind == "hybrid")
    made.vote(tournament, keep=child)
    assert f"You kept {child.name}" in text(as_alice.get(reverse("tournament:battle", args=[row.battle.uuid])))


def test_rounds_are_told_by_their_tournament_and_not_in_the_arena(as_alice, tournament):
    row = made.prepare(tournaments.current_round(tournament))
    assert str(row.battle.uuid) not in text(as_alice.get(reverse("tournament:arena")))


def test_a_round_that_failed_says_why_and_sends_in_somebody_else(as_alice, tournament):
    made.fail(tournaments.current_round(tournament))
    page = text(as_alice.get(url("tournament", tournament)))
    assert "Send in somebody else" in page
    as_alice.post(url("tournament_next", tournament))
    assert tournaments.current_round(tournament).battle.job.state == Job.State.QUEUED


def test_it_is_put_aside_and_gone_on_with(as_alice, tournament):
    as_alice.post(url("tournament_leave", tournament))
    assert "Put aside" in text(as_alice.get(url("tournament", tournament)))
    as_alice.post(url("tournament_next", tournament))
    tournament.refresh_from_db()
    assert tournament.state == "running"


def test_the_end_tells_the_story_the_taste_and_the_mix(as_alice, tournament):
    made.play(tournament)
    page = text(as_alice.get(url("tournament", tournament)))
    champion = tournaments.champion_of(tournament)
    assert f"{champion.name} wins on" in page
    assert reverse("mixing:mix", args=[tournament.final_mix.uuid]) in page
    assert "righter" in page or "arker" in page
    assert as_alice.get(reverse("mixing:mix", args=[tournament.final_mix.uuid])).status_code == 200


def test_directions_that_nobody_can_be_sure_of_are_left_to_programs(as_alice, alice, tournament):
    made.play(tournament)
    leaning = {"trait": "width", "words": "wider", "amount": 0.1, "choices": 3, "is_sure": False}
    drier = {**leaning, "trait": "space", "words": "drier", "sureness": 0.7}
    Tournament.objects.update(
        taste={"style": None, "choices": 3, "leanings": [drier, {**leaning, "sureness": 0.52}]}, is_shared=True
    )
    for name in ("tournament", "tournament_shared"):
        shown = text(as_alice.get(url(name, tournament)))
        assert "Drier" in shown
        assert "Wider" not in shown
    told = as_alice.get(reverse("api-tournament", args=[tournament.uuid])).json()
    assert [each["words"] for each in told["taste"]] == ["drier", "wider"]


def test_the_desk_of_the_next_song_begins_with_the_style_of_the_last_tournament(as_alice, alice, tournament):
    made.play(tournament)
    Tournament.objects.update(taste={"style": "dense", "choices": 3, "leanings": []})
    desk = text(as_alice.get(reverse("mixing:song", args=[made.song_of(alice).uuid])))
    assert 'name="style" value="dense" checked' in desk
    assert "what you kept in your last tournament" in desk
    for style in (None, "no style of ours"):
        Tournament.objects.update(taste={"style": style, "choices": 0, "leanings": []})
        desk = text(as_alice.get(reverse("mixing:song", args=[made.song_of(alice).uuid])))
        assert 'name="style" value="" checked' in desk
        assert "last tournament" not in desk


def test_a_style_that_was_asked_for_outranks_the_taste(as_alice, alice, tournament):
    made.play(tournament)
    Tournament.objects.update(taste={"style": "dense", "choices": 3, "leanings": []})
    song = made.song_of(alice)
    refused = {"mixer": "rough-mix", "style": "wide", "target_lufs": "400"}
    desk = text(as_alice.post(reverse("mixing:mix_create", args=[song.uuid]), refused))
    assert 'name="style" value="wide" checked' in desk
    assert "last tournament" not in desk


def test_a_session_file_can_be_asked_for_once_the_mix_is_there(as_alice, tournament):
    made.play(tournament)
    exports = reverse("mixing:exports", args=[tournament.final_mix.uuid])
    assert exports not in text(as_alice.get(url("tournament", tournament)))
    type(tournament.final_mix).objects.update(wav_path="songs/x.wav")
    page = text(as_alice.get(url("tournament", tournament)))
    assert exports in page
    assert 'value="session"' in page


def test_the_story_is_shared_by_link_alone_and_tells_nothing_private(as_alice, client, alice, tournament):
    made.play(tournament)
    story = url("tournament_shared", tournament)
    as_alice.logout()
    assert client.get(story).status_code == 404
    client.force_login(alice)
    client.post(url("tournament_share", tournament), {"is_shared": "1"})
    assert story in text(client.get(url("tournament", tournament)))
    client.logout()
    answer = client.get(story)
    assert answer.status_code == 200
    shown = text(answer)
    assert tournaments.champion_of(tournament).name in shown
    song = Song.objects.get()
    rows = [str(row.battle.uuid) for row in tournament.round_rows.all()]
    hidden = [
        "Alice Private",
        alice.email,
        str(song.uuid),
        str(tournament.final_mix.uuid),
        str(tournament.seed),
        *rows,
    ]
    for each in hidden:
        assert each not in shown
    client.force_login(alice)
    client.post(url("tournament_share", tournament), {"is_shared": "0"})
    client.logout()
    assert client.get(story).status_code == 404


def test_programs_start_follow_and_finish_one(as_alice, alice):
    song = made.song_of(alice)
    body = json.dumps({"song": str(song.uuid), "rounds": 3})
    answer = as_alice.post(reverse("api-tournaments"), body, content_type="application/json")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["rounds"], told["state"], told["current"]["number"], told["seed"]) == (3, "running", 1, None)
    made.play(Tournament.objects.get())
    told = as_alice.get(reverse("api-tournament", args=[told["uuid"]])).json()
    assert (told["state"], told["current"], len(told["story"])) == ("done", None, 3)
    assert told["final_mix"] is not None
    assert isinstance(told["seed"], int)
    assert told["taste"][0]["trait"] == "brightness"
    shared = as_alice.post(
        reverse("api-tournament-share", args=[told["uuid"]]), '{"is_shared": true}', content_type="application/json"
    )
    assert shared.json()["is_shared"] is True


def test_programs_are_told_codes(as_alice, alice, tournament):
    body = json.dumps({"song": str(tournament.song.uuid), "rounds": 3})
    answer = as_alice.post(reverse("api-tournaments"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "tournament_running")
    left = as_alice.post(reverse("api-tournament-leave", args=[tournament.uuid])).json()
    assert left["state"] == "left"
    again = as_alice.post(reverse("api-tournament-next", args=[tournament.uuid])).json()
    assert again["state"] == "running"
