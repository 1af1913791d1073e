"""Logs of votes for the tests of boards: real rows, made quickly."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from accounts.models import User
from mixing.models import Mixer, Song
from tests.tournament import factories
from tournament.models import Battle, Vote

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def people(count: int, prefix: str = "voter") -> list[User]:
    """Many people without a password."""
    return User.objects.bulk_create(User(email=f"{prefix}{n}@example.org", password="!") for n in range(count))


def battle(song: Song, a: int = 0, b: int = 1, **changes: object) -> Battle:
    """A battle of the mixers with these numbers, without a job or sound: what boards read of it."""
    cards = list(Mixer.objects.all()) or factories.mixers()
    given = {
        "song": song, "song_uuid": song.uuid, "mixer_a": cards[a], "mixer_b": cards[b],
        "version_a": cards[a].version, "version_b": cards[b].version, "loudness_gap_lu": 0.02, "genre": "",
    }  # fmt: skip
    return Battle.objects.create(**{**given, **changes})


def vote(on: Battle, voter: User | None, choice: str, **changes: object) -> Vote:
    """A vote that is rated unless ``unrated_reason`` is given."""
    reason = changes.pop("unrated_reason", "")
    return Vote.objects.create(
        battle=on,
        voter=voter,
        choice=choice,
        is_rated=not reason,
        unrated_reason=reason,
        **{"created_at": NOON, **changes},
    )


def duel(voters: Iterable[User], *, wins_of_ten: int = 7, songs: int = 3, a: int = 0, b: int = 1, **changes) -> None:
    """Everyone judges one battle on each song; the first mixer wins so many of ten, on either side as often."""
    voters, count = list(voters), 0
    for number in range(songs):
        song = factories.song(title=f"Song {number} {uuid.uuid4().hex[:6]}")
        forward, backward = battle(song, a, b, **changes), battle(song, b, a, **changes)
        rows = []
        for voter in voters:
            won = count * 3 % 10 < wins_of_ten
            is_forward = count % 2 == 0
            rows.append(
                Vote(
                    battle=forward if is_forward else backward,
                    voter=voter,
                    choice="a" if won == is_forward else "b",
                    is_rated=True,
                    created_at=NOON,
                )
            )
            count += 1
        Vote.objects.bulk_create(rows)
