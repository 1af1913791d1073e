import pytest

from aimixer_site.ops.errors import DomainError
from mixing.models import Job, Mixer
from tests.tournament import factories
from tournament.models import Battle
from tournament.services import battles

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    factories.mixers()
    return factories.person()


def refused(**asked):
    with pytest.raises(DomainError) as caught:
        battles.create_battle(**asked)
    return caught.value


def test_a_battle_draws_two_mixers_and_queues_a_job(alice):
    song = factories.song(alice)
    factories.named_stems(song)
    battle = battles.create_battle(user=alice, song=song)
    assert battle.mixer_a != battle.mixer_b
    assert (battle.version_a, battle.version_b) == (battle.mixer_a.version, battle.mixer_b.version)
    assert (battle.job.kind, battle.job.state, battle.job.owner) == ("battle", Job.State.QUEUED, alice)
    assert not battle.is_ready


def test_the_job_reaches_the_queue_when_the_transaction_commits(alice, django_capture_on_commit_callbacks):
    from aimixer_site.ops import jobs

    song = factories.song(alice)
    factories.named_stems(song)
    with django_capture_on_commit_callbacks(execute=True):
        battle = battles.create_battle(user=alice, song=song)
    assert jobs.is_known("battle", battle.job.uuid, 1)


def test_the_sides_are_those_that_were_drawn(alice, monkeypatch):
    song = factories.song(alice)
    factories.named_stems(song)
    monkeypatch.setattr(battles, "draw_sides", lambda contenders: (contenders[2], contenders[0]))
    battle = battles.create_battle(user=alice, song=song)
    mixers = list(Mixer.objects.all())
    assert (battle.mixer_a, battle.mixer_b) == (mixers[2], mixers[0])


def test_an_inactive_mixer_does_not_fight(alice):
    song = factories.song(alice)
    factories.named_stems(song)
    resting = Mixer.objects.first()
    Mixer.objects.filter(pk=resting.pk).update(is_active=False)
    for _ in range(3):
        battle = battles.create_battle(user=alice, song=song)
        assert resting not in (battle.mixer_a, battle.mixer_b)


def test_a_house_song_is_for_everybody_and_a_foreign_one_for_nobody_else(alice):
    house = factories.song()
    factories.named_stems(house)
    assert battles.create_battle(user=alice, song=house).song == house
    foreign = factories.song(factories.person("bob"))
    factories.named_stems(foreign)
    assert refused(user=alice, song=foreign).code == "not_your_song"


def test_one_stem_is_too_few(alice):
    song = factories.song(alice)
    factories.named_stems(song, 1)
    assert refused(user=alice, song=song).code == "too_few_stems"
    assert not Job.objects.exists()


def test_one_mixer_is_too_few(alice):
    song = factories.song(alice)
    factories.named_stems(song)
    Mixer.objects.exclude(pk=Mixer.objects.first().pk).update(is_active=False)
    assert refused(user=alice, song=song).code == "too_few_mixers"


def test_a_fourth_battle_waits_until_one_of_three_is_ready(alice):
    song = factories.song(alice)
    factories.named_stems(song)
    for _ in range(3):
        battles.create_battle(user=alice, song=song)
    error = refused(user=alice, song=song)
    assert (error.code, error.status) == ("too_many_battles", 429)
    Job.objects.filter(pk=Job.objects.first().pk).update(state=Job.State.DONE)
    battles.create_battle(user=alice, song=song)
    assert Battle.objects.count() == 4
