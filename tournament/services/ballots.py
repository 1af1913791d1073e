"""Ballots: handed out with a battle, filled by what the player reports, used once.

What a vote rests on is counted here by the server's clock; nothing that a client claims of its own counts.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from tournament.engine import listening
from tournament.engine.listening import Heard, ListeningError
from tournament.models import Ballot, Battle
from tournament.services import clock

BEATS_AT_ONCE: Final = 60
BEATS_PER_S: Final = 2.0
"""A player reports every two seconds, and at each switch; this is far beyond any hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a vote still lacks.

    ``field`` is a, b, switch or common; ``amount`` is in seconds, or in switches; ``message`` is a sentence.
    """

    field: str
    amount: float
    message: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def issue(*, battle: Battle, voter: User, address: str = "", browser: str = "", now: datetime | None = None) -> Ballot:
    """The ballot of this person on this battle; the same one however often and however quickly they ask.

    Parameters
    ----------
    address, browser : str
        Of the client. Kept as keyed hashes, the address without its last part.

    Raises
    ------
    DomainError
        ``not_ready`` (409) while there is nothing to hear.
    """
    if not battle.is_ready:
        raise DomainError("not_ready", "This battle is still being prepared; vote once you have heard it.", status=409)
    found, _ = Ballot.objects.get_or_create(
        battle=battle,
        voter=voter,
        defaults={
            "issued_at": now or clock.now(),
            "network": _hashed("network", _network(address)),
            "device": _hashed("device", browser),
        },
    )
    return found


def hear(
    *,
    battle: Battle,
    voter: User,
    token: str,
    a: object = (),
    b: object = (),
    switches: int = 0,
    now: datetime | None = None,
) -> Ballot:
    """Add a report of the player: which stretches of each side sounded since the last one.

    Reports that arrive at the same moment wait for each other, so that none is lost.

    Parameters
    ----------
    a, b : object
        ``[[from, to], ...]`` in seconds of the clip, as the client sent them.
    switches : int
        Since the last report.

    Raises
    ------
    DomainError
        ``unknown_ballot``, ``already_voted`` (409), ``too_many_reports`` (429) or ``invalid_listening``.
    """
    now = now or clock.now()
    with transaction.atomic():
        ballot = _own(battle, voter, token, lock=True)
        if ballot.used_at is not None:
            raise already_voted()
        open_s = (now - ballot.issued_at).total_seconds()
        if ballot.beats >= BEATS_AT_ONCE + BEATS_PER_S * max(0.0, open_s):
            raise DomainError("too_many_reports", "That was a lot at once. Wait a moment and go on.", status=429)
        before = heard(ballot)
        after = _more(ballot, before, a, b, switches, now)
        played_s = after.a_s + after.b_s - before.a_s - before.b_s
        if ballot.sounded_at is None and played_s > 0.0:
            ballot.sounded_at = max(ballot.issued_at, now - timedelta(seconds=played_s))
        ballot.heard_a, ballot.heard_b = [list(stretch) for stretch in after.a], [list(stretch) for stretch in after.b]
        ballot.heard_a_s, ballot.heard_b_s, ballot.switches = after.a_s, after.b_s, after.switches
        ballot.beats += 1
        ballot.beat_at = max(now, ballot.beat_at or now)
        ballot.save(
            update_fields=[
                "heard_a", "heard_b", "heard_a_s", "heard_b_s", "switches", "beats", "beat_at", "sounded_at",
            ]
        )  # fmt: skip
    return ballot


def use(*, battle: Battle, voter: User, token: str, now: datetime) -> Ballot:
    """Take the ballot for its one vote. Call it inside the transaction that stores the vote.

    The update comes first and is conditional: of any number of votes at the same moment one finds the ballot unused,
    and the others wait for it.

    Raises
    ------
    DomainError
        ``unknown_ballot``, ``already_voted`` (409), or ``listen_more`` with what is missing as ``field``.
    """
    own = Ballot.objects.filter(token=token, battle=battle, voter=voter)
    if not own.filter(used_at__isnull=True).update(used_at=now):
        _own(battle, voter, token)
        raise already_voted()
    ballot = own.get()
    lacks = missing(ballot, battle)
    if lacks is not None:
        raise DomainError("listen_more", lacks.message, field=lacks.field)
    return ballot


def heard(ballot: Ballot) -> Heard:
    """What the ballot says has been heard."""
    return Heard(
        a=tuple((start, end) for start, end in ballot.heard_a),
        b=tuple((start, end) for start, end in ballot.heard_b),
        a_s=ballot.heard_a_s,
        b_s=ballot.heard_b_s,
        switches=ballot.switches,
    )


def missing(ballot: Ballot, battle: Battle) -> Missing | None:
    """What the ballot still lacks for a vote, or None."""
    so_far, duration_s = heard(ballot), battle.clip_duration_s or 0.0
    lacks = listening.missing(so_far, duration_s)
    if lacks is None:
        return None
    field, amount = lacks
    return Missing(field=field, amount=amount, message=_sentence(field, amount, so_far, duration_s))


def least(battle: Battle) -> dict[str, float]:
    """How much of a battle a vote needs: seconds of each side, seconds in common, and switches."""
    return dict(zip(("side_s", "common_s", "switches"), listening.least(battle.clip_duration_s or 0.0), strict=True))


def state(ballot: Ballot, battle: Battle) -> dict[str, Any]:
    """What the player of this person needs to know: what was heard, and what is missing."""
    lacks = missing(ballot, battle)
    return {"heard": asdict(heard(ballot)), "missing": lacks.as_dict() if lacks else None}


def already_voted() -> DomainError:
    return DomainError("already_voted", "You have voted on this battle; the first vote counts.", status=409)


def _own(battle: Battle, voter: User, token: str, *, lock: bool = False) -> Ballot:
    """A ballot is its owner's: with a foreign token one is told what one is told with an invented one."""
    rows = Ballot.objects.select_for_update() if lock else Ballot.objects.all()
    found = rows.filter(token=token, battle=battle, voter=voter).first()
    if found is None:
        raise DomainError(
            "unknown_ballot", "This page and this battle do not belong together. Reload the page.", field="token"
        )
    return found


def _more(ballot: Ballot, before: Heard, a: object, b: object, switches: int, now: datetime) -> Heard:
    duration_s = ballot.battle.clip_duration_s or 0.0
    try:
        stretches_a = listening.checked_ranges("a", a, duration_s)
        stretches_b = listening.checked_ranges("b", b, duration_s)
    except ListeningError as error:
        raise DomainError("invalid_listening", error.message, field=error.field) from None
    return listening.heard_more(
        before,
        stretches_a,
        stretches_b,
        switches,
        elapsed_s=(now - (ballot.beat_at or ballot.issued_at)).total_seconds(),
        open_s=(now - ballot.issued_at).total_seconds(),
    )


def _sentence(field: str, amount: float, so_far: Heard, duration_s: float) -> str:
    seconds = _seconds(amount)
    if field == "a" and so_far.b_s <= 0.0:
        return f"Listen to A for {seconds}, then to B."
    if field in ("a", "b"):
        return f"Listen to {field.upper()} for {seconds}."
    if field == "switch":
        return "Switch between A and B once while it plays."
    return f"Hear the same place on both sides for {seconds}: switch while it plays."


def _seconds(amount: float) -> str:
    count = max(1, math.ceil(amount - 0.05))
    return f"{count} more {'second' if count == 1 else 'seconds'}"


# ---- traces ----------------------------------------------------------------------------------------------------------


def _network(address: str) -> str:
    """The network of an address, so that one household is one and no person is written down: /24, or /48."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 48), strict=False))
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24), strict=False))


def _hashed(kind: str, words: str) -> str:
    """A keyed hash: equal words can be seen to be equal, and nothing else can be told from it."""
    return salted_hmac(f"tournament.ballot.{kind}", words, algorithm="sha256").hexdigest() if words else ""
