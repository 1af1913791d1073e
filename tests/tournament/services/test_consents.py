from datetime import UTC, datetime, timedelta

import pytest

from aimixer_site.ops.errors import DomainError
from mixing.models import Job
from mixing.services import songs
from tests.tournament import factories
from tournament import access
from tournament.models import Battle, SongConsent
from tournament.services import consents

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def hers(alice):
    return factories.song(alice, "Hers")


def give(song, user, **changed):
    asked = {"licence": "CC BY 4.0", "genre": "folk", "agreed": True, **changed}
    return consents.give(song=song, user=user, **asked)


def test_a_song_is_private_until_it_is_given_and_again_once_it_is_withdrawn(alice, hers):
    assert hers not in consents.in_arena()
    row = give(hers, alice, now=NOW)
    assert (row.wording, row.given_by, row.created_at) == (consents.WORDING, alice, NOW)
    assert hers in consents.in_arena()
    assert consents.genre_of(hers) == "folk"
    hers.refresh_from_db()
    assert hers.licence == "CC BY 4.0"
    consents.withdraw(song=hers, user=alice, now=NOW + timedelta(days=1))
    assert hers not in consents.in_arena()
    assert consents.current(hers) is None
    assert consents.genre_of(hers) == ""
    hers.refresh_from_db()
    assert hers.licence == ""
    assert [row.is_given for row in SongConsent.objects.order_by("id")] == [True, False]
    give(hers, alice)
    assert hers in consents.in_arena()


def test_the_last_word_counts_whatever_the_clocks_say(alice, hers):
    give(hers, alice, now=NOW)
    consents.withdraw(song=hers, user=alice, now=NOW - timedelta(days=3))
    assert hers not in consents.in_arena()


def test_what_was_agreed_to_is_never_rewritten(alice, hers):
    row = give(hers, alice)
    row.licence = "CC0 1.0"
    with pytest.raises(TypeError):
        row.save()


def test_house_songs_are_always_in(alice):
    assert factories.song() in consents.in_arena()


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"agreed": False}, "not_agreed"), ({"licence": "mine"}, "invalid_licence"), ({"genre": "x"}, "invalid_genre")],
)
def test_half_a_consent_is_none(alice, hers, changed, code):
    with pytest.raises(DomainError) as caught:
        give(hers, alice, **changed)
    assert caught.value.code == code
    assert not SongConsent.objects.exists()


def test_withdrawing_a_private_song_writes_nothing(alice, hers):
    assert consents.withdraw(song=hers, user=alice) is None
    assert not SongConsent.objects.exists()


def test_strangers_hear_battles_on_it_from_the_consent_to_the_withdrawal_and_votes_stay(alice, hers):
    bob = factories.person("bob")
    battle = factories.battle(hers)
    waiting = factories.battle(hers, ready=False)
    assert battle not in access.battles_for(bob)
    give(hers, alice)
    assert battle in access.battles_for(bob)
    assert waiting not in access.battles_for(bob)
    vote = factories.rated_vote(battle, "a", bob)
    consents.withdraw(song=hers, user=alice)
    assert battle not in access.battles_for(bob)
    vote.refresh_from_db()
    assert vote.is_rated


def test_a_tournament_on_a_song_of_the_arena_stays_its_musicians_own(alice, hers):
    battle = factories.battle(hers, alice)
    Battle.objects.filter(pk=battle.pk).update(purpose=Battle.Purpose.TOURNAMENT)
    give(hers, alice)
    assert battle not in access.battles_for(factories.person("bob"))
    assert battle in access.battles_for(alice)


def test_withdrawal_stops_what_the_arena_was_preparing_and_leaves_the_owners_own_work(alice, hers):
    give(hers, alice)
    arenas, own = factories.battle(hers, ready=False), factories.battle(hers, alice, ready=False)
    consents.withdraw(song=hers, user=alice)
    arenas.job.refresh_from_db()
    own.job.refresh_from_db()
    assert (arenas.job.state, own.job.state) == (Job.State.CANCELLED, Job.State.QUEUED)


def test_a_song_that_was_deleted_meanwhile_is_missing(alice, hers):
    songs.delete(song=type(hers).objects.get(pk=hers.pk))
    with pytest.raises(DomainError) as caught:
        give(hers, alice)
    assert caught.value.code == "not_found"
