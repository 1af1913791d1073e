"""A musician's tournament from the first round to the final mix; sound is stood in for."""

import pytest

from aimixer_site.ops.errors import DomainError
from mixing.models import Job, Mix, Mixer
from tests.tournament import factories
from tests.tournament import tournaments as made
from tournament import access
from tournament.models import Battle, Competitor, RatingSnapshot, Round, Tournament, Vote
from tournament.services import challengers, tournaments

pytestmark = pytest.mark.django_db

Kind = Competitor.Kind


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def song(alice):
    return made.song_of(alice)


def start(song, **asked):
    return tournaments.create(song=song, owner=song.owner, **{"seed": 7, **asked})


def refused(deed, *args, **asked):
    with pytest.raises(DomainError) as caught:
        deed(*args, **asked)
    return caught.value


def story(tournament):
    rows = tournament.round_rows.order_by("number")
    return [(row.kind, row.on_a.name, row.on_b.name, row.winner and row.winner.name) for row in rows]


def test_it_opens_between_two_of_the_home_family_or_the_rough_mix_and_queues_their_battle(song):
    tournament = start(song)
    row = tournaments.current_round(tournament)
    assert (row.number, row.kind, tournament.rounds) == (1, "opening", 5)
    for competitor in (row.on_a, row.on_b):
        assert competitor.mixer.family == "console-net" or competitor.mixer.key == "rough-mix"
    assert row.on_a.mixer != row.on_b.mixer
    assert (row.battle.purpose, row.battle.created_by) == (Battle.Purpose.TOURNAMENT, song.owner)
    assert (row.battle.mixer_a, row.battle.mixer_b) == (row.on_a.mixer, row.on_b.mixer)
    assert (row.battle.job.kind, row.battle.job.state) == ("battle", Job.State.QUEUED)


def test_the_same_seed_and_choices_give_the_same_tournament_and_another_seed_another(alice):
    stories = []
    for seed in (7, 7, 8):
        stories.append(story(made.play(start(made.song_of(alice), seed=seed), "abbab")))
        Tournament.objects.update(taste=None)
    assert stories[0] == stories[1] != stories[2]


def test_the_winner_stays_and_meets_somebody_new(song):
    tournament = start(song)
    first = tournaments.current_round(tournament)
    made.vote(tournament, keep=first.on_b)
    second = tournaments.current_round(tournament)
    assert (second.number, second.kind) == (2, "challenge")
    assert first.on_b in (second.on_a, second.on_b)
    assert first.on_a not in (second.on_a, second.on_b)
    first.refresh_from_db()
    assert (first.winner, first.choice) == (first.on_b, "b")


def test_the_losers_child_challenges_in_the_third_round_within_bounds(song):
    tournament = start(song)
    made.vote(tournament, "a")
    row = tournaments.current_round(tournament)
    champion = tournaments.champion_of(tournament)
    loser = row.on_b if champion == row.on_a else row.on_a
    if not challengers.kinship(loser.mixer):
        loser = champion
    made.vote(tournament, keep=champion)
    third = tournaments.current_round(tournament)
    child = third.on_b if tournaments.champion_of(tournament) == third.on_a else third.on_a
    assert (child.kind, child.mother, child.mixer) == (Kind.MUTANT, loser, loser.mixer)
    assert child.recipe["parents"] == [loser.mixer.sha256]
    assert 0.03 <= child.recipe["numbers"]["size"] <= 0.1


def test_the_hybrid_is_of_two_related_ones_and_leans_to_the_one_that_won_more(song):
    tournament = start(song)
    made.play(tournament, "aaa")
    row = tournaments.current_round(tournament)
    assert row.kind == "hybrid"
    child = next(each for each in (row.on_a, row.on_b) if each.kind == Kind.HYBRID)
    assert challengers.kinship(child.mother.mixer) == challengers.kinship(child.father.mixer) != ()
    assert child.recipe["parents"] == [challengers.sha256_of(child.mother), challengers.sha256_of(child.father)]
    done = challengers.records(tournament)
    mother, father = (done.get(each.pk) for each in (child.mother, child.father))
    wins = [each.wins if each else 0 for each in (mother, father)]
    assert child.recipe["numbers"]["share"] == round((wins[1] + 1) / (sum(wins) + 2), 4)
    assert child.recipe["numbers"]["share"] <= 0.5


def test_the_boss_of_the_finale_is_the_first_of_the_public_board(song):
    boss = Mixer.objects.get(key="console-net-wide")
    rows = [
        {"contender": "faders-up@1", "status": "ranked"},
        {"contender": f"console-net-wide@{boss.version}", "status": "preliminary"},
        {"contender": "console-net@x", "status": "unranked"},
    ]
    RatingSnapshot.objects.create(board="public", votes_count=1, votes_sha256="0" * 64, rules={}, result={"rows": rows})
    tournament = start(song, count=3)
    made.play(tournament, "aa")
    finale = tournaments.current_round(tournament)
    assert finale.kind == "finale"
    assert boss in (finale.on_a.mixer, finale.on_b.mixer)


def test_without_a_board_the_boss_is_the_best_whom_the_winner_has_not_beaten(song):
    tournament = start(song, count=4)
    first = tournaments.current_round(tournament).on_a
    made.vote(tournament, keep=first)
    for _ in range(2):
        row, champion = tournaments.current_round(tournament), tournaments.champion_of(tournament)
        made.vote(tournament, keep=row.on_b if row.on_a == champion else row.on_a)
    finale = tournaments.current_round(tournament)
    assert {finale.on_a, finale.on_b} == {first, tournaments.champion_of(tournament)}


def test_a_finale_is_not_the_round_before_once_more(song):
    tournament = start(song, count=3)
    first = tournaments.current_round(tournament)
    made.vote(tournament, keep=first.on_a)
    second = tournaments.current_round(tournament)
    hybrid = second.on_b if second.on_a == first.on_a else second.on_a
    made.vote(tournament, keep=hybrid)
    finale = tournaments.current_round(tournament)
    assert finale.kind == "finale"
    assert hybrid in (finale.on_a, finale.on_b)
    assert first.on_a not in (finale.on_a, finale.on_b)


def test_a_boss_that_was_beaten_makes_way_for_the_next_on_the_board(song):
    tournament = start(song, count=3)
    beaten = tournaments.current_round(tournament).on_b.mixer
    heir = Mixer.objects.filter(family="console-net").exclude(pk=beaten.pk)
    heir = heir.exclude(pk=tournaments.current_round(tournament).on_a.mixer_id).first()
    rows = [{"contender": f"{mixer.key}@{mixer.version}", "status": "ranked"} for mixer in (beaten, heir)]
    RatingSnapshot.objects.create(board="public", votes_count=1, votes_sha256="0" * 64, rules={}, result={"rows": rows})
    champion = tournaments.current_round(tournament).on_a
    made.vote(tournament, keep=champion)
    made.vote(tournament, keep=champion)
    finale = tournaments.current_round(tournament)
    assert heir in (finale.on_a.mixer, finale.on_b.mixer)


def test_where_nobody_else_is_left_the_best_meets_the_winner_again(song):
    tournament = start(song, count=3)
    first = tournaments.current_round(tournament)
    Mixer.objects.exclude(pk__in=(first.on_a.mixer_id, first.on_b.mixer_id)).update(is_active=False)
    for mixer in (first.on_a.mixer, first.on_b.mixer):
        Mixer.objects.filter(pk=mixer.pk).update(sha256="")
    made.vote(tournament, keep=first.on_a)
    again = tournaments.current_round(tournament)
    assert {again.on_a, again.on_b} == {first.on_a, first.on_b}


@pytest.mark.parametrize("count", [3, 10])
def test_it_ends_with_a_mix_by_the_winners_console_and_a_taste(song, count):
    tournament = made.play(start(song, count=count))
    assert (tournament.state, tournament.round_rows.count()) == ("done", count)
    assert tournament.finished_at is not None
    champion = tournaments.champion_of(tournament)
    mix = tournament.final_mix
    assert (mix.owner, mix.song, mix.mixer) == (song.owner, song, champion.mixer)
    assert mix.parameters == champion.parameters
    assert (mix.job.kind, mix.job.state) == ("mix", Job.State.QUEUED)
    assert mix.mixer_sha256 == challengers.sha256_of(champion)
    assert mix.stems.count() == 3
    assert {each["trait"] for each in tournament.taste["leanings"]} == {"brightness"}
    assert tournament.taste["choices"] == count


def test_the_own_rough_mix_opens_and_when_it_wins_the_best_console_makes_the_mix(song):
    made.rough_mix(song)
    tournament = start(song, with_rough_mix=True, count=3)
    row = tournaments.current_round(tournament)
    own = next(each for each in (row.on_a, row.on_b) if each.kind == Kind.ROUGH_MIX)
    assert (own.mixer, own.name) == (None, "Own rough mix")
    for _ in range(3):
        made.vote(tournament, keep=own)
    tournament.refresh_from_db()
    assert tournaments.champion_of(tournament) == own
    assert tournament.final_mix.parameters is not None
    assert tournament.final_mix.mixer is not None
    assert tournament.taste == {"style": None, "choices": 0, "leanings": []}


@pytest.mark.parametrize("choice", ["tie", "both_bad", "cant_tell"])
def test_without_a_choice_the_champion_stays_and_nothing_is_learned(song, choice):
    tournament = start(song, count=3)
    made.vote(tournament, "b")
    champion = tournaments.champion_of(tournament)
    made.vote(tournament, choice)
    assert tournaments.champion_of(tournament) == champion
    made.vote(tournament, choice)
    tournament.refresh_from_db()
    assert (tournament.state, tournament.taste["choices"]) == ("done", 1)


def test_a_round_of_two_too_alike_gets_another_challenger(song):
    tournament = start(song)
    made.vote(tournament, "a")
    before = tournaments.current_round(tournament)
    champion = tournaments.champion_of(tournament)
    made.fail(before)
    tournaments.go_on(tournament)
    after = tournaments.current_round(tournament)
    assert (after.number, after.battle.job.state) == (before.number, Job.State.QUEUED)
    assert champion in (after.on_a, after.on_b)
    assert {after.on_a, after.on_b} != {before.on_a, before.on_b}
    tournaments.go_on(tournament)
    assert tournaments.current_round(tournament) == after


@pytest.mark.parametrize("code", ["worker_lost", "internal_error"])
def test_what_was_nobodys_fault_is_prepared_again_with_the_same_two(song, code):
    tournament = start(song)
    before = tournaments.current_round(tournament)
    made.fail(before, code)
    tournaments.go_on(tournament)
    after = tournaments.current_round(tournament)
    assert (after.on_a, after.on_b) == (before.on_a, before.on_b)
    assert after.battle != before.battle


def test_it_can_be_left_and_taken_up_again(song):
    tournament = start(song)
    made.vote(tournament, "a")
    tournaments.leave(tournament)
    tournament.refresh_from_db()
    row = tournaments.current_round(tournament)
    assert (tournament.state, row.battle.job.state) == ("left", Job.State.CANCELLED)
    tournaments.go_on(tournament)
    tournament.refresh_from_db()
    again = tournaments.current_round(tournament)
    assert (tournament.state, again.number, again.battle.job.state) == ("running", 2, Job.State.QUEUED)


def test_going_on_twice_does_it_once(song):
    tournament = start(song)
    for _ in range(3):
        tournaments.go_on(tournament)
    assert (Round.objects.count(), Battle.objects.count()) == (1, 1)


def test_a_tournament_that_cannot_go_on_keeps_the_vote_and_goes_on_later(song):
    tournament = start(song)
    made.prepare(tournaments.current_round(tournament))
    stems = list(song.stems.all())
    song.stems.update(state="checking")
    made.vote(tournament, "a")
    assert (Vote.objects.count(), tournaments.current_round(tournament)) == (1, None)
    assert refused(tournaments.go_on, tournament).code == "still_checking"
    song.stems.filter(pk__in=[stem.pk for stem in stems]).update(state="ready")
    tournaments.go_on(tournament)
    assert tournaments.current_round(tournament).number == 2


def test_a_vote_counts_for_the_tournament_and_never_for_the_board(song):
    tournament = start(song)
    vote = made.vote(tournament, "a")
    assert (vote.is_rated, vote.unrated_reason) == (False, Vote.Unrated.OWN_SONG)


def test_the_next_tournament_opens_with_the_style_of_the_taste(alice, song):
    done = made.play(start(song, count=3))
    Tournament.objects.filter(pk=done.pk).update(taste={"style": "wide", "choices": 3, "leanings": []})
    for seed in range(4):
        nxt = start(made.song_of(alice), seed=seed)
        row = tournaments.current_round(nxt)
        assert "console-net-wide" in (row.on_a.mixer.key, row.on_b.mixer.key)
        tournaments.leave(nxt)


def test_a_tournament_is_for_ones_own_song_and_one_at_a_time(alice, song):
    bob = factories.person("bob")
    assert refused(tournaments.create, song=song, owner=bob).code == "not_your_song"
    assert refused(tournaments.create, song=factories.song(), owner=bob).code == "not_your_song"
    start(song)
    assert refused(start, song).code == "tournament_running"
    for _ in range(2):
        start(made.song_of(alice))
    error = refused(start, made.song_of(alice))
    assert (error.code, error.status) == ("too_many_tournaments", 429)


@pytest.mark.parametrize("count", [2, 11])
def test_it_has_3_to_10_rounds(song, count):
    error = refused(start, song, count=count)
    assert (error.code, error.field) == ("invalid_rounds", "rounds")


def test_a_rough_mix_that_is_not_there_cannot_take_part(song):
    error = refused(start, song, with_rough_mix=True)
    assert (error.code, error.field) == ("no_rough_mix", "with_rough_mix")


def test_only_a_finished_tournament_is_shared(song):
    tournament = start(song, count=3)
    assert refused(tournaments.share, tournament, is_shared=True).code == "not_finished"
    made.play(tournament)
    assert tournaments.share(tournament, is_shared=True).is_shared
    assert not tournaments.share(tournament, is_shared=False).is_shared


def test_a_mix_that_was_deleted_can_be_made_again(song):
    tournament = made.play(start(song, count=3))
    Mix.objects.all().delete()
    tournaments.go_on(tournament)
    tournament.refresh_from_db()
    assert tournament.final_mix is not None


def test_nobody_else_hears_a_round(alice, song):
    tournament = start(song)
    made.prepare(tournaments.current_round(tournament))
    from tournament.services import consents

    consents.give(song=song, user=alice, licence="CC0 1.0", genre="pop", agreed=True)
    assert not access.battles_for(factories.person("bob")).exists()
    assert access.battles_for(alice).count() == 1
