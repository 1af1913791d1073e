"""Judging voters: who is held back and why, what people decide, and gates that have moved."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from aimixer_site.ops.errors import DomainError
from mixing.models import Mixer
from tests.tournament import boards, factories
from tournament.models import Ballot, Battle, Quarantine, RatingSnapshot, Vote, VoterJudgement
from tournament.services import gate_alarms, integrity, quarantine, ratings, trials

pytestmark = pytest.mark.django_db

MIXERS = 4


@pytest.fixture
def mixers(media):
    return factories.mixers()


@pytest.fixture
def arena(mixers):
    """Forty battles between four mixers, and thirty honest people who judge each of them, leaning to the better."""
    cards = list(Mixer.objects.all())[:MIXERS]
    rng = random.Random(5)
    battles = []
    for number in range(40):
        a, b = rng.sample(range(MIXERS), 2)
        battles.append((boards.battle(factories.song(title=f"Song {number}"), a, b), a, b))
    people = boards.people(30)
    Vote.objects.bulk_create(
        Vote(battle=on, voter=person, choice=honest(rng, a, b), is_rated=True, created_at=boards.NOON)
        for person in people
        for on, a, b in battles
    )
    return {"battles": battles, "people": people, "cards": cards, "rng": rng}


def honest(rng, a, b):
    """The lower number is the better mixer: it wins six to eight times of ten."""
    return "a" if rng.random() < 0.5 + 0.1 * (b - a) else "b"


def someone(name, arena, answer):
    """A person who judges every battle by ``answer(a, b)``."""
    person = factories.person(name)
    Vote.objects.bulk_create(
        Vote(battle=on, voter=person, choice=answer(a, b), is_rated=True, created_at=boards.NOON)
        for on, a, b in arena["battles"]
    )
    return person


def pushing(rng, contender=3):
    return lambda a, b: "a" if a == contender else "b" if b == contender else honest(rng, a, b)


def gates(voter):
    return {row.gate: row for row in VoterJudgement.objects.filter(voter=voter).order_by("id")}


def test_honest_people_pass_and_nobody_is_held_back(arena):
    assert integrity.judge(now=boards.NOON) is not None
    verdicts = {row.gate: row.verdict for row in gates(arena["people"][0]).values()}
    assert verdicts == {"side": "pass", "contradiction": "pass", "push": "pass", "shared": "pass"}
    assert Quarantine.objects.count() <= 1


def test_who_pushes_one_contender_is_held_back_and_the_board_follows(arena):
    cheat = someone("cheat", arena, pushing(arena["rng"]))
    ratings.recompute()
    with_cheat = RatingSnapshot.objects.get(board="public")
    integrity.judge(now=boards.NOON)
    decision = quarantine.held_back(cheat)
    assert decision is not None
    assert decision.decided_by is None
    pushed = f"{arena['cards'][3].key}@{arena['cards'][3].version[:12]} is favoured by"
    assert pushed in decision.why
    assert pushed in gates(cheat)["push"].text
    ratings.recompute()
    assert RatingSnapshot.objects.filter(board="public").first().votes_count <= with_cheat.votes_count - 40
    assert Vote.objects.filter(voter=cheat).count() == 40


def test_who_always_says_a_is_told_so_in_words(arena):
    cheat = someone("lazy", arena, lambda a, b: "a")
    integrity.judge(now=boards.NOON)
    decision = quarantine.held_back(cheat)
    assert gates(cheat)["side"].text == "A 40 times, B 0 times."
    assert "You named one side far more often than a coin would" in quarantine.reasons_in_words(decision)[0]


def test_a_second_look_without_a_new_vote_does_nothing_and_writes_nothing_twice(arena):
    integrity.judge(now=boards.NOON)
    assert integrity.judge(now=boards.NOON) is None
    cache.clear()
    before = VoterJudgement.objects.exclude(verdict="fail").count()
    integrity.judge(now=boards.NOON + timedelta(hours=1))
    assert VoterJudgement.objects.exclude(verdict="fail").count() == before


def test_whom_people_let_in_the_gates_do_not_hold_back_again(arena):
    cheat = someone("cheat", arena, lambda a, b: "a")
    integrity.judge(now=boards.NOON)
    quarantine.let_in(voter=cheat, why="One ear.", by=factories.person("staff", is_staff=True))
    cache.clear()
    integrity.judge(now=boards.NOON + timedelta(hours=1))
    assert quarantine.held_back(cheat) is None
    assert gates(cheat)["side"].verdict == "fail"


# ---- hidden trials ---------------------------------------------------------------------------------------------------


def trial(voter, choice, purpose, **changes):
    on = boards.battle(factories.song(), purpose=purpose, **changes)
    boards.vote(on, voter, choice, unrated_reason="trial")


def test_right_and_wrong_answers_to_hidden_trials_are_counted(mixers):
    voter = factories.person()
    for choice in ("tie", "cant_tell", "a"):
        trial(voter, choice, Battle.Purpose.SAME)
    for choice, broken in (("b", "a"), ("a", "a"), ("tie", "b")):
        trial(voter, choice, Battle.Purpose.ANCHOR, broken_side=broken)
    for first, again in (("a", "b"), ("a", "a"), ("tie", "a"), ("b", "cant_tell")):
        earlier = boards.battle(factories.song())
        boards.vote(earlier, voter, first)
        trial(voter, again, Battle.Purpose.REPEAT, repeats=earlier)
    found = trials.of_all_voters()[voter.pk]
    assert found.count == {"same": 3, "repeat": 2, "anchor": 3}
    assert found.right == {"same": 2, "repeat": 1, "anchor": 1}
    assert (found.all_right, found.all_count) == (4, 8)


def test_who_prefers_the_broken_side_is_held_back(mixers):
    careless, careful = boards.people(2)
    for number in range(6):
        trial(careless, "a" if number else "b", Battle.Purpose.ANCHOR, broken_side="a")
        trial(careful, "b", Battle.Purpose.ANCHOR, broken_side="a")
    integrity.judge(now=boards.NOON)
    assert gates(careless)["anchor"].verdict == "fail"
    assert gates(careless)["same"].verdict == "could_not_tell"
    assert set(quarantine.held_voters()) == {careless.pk}


# ---- pace and company ------------------------------------------------------------------------------------------------


def balloted(voter, on, choice, *, at, decided_after_s=25.0, network="", device=""):
    ballot = Ballot.objects.create(battle=on, voter=voter, used_at=at, network=network, device=device)
    boards.vote(
        on, voter, choice, ballot=ballot, created_at=at, heard_a_s=10.0, heard_b_s=9.0, decided_after_s=decided_after_s
    )


def test_who_listens_to_many_battles_at_once_is_held_back(mixers):
    robot, person = boards.people(2)
    for number in range(20):
        on = boards.battle(factories.song())
        balloted(robot, on, "ab"[number % 2], at=boards.NOON + timedelta(seconds=number))
        later = boards.NOON + timedelta(seconds=60 * number)
        balloted(person, on, "ab"[number % 2], at=later, decided_after_s=15.0 + number)
    integrity.judge(now=boards.NOON)
    assert gates(robot)["overlap"].verdict == gates(robot)["speed"].verdict == "fail"
    assert {gates(person)[gate].verdict for gate in ("overlap", "speed")} == {"pass"}
    assert set(quarantine.held_voters()) == {robot.pk}


def test_accounts_on_one_browser_that_push_together_are_held_back_together(arena):
    """Each of eight accounts votes three times, too few for a gate of its own."""
    farm, rng = boards.people(8, prefix="farm"), arena["rng"]
    met = [each for each in arena["battles"] if 3 in each[1:]]
    for number, account in enumerate(farm):
        for on, a, b in rng.sample(met, 3):
            at = boards.NOON + timedelta(minutes=number)
            balloted(account, on, pushing(rng)(a, b), at=at, network="n1", device="d1")
    household = arena["people"][:2]
    for person in household:
        balloted(person, boards.battle(factories.song()), "tie", at=boards.NOON, network="n2", device="d2")
    integrity.judge(now=boards.NOON)
    held = quarantine.held_voters()
    assert {account.pk for account in farm} <= held
    assert gates(farm[0])["side"].verdict == "could_not_tell"
    assert "7 other accounts on this network and browser." in gates(farm[0])["shared"].text
    assert not {person.pk for person in household} & held


# ---- decisions -------------------------------------------------------------------------------------------------------


def test_a_decision_takes_a_reason_and_follows_from_what_is(mixers):
    voter, staff = factories.person(), factories.person("staff", is_staff=True)
    for deed, code in (
        (lambda: quarantine.hold(voter=voter, why="  "), "reason_missing"),
        (lambda: quarantine.let_in(voter=voter, why="Fine.", by=staff), "not_held"),
    ):
        with pytest.raises(DomainError) as refused:
            deed()
        assert refused.value.code == code
    quarantine.hold(voter=voter, why="Too fast.")
    with pytest.raises(DomainError) as refused:
        quarantine.hold(voter=voter, why="Too fast.")
    assert refused.value.code == "already_held"
    quarantine.let_in(voter=voter, why="Fine.", by=staff)
    assert quarantine.held_voters() == set()
    assert [row.decision for row in Quarantine.objects.order_by("id")] == ["held", "let_in"]


def test_nobody_writes_without_end(mixers):
    voter = factories.person()
    quarantine.hold(voter=voter, why="Too fast.")
    for _ in range(quarantine.MOST_APPEALS):
        quarantine.appeal(voter=voter, text="Listen to me.")
    with pytest.raises(DomainError) as refused:
        quarantine.appeal(voter=voter, text="Listen to me.")
    assert refused.value.code == "too_many_appeals"


# ---- alarms ----------------------------------------------------------------------------------------------------------


def judged(people, verdict, at, gate="speed"):
    run = integrity.uuid4()
    VoterJudgement.objects.bulk_create(
        VoterJudgement(run=run, voter=person, gate=gate, verdict=verdict, created_at=at) for person in people
    )


def test_a_gate_that_begins_to_fail_people_raises_an_alarm(mixers):
    people = boards.people(60)
    judged(people, "pass", boards.NOON - timedelta(days=2))
    judged(people[:2], "fail", boards.NOON - timedelta(days=1, hours=1))
    assert gate_alarms.alarms(now=boards.NOON) == []
    judged(people[:30], "fail", boards.NOON)
    (moved,) = gate_alarms.alarms(now=boards.NOON)
    assert (moved.gate, moved.passed_before, moved.passed, moved.judged) == ("speed", 58, 30, 60)
    # Pooled 88 of 120: (30 - 58) / 60 over sqrt(.7333 · .2667 / 30).
    assert moved.deviations == pytest.approx(-5.78, abs=0.01)


def test_an_alarm_is_shown_to_staff_above_the_judgements(client, mixers):
    people = boards.people(60)
    now = timezone.now()
    judged(people, "pass", now - timedelta(days=2))
    judged(people[:40], "fail", now - timedelta(minutes=1))
    client.force_login(factories.person("staff", is_staff=True, is_superuser=True))
    page = client.get(reverse("admin:tournament_voterjudgement_changelist")).content.decode()
    assert "Alarm: look at this gate" in page
    assert "33\u00a0% of 60" in page


# ---- the staff's pages -----------------------------------------------------------------------------------------------


@pytest.fixture
def as_staff(client, mixers):
    client.force_login(factories.person("staff", is_staff=True, is_superuser=True))
    return client


def test_staff_see_why_and_let_somebody_in_with_a_reason(as_staff):
    voter = factories.person()
    decision = quarantine.hold(voter=voter, why="side: A 40 times, B 0 times.")
    VoterJudgement.objects.create(
        run=integrity.uuid4(), voter=voter, gate="side", verdict="fail", measure=6.32, text="A 40 times, B 0 times."
    )
    quarantine.appeal(voter=voter, text="I am deaf on the right.")
    page = as_staff.get(reverse("admin:tournament_quarantine_change", args=[decision.pk])).content.decode()
    for told in ("6.32", "A 40 times, B 0 times.", "I am deaf on the right.", "Let these votes in again"):
        assert told in page
    add = reverse("admin:tournament_quarantine_add")
    assert as_staff.get(f"{add}?voter={voter.pk}&decision=let_in").status_code == 200
    refused = as_staff.post(add, {"voter": voter.pk, "decision": "let_in", "why": ""})
    assert "This field is required" in refused.content.decode()
    assert as_staff.post(add, {"voter": voter.pk, "decision": "let_in", "why": "Says so."}).status_code == 302
    latest = quarantine.latest_decision(voter)
    assert (latest.decision, latest.why, latest.decided_by.email) == ("let_in", "Says so.", "staff@example.org")
    again = as_staff.post(add, {"voter": voter.pk, "decision": "let_in", "why": "Twice."})
    assert "These votes are not held back." in again.content.decode()
    assert Quarantine.objects.count() == 2


def test_decisions_judgements_and_appeals_are_listed_and_nobody_changes_them(as_staff):
    voter = factories.person()
    decision = quarantine.hold(voter=voter, why="Too fast.")
    written = quarantine.appeal(voter=voter, text="Not so.")
    for model in ("quarantine", "voterjudgement", "appeal"):
        assert as_staff.get(reverse(f"admin:tournament_{model}_changelist")).status_code == 200
    for model, row in (("quarantine", decision), ("appeal", written)):
        url = reverse(f"admin:tournament_{model}_change", args=[row.pk])
        assert as_staff.post(url, {"why": "Otherwise."}).status_code == 403
        assert as_staff.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_staff_without_the_right_see_no_way_to_decide(client, mixers):
    from django.contrib.auth.models import Permission

    viewer = factories.person("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_quarantine"))
    decision = quarantine.hold(voter=factories.person(), why="Too fast.")
    client.force_login(viewer)
    page = client.get(reverse("admin:tournament_quarantine_change", args=[decision.pk])).content.decode()
    assert "Let these votes in again" not in page
    assert client.get(reverse("admin:tournament_quarantine_add")).status_code == 403


def test_nobody_gets_out_of_quarantine_by_leaving(mixers):
    voter = factories.person()
    boards.vote(boards.battle(factories.song()), voter, "a")
    quarantine.hold(voter=voter, why="Too fast.")
    with pytest.raises(ProtectedError):
        voter.delete()
    quarantine.let_in(voter=voter, why="Fine.", by=factories.person("staff", is_staff=True))
    voter.delete()
    assert Vote.objects.get().voter is None
    assert not Quarantine.objects.exists()


def test_staff_are_told_why_an_account_stays(as_staff):
    voter = factories.person()
    quarantine.hold(voter=voter, why="Too fast.")
    judged([voter], "fail", boards.NOON)
    delete = reverse("admin:accounts_user_delete", args=[voter.pk])
    assert "would require deleting the following protected related objects" in as_staff.get(delete).content.decode()
    as_staff.post(delete, {"post": "yes"})
    assert quarantine.held_voters() == {voter.pk}
    quarantine.let_in(voter=voter, why="Fine.", by=factories.person("other", is_staff=True))
    as_staff.post(delete, {"post": "yes"})
    assert not VoterJudgement.objects.exists()
    assert not type(voter).objects.filter(pk=voter.pk).exists()
