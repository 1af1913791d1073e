import json
import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.models import User
from tests.tournament import factories
from tournament.models import Ballot, Battle, Vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def battle(alice):
    return factories.battle(factories.song(), factories.person("bob"))


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def page(battle):
    return reverse("tournament:battle", args=[battle.uuid])


def vote(client, battle, choice="a", **headers):
    """Vote with a ballot on which enough was heard."""
    voter = User.objects.get(pk=client.session["_auth_user_id"])
    token = factories.heard_ballot(battle, voter).token
    url = reverse("tournament:vote", args=[battle.uuid])
    return client.post(url, {"choice": choice, "token": token}, headers=headers)


def ballot_of(client, battle):
    return client.get(page(battle)).context["page"]["ballot"]


def hear(client, battle, **fields):
    return client.post(reverse("tournament:heard", args=[battle.uuid]), fields)


def test_the_arena_shows_what_is_open_what_is_ones_own_and_the_board(as_alice, alice, battle):
    mine = factories.battle(factories.song(alice), alice, ready=False)
    shown = as_alice.get(reverse("tournament:arena"))
    assert shown.status_code == 200
    assert [card.uuid for card in shown.context["open_battles"]] == [battle.uuid]
    assert [card.uuid for card in shown.context["own_battles"]] == [mine.uuid]
    assert shown.context["board"] is None
    assert battle.song in shown.context["house_songs"]


def test_the_arena_asks_the_database_no_more_often_for_twenty_battles_than_for_two(
    as_alice, battle, django_assert_max_num_queries
):
    for _ in range(20):
        factories.battle(battle.song, battle.created_by)
    with django_assert_max_num_queries(16):
        as_alice.get(reverse("tournament:arena"))


def test_starting_a_battle_leads_to_it(as_alice, alice):
    song = factories.song(alice)
    factories.named_stems(song)
    answer = as_alice.post(reverse("tournament:battle_create"), {"song": str(song.uuid)})
    assert answer.status_code == 302
    assert answer.url == page(Battle.objects.get())


@pytest.mark.parametrize(("asked", "status"), [("", 400), ("nonsense", 400)])
def test_a_battle_on_nothing_is_refused(as_alice, asked, status):
    assert as_alice.post(reverse("tournament:battle_create"), {"song": asked}).status_code == status


def test_a_battle_on_anothers_song_is_a_404(as_alice):
    song = factories.song(factories.person("bob"))
    factories.named_stems(song)
    assert as_alice.post(reverse("tournament:battle_create"), {"song": str(song.uuid)}).status_code == 404


def test_a_battle_that_cannot_be_says_why(as_alice, alice):
    answer = as_alice.post(
        reverse("tournament:battle_create"),
        {"song": str(factories.song(alice).uuid)},
        headers={"Accept": "application/json"},
    )
    assert answer.json()["code"] == "too_few_stems"


def test_the_page_data_is_what_the_player_needs(as_alice, battle):
    data = as_alice.get(page(battle)).context["page"]
    base = f"/media/battles/{battle.uuid}"
    assert data["clips"] == {
        "a": f"{base}/a.wav",
        "b": f"{base}/b.wav",
        "peaks": f"{base}/peaks",
        "start_s": 12.0,
        "duration_s": 24.0,
        "lufs": -14.0,
    }
    assert data["can_vote"] is True
    assert data["vote_url"] == reverse("tournament:vote", args=[battle.uuid])
    assert data["heard_url"] == reverse("tournament:heard", args=[battle.uuid])
    assert data["ballot"] == {
        "token": Ballot.objects.get().token,
        "least": {"side_s": 5.0, "common_s": 3.0, "switches": 1},
        "heard": {"a": (), "b": (), "a_s": 0.0, "b_s": 0.0, "switches": 0},
        "missing": {"field": "a", "amount": 5.0, "message": "Listen to A for 5 more seconds, then to B."},
    }
    assert data["job"]["kind"] == "battle"
    json.dumps(data)


def test_a_reload_in_the_middle_goes_on_from_what_was_heard(as_alice, battle):
    token = ballot_of(as_alice, battle)["token"]
    told = hear(as_alice, battle, token=token, a="[[3.0, 4.0]]", b="[]", switches="0")
    assert told.status_code == 200
    assert told.json()["heard"]["a"] == [[3.0, 4.0]]
    assert told.json()["missing"]["field"] == "a"
    after = ballot_of(as_alice, battle)
    assert after["token"] == token
    assert after["heard"] == {"a": ((3.0, 4.0),), "b": (), "a_s": 1.0, "b_s": 0.0, "switches": 0}


@pytest.mark.parametrize(
    ("part", "claim"),
    [
        ("a", "[[0, 1"),
        ("a", "[" * 19_000),
        ("b", "1" * 5_000),
        ("b", "9" * 25_000),
        ("a", '{"from": 0}'),
        ("a", "[[0, NaN]]"),
        ("a", f"[[0, {'9' * 400}]]"),
        ("switches", "-1"),
        ("switches", "many"),
        ("token", ""),
        ("token", "invented"),
    ],
)
def test_a_report_that_no_player_sends_is_a_400_with_its_field(as_alice, battle, part, claim):
    fields = {"token": ballot_of(as_alice, battle)["token"], "a": "[]", "b": "[]", "switches": "0", part: claim}
    url = reverse("tournament:heard", args=[battle.uuid])
    answer = as_alice.post(url, fields, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (400, part)
    assert Ballot.objects.get().beats == 0


def test_a_ballot_knows_the_network_and_the_browser_it_was_handed_to(as_alice, battle):
    as_alice.get(page(battle), headers={"User-Agent": "Browser 1"}, REMOTE_ADDR="203.0.113.7")
    ballot = Ballot.objects.get()
    assert len(ballot.network) == len(ballot.device) == 64


def test_who_has_voted_or_cannot_hear_yet_gets_no_ballot(as_alice, alice, battle):
    vote(as_alice, battle)
    assert ballot_of(as_alice, battle) is None
    waiting = factories.battle(factories.song(alice), alice, ready=False)
    assert ballot_of(as_alice, waiting) is None
    assert Ballot.objects.count() == 1


def test_a_vote_before_listening_says_what_is_missing(as_alice, battle):
    token = ballot_of(as_alice, battle)["token"]
    url = reverse("tournament:vote", args=[battle.uuid])
    answer = as_alice.post(url, {"choice": "a", "token": token}, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "listen_more",
        "field": "a",
        "message": "Listen to A for 5 more seconds, then to B.",
    }
    assert not Vote.objects.exists()


def test_reasons_are_asked_on_a_second_screen_and_once(as_alice, battle):
    url = reverse("tournament:reasons", args=[battle.uuid])
    assert as_alice.get(page(battle)).context["reasons"] is None
    assert as_alice.post(url, {"codes": ["vocals"]}).status_code == 404
    vote(as_alice, battle)
    asked = as_alice.get(page(battle))
    assert asked.context["reasons"]["given"] == []
    assert 'name="codes"' in asked.content.decode()
    assert as_alice.post(url, {"codes": ["vocals", "punch"]}).url == page(battle)
    told = as_alice.get(page(battle))
    assert told.context["reasons"]["given"] == ["The punch", "The vocals"]
    assert 'name="codes"' not in told.content.decode()
    second = as_alice.post(url, {"codes": ["width"]}, headers={"Accept": "application/json"})
    assert (second.status_code, second.json()["code"]) == (409, "already_told")


@pytest.mark.parametrize("codes", [[], ["mood"]])
def test_a_reason_that_is_none_is_refused(as_alice, battle, codes):
    vote(as_alice, battle)
    url = reverse("tournament:reasons", args=[battle.uuid])
    answer = as_alice.post(url, {"codes": codes}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid_reason", "codes")
    back = as_alice.post(url, {"codes": codes})
    assert (back.status_code, back.url) == (303, page(battle))


def test_a_battle_in_the_making_shows_its_job_and_no_clips(as_alice, alice):
    battle = factories.battle(factories.song(alice), alice, ready=False)
    data = as_alice.get(page(battle)).context["page"]
    assert (data["clips"], data["can_vote"], data["job"]["state"]) == (None, False, "queued")


def test_a_vote_leads_back_to_the_battle_which_then_tells(as_alice, battle):
    answer = vote(as_alice, battle)
    assert (answer.status_code, answer.url) == (303, page(battle))
    stored = Vote.objects.get()
    assert (stored.choice, stored.heard_a_s, stored.heard_b_s, stored.switches) == ("a", 6.0, 7.0, 2)
    shown = as_alice.get(page(battle))
    reveal = shown.context["reveal"]
    assert (reveal.a.mixer, reveal.b.mixer, reveal.chosen) == (battle.mixer_a, battle.mixer_b, battle.mixer_a)
    assert reveal.is_rated
    assert reveal.facts == ("Vocals: 3.0 dB louder in A", "Bass: 3.0 dB louder in B")
    body = shown.content.decode()
    for told in (battle.mixer_a.title, battle.mixer_b.title, *reveal.facts):
        assert told in body
    assert shown.context["page"]["can_vote"] is False


def test_a_vote_that_is_not_rated_says_why(as_alice, alice):
    battle = factories.battle(factories.song(alice), alice)
    vote(as_alice, battle, "tie")
    reveal = as_alice.get(page(battle)).context["reveal"]
    assert (reveal.is_rated, reveal.chosen) == (False, None)
    assert reveal.unrated_reason == "It is your own song, and you may know its mixes."


def test_a_second_vote_shows_the_reveal_and_a_message(as_alice, battle):
    vote(as_alice, battle, "a")
    answer = vote(as_alice, battle, "b")
    assert (answer.status_code, answer.url) == (303, page(battle))
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "You have voted on this battle; the first vote counts."
    ]
    assert Vote.objects.get().choice == "a"


def test_a_script_is_told_who_stood_where_and_409_the_second_time(as_alice, battle):
    first = vote(as_alice, battle, "b", Accept="application/json")
    assert first.status_code == 200
    assert first.json()["a"]["mixer"]["key"] == battle.mixer_a.key
    assert first.json()["choice"] == "b"
    second = vote(as_alice, battle, "a", Accept="application/json")
    assert (second.status_code, second.json()["code"]) == (409, "already_voted")


@pytest.mark.parametrize("choice", ["", "c", "A"])
def test_a_vote_for_nothing_is_refused(as_alice, battle, choice):
    answer = vote(as_alice, battle, choice, Accept="application/json")
    assert (answer.status_code, answer.json()["field"]) == (400, "choice")
    assert not Vote.objects.exists()


def test_clips_come_in_ranges_and_are_nobodys_to_cache(as_alice, battle):
    url = reverse("tournament:clip", args=[battle.uuid, "b"])
    whole = as_alice.get(url)
    assert (whole.status_code, whole["Content-Type"]) == (200, "audio/wav")
    part = as_alice.get(url, headers={"Range": "bytes=4-8"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"b.wav")
    assert "private" in part["Cache-Control"]
    assert part["X-Content-Type-Options"] == "nosniff"
    peaks = as_alice.get(reverse("tournament:clip_peaks", args=[battle.uuid]))
    assert b"".join(peaks.streaming_content).startswith(b"RIFFpeaks")


def test_there_is_no_third_side(as_alice, battle):
    assert as_alice.get(f"/media/battles/{battle.uuid}/c.wav").status_code == 404


def test_a_battle_in_the_making_has_no_sound_yet(as_alice, alice):
    battle = factories.battle(factories.song(alice), alice, ready=False)
    assert as_alice.get(f"/media/battles/{battle.uuid}/a.wav").status_code == 404
    assert as_alice.get(f"/media/battles/{battle.uuid}/peaks").status_code == 404
    assert vote(as_alice, battle, "a", Accept="application/json").json()["code"] == "not_ready"


_EVERY_DOOR = [
    ("get", "/battles/{}/", 200),
    ("post", "/battles/{}/heard", 400),
    ("post", "/battles/{}/vote", 303),
    ("post", "/battles/{}/reasons", 404),
    ("get", "/media/battles/{}/a.wav", 200),
    ("get", "/media/battles/{}/b.wav", 200),
    ("get", "/media/battles/{}/peaks", 200),
    ("get", "/api/v1/battles/{}/", 200),
    ("post", "/api/v1/battles/{}/ballot/", 200),
    ("post", "/api/v1/battles/{}/heard/", 400),
    ("post", "/api/v1/battles/{}/vote/", 400),
    ("post", "/api/v1/battles/{}/reasons/", 404),
]


@pytest.mark.parametrize(("method", "path", "owners"), _EVERY_DOOR)
def test_a_battle_on_a_private_song_opens_for_its_owner_alone(client, alice, method, path, owners):
    battle = factories.battle(factories.song(alice), alice)
    url = path.format(battle.uuid)
    kind = {"content_type": "application/json"} if method == "post" and url.startswith("/api/") else {}

    def ask(url):
        return getattr(client, method)(url, **kind)

    anonymous = ask(url)
    if url.startswith("/api/"):
        assert anonymous.status_code in (401, 403)
    else:
        assert (anonymous.status_code, anonymous.url.split("?")[0]) == (302, reverse("account_login"))
    client.force_login(factories.person("bob"))
    assert ask(url).status_code == 404
    client.force_login(alice)
    assert ask(url).status_code == owners


def test_a_visitor_sees_the_board_and_how_a_battle_goes_and_no_battle(client, battle):
    shown = client.get("/arena/")
    words = shown.content.decode()
    assert shown.status_code == 200
    assert "How a battle goes" in words
    assert "/accounts/signup/?next=/arena/" in words
    assert str(battle.uuid) not in words
    assert "/arena/next" not in words


def test_the_programs_battles_are_for_those_who_are_signed_in(client):
    assert client.get("/api/v1/battles/").status_code in (401, 403)


def test_a_vote_needs_the_pages_token(alice, battle):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert vote(strict, battle).status_code == 403
    assert not Vote.objects.exists()


def test_the_battle_page_is_never_kept_by_a_cache(as_alice, battle):
    assert re.search("no-store", as_alice.get(page(battle))["Cache-Control"])
