"""What a day holds: mixes that cost nothing, and what further ones cost.

Every mix that is asked for has one entry in the ledger, of 0 credits while the day's free ones last. So what was used
is counted from rows that nobody can delete, and a mix that was not made is given back by an entry of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import LedgerEntry, User
from accounts.services import ledger
from aimixer_site.ops.errors import DomainError

Reason = LedgerEntry.Reason
MIX_PRICE: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a person has today: free mixes in all and left, what one costs after that, and their credits."""

    free_a_day: int
    free_left: int
    price: int
    credits: int

    @property
    def is_short(self) -> bool:
        """Whether the next mix is refused."""
        return not self.free_left and self.credits < self.price


def of(user: User, *, now: datetime | None = None) -> Allowance:
    """What the person has at this moment; a day begins at midnight UTC."""
    free = settings.FREE_MIXES_A_DAY
    return Allowance(
        free_a_day=free,
        free_left=max(0, free - _used_today(user, now or timezone.now())),
        price=MIX_PRICE,
        credits=ledger.balance(user),
    )


def pay_for_mix(*, user: User, mix: UUID, now: datetime | None = None) -> LedgerEntry:
    """Write down a mix that is asked for: free while today's last, and one credit after that.

    Call it in the transaction that stores the mix.

    Raises
    ------
    DomainError
        ``too_few_credits`` (402).
    """
    now = now or timezone.now()
    key = _key(mix)
    with transaction.atomic():
        ledger.hold(user)
        if _used_today(user, now) < settings.FREE_MIXES_A_DAY:
            return ledger.grant(user=user, amount=0, reason=Reason.MIX, key=key, about=mix, now=now)
        try:
            return ledger.spend(user=user, amount=MIX_PRICE, reason=Reason.MIX, key=key, about=mix, now=now)
        except DomainError as error:
            free = settings.FREE_MIXES_A_DAY
            used = f"Today's {free} free mixes are used up" if free else "A mix costs credits here"
            raise DomainError(
                error.code,
                f"{used}, and you have no credits for another. Judge a battle in the arena: each vote that counts "
                "brings one. The free ones are back at midnight UTC.",
                status=error.status,
            ) from None


def give_back_mix(mix: UUID, *, now: datetime | None = None) -> LedgerEntry | None:
    """Give back what a mix took that was not made, once; None where it took nothing, or was asked for before this."""
    paid = LedgerEntry.objects.select_related("user").filter(key=_key(mix)).first()
    if paid is None:
        return None
    return ledger.grant(
        user=paid.user, amount=-paid.amount, reason=Reason.MIX_BACK, key=f"back:{paid.key}", about=mix, now=now
    )


def _used_today(user: User, now: datetime) -> int:
    """Free mixes of this day that were not given back."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    back = LedgerEntry.objects.filter(user=user, reason=Reason.MIX_BACK, created_at__gte=midnight).values("about")
    free = LedgerEntry.objects.filter(user=user, reason=Reason.MIX, amount=0, created_at__gte=midnight)
    return free.exclude(about__in=back).count()


def _key(mix: UUID) -> str:
    return f"mix:{mix}"
