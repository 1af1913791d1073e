"""The log of votes as boards and exports read it: pseudonymous, one record for each vote.

Only workers, the scheduler and commands import this; it brings the numeric engine along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.utils.crypto import salted_hmac

from tournament.engine.board import VoteRecord
from tournament.models import Battle, Competitor, Vote
from tournament.services import quarantine
from tournament.services.contenders import contender

PSEUDONYM_DIGITS: Final = 24
"""Of 64: 96 bits, so that no two of any number of people share one."""
_FIELDS: Final = (
    "uuid", "voter_id", "voter__uuid", "choice", "unrated_reason", "created_at", "battle__uuid", "battle__song_uuid",
    "battle__genre", "battle__loudness_gap_lu", "battle__purpose", "battle__mixer_a__key", "battle__version_a",
    "battle__mixer_b__key", "battle__version_b", "battle__round__on_a__kind", "battle__round__on_b__kind",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteLog:
    """All votes that boards could be made of, and who is behind which pseudonym; the latter never leaves the site."""

    records: tuple[VoteRecord, ...]
    voters: dict[str, int]


def read() -> VoteLog:
    """The log as it stands now, by the order of the votes.

    Left out are rounds of a musician's own tournament in which a child of its own took part: it stands on no board.
    """
    held = quarantine.held_voters()
    pseudonym = _pseudonyms()
    voters: dict[str, int] = {}
    records = []
    for row in Vote.objects.order_by("id").values(*_FIELDS).iterator(chunk_size=5_000):
        if not _of_contenders(row):
            continue
        record = _record(row, pseudonym, weight=0.0 if row["voter_id"] in held else 1.0)
        if row["voter_id"] is not None:
            voters[record.voter] = row["voter_id"]
        records.append(record)
    return VoteLog(records=tuple(records), voters=voters)


def _of_contenders(row: dict[str, Any]) -> bool:
    if row["battle__purpose"] != Battle.Purpose.TOURNAMENT:
        return True
    kinds = {row["battle__round__on_a__kind"], row["battle__round__on_b__kind"]}
    return kinds == {Competitor.Kind.MIXER.value} and _name(row, "a") != _name(row, "b")


def _name(row: dict[str, Any], side: str) -> str:
    return contender(row[f"battle__mixer_{side}__key"], row[f"battle__version_{side}"])


def _record(row: dict[str, Any], pseudonym: Callable[[str, str], str], *, weight: float) -> VoteRecord:
    # Someone who has left is no longer known to be one person, not even to the site: each of their votes is its own.
    who = ("voter", str(row["voter__uuid"])) if row["voter__uuid"] else ("vote", str(row["uuid"]))
    return VoteRecord(
        battle=pseudonym("battle", str(row["battle__uuid"])),
        song=pseudonym("song", str(row["battle__song_uuid"])),
        voter=pseudonym(*who),
        genre=row["battle__genre"],
        a=_name(row, "a"),
        b=_name(row, "b"),
        choice=row["choice"],
        gap_lu=row["battle__loudness_gap_lu"] or 0.0,
        unrated=row["unrated_reason"],
        weight=weight,
        day=row["created_at"].date().isoformat(),
    )


def _pseudonyms() -> Callable[[str, str], str]:
    """A keyed hash under the site's secret key: the same from export to export, and nobody else can compute it."""

    @cache
    def pseudonym(kind: str, name: str) -> str:
        digest = salted_hmac(f"tournament.vote_log.{kind}", name, algorithm="sha256").hexdigest()
        return digest[:PSEUDONYM_DIGITS]

    return pseudonym
