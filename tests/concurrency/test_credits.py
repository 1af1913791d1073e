"""Credits that many windows spend at the same moment: nobody spends what is not there, and nothing is written twice."""

import threading
import uuid

import pytest

from accounts.models import LedgerEntry, User
from accounts.services import allowance, ledger
from aimixer_site.ops.errors import DomainError
from tests.concurrency.test_votes import AT_ONCE, all_at_once

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

HAS = 7


@pytest.fixture
def person():
    made = User.objects.create_user("ada@example.org")
    ledger.grant(user=made, amount=HAS, reason="vote", key="vote:1")
    return made


def spent_or_refused(deed):
    try:
        deed()
    except DomainError as error:
        return error.code
    return "spent"


def test_fifty_who_spend_at_once_spend_what_there_is(person):
    answers = all_at_once(
        lambda: spent_or_refused(lambda: ledger.spend(user=person, amount=1, reason="mix", key=f"mix:{uuid.uuid4()}"))
    )
    assert sorted(answers) == ["spent"] * HAS + ["too_few_credits"] * (AT_ONCE - HAS)
    assert ledger.balance(person) == 0


def test_without_the_persons_row_held_the_same_fifty_overdraw(person):
    """The twin: each has added up the entries before the first one has written."""
    everyone_has_looked = threading.Barrier(AT_ONCE)

    def look_then_write():
        has = ledger.balance(person)
        everyone_has_looked.wait(timeout=30)
        if has < 1:
            return "too_few_credits"
        LedgerEntry.objects.create(user=person, amount=-1, reason="mix", key=f"mix:{uuid.uuid4()}")
        return "spent"

    assert all_at_once(look_then_write) == ["spent"] * AT_ONCE
    assert ledger.balance(person) == HAS - AT_ONCE


def test_fifty_mixes_at_once_take_the_free_ones_and_then_the_credits(person, settings):
    settings.FREE_MIXES_A_DAY = 5
    answers = all_at_once(lambda: spent_or_refused(lambda: allowance.pay_for_mix(user=person, mix=uuid.uuid4())))
    assert answers.count("spent") == 5 + HAS
    today = allowance.of(person)
    assert (today.free_left, today.credits) == (0, 0)


def test_of_fifty_who_tell_the_same_one_entry_is_left(person):
    mix = uuid.uuid4()
    ledger.spend(user=person, amount=3, reason="mix", key=f"mix:{mix}")
    entries = all_at_once(lambda: allowance.give_back_mix(mix))
    assert len({entry.pk for entry in entries}) == 1
    assert ledger.balance(person) == HAS
