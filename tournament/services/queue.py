"""The arena's own battles: prepared ahead, handed out one at a time, hidden trials among them.

Pairs, songs and sides are drawn when a battle is made, and each draw keeps its propensity. Which of the battles that
are ready somebody is handed next is drawn evenly, and looks at nothing but what that person may judge.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, When
from django.utils import timezone

from accounts.models import User
from mixing.models import Job, Mix, Mixer, OpenedMix, Song, Stem
from mixing.services import jobs
from tournament import access
from tournament.engine.matchmaking import Draw, Known, draw_pair, toss
from tournament.engine.online import START
from tournament.models import Ballot, Battle, Vote
from tournament.services import beliefs
from tournament.services.battles import BATTLE
from tournament.services.consents import genre_of, in_arena
from tournament.services.contenders import contender, contenders

Purpose = Battle.Purpose

FEW: Final = 2
"""So many battles lie ready where nobody votes."""
EACH_VOTER_ADDS: Final = 4
"""With everybody who was there within :data:`ACTIVE_FOR` more lie ready, up to ``settings.ARENA_AHEAD``."""
ACTIVE_FOR: Final = timedelta(days=1)
MOST_ACTIVE: Final = 20
"""So many people, those who came last, have their own needs looked at."""
MOST_USELESS_TRIALS: Final = 3
"""So many trials of a kind that somebody may not judge, and no more are made on that person's account."""
UNHEARD: Final = 3
"""Nobody who is active is to have fewer battles ahead."""
VOTES_EACH: Final = 5
"""A battle with so many votes has served, and is handed out only where nothing else is left."""
MAKING: Final = 4
"""Battles of the arena that may be in the making at a time, so that people's own work is not held up."""
MOST_FAILURES: Final = 5
"""A song on which so many preparations failed within a day rests until they are older."""
TRIAL_AFTER_REGULAR: Final = 1 / 7
"""The chance of a trial after a battle that was none; never two in a row makes that one in eight of all."""
SETTLED: Final = 3
"""A battle comes back, with its sides exchanged, once so many others have been judged after it."""
ANCHORS: Final = frozenset({"faders-up", "rough-mix"})
_SHARED_TRIALS: Final = (Purpose.SAME, Purpose.ANCHOR)
_TRIALS: Final = (*_SHARED_TRIALS, Purpose.REPEAT)


# ---- handing out -----------------------------------------------------------------------------------------------------


def next_battle(voter: User, *, now: datetime | None = None, rng: random.Random | None = None) -> Battle | None:
    """The battle that this person judges next, or None where nothing is ready that they may judge.

    Whoever was handed a battle and has not voted gets that one again: there is no choosing. Issue the ballot with it.
    """
    source = rng or secrets.SystemRandom()
    handed = list(_handed_to(voter).order_by("-ballots__issued_at", "-id")[:1])
    if handed and not Vote.objects.filter(battle=handed[0], voter=voter).exists():
        return handed[0]
    if handed and handed[0].purpose not in _TRIALS and source.random() < TRIAL_AFTER_REGULAR:
        trial = _trial(voter, source)
        if trial is not None:
            return trial
    return _regular(voter, source)


def _handed_to(voter: User) -> QuerySet[Battle]:
    return access.battles_for(voter).filter(created_by__isnull=True, ballots__voter=voter)


def _unheard(voter: User) -> QuerySet[Battle]:
    """The arena's battles that the person could be handed, also those still in the making.

    Not their own songs, no mixer of which they know what it makes of the song, and nobody who has left or changed.
    """
    known = Q(mixer=OuterRef("mixer_a")) | Q(mixer=OuterRef("mixer_b"))
    opened = Mix.objects.filter(known, owner=voter, song=OuterRef("song"), opened_at__isnull=False)
    gone = OpenedMix.objects.filter(known, person=voter, song=OuterRef("song"))
    handed = Ballot.objects.filter(battle=OuterRef("pk"), voter=voter)
    return _standing().exclude(song__owner=voter).exclude(Exists(opened)).exclude(Exists(gone)).exclude(Exists(handed))


def _standing() -> QuerySet[Battle]:
    """The arena's battles on songs that are still given, of mixers as they are, ready or on the way."""
    alive = Q(job__state__in=(Job.State.QUEUED, Job.State.RUNNING)) | ~Q(clip_a_path="") & ~Q(clip_b_path="")
    return Battle.objects.filter(
        alive,
        created_by__isnull=True,
        job__isnull=False,
        song__in=in_arena(),
        mixer_a__is_active=True,
        mixer_b__is_active=True,
        version_a=F("mixer_a__version"),
        version_b=F("mixer_b__version"),
    )


def still_wanted() -> QuerySet[Battle]:
    """The arena's battles that somebody may yet be handed: neither served, nor of mixers or songs that have left."""
    enough = Case(When(purpose=Purpose.REPEAT, then=1), default=VOTES_EACH)
    return _standing().annotate(votes_count=Count("votes")).filter(votes_count__lt=enough)


def _ready(rows: QuerySet[Battle]) -> QuerySet[Battle]:
    return rows.exclude(clip_a_path="").exclude(clip_b_path="")


def _regular(voter: User, source: random.Random) -> Battle | None:
    """One at random of those that have not served and whose pair on this song is new to the voter; else of the rest."""
    rows = _ready(_unheard(voter)).filter(purpose=Purpose.REGULAR).annotate(votes_count=Count("votes"))
    met = {
        (song, frozenset((a, b)))
        for song, a, b in Vote.objects.filter(voter=voter).values_list(
            "battle__song_id", "battle__mixer_a_id", "battle__mixer_b_id"
        )
    }
    ranked = [
        ((row.song_id, frozenset((row.mixer_a_id, row.mixer_b_id))) in met, row.votes_count >= VOTES_EACH, row)
        for row in rows.select_related("song", "job", "mixer_a", "mixer_b").defer("parameters_a", "parameters_b")
    ]
    if not ranked:
        return None
    best = min(entry[:2] for entry in ranked)
    return source.choice([row for *rank, row in ranked if tuple(rank) == best])


def _trial(voter: User, source: random.Random) -> Battle | None:
    """A kind of trial at random among those that are ready for this person, and one of that kind."""
    rows = _ready(_unheard(voter)).filter(_trials_of(voter)).select_related("song", "job", "mixer_a", "mixer_b")
    by_kind: dict[str, list[Battle]] = {}
    for row in rows:
        by_kind.setdefault(row.purpose, []).append(row)
    return source.choice(by_kind[source.choice(sorted(by_kind))]) if by_kind else None


def _trials_of(voter: User) -> Q:
    return Q(purpose__in=_SHARED_TRIALS) | Q(purpose=Purpose.REPEAT, for_voter=voter)


# ---- preparing ahead -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A battle that should be made; a repeat is for one voter, of one earlier battle."""

    purpose: str
    voter: User | None = None
    earlier: Battle | None = None


def refill(*, now: datetime | None = None, rng: random.Random | None = None) -> list[Battle]:
    """What the scheduler calls: have workers prepare what will be wanted next. The battles that were started."""
    now = now or timezone.now()
    source = rng or secrets.SystemRandom()
    busy = (Job.State.QUEUED, Job.State.RUNNING)
    room = MAKING - Battle.objects.filter(created_by__isnull=True, job__state__in=busy).count()
    if not settings.ARENA_AHEAD or room <= 0:
        return []
    songs, contenders = _songs(now), _entered()
    if not songs or len(contenders) < 2:
        return []
    return [_make(need, songs, contenders, source, now) for need in _needs(_active(now), source)[:room]]


def _needs(people: Sequence[User], source: random.Random) -> list[Need]:
    """What is missing, the most urgent first."""
    regular = [Need(purpose=Purpose.REGULAR)] * _missing_regular(people)
    shared = [
        Need(purpose=kind)
        for kind in _SHARED_TRIALS
        if any(_ahead(person, kind, useless=MOST_USELESS_TRIALS) == 0 for person in people)
    ]
    repeats = [
        Need(purpose=Purpose.REPEAT, voter=person, earlier=earlier)
        for person in people
        if not _unheard(person).filter(purpose=Purpose.REPEAT, for_voter=person).exists()
        and (earlier := _to_repeat(person, source)) is not None
    ]
    return [*regular[:1], *shared, *repeats, *regular[1:]]


def _missing_regular(people: Sequence[User]) -> int:
    wanted = min(settings.ARENA_AHEAD, FEW + EACH_VOTER_ADDS * len(people))
    standing = _standing().filter(purpose=Purpose.REGULAR)
    unserved = standing.annotate(votes_count=Count("votes")).filter(votes_count__lt=VOTES_EACH).count()
    ahead = [_ahead(person, Purpose.REGULAR, useless=settings.ARENA_AHEAD) for person in people]
    poorest = min((count for count in ahead if count is not None), default=UNHEARD)
    return max(wanted - unserved, UNHEARD - poorest, 0)


def _ahead(person: User, kind: str, *, useless: int) -> int | None:
    """How many battles of a kind wait for this person; None for whom more would not help.

    Somebody who owns most songs here, or has heard most mixes, may judge few of them however many are made.
    """
    waiting = _unheard(person).filter(purpose=kind).count()
    handed = Ballot.objects.filter(battle=OuterRef("pk"), voter=person)
    unfit = _standing().filter(purpose=kind).exclude(Exists(handed)).count() - waiting
    return None if unfit >= useless else waiting


def _active(now: datetime) -> list[User]:
    """Who was handed a battle lately, those who came last first."""
    lately = Ballot.objects.filter(issued_at__gt=now - ACTIVE_FOR, voter__is_active=True).values("voter")
    last_first = lately.annotate(last=Max("issued_at")).order_by("-last").values_list("voter", flat=True)
    return list(User.objects.filter(pk__in=list(last_first[:MOST_ACTIVE])))


def _songs(now: datetime) -> dict[str, Song]:
    """Songs that can be mixed, by their uuid."""
    ready = Count("stems", filter=Q(stems__state=Stem.State.READY), distinct=True)
    checking = Count("stems", filter=Q(stems__state=Stem.State.CHECKING), distinct=True)
    lately = Q(
        battles__created_by__isnull=True,
        battles__job__state=Job.State.FAILED,
        battles__created_at__gt=now - timedelta(days=1),
    )
    failures = Count("battles", filter=lately, distinct=True)
    rows = in_arena().annotate(ready=ready, checking=checking, failures=failures)
    fit = rows.filter(ready__gte=settings.STEMS_MIN, checking=0, failures__lt=MOST_FAILURES)
    return {str(song.uuid): song for song in fit.order_by("uuid")}


def _entered() -> dict[str, Mixer]:
    return {mixer.key: mixer for mixer in contenders()}


def _make(
    need: Need, songs: dict[str, Song], contenders: dict[str, Mixer], source: random.Random, now: datetime
) -> Battle:
    if need.earlier is not None:
        earlier, sides = need.earlier, (need.earlier.mixer_b, need.earlier.mixer_a)
        more = {"repeats": earlier, "for_voter": need.voter}
        return _enlist(earlier.played_song, sides, now, purpose=Purpose.REPEAT, **more)
    draw = draw_pair(_known(contenders.values()), list(songs), rng=source)
    song = songs[draw.song]
    if need.purpose == Purpose.REGULAR:
        return _enlist(song, _sides(draw, contenders, source), now, stratum=draw.stratum, propensity=draw.propensity)
    alone = contenders[source.choice(draw.pair)]
    broken_side = source.choice("ab") if need.purpose == Purpose.ANCHOR else ""
    return _enlist(song, (alone, alone), now, purpose=need.purpose, broken_side=broken_side)


def _sides(draw: Draw, contenders: dict[str, Mixer], source: random.Random) -> tuple[Mixer, Mixer]:
    """The coin is a draw of its own, which knows nothing of the pair."""
    a, b = toss(draw.pair, below=source.randrange)
    return contenders[a], contenders[b]


def _to_repeat(voter: User, source: random.Random) -> Battle | None:
    """A battle of the arena that the person decided a while ago and has not been asked again."""
    again = Battle.objects.filter(repeats=OuterRef("battle"), for_voter=voter)
    decided = Vote.objects.filter(
        voter=voter, choice__in=("a", "b"), battle__in=_ready(_standing().filter(purpose=Purpose.REGULAR))
    ).exclude(Exists(again))
    settled = list(decided.order_by("-created_at", "-id").values_list("battle", flat=True)[SETTLED:])
    if not settled:
        return None
    return Battle.objects.select_related("song", "mixer_a", "mixer_b").get(pk=source.choice(settled))


@transaction.atomic
def _enlist(song: Song, sides: tuple[Mixer, Mixer], now: datetime, **more: Any) -> Battle:
    mixer_a, mixer_b = sides
    return Battle.objects.create(
        song=song,
        song_uuid=song.uuid,
        genre=genre_of(song),
        job=jobs.create(kind=BATTLE, song=song, owner=None),
        mixer_a=mixer_a,
        mixer_b=mixer_b,
        version_a=mixer_a.version,
        version_b=mixer_b.version,
        created_at=now,
        **more,
    )


def _known(mixers: Iterable[Mixer]) -> list[Known]:
    """What the votes so far say of each, by the online filter; of one that nobody has voted on nothing is known."""
    believed = beliefs.current()
    return [
        Known(
            key=mixer.key,
            belief=believed.get(contender(mixer.key, mixer.version), START),
            is_anchor=mixer.key in ANCHORS,
        )
        for mixer in mixers
    ]
