"""Starting battles, and putting their clips on show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from accounts.models import User
from aimixer_site.ops.errors import DomainError, unless_deleted
from mixing.models import Job, Song
from mixing.services import jobs
from mixing.services.mixes import mixable_stems
from tournament.engine.matchmaking import draw_sides
from tournament.models import Battle
from tournament.services.consents import genre_of
from tournament.services.contenders import contenders

if TYPE_CHECKING:
    from tournament.engine.clips import ClipPair

BATTLE: Final = "battle"
MOST_PREPARING: Final = 3
"""Battles of one person that may be in the making at a time; each is two mixes of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSide:
    """What one contender contributed: the version that mixed, the console that it set, and where its clip lies."""

    version: str
    parameters: dict[str, Any]
    clip_path: str


@unless_deleted("The song")
@transaction.atomic
def create_battle(*, user: User, song: Song) -> Battle:
    """Draw two mixers and their sides, and have a worker prepare the clips.

    Raises
    ------
    DomainError
        ``not_your_song``, ``still_checking``, ``too_few_stems``, ``too_few_mixers`` or ``too_many_battles``.
    """
    if song.owner_id not in (None, user.pk):
        raise DomainError(
            "not_your_song", "You can start battles on your own songs and on those of the house.", status=403
        )
    mixable_stems(song)
    _refuse_too_many(user)
    entered = list(contenders())
    if len(entered) < 2:
        raise DomainError("too_few_mixers", "A battle needs two mixers, and this site has fewer.", status=409)
    mixer_a, mixer_b = draw_sides(entered)
    return Battle.objects.create(
        song=song,
        song_uuid=song.uuid,
        genre=genre_of(song),
        created_by=user,
        job=jobs.create(kind=BATTLE, song=song, owner=user),
        mixer_a=mixer_a,
        mixer_b=mixer_b,
        version_a=mixer_a.version,
        version_b=mixer_b.version,
    )


@transaction.atomic
def publish_clips(*, battle: Battle, side_a: PublishedSide, side_b: PublishedSide, clips: ClipPair) -> Battle:
    """Make a battle ready: from here on it can be heard and voted on."""
    battle.version_a, battle.version_b = side_a.version, side_b.version
    battle.parameters_a, battle.parameters_b = side_a.parameters, side_b.parameters
    battle.clip_a_path, battle.clip_b_path = side_a.clip_path, side_b.clip_path
    battle.clip_start_s = clips.start_s
    battle.clip_duration_s = clips.duration_s
    battle.clip_lufs = clips.loudness_lufs
    battle.loudness_gap_lu = clips.loudness_gap_lu
    battle.sound_a, battle.sound_b = clips.sound_a, clips.sound_b
    battle.save(
        update_fields=[
            *("version_a", "version_b", "parameters_a", "parameters_b", "clip_a_path", "clip_b_path"),
            *("clip_start_s", "clip_duration_s", "clip_lufs", "loudness_gap_lu", "sound_a", "sound_b"),
        ]
    )
    return battle


def _refuse_too_many(user: User) -> None:
    # The person's row is locked, so that two requests at once do not both count the same battles.
    User.objects.select_for_update().get(pk=user.pk)
    preparing = Battle.objects.filter(created_by=user, job__state__in=(Job.State.QUEUED, Job.State.RUNNING)).count()
    if preparing >= MOST_PREPARING:
        raise DomainError(
            "too_many_battles",
            f"{preparing} of your battles are still being prepared. Wait until one of them is ready.",
            status=429,
        )
