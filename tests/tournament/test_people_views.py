"""A person's own page, their ears, their data, and what is told beside a reveal."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Award, Referral
from accounts.services import ledger
from tests.tournament import factories
from tournament.models import Battle, RatingSnapshot, Vote, VoteReason
from tournament.services import people, people_ears, quarantine
from tournament.services.vote_log import contender

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)
PLAIN = {"low_end": -5.0, "low_mids": -6.0, "mids": -7.0, "presence": -9.0, "air": -15.0, "width": -12.0, "punch": 11.0}
BRIGHT = PLAIN | {"presence": -6.5, "punch": 11.4}


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person(display_name="Alice")


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def battle(purpose="regular", **fields):
    made = factories.battle(factories.song(title="House"))
    Battle.objects.filter(pk=made.pk).update(purpose=purpose, sound_a=BRIGHT, sound_b=PLAIN, **fields)
    made.refresh_from_db()
    return made


def vote(voter, on=None, choice="a", *, unrated="", at=DAY):
    return Vote.objects.create(
        battle=on or battle(), voter=voter, choice=choice, is_rated=not unrated, unrated_reason=unrated, created_at=at,
        decided_after_s=20.0, switches=4,
    )  # fmt: skip


def trial(voter, *, right=True):
    return vote(voter, battle("anchor", broken_side="b"), "a" if right else "b", unrated="trial")


def words(answer):
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("path", ["/me/", "/me/ears/", "/me/ledger/", "/account/data/"])
def test_ones_own_pages_are_for_those_who_are_signed_in(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["/me/", "/me/ears/", "/me/ledger/", "/account/data/"])
def test_a_new_person_has_pages_too(as_alice, path):
    assert as_alice.get(path).status_code == 200


def test_the_page_tells_tier_way_and_credits(as_alice, alice):
    for _ in range(12):
        vote(alice)
    people.settle(alice)
    told = words(as_alice.get("/me/"))
    assert "Amateur Next: Professional 12 of 51 votes that count" in told
    assert "39 more votes that count." in told
    assert "Credits 12 50 of 50 free mixes left today" in told
    assert "First verdict You judged a battle, blind. 1 Nov 2026" in told
    assert "A vote that counts" in told


def test_it_says_which_of_the_two_the_league_misses(as_alice, alice, monkeypatch):
    monkeypatch.setattr(people, "verified_votes", lambda _user: 300)
    for right in (True, True, True, True, False, False):
        trial(alice, right=right)
    told = words(as_alice.get("/me/"))
    assert "Professional Next: Expert" in told
    assert (
        "Reliability: yours is 0.76, the league begins at 0.80. The next 2 trials answered rightly would do it." in told
    )
    assert "more votes that count" not in told


def test_who_is_held_back_is_told_and_led_to_the_appeal(as_alice, alice):
    vote(alice)
    quarantine.hold(voter=alice, why="speed")
    assert "Your votes are held back for now" in words(as_alice.get("/me/"))


def test_the_link_and_those_who_came_by_it_without_their_names(as_alice, alice, settings):
    settings.REFERRAL_VOTES = 1
    bob = factories.person("bob", display_name="Robert")
    Referral.objects.create(person=bob, referrer=alice)
    told = words(as_alice.get("/me/"))
    assert "Listening; credits come once 1 of their votes count" in told
    vote(bob)
    people.settle(bob)
    answer = as_alice.get("/me/")
    assert f"http://testserver/join/{alice.referral_code}/" in answer.content.decode()
    assert "Their votes count, and brought you 20 credits" in words(answer)
    assert "Robert" not in words(answer)
    assert bob.email not in answer.content.decode()


def test_entries_of_one_day_are_one_line_on_the_page(as_alice, alice):
    for _ in range(3):
        vote(alice, at=DAY)
        trial(alice)
    people.settle(alice)
    told = words(as_alice.get("/me/"))
    assert "A vote that counts × 3 +3" in told
    assert "A hidden trial × 3 +3" in told
    assert "×" not in words(as_alice.get("/me/ledger/"))


def test_all_entries_are_listed_page_by_page(as_alice, alice):
    for number in range(101):
        ledger.grant(user=alice, amount=1, reason="vote", key=f"vote:{number}")
    assert "Page 1 of 2" in words(as_alice.get("/me/ledger/"))
    assert "Page 2 of 2" in words(as_alice.get("/me/ledger/?page=2"))


def test_a_page_asks_the_database_no_more_for_many_votes_than_for_few(as_alice, alice, django_assert_max_num_queries):
    for _ in range(30):
        vote(alice)
    people.settle(alice)
    with django_assert_max_num_queries(40):
        as_alice.get("/me/")
    with django_assert_max_num_queries(16):
        as_alice.get("/me/ears/")


# ---- ears ------------------------------------------------------------------------------------------------------------


def test_ears_tell_trials_sides_leanings_and_pace(as_alice, alice):
    for _ in range(10):
        vote(alice)
    for right in (True, False, True, True, True, True):
        trial(alice, right=right)
    told = words(as_alice.get("/me/ears/"))
    assert "Hidden trials right 5 of 6" in told
    assert "Broken mixes found 5 of 6" in told
    assert "You decide after 20 s" in told
    assert "You switch 4 times" in told
    assert "You named A 15 times and B once." in told
    assert "More presence , +2.5 dB" in told


def board(on, wins_a, wins_b):
    names = [
        contender(mixer.key, version) for mixer, version in ((on.mixer_a, on.version_a), (on.mixer_b, on.version_b))
    ]
    return RatingSnapshot.objects.create(
        board="public", votes_count=wins_a + wins_b, votes_sha256="0" * 64, rules={},
        result={"rows": [{"contender": name} for name in names], "win_matrix": [[0, wins_a], [wins_b, 0]]},
    )  # fmt: skip


def test_agreement_is_counted_where_the_crowd_has_spoken(alice):
    on = battle()
    vote(alice, on, "a")
    vote(alice, battle(), "b")
    assert (people_ears.ears(alice).agreed, people_ears.ears(alice).compared) == (0, 0)
    board(on, 15, 5)
    assert (people_ears.ears(alice).agreed, people_ears.ears(alice).compared) == (1, 2)


# ---- beside the reveal -----------------------------------------------------------------------------------------------


def test_the_reveal_tells_what_was_to_be_heard(as_alice, alice):
    on = battle()
    vote(alice, on)
    told = words(as_alice.get(f"/battles/{on.uuid}/"))
    assert "What your ears had to go by" in told
    assert "Presence A +2.5 dB" in told
    assert "A has 2.5 dB more presence (2000 to 6000 Hz)." in told
    assert "Alike: low end, low mids, mids, air, width, punch." in told


def test_before_the_vote_nothing_of_it_is_told(as_alice, alice):
    on = battle()
    board(on, 15, 5)
    trial(alice)
    told = as_alice.get(f"/battles/{on.uuid}/").content.decode()
    for word in ("ears-title", "presence", "Hidden trials", "crowd", "sound_a"):
        assert word not in told.replace("css/people.css", "")
    assert as_alice.get(f"/api/v1/battles/{on.uuid}/feedback/").status_code == 404


def test_the_crowd_is_told_once_it_is_large_enough(as_alice, alice):
    on = battle()
    vote(alice, on, "b")
    board(on, 15, 4)
    assert "Everybody" not in words(as_alice.get(f"/battles/{on.uuid}/"))
    board(on, 15, 5)
    told = words(as_alice.get(f"/battles/{on.uuid}/"))
    assert f"25 % keep {on.mixer_b.title} here, 5 of 20 votes" in told.replace("\xa0", " ")
    assert "most hear it the other way" in told


@pytest.mark.parametrize(
    ("purpose", "broken", "choice", "sentence"),
    [
        ("anchor", "b", "a", "B was broken on purpose, and you kept the other."),
        ("anchor", "b", "b", "B was broken on purpose, and you did not name the other."),
        ("same", "", "tie", "Both sides were one and the same mix: you named no winner, and there was none."),
        ("same", "", "a", "Both sides were one and the same mix: there was nothing to choose between."),
    ],
)
def test_a_trial_that_is_over_is_told(as_alice, alice, purpose, broken, choice, sentence):
    on = battle(purpose, broken_side=broken)
    vote(alice, on, choice, unrated="trial")
    told = words(as_alice.get(f"/battles/{on.uuid}/"))
    assert sentence in told
    assert f"Hidden trials so far {int('kept' in sentence or 'none' in sentence)} of 1 right." in told


@pytest.mark.parametrize(
    ("again", "sentence"), [("b", "you kept the same mix again."), ("a", "you kept the other mix.")]
)
def test_a_repeat_that_is_over_is_told(as_alice, alice, again, sentence):
    first = battle()
    vote(alice, first, "a")
    on = battle("repeat", repeats=first, for_voter=alice)
    vote(alice, on, again, unrated="trial", at=DAY + timedelta(days=1))
    assert sentence in words(as_alice.get(f"/battles/{on.uuid}/"))


def test_an_earlier_reveal_counts_the_trials_up_to_its_own_vote(alice):
    first = vote(alice)
    trial(alice)
    told = people_ears.feedback(alice, first.battle, first)
    assert told.trials_count == 1  # Cast at the same moment.
    later = vote(alice, battle("anchor", broken_side="b"), unrated="trial", at=DAY + timedelta(hours=1))
    assert people_ears.feedback(alice, first.battle, first).trials_count == 1
    assert people_ears.feedback(alice, later.battle, later).trials_count == 2


def test_the_vote_that_brought_something_says_so(as_alice, alice):
    on = battle()
    vote(alice, on)
    people.settle(alice)
    assert "For this vote 1 credit, “First verdict”" in words(as_alice.get(f"/battles/{on.uuid}/"))


# ---- data ------------------------------------------------------------------------------------------------------------


def test_the_data_hold_everything_and_nobody_elses(as_alice, alice):
    bob = factories.person("bob")
    cast = vote(alice)
    vote(bob)
    VoteReason.objects.create(vote=cast, code="vocals")
    people.settle(alice), people.settle(bob)
    quarantine.hold(voter=alice, why="speed: too fast")
    quarantine.appeal(voter=alice, text="I am quick.")
    answer = as_alice.get("/account/data/")
    assert answer["Content-Disposition"] == 'attachment; filename="ai-mixer-my-data.json"'
    told = json.loads(answer.content)
    assert set(told) == {
        "person", "standing", "credits", "ledger", "achievements", "brought", "brought_by_somebody", "decisions",
        "votes",
    }  # fmt: skip
    (row,) = told["votes"]
    assert (row["uuid"], row["reasons"], row["choice"]) == (str(cast.uuid), ["vocals"], "a")
    assert row["a"].startswith(f"{cast.battle.mixer_a.key}@")
    assert [entry["key"] for entry in told["ledger"]] == [f"vote:{cast.uuid}"]
    assert told["achievements"][0]["evidence"] == {"battle": str(cast.battle.uuid)}
    assert told["decisions"][0]["appeals"][0]["text"] == "I am quick."
    assert bob.email not in answer.content.decode()


# ---- API -------------------------------------------------------------------------------------------------------------


def test_me_tells_standing_and_credits(as_alice, alice):
    vote(alice)
    people.settle(alice)
    told = as_alice.get("/api/v1/me/").json()
    assert (told["email"], told["display_name"]) == (alice.email, "Alice")
    assert told["standing"] | {"missing": None} == {
        "tier": "rookie", "next_tier": "amateur", "verified_votes": 1, "trials": 0, "trials_right": 0,
        "reliability": 0.9, "is_reliable": False, "missing": None,
    }  # fmt: skip
    assert told["standing"]["missing"][0]["text"] == "10 more votes that count"
    assert told["credits"] == {"balance": 1, "free_mixes_a_day": 50, "free_mixes_left": 50, "mix_price": 1}
    assert told["referral_link"] == f"/join/{alice.referral_code}/"


def test_the_ledger_and_the_achievements_come_in_pages(as_alice, alice):
    cast = vote(alice)
    people.settle(alice)
    book = as_alice.get("/api/v1/me/ledger/?limit=1").json()
    assert (book["count"], book["results"][0]["key"], book["results"][0]["amount"]) == (1, f"vote:{cast.uuid}", 1)
    done = as_alice.get("/api/v1/me/achievements/").json()
    assert (
        [row["key"] for row in done["results"]] == list(Award.objects.values_list("key", flat=True)) == ["first_battle"]
    )


def test_anothers_ledger_is_not_in_mine(as_alice, alice):
    ledger.grant(user=factories.person("bob"), amount=1, reason="vote", key="vote:1")
    assert as_alice.get("/api/v1/me/ledger/").json()["count"] == 0


@pytest.mark.parametrize("path", ["me/ledger/", "me/achievements/"])
def test_a_program_needs_a_key(client, db, path):
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, set(answer.json())) == (401, {"code", "message", "field"})


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_in_a_ledger(as_alice, method):
    answer = getattr(as_alice, method)("/api/v1/me/ledger/", {}, content_type="application/json")
    assert answer.status_code == 405


def test_feedback_as_data(as_alice, alice):
    on = battle()
    vote(alice, on)
    told = as_alice.get(f"/api/v1/battles/{on.uuid}/feedback/").json()
    assert told["trial"] is told["crowd"] is told["sides"] is None
    presence = next(each for each in told["sound"] if each["key"] == "presence")
    assert (presence["amount_db"], presence["is_heard"]) == (pytest.approx(2.5), True)
