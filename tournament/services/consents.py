"""Who gave which song to the arena. A song is private until its owner says otherwise, and again once they say so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from aimixer_site.ops.errors import DomainError, unless_deleted
from mixing.models import Job, Song
from mixing.services import jobs
from tournament.models import SongConsent

WORDING: Final = (
    "This song is mine, or I may speak for everybody whose it is. Everyone who is signed in here may hear up to half "
    "a minute of it at a time, in blind battles between mixers, with the licence that I choose shown beside it. "
    "Nobody else gets its stems or a whole mix from this site. I can take it back at any time: from that moment "
    "nobody hears it in a battle any more, and the votes that were cast stay."
)
LICENCES: Final[tuple[tuple[str, str], ...]] = (
    ("All rights reserved", "All rights reserved: to be judged here and for nothing else"),
    ("CC0 1.0", "CC0 1.0: free for everything"),
    ("CC BY 4.0", "CC BY 4.0: free for everything, with your name"),
    ("CC BY-SA 4.0", "CC BY-SA 4.0: the same, and what is made of it under the same licence"),
    ("CC BY-NC 4.0", "CC BY-NC 4.0: with your name, and not for money"),
    ("CC BY-NC-SA 4.0", "CC BY-NC-SA 4.0: the same, and what is made of it under the same licence"),
)
GENRES: Final[tuple[tuple[str, str], ...]] = (
    ("pop", "Pop"),
    ("rock", "Rock"),
    ("metal", "Metal"),
    ("hip-hop", "Hip-hop"),
    ("electronic", "Electronic"),
    ("soul", "Soul and R&B"),
    ("jazz", "Jazz"),
    ("folk", "Folk and singer-songwriter"),
    ("country", "Country"),
    ("classical", "Classical"),
    ("world", "Music of the world"),
    ("other", "Something else"),
)


def current(song: Song) -> SongConsent | None:
    """The consent that holds, or None for a song that is private. A song of the house needs none."""
    last = SongConsent.objects.filter(song=song).order_by("-id").first()
    return last if last is not None and last.is_given else None


def in_arena() -> QuerySet[Song]:
    """The songs that may be fought on: those of the house, and those whose owner gave them last and has not left."""
    last = SongConsent.objects.filter(song=OuterRef("pk")).order_by("-id").values("is_given")[:1]
    return Song.objects.alias(given=Subquery(last)).filter(Q(owner__isnull=True) | Q(given=True))


def genre_of(song: Song) -> str:
    """For the boards by genre; empty where nobody has said."""
    held = current(song)
    return held.genre if held else ""


def give(*, song: Song, user: User, licence: str, genre: str, agreed: bool, now: datetime | None = None) -> SongConsent:
    """Let a song be fought on. Giving it again, with another licence, is a new row.

    Parameters
    ----------
    agreed : bool
        That the person has read :data:`WORDING`, which is kept with the row.

    Raises
    ------
    DomainError
        ``not_agreed``, ``invalid_licence``, ``invalid_genre``, or ``not_found`` (404).
    """
    if not agreed:
        raise DomainError("not_agreed", "Say that you agree; without that the song stays private.", field="agreed")
    if licence not in dict(LICENCES):
        raise DomainError("invalid_licence", f"A licence is one of {', '.join(dict(LICENCES))}.", field="licence")
    if genre not in dict(GENRES):
        raise DomainError("invalid_genre", f"A genre is one of {', '.join(dict(GENRES))}.", field="genre")
    return _written(song, SongConsent(
        song=song,
        given_by=user,
        is_given=True,
        licence=licence,
        genre=genre,
        wording=WORDING,
        created_at=now or timezone.now(),
    ))  # fmt: skip


def withdraw(*, song: Song, user: User, now: datetime | None = None) -> SongConsent | None:
    """Make a song private again, at once; what was being prepared on it for the arena stops. None if it was private."""
    if current(song) is None:
        return None
    kept = _written(song, SongConsent(song=song, given_by=user, is_given=False, created_at=now or timezone.now()))
    jobs.cancel_all(Job.objects.filter(song=song, battle__isnull=False, battle__created_by__isnull=True))
    return kept


@unless_deleted("The song")
@transaction.atomic
def _written(song: Song, row: SongConsent) -> SongConsent:
    # The song's row is held, so that of two answers at the same moment the later row is also the later licence.
    held = Song.objects.select_for_update().get(pk=song.pk)
    row.save()
    held.licence = song.licence = row.licence
    held.save(update_fields=["licence"])
    return row
