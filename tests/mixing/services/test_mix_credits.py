"""What a mix takes, and that it comes back where no mix was made."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import LedgerEntry, User
from accounts.services import allowance, ledger
from aimixer_site.ops.errors import DomainError
from mixing.engine.errors import MixFailed
from mixing.models import Job, Mix, Song
from mixing.services import jobs, mixes, songs
from mixing.services.mixers import sync_mixers
from tests.factories import make_song, make_user
from tests.tournament.factories import named_stems

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(media: object, settings: Settings) -> User:
    settings.FREE_MIXES_A_DAY = 1
    sync_mixers()
    return make_user("ada")


@pytest.fixture
def song(owner: User) -> Song:
    made = make_song(owner)
    named_stems(made, 2)
    made.stems.update(frames=1000)
    return made


def asked(song: Song, owner: User) -> Mix:
    return mixes.create(song=song, owner=owner, mixer_key="rough-mix", intent={})


def credit(owner: User, amount: int = 1) -> None:
    ledger.grant(user=owner, amount=amount, reason="vote", key=f"vote:{LedgerEntry.objects.count()}")


def test_the_first_is_free_and_the_second_takes_a_credit(song: Song, owner: User) -> None:
    credit(owner)
    asked(song, owner)
    assert ledger.balance(owner) == 1
    second = asked(song, owner)
    assert ledger.balance(owner) == 0
    assert LedgerEntry.objects.get(key=f"mix:{second.uuid}").amount == -1


def test_a_refused_mix_leaves_nothing_behind(song: Song, owner: User) -> None:
    asked(song, owner)
    with pytest.raises(DomainError, match="free mixes are used up, and you have no credits"):
        asked(song, owner)
    assert (Mix.objects.count(), Job.objects.count()) == (1, 1)


def fail(mix: Mix) -> None:
    def work(_run: jobs.Run) -> None:
        raise MixFailed("silent", "Nothing to hear.")

    jobs.run(mix.job.uuid, 1, work)


def cancel(mix: Mix) -> None:
    jobs.request_cancel(job=mix.job)


def forget(mix: Mix) -> None:
    mixes.delete(mix=mix)


def forget_song(mix: Mix) -> None:
    songs.delete(song=mix.song)


@pytest.mark.parametrize("end", [fail, cancel, forget, forget_song])
def test_what_was_not_made_is_given_back_once(song: Song, owner: User, end: object) -> None:
    credit(owner)
    asked(song, owner)
    paid = asked(song, owner)
    end(paid)
    assert ledger.balance(owner) == 1
    allowance.give_back_mix(paid.uuid)
    assert ledger.balance(owner) == 1


def test_a_mix_that_was_made_gives_nothing_back(song: Song, owner: User) -> None:
    credit(owner)
    asked(song, owner)
    paid = asked(song, owner)
    Mix.objects.filter(pk=paid.pk).update(wav_path="x.wav")
    paid.refresh_from_db()
    jobs.run(paid.job.uuid, 1, lambda _run: None)
    mixes.delete(mix=paid)
    assert ledger.balance(owner) == 0


def test_the_page_tells_the_price_before_one_asks(client: Client, song: Song, owner: User) -> None:
    client.force_login(owner)

    def page() -> str:
        return client.get(f"/songs/{song.uuid}/").content.decode()

    assert "Free: 1 of today’s 1 mixes left." in page()
    asked(song, owner)
    assert "Today’s 1 free mixes are used up, and you have no credits." in page()
    credit(owner, 3)
    assert "This one takes 1 of your" in page()
    assert "3 credits</a>; it comes back" in page()


def test_a_program_is_refused_with_a_code(client: Client, song: Song, owner: User) -> None:
    client.force_login(owner)
    body = {"song": str(song.uuid), "mixer": "rough-mix"}
    first, second = (client.post("/api/v1/mixes/", body, content_type="application/json") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 402)
    assert second.json()["code"] == "too_few_credits"
