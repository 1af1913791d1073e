"""Clips of battles that are over are cleared away, and of no others."""

import os
import shutil
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from mixing.models import Job, Mixer
from tests.tournament import factories
from tests.tournament import tournaments as made
from tournament.models import Ballot, Battle, Round, Tournament, Vote
from tournament.services import clip_files, clip_sweep, queue, tournaments

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=31)
LATELY = NOW - timedelta(days=29)


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def house(alice):
    song = factories.song(title="House")
    factories.named_stems(song)
    return song


def aged(battle, at=LONG_AGO, **changes):
    Battle.objects.filter(pk=battle.pk).update(created_at=at, **changes)
    battle.refresh_from_db()
    return battle


def voted(battle, voter=None, at=LONG_AGO):
    voter = voter or factories.person(uuid.uuid4().hex)
    Ballot.objects.create(battle=battle, voter=voter, issued_at=at, used_at=at)
    return Vote.objects.create(battle=battle, voter=voter, choice="a", is_rated=True, created_at=at)


def served(song, at=LONG_AGO, **changes):
    battle = aged(factories.battle(song), **changes)
    for _ in range(queue.VOTES_EACH):
        voted(battle, at=at)
    return battle


def folder_of(battle):
    return Path(settings.MEDIA_ROOT) / "songs" / str(battle.song_uuid) / "battles" / str(battle.uuid)


def is_there(battle):
    battle.refresh_from_db()
    assert folder_of(battle).exists() == battle.is_ready, "the row and the disk disagree"
    return battle.is_ready


def test_a_battle_that_has_served_loses_its_sound_and_nothing_else(house):
    battle = served(house)
    assert clip_sweep.sweep(now=NOW) == 1
    assert not is_there(battle)
    assert (battle.votes.count(), battle.clip_lufs, battle.parameters_a is not None) == (5, -14.02, True)
    assert battle.is_cleared
    assert clip_sweep.sweep(now=NOW) == 0


def test_the_days_are_a_setting_and_count_from_whoever_was_last_there(house, settings):
    battle = served(house)
    fresh = served(house, at=LATELY)
    clip_sweep.sweep(now=NOW)
    assert (is_there(battle), is_there(fresh)) == (False, True)
    settings.CLIPS_KEPT_DAYS = 28
    clip_sweep.sweep(now=NOW)
    assert not is_there(fresh)


def test_what_may_still_be_handed_out_stays_however_old_it_is(house):
    unserved = aged(factories.battle(house))
    voted(unserved)
    repeat = aged(factories.battle(house), purpose="repeat", for_voter=factories.person("bob"))
    clip_sweep.sweep(now=NOW)
    assert is_there(unserved)
    assert is_there(repeat)
    voted(repeat, repeat.for_voter)
    clip_sweep.sweep(now=NOW)
    assert not is_there(repeat)
    Mixer.objects.filter(pk=unserved.mixer_a_id).update(version="newer")
    clip_sweep.sweep(now=NOW)
    assert not is_there(unserved), "a mixer that has changed fights no more"


@pytest.mark.parametrize("lately", ["issued_at", "beat_at", "used_at"])
def test_whoever_was_there_lately_can_go_on_or_hear_it_again(house, lately):
    battle = served(house)
    ballot = Ballot.objects.create(battle=battle, voter=factories.person("bob"), issued_at=LONG_AGO)
    Ballot.objects.filter(pk=ballot.pk).update(**{lately: LATELY})
    clip_sweep.sweep(now=NOW)
    assert is_there(battle)
    Ballot.objects.filter(pk=ballot.pk).update(**{lately: LONG_AGO})
    clip_sweep.sweep(now=NOW)
    assert not is_there(battle)


def test_a_battle_of_ones_own_goes_with_its_ballot_that_expired(house, alice):
    old, new = aged(factories.battle(house, alice)), aged(factories.battle(house, alice), LATELY)
    Ballot.objects.create(battle=old, voter=alice, issued_at=LONG_AGO)
    clip_sweep.sweep(now=NOW)
    assert (is_there(old), is_there(new)) == (False, True)


def test_a_repeat_on_its_way_keeps_the_clips_that_it_takes(house):
    battle = served(house)
    repeat = factories.battle(house, None, ready=False)
    Battle.objects.filter(pk=repeat.pk).update(repeats=battle, purpose="repeat")
    clip_sweep.sweep(now=NOW)
    assert is_there(battle)
    Job.objects.filter(pk=repeat.job_id).update(state=Job.State.FAILED)
    clip_sweep.sweep(now=NOW)
    assert not is_there(battle)


def test_folders_that_no_row_needs_go_once_nobody_writes_to_them(house):
    orphan = Path(settings.MEDIA_ROOT) / "songs" / str(house.uuid) / "battles" / str(uuid.uuid4())
    ready = factories.battle(house)
    preparing, failed = (factories.battle(house, None, ready=False) for _ in range(2))
    Job.objects.filter(pk=failed.job_id).update(state=Job.State.FAILED)
    folders = [orphan, *(folder_of(battle) for battle in (preparing, failed))]
    for folder in folders:
        (folder / "1").mkdir(parents=True)
    clip_sweep.sweep(now=NOW)
    assert all(folder.exists() for folder in folders)
    yesterday = time.time() - clip_sweep.UNNAMED_AFTER_S - 60
    for folder in [*folders, folder_of(ready)]:
        os.utime(folder, (yesterday, yesterday))
    assert clip_sweep.sweep(now=NOW) == 2
    assert not orphan.exists()
    assert not folder_of(failed).exists()
    assert folder_of(preparing).exists()
    assert is_there(ready)


def test_a_row_that_somebody_came_to_meanwhile_keeps_its_files(house, monkeypatch):
    battle = served(house)
    chosen = clip_sweep.over(now=NOW)
    list(chosen)
    Ballot.objects.create(battle=battle, voter=factories.person("bob"), issued_at=NOW)
    monkeypatch.setattr(
        clip_sweep, "over", lambda *, now, real=clip_sweep.over, first=[chosen]: first.pop() if first else real(now=now)
    )
    clip_sweep.sweep(now=NOW)
    assert is_there(battle)


# ---- what pages say --------------------------------------------------------------------------------------------------


def test_the_page_of_a_cleared_battle_tells_its_reveal_and_that_it_is_heard_no_more(house, alice, client):
    battle = aged(factories.battle(house, alice))
    voted(battle, alice)
    clip_sweep.sweep(now=NOW)
    client.force_login(alice)
    page = client.get(reverse("tournament:battle", args=[battle.uuid])).content.decode()
    assert "Its sound is kept no longer" in page
    assert f"You kept {battle.mixer_a.title}" in page
    assert "data-battle" not in page
    for address in (reverse("tournament:arena"), reverse("mixing:song", args=[house.uuid])):
        shown = client.get(address).content.decode()
        assert "Being prepared" not in shown
    assert client.get(reverse("tournament:clip", args=[battle.uuid, "a"])).status_code == 404


def test_a_round_that_was_put_aside_is_made_anew_and_decided_ones_are_told(alice, client):
    tournament = tournaments.create(song=made.song_of(alice), owner=alice, count=3, seed=7)
    made.vote(tournament, "a")
    made.prepare(tournaments.current_round(tournament))
    tournaments.leave(tournament)
    Ballot.objects.update(issued_at=LONG_AGO, used_at=LONG_AGO)
    Battle.objects.update(created_at=LONG_AGO)
    Vote.objects.all().update(created_at=LONG_AGO)
    assert clip_sweep.sweep(now=NOW) == 2
    first, second = Round.objects.order_by("number")
    before = second.battle
    client.force_login(alice)
    tournament = Tournament.objects.get()
    page = client.get(reverse("tournament:tournament", args=[tournament.uuid])).content.decode()
    assert first.winner.name in page
    assert "hear it again" not in page
    tournaments.go_on(tournament)
    second.refresh_from_db()
    assert second.battle != before
    assert second.battle.job.state == Job.State.QUEUED


def test_a_songs_deletion_leaves_nothing_to_sweep(house):
    battle = served(house)
    shutil.rmtree(folder_of(battle))
    assert clip_sweep.sweep(now=NOW) == 1
    assert clip_files.battle_folders() == []


def test_who_voted_keeps_the_reveal_of_a_cleared_battle_and_nobody_else_opens_it(house, client):
    alice, bob, eve = (factories.person(name) for name in ("ann", "ben", "eve"))
    battle = aged(factories.battle(house, alice))
    voted(battle, bob)
    clip_sweep.sweep(now=NOW)
    address = reverse("tournament:battle", args=[battle.uuid])
    client.force_login(bob)
    assert f"You kept {battle.mixer_a.title}" in client.get(address).content.decode()
    client.force_login(eve)
    assert client.get(address).status_code == 404
