"""Credits: entries that are added and never changed, each written once for what it is about.

The balance is the sum of a person's entries. Whoever takes from it holds the person's row, so that of two who spend the
same credits at the same moment the second sees what the first has left.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import LedgerEntry, User
from aimixer_site.ops.errors import DomainError

Reason = LedgerEntry.Reason


def balance(user: User) -> int:
    """What the person has now."""
    return LedgerEntry.objects.filter(user=user).aggregate(sum=Sum("amount"))["sum"] or 0


def grant(
    *,
    user: User,
    amount: int,
    reason: str,
    key: str,
    about: UUID | None = None,
    note: str = "",
    by: User | None = None,
    now: datetime | None = None,
) -> LedgerEntry:
    """Give credits for what ``key`` names, once: told again, the first entry is the answer."""
    entry: LedgerEntry
    entry, _ = LedgerEntry.objects.get_or_create(
        key=key,
        defaults={
            "user": user,
            "amount": amount,
            "reason": reason,
            "about": about,
            "note": note,
            "written_by": by,
            "created_at": now or timezone.now(),
        },
    )
    return entry


def spend(
    *, user: User, amount: int, reason: str, key: str, about: UUID | None = None, now: datetime | None = None
) -> LedgerEntry:
    """Take ``amount`` credits for what ``key`` names, once, if there are so many.

    Raises
    ------
    DomainError
        ``too_few_credits`` (402).
    """
    with transaction.atomic():
        hold(user)
        found = LedgerEntry.objects.filter(key=key).first()
        if found is not None:
            return cast(LedgerEntry, found)
        has = balance(user)
        if has < amount:
            raise too_few(amount, has)
        return grant(user=user, amount=-amount, reason=reason, key=key, about=about, now=now)


def hold(user: User) -> None:
    """Wait until nobody else spends what this person has; inside of a transaction, until its end."""
    User.objects.select_for_update().get(pk=user.pk)


def correct(*, user: User, amount: int, note: str, by: User, key: str, now: datetime | None = None) -> LedgerEntry:
    """What staff give, or take where something was wrong; the reason in words is kept with it.

    Raises
    ------
    DomainError
        ``no_amount``, ``reason_missing``, or ``too_few_credits`` (402) where more would be taken than there is.
    """
    if amount == 0:
        raise DomainError("no_amount", "Say how many credits; less than 0 takes them away.", field="amount")
    note = note.strip()
    if not note:
        raise DomainError("reason_missing", "Say why; the person reads it beside the entry.", field="note")
    with transaction.atomic():
        hold(user)
        has = balance(user)
        if has + amount < 0:
            raise too_few(-amount, has)
        return grant(user=user, amount=amount, reason=Reason.STAFF, key=key, note=note[:200], by=by, now=now)


def too_few(wanted: int, has: int) -> DomainError:
    return DomainError(
        "too_few_credits",
        f"That takes {counted(wanted)}, and there {_are(has)} {counted(has)}.",
        field=None,
        status=402,
    )


def counted(count: int) -> str:
    """1 credit, 2 credits."""
    return f"{count} credit" if abs(count) == 1 else f"{count} credits"


def _are(count: int) -> str:
    return "is" if abs(count) == 1 else "are"
