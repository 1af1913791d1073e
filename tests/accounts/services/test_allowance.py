"""Free mixes of a day, credits after that, and both back where no mix was made."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from accounts.models import LedgerEntry, User
from accounts.services import allowance, ledger
from aimixer_site.ops.errors import DomainError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def two_a_day(settings: Settings) -> None:
    settings.FREE_MIXES_A_DAY = 2


def pay(user: User, now: datetime = NOON) -> uuid.UUID:
    mix = uuid.uuid4()
    allowance.pay_for_mix(user=user, mix=mix, now=now)
    return mix


def credit(user: User, amount: int) -> None:
    ledger.grant(user=user, amount=amount, reason="vote", key=f"vote:{uuid.uuid4()}")


def test_the_days_free_ones_take_nothing_and_then_each_takes_a_credit(person: User) -> None:
    credit(person, 1)
    for left in (2, 1):
        assert allowance.of(person, now=NOON).free_left == left
        pay(person)
    assert ledger.balance(person) == 1
    pay(person)
    today = allowance.of(person, now=NOON)
    assert (today.free_left, today.credits, today.is_short) == (0, 0, True)


def test_without_credits_the_next_one_is_refused_in_a_sentence(person: User) -> None:
    pay(person), pay(person)
    with pytest.raises(DomainError) as refused:
        pay(person)
    assert (refused.value.code, refused.value.status) == ("too_few_credits", 402)
    assert refused.value.message.startswith("Today's 2 free mixes are used up, and you have no credits")
    assert LedgerEntry.objects.count() == 2


def test_asking_for_the_same_mix_twice_takes_once(person: User) -> None:
    mix = pay(person)
    allowance.pay_for_mix(user=person, mix=mix, now=NOON)
    assert allowance.of(person, now=NOON).free_left == 1


def test_midnight_brings_the_free_ones_back(person: User) -> None:
    pay(person), pay(person)
    assert allowance.of(person, now=NOON.replace(hour=23, minute=59)).free_left == 0
    assert allowance.of(person, now=NOON.replace(hour=0) + timedelta(days=1)).free_left == 2


def test_what_was_not_made_is_given_back_once(person: User) -> None:
    credit(person, 1)
    free, _, paid = pay(person), pay(person), pay(person)
    assert ledger.balance(person) == 0
    for _ in range(3):
        allowance.give_back_mix(paid, now=NOON)
        allowance.give_back_mix(free, now=NOON)
    today = allowance.of(person, now=NOON)
    assert (today.credits, today.free_left) == (1, 1)


def test_a_mix_that_took_nothing_gives_nothing_back(person: User) -> None:
    assert allowance.give_back_mix(uuid.uuid4()) is None
    assert not LedgerEntry.objects.exists()


def test_where_nothing_is_free_each_mix_takes_a_credit(person: User, settings: Settings) -> None:
    settings.FREE_MIXES_A_DAY = 0
    with pytest.raises(DomainError, match="A mix costs credits here"):
        pay(person)
    credit(person, 1)
    pay(person)
    assert ledger.balance(person) == 0
