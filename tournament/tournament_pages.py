"""A tournament as its pages and the API tell it: what is decided with names, what is open without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.models import User
from mixing.models import Job, Mix, Song, Stem
from tournament.engine import rounds, taste
from tournament.models import Battle, Competitor, Round, Tournament, Vote
from tournament.services import challengers, tournaments

KINDS: Final[dict[str, tuple[str, str]]] = {
    "opening": ("Opening", "Two of them meet for the first time."),
    "challenge": ("Challenge", "The winner so far, and somebody who wants its place."),
    "hybrid": ("Hybrid", "The winner so far, and a cross of the two that did best."),
    "finale": ("Finale", "The winner so far, and the strongest that it has not met."),
}
HINT: Final = 0.6
"""A direction that is less probable is not worth a line on a page; programs are told of all."""
_NO_CHOICE: Final = {
    Vote.Choice.TIE: "A tie: the winner so far stays.",
    Vote.Choice.BOTH_BAD: "Neither: the winner so far stays.",
    Vote.Choice.CANT_TELL: "No difference was heard: the winner so far stays.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A round that is decided. ``words`` are what the one that stayed has more of."""

    number: int
    kind: str
    title: str
    stayed: str
    left: str
    stayed_kind: str
    left_kind: str
    was_chosen: bool
    sentence: str
    words: tuple[str, ...]
    battle_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The round that is to be heard next. Nothing here says who is in it."""

    number: int
    title: str
    sentence: str
    battle: UUID | None
    battle_url: str
    is_ready: bool
    has_stopped: bool
    job: Job | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A place in the row of rounds: decided, open, or to come."""

    number: int
    title: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A whole tournament. ``seed`` is told once it is over, since sides follow from it."""

    tournament: Tournament
    url: str
    shared_url: str
    song: Song
    steps: tuple[Step, ...]
    lines: tuple[Line, ...]
    current: Current | None
    champion: str
    champion_kind: str
    final_mix: Mix | None
    style: str | None
    leanings: tuple[dict[str, Any], ...]
    seed: int | None

    @property
    def is_done(self) -> bool:
        return self.tournament.state == Tournament.State.DONE

    @property
    def is_left(self) -> bool:
        return self.tournament.state == Tournament.State.LEFT

    @property
    def directions(self) -> tuple[dict[str, Any], ...]:
        """The leanings that are worth a line."""
        return tuple(each for each in self.leanings if each["sureness"] >= HINT)

    @property
    def own_won(self) -> bool:
        return self.champion_kind == Competitor.Kind.ROUGH_MIX

    @property
    def first_place(self) -> str:
        """What the story begins with."""
        return self.lines[0].stayed if self.lines else ""


def tournaments_of(user: User) -> QuerySet[Tournament]:
    """A person's own, newest first."""
    return Tournament.objects.filter(owner=user, song__owner=user).select_related("song", "final_mix__job")


def tournament_for(user: User, uuid: UUID) -> Tournament:
    """One of a person's own; anothers' is as missing as one that does not exist."""
    return get_object_or_404(tournaments_of(user), uuid=uuid)


def shared_tournament(uuid: UUID) -> Tournament:
    """One whose owner has opened its story to everyone who has the link."""
    found = Tournament.objects.filter(uuid=uuid, is_shared=True, state=Tournament.State.DONE).select_related("song")
    row = found.first()
    if row is None:
        raise Http404
    return row


def songs_for_tournaments(user: User) -> dict[str, Any]:
    """Own songs that have enough stems, and whether on any of them an own rough mix could take part."""
    ready = Count("stems", filter=Q(stems__state=Stem.State.READY), distinct=True)
    own = Count("references", filter=Q(references__kind="rough_mix", references__state=Stem.State.READY), distinct=True)
    rows = Song.objects.filter(owner=user).annotate(ready_stems=ready, rough_mixes=own)
    songs = list(rows.filter(ready_stems__gte=2).order_by("-id"))
    return {"songs": songs, "any_rough_mix": any(song.rough_mixes for song in songs)}


def story(tournament: Tournament, *, with_words: bool = True) -> Story:
    """Everything that its owner may see now; in lists without the words, for which consoles are compared."""
    decided = challengers.decided_rounds(tournament)
    champion = decided[-1].winner if decided else None
    done = tournament.state == Tournament.State.DONE
    current = None if done else tournaments.current_round(tournament)
    told = tournament.taste or {}
    return Story(
        tournament=tournament,
        url=reverse("tournament:tournament", args=[tournament.uuid]),
        shared_url=reverse("tournament:tournament_shared", args=[tournament.uuid]),
        song=tournament.song,
        steps=_steps(tournament, len(decided)),
        lines=tuple(_line(row, with_words=with_words) for row in decided),
        current=_current(current) if current is not None else None,
        champion=champion.name if champion else "",
        champion_kind=champion.kind if champion else "",
        final_mix=tournament.final_mix,
        style=told.get("style"),
        leanings=tuple(told.get("leanings", [])),
        seed=tournament.seed if done else None,
    )


def _steps(tournament: Tournament, decided: int) -> tuple[Step, ...]:
    states = {True: "done", False: "todo"}
    return tuple(
        Step(
            number=number,
            title=KINDS[rounds.kind_of(number, tournament.rounds)][0],
            state="now" if number == decided + 1 else states[number <= decided],
        )
        for number in range(1, tournament.rounds + 1)
    )


def _line(row: Round, *, with_words: bool) -> Line:
    winner = row.winner or row.on_a
    loser = challengers.loser_of(row)
    was_chosen = row.choice in (Vote.Choice.A, Vote.Choice.B)
    return Line(
        number=row.number,
        kind=row.kind,
        title=KINDS[row.kind][0],
        stayed=winner.name,
        left=loser.name,
        stayed_kind=winner.kind,
        left_kind=loser.kind,
        was_chosen=was_chosen,
        sentence="" if was_chosen else _NO_CHOICE.get(Vote.Choice(row.choice), ""),
        words=taste.words_of(tournaments.moved_in(row)) if with_words else (),
        battle_url=_replay(row.battle),
    )


def _replay(battle: Battle | None) -> str:
    """Where a round can be heard again, as long as its sound is kept."""
    return reverse("tournament:battle", args=[battle.uuid]) if battle is not None and battle.is_ready else ""


def _current(row: Round) -> Current:
    title, sentence = KINDS[row.kind]
    battle = row.battle
    job = battle.job if battle is not None else None
    is_ready = battle is not None and battle.is_ready
    return Current(
        number=row.number,
        title=title,
        sentence=sentence,
        battle=battle.uuid if battle is not None else None,
        battle_url=reverse("tournament:battle", args=[battle.uuid]) if battle is not None else "",
        is_ready=is_ready,
        has_stopped=not is_ready and (job is None or job.is_final),
        job=job,
    )
