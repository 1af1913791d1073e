import pytest

from tests.tournament import factories
from tournament.models import Battle, Vote
from tournament.services import consents

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_staff(client, media):
    client.force_login(factories.person("staff", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def vote(media):
    factories.mixers()
    return factories.rated_vote(factories.battle(factories.song()), "a")


def test_staff_see_battles_and_votes(as_staff, vote):
    battles = as_staff.get("/admin/tournament/battle/")
    assert str(vote.battle.uuid) in battles.content.decode()
    assert vote.battle.mixer_a.title in battles.content.decode()
    votes = as_staff.get("/admin/tournament/vote/")
    assert str(vote.uuid) in votes.content.decode()
    assert as_staff.get(f"/admin/tournament/vote/{vote.pk}/change/").status_code == 200


@pytest.mark.parametrize("page", ["add/", "{}/delete/"])
def test_nobody_adds_or_deletes_a_vote_by_hand(as_staff, vote, page):
    assert as_staff.post("/admin/tournament/vote/" + page.format(vote.pk), {"post": "yes"}).status_code == 403
    assert Vote.objects.count() == 1


def test_nobody_changes_a_vote_by_hand(as_staff, vote):
    assert as_staff.post(f"/admin/tournament/vote/{vote.pk}/change/", {"choice": "b"}).status_code == 403
    vote.refresh_from_db()
    assert vote.choice == "a"


def test_a_battle_is_not_deleted_with_its_votes_by_hand(as_staff, vote):
    assert as_staff.post(f"/admin/tournament/battle/{vote.battle.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_arenas_rows_are_for_staff_alone(client, vote):
    client.force_login(factories.person("bob"))
    assert client.get("/admin/tournament/battle/").status_code == 302


def test_staff_find_hidden_trials_and_anchors_by_filters(as_staff, vote):
    anchor = factories.battle(factories.song())
    Battle.objects.filter(pk=anchor.pk).update(purpose="anchor", broken_side="b")
    listed = as_staff.get("/admin/tournament/battle/", {"purpose__exact": "anchor"}).content.decode()
    assert str(anchor.uuid) in listed
    assert str(vote.battle.uuid) not in listed
    for query in ({"song__owner__isempty": "1"}, {"created_by__isempty": "1"}, {"broken_side__exact": "b"}):
        assert str(anchor.uuid) in as_staff.get("/admin/tournament/battle/", query).content.decode()


def test_staff_read_consents_and_write_none(as_staff):
    owner = factories.person("owner")
    hers = factories.song(owner, "Hers")
    given = consents.give(song=hers, user=owner, licence="CC BY 4.0", genre="folk", agreed=True)
    assert "CC BY 4.0" in as_staff.get("/admin/tournament/songconsent/").content.decode()
    assert consents.WORDING in as_staff.get(f"/admin/tournament/songconsent/{given.pk}/change/").content.decode()
    assert as_staff.get("/admin/tournament/songconsent/add/").status_code == 403
