"""What the arena prepares ahead, and what it hands out."""

import itertools
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mixing.models import Job, Mixer
from tests.tournament import boards, factories
from tournament.engine.matchmaking import SHARES
from tournament.engine.online import Belief
from tournament.models import Ballot, Battle, SongConsent
from tournament.services import consents, queue

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SAME, ANCHOR, REPEAT, REGULAR = (Battle.Purpose[name] for name in ("SAME", "ANCHOR", "REPEAT", "REGULAR"))


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def house(alice):
    song = factories.song(title="House")
    factories.named_stems(song)
    return song


def made(song, purpose=REGULAR, *, a=0, b=1, voter=None, earlier=None, side=""):
    """A battle of the arena that is ready."""
    battle = factories.battle(song, None, a=a, b=b)
    more = {"purpose": purpose, "broken_side": side, "for_voter": voter, "repeats": earlier}
    if purpose in (SAME, ANCHOR):
        more |= {"mixer_b": battle.mixer_a, "version_b": battle.version_a}
    Battle.objects.filter(pk=battle.pk).update(**more)
    battle.refresh_from_db()
    return battle


def handed(battle, voter, choice=None, at=None):
    ballot = Ballot.objects.create(battle=battle, voter=voter, issued_at=at or datetime.now(UTC))
    if choice:
        factories.rated_vote(battle, choice, voter)
    return ballot


class Dice(random.Random):
    """A source whose next number from 0 to 1 is always this one."""

    def __init__(self, number):
        super().__init__(1)
        self.number = number

    def random(self):
        return self.number


ALWAYS, NEVER = 0.0, 0.999


# ---- handing out -----------------------------------------------------------------------------------------------------


def test_what_is_handed_out_is_ready_and_of_the_arena(alice, house):
    waiting = factories.battle(house, None, ready=False)
    by_bob = factories.battle(house, factories.person("bob"))
    assert queue.next_battle(alice) is None
    ready = made(house)
    assert queue.next_battle(alice) == ready
    assert ready not in (waiting, by_bob)


def test_there_is_no_choosing_whoever_leaves_a_battle_gets_it_again(alice, house):
    for _ in range(4):
        made(house)
    first = queue.next_battle(alice)
    handed(first, alice)
    for seed in range(5):
        assert queue.next_battle(alice, rng=random.Random(seed)) == first
    factories.rated_vote(first, "a", alice)
    assert queue.next_battle(alice) not in (None, first)


def test_nobody_is_handed_their_own_song(alice):
    hers = factories.song(alice)
    consents.give(song=hers, user=alice, licence="CC0 1.0", genre="pop", agreed=True)
    battle = made(hers)
    assert queue.next_battle(alice) is None
    assert queue.next_battle(factories.person("bob")) == battle


def test_a_withdrawn_song_is_handed_to_nobody_not_even_again(alice):
    bob, hers = factories.person("bob"), factories.song(alice)
    consents.give(song=hers, user=alice, licence="CC0 1.0", genre="pop", agreed=True)
    handed(made(hers), bob)
    made(hers)
    consents.withdraw(song=hers, user=alice)
    assert queue.next_battle(bob) is None


def test_who_has_opened_a_mix_is_not_handed_that_mixer_on_that_song(alice, house):
    battle = made(house)
    other_pair = made(house, a=2, b=3)
    factories.mix(house, alice, battle.mixer_b, opened=True)
    for seed in range(5):
        assert queue.next_battle(alice, rng=random.Random(seed)) == other_pair


def test_who_left_or_changed_since_fights_no_more(alice, house):
    made(house)
    Mixer.objects.filter(pk=Mixer.objects.first().pk).update(version="newer")
    assert queue.next_battle(alice) is None


def test_what_has_served_and_what_is_known_comes_last(alice, house):
    known, served, fresh = made(house), made(house, a=2, b=3), made(house, a=1, b=2)
    handed(made(house, a=1, b=0), alice, "tie")
    for _ in range(queue.VOTES_EACH):
        factories.rated_vote(served, "a")
    assert queue.next_battle(alice, rng=Dice(NEVER)) == fresh
    handed(fresh, alice, "a")
    assert queue.next_battle(alice, rng=Dice(NEVER)) == served
    handed(served, alice, "a")
    assert queue.next_battle(alice, rng=Dice(NEVER)) == known


# ---- hidden trials ---------------------------------------------------------------------------------------------------


def test_the_first_battle_is_no_trial_and_two_trials_never_meet(alice, house):
    trials = {made(house, SAME), made(house, ANCHOR, side="a")}
    regular = [made(house, a=2, b=3), made(house, a=1, b=3)]
    assert queue.next_battle(alice, rng=Dice(ALWAYS)) in regular
    handed(regular[0], alice, "a")
    trial = queue.next_battle(alice, rng=Dice(ALWAYS))
    assert trial in trials
    handed(trial, alice, "tie")
    assert queue.next_battle(alice, rng=Dice(ALWAYS)) == regular[1]


def test_about_one_in_eight_is_a_trial_and_never_two_in_a_row(alice, house):
    source = random.Random(5)
    for _ in range(80):
        made(house)
    for _ in range(20):
        made(house, SAME)
    purposes = []
    start = NOW
    for turn in range(80):
        battle = queue.next_battle(alice, rng=source)
        if battle is None:
            break
        handed(battle, alice, "a", at=start + timedelta(minutes=turn))
        purposes.append(battle.purpose)
    trials = purposes.count(SAME)
    # 80 draws of one in eight, a little less spread than the binomial since two never meet: 3 sd are 9.
    assert abs(trials - len(purposes) / 8) < 9
    after_any = queue.TRIAL_AFTER_REGULAR / (1 + queue.TRIAL_AFTER_REGULAR)
    assert after_any == pytest.approx(1 / 8)
    assert (SAME, SAME) not in set(itertools.pairwise(purposes))


def test_a_repeat_is_for_the_one_who_decided_the_earlier_battle(alice, house):
    earlier = made(house)
    handed(earlier, alice, "a")
    repeat = made(house, REPEAT, a=1, b=0, voter=alice, earlier=earlier)
    assert queue.next_battle(alice, rng=Dice(ALWAYS)) == repeat
    bob = factories.person("bob")
    handed(made(house), bob, "a")
    assert queue.next_battle(bob, rng=Dice(ALWAYS)) == earlier


# ---- preparing ahead -------------------------------------------------------------------------------------------------


def done(battles):
    """As if workers had prepared them."""
    for battle in battles:
        factories._publish(battle)
        Job.objects.filter(pk=battle.job_id).update(state=Job.State.DONE)


def refilled(now=NOW, rounds=12, seed=1):
    rng = random.Random(seed)
    made = []
    for _ in range(rounds):
        started = queue.refill(now=now, rng=rng)
        done(started)
        made += started
    return made


def test_where_nobody_votes_two_lie_ready_and_no_trial(alice, house):
    assert [battle.purpose for battle in refilled()] == [REGULAR] * queue.FEW


def test_with_a_voter_more_lie_ready_and_a_trial_of_each_kind(alice, house):
    handed(made(house), alice, at=NOW)
    kinds = Counter(battle.purpose for battle in refilled())
    assert kinds == {REGULAR: queue.FEW + queue.EACH_VOTER_ADDS - 1, SAME: 1, ANCHOR: 1}


def test_the_draw_is_kept_with_the_battle(alice, house):
    handed(made(house), alice, at=NOW)
    drawn = [battle for battle in refilled() if battle.purpose == REGULAR]
    contenders = Mixer.objects.filter(is_active=True, needs_reference=False).count()
    for battle in drawn:
        assert battle.stratum in SHARES
        assert 0.0 < battle.propensity < 1.0
        assert battle.mixer_a != battle.mixer_b
        assert not battle.mixer_a.needs_reference
        assert not battle.mixer_b.needs_reference
        assert (battle.created_by, battle.job.owner, battle.created_at) == (None, None, NOW)
    assert min(battle.propensity for battle in drawn) >= 0.7 / (contenders * (contenders - 1) / 2) * 0.999


def test_no_more_than_a_few_are_in_the_making_at_a_time(alice, house):
    for name in range(5):
        handed(made(house), factories.person(f"voter{name}"), at=NOW)
    assert len(queue.refill(now=NOW)) == queue.MAKING
    assert queue.refill(now=NOW) == []


def test_the_arena_can_be_told_to_prepare_nothing(alice, house, settings):
    settings.ARENA_AHEAD = 0
    assert queue.refill(now=NOW) == []


def test_only_songs_that_are_given_and_can_be_mixed_are_drawn(alice):
    private, given, bare = factories.song(alice), factories.song(alice), factories.song()
    factories.named_stems(private)
    factories.named_stems(given)
    factories.named_stems(bare, 1)
    assert refilled() == []
    consents.give(song=given, user=alice, licence="CC BY 4.0", genre="jazz", agreed=True)
    battles = refilled()
    assert {(battle.song, battle.genre) for battle in battles} == {(given, "jazz")}


def test_a_song_of_the_house_has_the_genre_that_it_came_with(house):
    SongConsent.objects.create(song=house, is_given=True, licence="CC0-1.0", genre="soul")
    assert {battle.genre for battle in refilled()} == {"soul"}


def test_a_song_on_which_nothing_succeeds_rests_for_a_day(alice, house):
    for _ in range(queue.MOST_FAILURES):
        battle = factories.battle(house, None, ready=False)
        Battle.objects.filter(pk=battle.pk).update(created_at=NOW)
        Job.objects.filter(pk=battle.job_id).update(state=Job.State.FAILED)
    assert queue.refill(now=NOW) == []
    assert queue.refill(now=NOW + timedelta(days=1, minutes=1))


def test_somebody_who_may_judge_nothing_keeps_no_worker_busy(alice):
    hers = factories.song(alice)
    factories.named_stems(hers)
    consents.give(song=hers, user=alice, licence="CC0 1.0", genre="pop", agreed=True)
    handed(made(hers), alice, at=NOW)
    first = len(refilled(rounds=30))
    assert first <= 12 + 2 * queue.MOST_USELESS_TRIALS + queue.MAKING
    assert refilled(rounds=5) == []


def test_a_lone_voter_never_runs_dry(alice, house):
    for turn in range(16):
        done(queue.refill(now=NOW + timedelta(minutes=turn)))
        done(queue.refill(now=NOW + timedelta(minutes=turn)))
        battle = queue.next_battle(alice)
        assert battle is not None, turn
        handed(battle, alice, "a", at=NOW + timedelta(minutes=turn))


def test_a_repeat_exchanges_the_sides_of_a_battle_that_was_decided_a_while_ago(alice, house):
    battles = [made(house, a=turn % 2, b=2) for turn in range(queue.SETTLED + 1)]
    for turn, battle in enumerate(battles):
        handed(battle, alice, "a" if turn else "b", at=NOW + timedelta(minutes=turn))
    (repeat,) = [battle for battle in refilled(NOW + timedelta(hours=1)) if battle.purpose == REPEAT]
    first = battles[0]
    assert (repeat.repeats, repeat.for_voter, repeat.song) == (first, alice, house)
    assert (repeat.mixer_a, repeat.mixer_b) == (first.mixer_b, first.mixer_a)
    assert repeat.propensity is None


def test_who_could_not_tell_is_not_asked_again(alice, house):
    for turn in range(queue.SETTLED + 1):
        handed(made(house), alice, "tie", at=NOW + timedelta(minutes=turn))
    assert REPEAT not in {battle.purpose for battle in refilled()}


def test_pairs_are_drawn_by_what_the_votes_so_far_say(alice, house):
    first, second = list(Mixer.objects.all())[:2]
    boards.duel(boards.people(6), wins_of_ten=10)
    known = {one.key: one for one in queue._known(Mixer.objects.all())}
    assert (known[first.key].belief.votes, known[second.key].belief.votes) == (18, 18)
    assert known[first.key].belief.mean > 0.5 > known[second.key].belief.mean
    assert {one.belief for key, one in known.items() if key not in (first.key, second.key)} == {Belief()}
    assert {key for key, one in known.items() if one.is_anchor} == queue.ANCHORS
    Mixer.objects.filter(pk=first.pk).update(version="newer")
    assert queue._known(Mixer.objects.filter(pk=first.pk))[0].belief == Belief(), "another version is another contender"
