"""Taking votes: one for each person and battle, kept for good."""

from __future__ import annotations

import math
from typing import Final

from django.db import IntegrityError, transaction

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from mixing.services.mixes import has_opened
from tournament.models import Battle, Vote

MOST_HEARD_S: Final = 86_400.0
MOST_SWITCHES: Final = 100_000


def cast_vote(
    *, battle: Battle, voter: User, choice: str, heard_a_s: float = 0.0, heard_b_s: float = 0.0, switches: int = 0
) -> Vote:
    """Store what ``voter`` said of ``battle``; a vote that may know too much is stored and not rated.

    The database holds the rule of one vote for each person, whatever arrives at the same time.

    Parameters
    ----------
    choice : str
        One of ``Vote.Choice``.
    heard_a_s, heard_b_s, switches : float, float, int
        What the player reported: seconds of each side, and how often it was switched.

    Raises
    ------
    DomainError
        ``invalid_choice``, ``invalid_listening``, ``not_ready`` (409) or ``already_voted`` (409).
    """
    if choice not in Vote.Choice.values:
        raise DomainError("invalid_choice", f"A vote is one of {', '.join(Vote.Choice.values)}.", field="choice")
    _refuse_impossible_listening(heard_a_s, heard_b_s, switches)
    if not battle.is_ready:
        raise DomainError("not_ready", "This battle is still being prepared; vote once you have heard it.", status=409)
    reason = unrated_reason(battle=battle, voter=voter, choice=choice)
    try:
        with transaction.atomic():
            return Vote.objects.create(
                battle=battle,
                voter=voter,
                choice=choice,
                is_rated=not reason,
                unrated_reason=reason,
                heard_a_s=heard_a_s,
                heard_b_s=heard_b_s,
                switches=switches,
            )
    except IntegrityError:
        # The only rule that a well-formed vote can break is that of one for each person.
        raise DomainError(
            "already_voted", "You have voted on this battle; the first vote counts.", status=409
        ) from None


def unrated_reason(*, battle: Battle, voter: User, choice: str) -> str:
    """Why a vote would not enter the board: a value of ``Vote.Unrated``, or an empty string."""
    if battle.played_song.owner_id == voter.pk:
        return str(Vote.Unrated.OWN_SONG)
    if has_opened(voter, battle.played_song.pk, (battle.mixer_a_id, battle.mixer_b_id)):
        return str(Vote.Unrated.OPENED_MIX)
    return str(Vote.Unrated.CANT_TELL) if choice == Vote.Choice.CANT_TELL else ""


def _refuse_impossible_listening(heard_a_s: float, heard_b_s: float, switches: int) -> None:
    for field, value, most in (
        ("heard_a_s", heard_a_s, MOST_HEARD_S),
        ("heard_b_s", heard_b_s, MOST_HEARD_S),
        ("switches", switches, MOST_SWITCHES),
    ):
        if not math.isfinite(value) or not 0 <= value <= most:
            raise DomainError("invalid_listening", f"{field} goes from 0 to {most:g}.", field=field)
