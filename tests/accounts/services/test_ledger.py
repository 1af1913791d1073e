"""Credits: entries are written once, the balance is their sum, and nobody spends what is not there."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import LedgerEntry, User
from accounts.services import ledger
from aimixer_site.ops.errors import DomainError

Reason = LedgerEntry.Reason


def vote(user: User, key: str = "vote:1", amount: int = 1) -> LedgerEntry:
    return ledger.grant(user=user, amount=amount, reason=Reason.VOTE, key=key)


def test_a_new_person_has_nothing(person: User) -> None:
    assert ledger.balance(person) == 0


def test_what_is_told_twice_is_written_once(person: User) -> None:
    first = vote(person)
    assert vote(person) == first
    assert ledger.balance(person) == 1


def test_two_people_have_two_balances(person: User, stranger: User) -> None:
    vote(person)
    assert (ledger.balance(person), ledger.balance(stranger)) == (1, 0)


def test_spending_takes_once_and_no_more_than_there_is(person: User) -> None:
    vote(person, amount=3)
    first = ledger.spend(user=person, amount=2, reason=Reason.MIX, key="mix:1")
    assert ledger.spend(user=person, amount=2, reason=Reason.MIX, key="mix:1") == first
    assert ledger.balance(person) == 1
    with pytest.raises(DomainError) as refused:
        ledger.spend(user=person, amount=2, reason=Reason.MIX, key="mix:2")
    assert (refused.value.code, refused.value.status) == ("too_few_credits", 402)
    assert refused.value.message == "That takes 2 credits, and there is 1 credit."
    assert ledger.balance(person) == 1


def test_an_entry_is_never_saved_again(person: User) -> None:
    entry = vote(person)
    entry.amount = 1000
    with pytest.raises(TypeError, match="written once"):
        entry.save()
    assert ledger.balance(person) == 1


@pytest.mark.parametrize(
    "deed",
    [
        lambda rows: rows.update(amount=1000),
        lambda rows: rows.delete(),
        lambda rows: rows.bulk_update(list(rows), ["amount"]),
    ],
)
def test_many_entries_at_once_are_not_changed_either(person: User, deed: object) -> None:
    vote(person)
    with pytest.raises(TypeError, match="written once"):
        deed(LedgerEntry.objects.all())
    assert ledger.balance(person) == 1


@pytest.mark.parametrize(("reason", "amount"), [("vote", -1), ("vote", 0), ("mix", 1), ("mix_back", -1), ("staff", 0)])
def test_the_database_refuses_credits_that_go_the_wrong_way(person: User, reason: str, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(user=person, amount=amount, reason=reason, key="x")


def test_the_database_refuses_a_second_entry_for_the_same_thing(person: User, stranger: User) -> None:
    vote(person)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(user=stranger, amount=1, reason="vote", key="vote:1")


def test_the_ledger_goes_with_its_person(person: User) -> None:
    vote(person)
    person.delete()
    assert not LedgerEntry.objects.exists()


def test_who_wrote_an_entry_may_leave(person: User, stranger: User) -> None:
    ledger.correct(user=person, amount=5, note="Thanks", by=stranger, key="staff:1")
    stranger.delete()
    entry = LedgerEntry.objects.get()
    assert (entry.amount, entry.note, entry.written_by) == (5, "Thanks", None)


@pytest.mark.parametrize(
    ("amount", "note", "code"), [(0, "why", "no_amount"), (1, "  ", "reason_missing"), (-1, "why", "too_few_credits")]
)
def test_a_correction_has_an_amount_a_reason_and_enough_to_take(
    person: User, stranger: User, amount: int, note: str, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        ledger.correct(user=person, amount=amount, note=note, by=stranger, key="staff:1")
    assert refused.value.code == code


DEEDS = st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.integers(0, 6)), max_size=20)


class AnyHistory(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(DEEDS)
    def test_whatever_is_told_how_often_the_balance_is_that_of_each_once_and_never_below_nothing(
        self, deeds: list[tuple[bool, int, int]]
    ) -> None:
        user = User.objects.create_user(f"{uuid.uuid4().hex}@example.org")
        known: dict[str, int] = {}
        for gives, amount, number in deeds:
            key = f"{'in' if gives else 'out'}:{number}:{user.pk}"
            if gives:
                ledger.grant(user=user, amount=amount, reason=Reason.VOTE, key=key)
                known.setdefault(key, amount)
            else:
                enough = key in known or sum(known.values()) >= amount
                try:
                    ledger.spend(user=user, amount=amount, reason=Reason.MIX, key=key)
                    assert enough
                    known.setdefault(key, -amount)
                except DomainError:
                    assert not enough
            assert ledger.balance(user) == sum(known.values()) >= 0
