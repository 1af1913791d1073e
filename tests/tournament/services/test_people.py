"""Tiers, credits, awards and referrals follow from rows that are kept, and are written once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Award, LedgerEntry, Referral, User
from accounts.services import ledger
from tests.tournament import factories, tournaments
from tournament.models import Ballot, Battle, SongConsent, Vote, VoteReason
from tournament.services import people, quarantine
from tournament.services import tournaments as service
from tournament.services.votes import cast_vote

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


def battle(purpose="regular", *, broken="", song=None, genre=""):
    song = song or factories.song()
    made = factories.battle(song)
    Battle.objects.filter(pk=made.pk).update(purpose=purpose, broken_side=broken, genre=genre)
    made.refresh_from_db()
    return made


def vote(voter, on=None, choice="a", *, unrated="", at=None):
    return Vote.objects.create(
        battle=on or battle(), voter=voter, choice=choice, is_rated=not unrated, unrated_reason=unrated,
        created_at=at or DAY,
    )  # fmt: skip


def trial(voter, *, right=True, at=None):
    return vote(voter, battle("anchor", broken="b"), "a" if right else "b", unrated="trial", at=at)


def keys(user):
    return set(Award.objects.filter(user=user).values_list("key", flat=True))


# ---- credits ---------------------------------------------------------------------------------------------------------


def test_a_vote_brings_a_credit_at_once_and_one_alone(alice):
    on = battle()
    cast = cast_vote(battle=on, voter=alice, token=factories.heard_ballot(on, alice).token, choice="a")
    assert ledger.balance(alice) == 1
    entry = LedgerEntry.objects.get()
    assert (entry.key, entry.reason, entry.about) == (f"vote:{cast.uuid}", "vote", cast.uuid)
    people.settle(alice)
    people.settle_recent()
    assert ledger.balance(alice) == 1


def test_a_trial_brings_one_too_and_a_vote_that_counts_nowhere_none(alice):
    trial(alice, right=False)
    for reason in ("own_song", "opened_mix", "cant_tell"):
        vote(alice, unrated=reason)
    people.settle(alice)
    assert list(LedgerEntry.objects.values_list("reason", "amount")) == [("trial", 1)]


def test_what_was_missed_the_scheduler_makes_up_for(alice):
    vote(alice, at=DAY)
    vote(factories.person("bob"), at=DAY - timedelta(days=9))
    assert people.settle_recent(now=DAY + timedelta(hours=1)) == 1
    assert ledger.balance(alice) == 1
    assert people.settle_recent(now=DAY + timedelta(hours=1)) == 0


def test_a_vote_stands_also_where_credits_cannot_be_written(alice, monkeypatch):
    from django.db import OperationalError

    def broken(_user):
        raise OperationalError("locked")

    monkeypatch.setattr(people, "settle", broken)
    on = battle()
    cast_vote(battle=on, voter=alice, token=factories.heard_ballot(on, alice).token, choice="a")
    assert Vote.objects.count() == 1


def test_votes_that_are_held_back_bring_nothing_and_give_back_what_they_brought(alice):
    staff = factories.person("staff")
    for _ in range(3):
        vote(alice)
    people.settle(alice)
    ledger.spend(user=alice, amount=1, reason="mix", key="mix:1")
    quarantine.hold(voter=alice, why="speed")
    vote(alice)
    for _ in range(2):
        people.settle(alice)
    assert ledger.balance(alice) == 0
    assert people.standing_of(alice).verified == 0
    quarantine.let_in(voter=alice, why="A person", by=staff)
    for _ in range(2):
        people.settle(alice)
    # Three and one that waited, less the mix.
    assert ledger.balance(alice) == 3
    assert people.standing_of(alice).verified == 4


def test_gifts_are_not_taken_with_what_votes_brought(alice):
    ledger.correct(user=alice, amount=5, note="Thanks", by=factories.person("staff"), key="staff:1")
    vote(alice)
    people.settle(alice)
    quarantine.hold(voter=alice, why="speed")
    people.settle(alice)
    assert ledger.balance(alice) == 5


class Repeats(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(["vote", "trial", "cant_tell", "settle", "recent"]), max_size=12))
    def test_in_whatever_order_it_is_told_each_vote_brings_its_credit_once(self, deeds):
        factories.mixers()
        who = User.objects.create_user(f"{uuid.uuid4().hex}@example.org")
        on = Battle(song_uuid=uuid.uuid4(), mixer_a=factories.mixers()[0], mixer_b=factories.mixers()[1])
        for deed in deeds:
            if deed in ("settle", "recent"):
                people.settle(who) if deed == "settle" else people.settle_recent(now=DAY)
                continue
            on.pk, on.uuid = None, uuid.uuid4()
            on._state.adding = True
            on.save()
            unrated = "" if deed == "vote" else deed
            Vote.objects.create(
                battle=on, voter=who, choice="tie", is_rated=not unrated, unrated_reason=unrated, created_at=DAY
            )
        people.settle(who)
        assert ledger.balance(who) == deeds.count("vote") + deeds.count("trial")
        assert Award.objects.filter(user=who).count() == bool({"vote", "trial", "cant_tell"} & set(deeds))


# ---- tiers -----------------------------------------------------------------------------------------------------------


def test_the_tier_counts_what_boards_count_and_reliability_what_trials_say(alice):
    for _ in range(11):
        vote(alice)
    vote(alice, unrated="own_song")
    trial(alice)
    trial(alice, right=False)
    found = people.standing_of(alice)
    assert (found.tier.key, found.verified, found.right, found.trials) == ("amateur", 11, 1, 2)


def test_anothers_trials_are_not_mine(alice):
    trial(factories.person("bob"))
    assert people.standing_of(alice).trials == 0


def test_a_repeat_is_held_against_ones_own_first_answer(alice):
    first = battle()
    vote(alice, first, "a")
    vote(factories.person("bob"), first, "b")
    again = battle("repeat")
    Battle.objects.filter(pk=again.pk).update(repeats=first, for_voter=alice)
    vote(alice, again, "b", unrated="trial")
    assert (people.standing_of(alice).right, people.standing_of(alice).trials) == (1, 1)


# ---- awards ----------------------------------------------------------------------------------------------------------


def test_the_first_battle_is_awarded_once_with_its_date_and_its_battle(alice):
    on = battle()
    vote(alice, on, at=DAY)
    vote(alice, at=DAY + timedelta(days=1))
    for _ in range(3):
        people.settle(alice)
    row = Award.objects.get(user=alice, key="first_battle")
    assert (row.achieved_at, row.evidence) == (DAY, {"battle": str(on.uuid)})


def test_ten_songs_and_a_week_and_four_genres(alice):
    genres = ["rock", "jazz", "rock", "", "pop", "folk", "", "", "", ""]
    for number in range(10):
        vote(alice, battle(genre=genres[number]), at=DAY + timedelta(days=number))
        people.settle(alice)
        assert ("ten_songs" in keys(alice)) is (number == 9)
        assert ("week" in keys(alice)) is (number >= 6)
        assert ("four_genres" in keys(alice)) is (number >= 5)
    week = Award.objects.get(key="week")
    assert (week.achieved_at, week.evidence["from"], week.evidence["to"]) == (
        DAY + timedelta(days=6), "2026-11-01", "2026-11-07",
    )  # fmt: skip


def test_a_day_left_out_begins_the_week_anew(alice):
    for day in (0, 1, 2, 4, 5, 6, 7, 8, 9):
        vote(alice, at=DAY + timedelta(days=day))
    people.settle(alice)
    assert "week" not in keys(alice)
    vote(alice, at=DAY + timedelta(days=10))
    people.settle(alice)
    assert "week" in keys(alice)


def test_four_broken_mixes_found_in_a_row(alice):
    for right in (True, True, False, True, True, True):
        trial(alice, right=right)
    people.settle(alice)
    assert "broken" not in keys(alice)
    last = trial(alice, at=DAY + timedelta(hours=1))
    people.settle(alice)
    row = Award.objects.get(key="broken")
    assert row.achieved_at == last.created_at
    assert len(row.evidence["battles"]) == 4


def test_what_trials_and_reasons_show(alice):
    vote(alice, battle("same"), "tie", unrated="trial")
    for _ in range(10):
        VoteReason.objects.create(vote=vote(alice), code="vocals")
    people.settle(alice)
    assert {"no_phantom", "explains"} <= keys(alice)


def test_a_tournament_of_ones_own_and_a_song_in_the_arena(alice):
    song = tournaments.song_of(alice)
    tournaments.rough_mix(song)
    made = service.create(song=song, owner=alice, count=3, with_rough_mix=True, seed=1)
    tournaments.play(made)
    SongConsent.objects.create(song=song, given_by=alice, is_given=True, licence="CC0 1.0")
    people.settle_recent()
    assert {"tournament", "open_song"} <= keys(alice)
    assert Award.objects.get(key="tournament").evidence == {"tournament": str(made.uuid)}
    own = made.round_rows.order_by("-number").first().winner.kind == "rough_mix"
    assert ("own_win" in keys(alice)) is own


def test_nobody_is_awarded_anything_while_votes_are_held_back(alice):
    vote(alice)
    quarantine.hold(voter=alice, why="speed")
    people.settle(alice)
    assert keys(alice) == set()


# ---- referrals -------------------------------------------------------------------------------------------------------


@pytest.fixture
def brought(alice, settings):
    settings.REFERRAL_VOTES = 3
    bob = factories.person("bob")
    Referral.objects.create(person=bob, referrer=alice)
    return bob


def test_whoever_brought_somebody_gets_credits_once_votes_are_there(alice, brought):
    for number in range(5):
        vote(brought)
        people.settle(brought)
        assert ledger.balance(alice) == (20 if number >= 2 else 0)
    assert LedgerEntry.objects.get(user=alice).key == f"referral:{brought.uuid}"
    assert "brought" in keys(alice)


def ballot(voter, network="n", device="d", *, used=True):
    Ballot.objects.create(
        battle=battle(), voter=voter, network=network, device=device, used_at=DAY if used else None
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hers", "his", "counts"),
    [
        (("n", "d"), ("n", "d"), False),
        (("n", "d"), ("n", "e"), True),
        (("n", "d"), ("m", "d"), True),
        (("", ""), ("", ""), True),
    ],
)
def test_the_same_network_and_browser_bring_nothing(alice, brought, hers, his, counts):
    ballot(alice, *hers)
    ballot(brought, *his)
    for _ in range(3):
        vote(brought)
    people.settle(brought)
    assert ledger.balance(alice) == (20 if counts else 0)


def test_somebody_whose_votes_are_held_back_brings_nothing(alice, brought):
    for _ in range(3):
        vote(brought)
    quarantine.hold(voter=brought, why="speed")
    people.settle(brought)
    assert ledger.balance(alice) == 0
