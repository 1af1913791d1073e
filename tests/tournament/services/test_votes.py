import pytest
from django.db import IntegrityError, transaction

from aimixer_site.ops.errors import DomainError
from mixing.models import Mixer
from mixing.services import mixes
from tests.tournament import factories
from tournament.models import Vote
from tournament.services.votes import cast_vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def house_battle(alice):
    return factories.battle(factories.song(), factories.person("bob"))


def refused(**asked):
    with pytest.raises(DomainError) as caught:
        cast_vote(**asked)
    return caught.value


@pytest.mark.parametrize("choice", ["a", "b", "tie", "both_bad"])
def test_a_blind_vote_on_a_house_song_is_rated(alice, house_battle, choice):
    vote = cast_vote(battle=house_battle, voter=alice, choice=choice, heard_a_s=12.5, heard_b_s=8.0, switches=4)
    vote.refresh_from_db()
    assert (vote.choice, vote.is_rated, vote.unrated_reason) == (choice, True, "")
    assert (vote.heard_a_s, vote.heard_b_s, vote.switches) == (12.5, 8.0, 4)


def test_a_vote_on_ones_own_song_is_kept_and_not_rated(alice):
    vote = cast_vote(battle=factories.battle(factories.song(alice), alice), voter=alice, choice="a")
    assert (vote.is_rated, vote.unrated_reason) == (False, "own_song")


@pytest.mark.parametrize("which", [0, 1])
def test_who_has_opened_a_mix_by_either_mixer_is_not_blind(alice, house_battle, which):
    mixer = (house_battle.mixer_a, house_battle.mixer_b)[which]
    factories.mix(house_battle.song, alice, mixer, opened=True)
    vote = cast_vote(battle=house_battle, voter=alice, choice="b")
    assert (vote.is_rated, vote.unrated_reason) == (False, "opened_mix")


def test_deleting_a_mix_that_one_has_opened_makes_nobody_blind_again(alice, house_battle):
    mixes.delete(mix=factories.mix(house_battle.song, alice, house_battle.mixer_a, opened=True))
    mixes.delete(mix=factories.mix(house_battle.song, alice, house_battle.mixer_a, opened=True))
    bob = factories.person("dan")
    mixes.delete(mix=factories.mix(house_battle.song, bob, house_battle.mixer_a, opened=False))
    vote = cast_vote(battle=house_battle, voter=alice, choice="b")
    assert (vote.is_rated, vote.unrated_reason) == (False, "opened_mix")
    assert cast_vote(battle=house_battle, voter=bob, choice="b").is_rated


def test_what_tells_nothing_of_this_battle_leaves_the_vote_rated(alice, house_battle):
    third = Mixer.objects.exclude(pk__in=(house_battle.mixer_a_id, house_battle.mixer_b_id)).get()
    factories.mix(house_battle.song, alice, third, opened=True)
    factories.mix(house_battle.song, alice, house_battle.mixer_a, opened=False)
    factories.mix(factories.song(), alice, house_battle.mixer_a, opened=True)
    factories.mix(house_battle.song, factories.person("carol"), house_battle.mixer_a, opened=True)
    assert cast_vote(battle=house_battle, voter=alice, choice="b").is_rated


def test_cant_tell_is_kept_and_not_rated(alice, house_battle):
    vote = cast_vote(battle=house_battle, voter=alice, choice="cant_tell")
    assert (vote.is_rated, vote.unrated_reason) == (False, "cant_tell")


def test_the_first_vote_counts(alice, house_battle):
    cast_vote(battle=house_battle, voter=alice, choice="a")
    error = refused(battle=house_battle, voter=alice, choice="b")
    assert (error.code, error.status) == ("already_voted", 409)
    assert list(Vote.objects.values_list("choice", flat=True)) == ["a"]
    cast_vote(battle=house_battle, voter=factories.person("carol"), choice="b")
    assert Vote.objects.count() == 2


def test_the_rule_of_one_vote_lies_in_the_database(alice, house_battle):
    factories.rated_vote(house_battle, "a", alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.rated_vote(house_battle, "a", alice)


def test_a_battle_that_is_not_ready_takes_no_vote(alice):
    battle = factories.battle(factories.song(), alice, ready=False)
    error = refused(battle=battle, voter=alice, choice="a")
    assert (error.code, error.status) == ("not_ready", 409)


def test_an_unknown_choice_is_refused(alice, house_battle):
    assert refused(battle=house_battle, voter=alice, choice="c").code == "invalid_choice"


@pytest.mark.parametrize(
    "listening",
    [
        {"heard_a_s": float("nan")},
        {"heard_b_s": float("inf")},
        {"heard_a_s": -1.0},
        {"switches": -1},
        {"switches": 10**9},
    ],
)
def test_listening_that_cannot_be_is_refused(alice, house_battle, listening):
    assert refused(battle=house_battle, voter=alice, choice="a", **listening).code == "invalid_listening"
    assert not Vote.objects.exists()
