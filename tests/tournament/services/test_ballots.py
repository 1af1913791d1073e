"""What a ballot counts, by a clock that the test sets."""

from datetime import UTC, datetime, timedelta

import pytest

from aimixer_site.ops.errors import DomainError
from tests.tournament import factories
from tournament.models import Ballot
from tournament.services import ballots

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(seconds):
    return START + timedelta(seconds=seconds)


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def battle(alice):
    return factories.battle(factories.song(), factories.person("bob"))


@pytest.fixture
def ballot(alice, battle):
    return ballots.issue(battle=battle, voter=alice, now=START)


def hear(ballot, seconds, a=(), b=(), switches=0):
    return ballots.hear(
        battle=ballot.battle, voter=ballot.voter, token=ballot.token, a=a, b=b, switches=switches, now=at(seconds)
    )


def refused(deed, *args, **asked):
    with pytest.raises(DomainError) as caught:
        deed(*args, **asked)
    return caught.value


def missing(ballot):
    return ballots.missing(ballot, ballot.battle)


def test_asking_again_gives_the_same_ballot_with_its_first_time(alice, battle, ballot):
    again = ballots.issue(battle=battle, voter=alice, now=at(60))
    assert (again.pk, again.token, again.issued_at) == (ballot.pk, ballot.token, START)
    other = ballots.issue(battle=battle, voter=factories.person("carol"), now=START)
    assert other.token != ballot.token
    assert len(ballot.token) >= 32


def test_there_is_no_ballot_for_what_cannot_be_heard_yet(alice):
    waiting = factories.battle(factories.song(), alice, ready=False)
    assert refused(ballots.issue, battle=waiting, voter=alice).code == "not_ready"


def test_reports_add_up_until_one_can_vote_and_each_step_says_what_is_missing(ballot):
    assert missing(ballot).message == "Listen to A for 5 more seconds, then to B."
    ballot = hear(ballot, 2, a=[[0.0, 2.0]])
    assert missing(ballot).message == "Listen to A for 3 more seconds, then to B."
    ballot = hear(ballot, 5, a=[[2.0, 5.0]])
    assert (missing(ballot).field, missing(ballot).message) == ("b", "Listen to B for 5 more seconds.")
    ballot = hear(ballot, 9, b=[[12.0, 16.0]])
    assert missing(ballot).message == "Listen to B for 1 more second."
    ballot = hear(ballot, 10, b=[[16.0, 17.0]])
    assert (missing(ballot).field, missing(ballot).message) == (
        "switch",
        "Switch between A and B once while it plays.",
    )
    ballot = hear(ballot, 11, b=[[17.0, 18.0]], switches=1)
    assert (missing(ballot).field, missing(ballot).amount) == ("common", 3.0)
    assert missing(ballot).message == "Hear the same place on both sides for 3 more seconds: switch while it plays."
    ballot = hear(ballot, 14, b=[[1.0, 4.0]])
    assert missing(ballot) is None
    ballot.refresh_from_db()
    assert (ballot.heard_a, ballot.heard_b) == ([[0.0, 5.0]], [[1.0, 4.0], [12.0, 18.0]])
    assert (ballot.heard_a_s, ballot.heard_b_s, ballot.switches, ballot.beats) == (5.0, 9.0, 1, 6)
    assert (ballot.sounded_at, ballot.beat_at) == (START, at(14))


def test_the_first_sound_is_dated_back_by_what_was_played(ballot):
    assert hear(ballot, 60, a=[[0.0, 2.0]]).sounded_at == at(58)
    assert hear(ballot, 62, a=[[0.0, 2.0]]).sounded_at == at(58)


def test_a_report_of_silence_begins_nothing(ballot):
    assert hear(ballot, 5).sounded_at is None


def test_a_script_that_claims_everything_at_once_is_held_against_the_clock(ballot):
    ballot = hear(ballot, 0.5, a=[[0.0, 24.0]], b=[[0.0, 24.0]], switches=1)
    assert (ballot.heard_a_s, ballot.heard_b_s) == (1.5, 0.0)
    for _ in range(40):
        ballot = hear(ballot, 0.5, a=[[0.0, 24.0]], b=[[0.0, 24.0]], switches=1)
    assert ballot.heard_a_s + ballot.heard_b_s == 1.5
    assert missing(ballot).field == "a"


def test_more_reports_than_any_player_sends_are_refused(ballot):
    for _ in range(60):
        hear(ballot, 0)
    error = refused(hear, ballot, 0)
    assert (error.code, error.status) == ("too_many_reports", 429)
    hear(ballot, 1)


def test_a_report_from_before_the_last_one_gives_only_the_grace(ballot):
    hear(ballot, 10, a=[[0.0, 3.0]])
    late = hear(ballot, 8, a=[[3.0, 20.0]])
    assert late.heard_a_s == 4.0
    assert late.beat_at == at(10)


@pytest.mark.parametrize("part", ["a", "b"])
@pytest.mark.parametrize("claim", ["x", {"from": 1}, [[0]], [[0, "1"]], [[float("nan"), 1]], [[0, 1]] * 201])
def test_what_is_no_list_of_stretches_is_refused_and_changes_nothing(ballot, part, claim):
    error = refused(hear, ballot, 5, **{part: claim})
    assert (error.code, error.field) == ("invalid_listening", part)
    ballot.refresh_from_db()
    assert ballot.beats == 0


def test_anothers_token_is_worth_what_an_invented_one_is(alice, battle, ballot):
    carol = factories.person("carol")
    other_battle = factories.battle(battle.song)
    for asked in (
        {"battle": battle, "voter": carol, "token": ballot.token},
        {"battle": other_battle, "voter": alice, "token": ballot.token},
        {"battle": battle, "voter": alice, "token": "invented"},
    ):
        error = refused(ballots.hear, a=[], b=[], switches=0, **asked)
        assert (error.code, error.field) == ("unknown_ballot", "token")


def test_a_used_ballot_hears_no_more(alice, battle):
    used = factories.heard_ballot(battle, alice, used_at=START)
    assert refused(hear, used, 5, a=[[0, 1]]).code == "already_voted"
    used.refresh_from_db()
    assert used.heard_a_s == 6.0


def test_what_the_player_is_told_is_what_was_counted(ballot):
    ballot = hear(ballot, 9, a=[[0.0, 5.0]], b=[[2.0, 4.0]], switches=2)
    assert ballots.state(ballot, ballot.battle) == {
        "heard": {"a": ((0.0, 5.0),), "b": ((2.0, 4.0),), "a_s": 5.0, "b_s": 2.0, "switches": 2},
        "missing": {"field": "b", "amount": 3.0, "message": "Listen to B for 3 more seconds."},
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.250", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8:1:aaaa::1", "2001:db8:1:bbbb::2", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:203.0.113.7", "203.0.113.9", True),
    ],
)
def test_a_network_is_known_again_and_an_address_is_not_kept(battle, one, other, same):
    made = [
        ballots.issue(battle=battle, voter=factories.person(f"p{number}"), address=address, browser="Browser 1")
        for number, address in enumerate((one, other))
    ]
    assert (made[0].network == made[1].network) is same
    assert made[0].device == made[1].device != made[0].network
    assert len(made[0].network) == 64
    kept = str(list(Ballot.objects.values()))
    assert one not in kept
    assert "Browser 1" not in kept


def test_the_hashes_hang_on_the_sites_secret(battle, settings):
    one = ballots.issue(battle=battle, voter=factories.person("p"), address="203.0.113.7")
    settings.SECRET_KEY = "another secret of this site, long enough"
    assert ballots.issue(battle=battle, voter=factories.person("q"), address="203.0.113.7").network != one.network


def test_an_address_that_is_none_leaves_nothing(battle, alice):
    made = ballots.issue(battle=battle, voter=alice, address="a socket", browser="")
    assert (made.network, made.device) == ("", "")
