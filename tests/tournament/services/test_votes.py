from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from aimixer_site.ops.errors import DomainError
from mixing.models import Mixer
from mixing.services import mixes
from tests.tournament import factories
from tournament.models import RatingSnapshot, Vote
from tournament.services import ratings
from tournament.services.votes import cast_vote, give_reasons

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def house_battle(alice):
    return factories.battle(factories.song(), factories.person("bob"))


def cast_heard(*, battle, voter, choice, **counted):
    """Vote after enough was heard."""
    token = factories.heard_ballot(battle, voter, **counted).token
    return cast_vote(battle=battle, voter=voter, token=token, choice=choice)


def refused(deed=cast_vote, **asked):
    with pytest.raises(DomainError) as caught:
        deed(**asked)
    return caught.value


@pytest.mark.parametrize("choice", ["a", "b", "tie", "both_bad"])
def test_a_blind_vote_on_a_house_song_is_rated(alice, house_battle, choice):
    vote = cast_heard(battle=house_battle, voter=alice, choice=choice)
    vote.refresh_from_db()
    assert (vote.choice, vote.is_rated, vote.unrated_reason) == (choice, True, "")


def test_a_vote_holds_what_its_ballot_counted(alice, house_battle):
    ballot = factories.heard_ballot(
        house_battle, alice, heard_a_s=12.5, heard_b_s=8.0, switches=4, sounded_at=NOW - timedelta(seconds=40.5)
    )
    vote = cast_vote(battle=house_battle, voter=alice, token=ballot.token, choice="a", now=NOW)
    vote.refresh_from_db()
    assert (vote.heard_a_s, vote.heard_b_s, vote.switches) == (12.5, 8.0, 4)
    assert (vote.decided_after_s, vote.created_at, vote.ballot) == (40.5, NOW, ballot)
    ballot.refresh_from_db()
    assert ballot.used_at == NOW


@pytest.mark.parametrize(
    ("counted", "field"),
    [
        ({"heard_a_s": 4.9}, "a"),
        ({"heard_b_s": 0.0}, "b"),
        ({"switches": 0}, "switch"),
        ({"heard_b": [[5.0, 12.0]]}, "common"),
    ],
)
@pytest.mark.parametrize("choice", ["a", "cant_tell"])
def test_who_has_not_heard_both_is_told_what_is_missing_and_can_still_vote(alice, house_battle, counted, field, choice):
    ballot = factories.heard_ballot(house_battle, alice, **counted)
    error = refused(battle=house_battle, voter=alice, token=ballot.token, choice=choice)
    assert (error.code, error.field, error.status) == ("listen_more", field, 400)
    ballot.refresh_from_db()
    assert ballot.used_at is None
    assert not Vote.objects.exists()
    cast_heard(battle=house_battle, voter=alice, choice=choice)


def test_the_refusal_names_the_seconds(alice, house_battle):
    ballot = factories.heard_ballot(house_battle, alice, heard_b_s=2.2)
    error = refused(battle=house_battle, voter=alice, token=ballot.token, choice="a")
    assert error.message == "Listen to B for 3 more seconds."


def test_a_foreign_or_invented_ballot_votes_for_nobody(alice, house_battle):
    hers = factories.heard_ballot(house_battle, factories.person("carol"))
    for token in (hers.token, "invented", ""):
        assert refused(battle=house_battle, voter=alice, token=token, choice="a").code == "unknown_ballot"
    hers.refresh_from_db()
    assert hers.used_at is None


@pytest.mark.parametrize("purpose", ["same", "repeat", "anchor"])
def test_a_hidden_trial_is_kept_and_not_rated(alice, house_battle, purpose):
    house_battle.purpose, house_battle.broken_side = purpose, "a" if purpose == "anchor" else ""
    house_battle.save()
    vote = cast_heard(battle=house_battle, voter=alice, choice="cant_tell")
    assert (vote.is_rated, vote.unrated_reason) == (False, "trial")


def test_a_vote_on_ones_own_song_is_kept_and_not_rated(alice):
    vote = cast_heard(battle=factories.battle(factories.song(alice), alice), voter=alice, choice="a")
    assert (vote.is_rated, vote.unrated_reason) == (False, "own_song")


def test_ones_own_song_goes_before_an_opened_mix_so_that_artists_boards_have_the_vote(alice):
    """Whoever owns a song has opened its mixes, and crowds never count either reason."""
    own = factories.battle(factories.song(alice), alice)
    factories.mix(own.song, alice, own.mixer_a, opened=True)
    assert cast_heard(battle=own, voter=alice, choice="a").unrated_reason == "own_song"
    ratings.recompute()
    boards = dict(RatingSnapshot.objects.values_list("board", "votes_count"))
    assert boards == {"artist": 1}


@pytest.mark.parametrize("which", [0, 1])
def test_who_has_opened_a_mix_by_either_mixer_is_not_blind(alice, house_battle, which):
    mixer = (house_battle.mixer_a, house_battle.mixer_b)[which]
    factories.mix(house_battle.song, alice, mixer, opened=True)
    vote = cast_heard(battle=house_battle, voter=alice, choice="b")
    assert (vote.is_rated, vote.unrated_reason) == (False, "opened_mix")


def test_deleting_a_mix_that_one_has_opened_makes_nobody_blind_again(alice, house_battle):
    mixes.delete(mix=factories.mix(house_battle.song, alice, house_battle.mixer_a, opened=True))
    mixes.delete(mix=factories.mix(house_battle.song, alice, house_battle.mixer_a, opened=True))
    bob = factories.person("dan")
    mixes.delete(mix=factories.mix(house_battle.song, bob, house_battle.mixer_a, opened=False))
    vote = cast_heard(battle=house_battle, voter=alice, choice="b")
    assert (vote.is_rated, vote.unrated_reason) == (False, "opened_mix")
    assert cast_heard(battle=house_battle, voter=bob, choice="b").is_rated


def test_what_tells_nothing_of_this_battle_leaves_the_vote_rated(alice, house_battle):
    third = Mixer.objects.exclude(pk__in=(house_battle.mixer_a_id, house_battle.mixer_b_id)).earliest("pk")
    factories.mix(house_battle.song, alice, third, opened=True)
    factories.mix(house_battle.song, alice, house_battle.mixer_a, opened=False)
    factories.mix(factories.song(), alice, house_battle.mixer_a, opened=True)
    factories.mix(house_battle.song, factories.person("carol"), house_battle.mixer_a, opened=True)
    assert cast_heard(battle=house_battle, voter=alice, choice="b").is_rated


def test_cant_tell_is_kept_and_not_rated(alice, house_battle):
    vote = cast_heard(battle=house_battle, voter=alice, choice="cant_tell")
    assert (vote.is_rated, vote.unrated_reason) == (False, "cant_tell")


def test_the_first_vote_counts(alice, house_battle):
    cast_heard(battle=house_battle, voter=alice, choice="a")
    token = alice.ballots.get().token
    error = refused(battle=house_battle, voter=alice, token=token, choice="b")
    assert (error.code, error.status) == ("already_voted", 409)
    assert list(Vote.objects.values_list("choice", flat=True)) == ["a"]
    cast_heard(battle=house_battle, voter=factories.person("carol"), choice="b")
    assert Vote.objects.count() == 2


def test_the_rule_of_one_vote_lies_in_the_database(alice, house_battle):
    factories.rated_vote(house_battle, "a", alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.rated_vote(house_battle, "a", alice)


def test_a_vote_without_the_mark_on_its_ballot_still_counts_once(alice, house_battle):
    """The second guard alone: as if the ballot had been handed out twice."""
    factories.rated_vote(house_battle, "a", alice)
    ballot = factories.heard_ballot(house_battle, alice)
    error = refused(battle=house_battle, voter=alice, token=ballot.token, choice="b")
    assert error.code == "already_voted"
    ballot.refresh_from_db()
    assert ballot.used_at is None


def test_a_battle_that_is_not_ready_takes_no_vote(alice):
    battle = factories.battle(factories.song(), alice, ready=False)
    error = refused(battle=battle, voter=alice, token="any", choice="a")
    assert (error.code, error.status) == ("not_ready", 409)


def test_an_unknown_choice_is_refused(alice, house_battle):
    token = factories.heard_ballot(house_battle, alice).token
    assert refused(battle=house_battle, voter=alice, token=token, choice="c").code == "invalid_choice"


def test_reasons_are_kept_once_and_each_of_them_once(alice, house_battle):
    vote = cast_heard(battle=house_battle, voter=alice, choice="a")
    given = give_reasons(vote=vote, codes=["vocals", "low_end", "vocals"], now=NOW)
    assert [reason.code for reason in given] == ["low_end", "vocals"]
    error = refused(give_reasons, vote=vote, codes=["width"])
    assert (error.code, error.status) == ("already_told", 409)
    assert set(vote.reasons.values_list("code", "created_at")) == {("low_end", NOW), ("vocals", NOW)}


@pytest.mark.parametrize(("codes", "code"), [([], "no_reasons"), (["vocals", "mood"], "invalid_reason")])
def test_a_reason_that_is_none_is_refused(alice, house_battle, codes, code):
    vote = cast_heard(battle=house_battle, voter=alice, choice="a")
    assert refused(give_reasons, vote=vote, codes=codes).code == code
    assert not vote.reasons.exists()
