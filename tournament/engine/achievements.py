"""Achievements: facts that follow from what somebody judged and made, each with its moment and its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One vote: when, on which battle and song, of which genre, and whether it counts."""

    at: datetime
    battle: str
    song: str
    genre: str
    is_rated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One hidden trial that is over; ``kind`` is same, repeat or anchor."""

    at: datetime
    battle: str
    kind: str
    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Anything else that was done once, and what it was done with."""

    at: datetime
    about: str


class History(Protocol):
    """What somebody did, each part in the order in which it was done; parts are read where they are asked for."""

    @property
    def judged(self) -> Sequence[Judged]: ...
    @property
    def tried(self) -> Sequence[Tried]: ...
    @property
    def explained(self) -> Sequence[Deed]: ...
    @property
    def tournaments(self) -> Sequence[Deed]: ...
    @property
    def own_wins(self) -> Sequence[Deed]: ...
    @property
    def given_songs(self) -> Sequence[Deed]: ...
    @property
    def brought(self) -> Sequence[Deed]: ...
    @property
    def league(self) -> Sequence[Deed]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far somebody is. ``at`` is None until it is achieved; then ``evidence`` says by what."""

    have: int
    want: int
    at: datetime | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """One of the catalogue: its words, and how it follows from a history."""

    key: str
    title: str
    text: str
    of: Callable[[History], Progress]


def nth(deeds: Sequence[Deed], want: int, name: str) -> Progress:
    """The moment of the ``want``-th; the evidence names what the first ones were about, under ``name``."""
    if len(deeds) < want:
        return Progress(have=len(deeds), want=want)
    first = deeds[:want]
    told: Any = first[0].about if want == 1 else [deed.about for deed in first]
    return Progress(have=want, want=want, at=first[-1].at, evidence={name: told})


def distinct(judged: Iterable[Judged], what: Callable[[Judged], str], want: int, name: str) -> Progress:
    """The moment of the vote by which there were ``want`` different ones; empty names do not count."""
    seen: dict[str, None] = {}
    for vote in judged:
        if not what(vote):
            continue
        seen[what(vote)] = None
        if len(seen) == want:
            return Progress(have=want, want=want, at=vote.at, evidence={name: list(seen), "battle": vote.battle})
    return Progress(have=len(seen), want=want)


def days_running(judged: Iterable[Judged], want: int) -> Progress:
    """The moment of the vote that made it ``want`` days in a row, by UTC's days."""
    run = longest = 0
    last = None
    for vote in judged:
        day = vote.at.date()
        if last is not None and day <= last:
            continue
        run = run + 1 if last is not None and day - last == ONE_DAY else 1
        last, longest = day, max(longest, run)
        if run == want:
            evidence = {"from": (day - (want - 1) * ONE_DAY).isoformat(), "to": day.isoformat(), "battle": vote.battle}
            return Progress(have=want, want=want, at=vote.at, evidence=evidence)
    return Progress(have=longest, want=want)


def right_running(tried: Iterable[Tried], kind: str, want: int) -> Progress:
    """The moment of the trial by which ``want`` of this kind in a row were right."""
    run: list[Tried] = []
    longest = 0
    for trial in tried:
        if trial.kind != kind:
            continue
        run = [*run, trial] if trial.is_right else []
        longest = max(longest, len(run))
        if len(run) == want:
            return Progress(have=want, want=want, at=trial.at, evidence={"battles": [each.battle for each in run]})
    return Progress(have=longest, want=want)


def _votes(history: History, *, rated: bool) -> list[Deed]:
    return [Deed(at=vote.at, about=vote.battle) for vote in history.judged if vote.is_rated or not rated]


def _hundredth(history: History) -> Progress:
    found = nth(_votes(history, rated=True), 100, "battles")
    # A hundred battles are much to read; the one that made it a hundred is enough.
    return found if found.at is None else Progress(
        have=100, want=100, at=found.at, evidence={"votes": 100, "battle": found.evidence["battles"][-1]}
    )  # fmt: skip


CATALOGUE: Final[tuple[Achievement, ...]] = (
    Achievement(
        key="first_battle", title="First verdict", text="You judged a battle, blind.",
        of=lambda history: nth(_votes(history, rated=False), 1, "battle"),
    ),
    Achievement(
        key="ten_songs", title="Ten songs", text="You judged mixes of ten different songs.",
        of=lambda history: distinct(history.judged, lambda vote: vote.song, 10, "songs"),
    ),
    Achievement(
        key="four_genres", title="Four genres", text="You judged songs of four genres.",
        of=lambda history: distinct(history.judged, lambda vote: vote.genre, 4, "genres"),
    ),
    Achievement(
        key="week", title="Seven days running", text="You judged a battle on each of seven days in a row.",
        of=lambda history: days_running(history.judged, 7),
    ),
    Achievement(
        key="hundred", title="A hundred that count", text="A hundred of your votes count on the board.",
        of=_hundredth,
    ),
    Achievement(
        key="explains", title="Says why", text="You said what decided it after ten votes.",
        of=lambda history: nth(history.explained, 10, "battles"),
    ),
    Achievement(
        key="broken", title="Nothing gets past you",
        text="You found the mix that was broken on purpose four times in a row.",
        of=lambda history: right_running(history.tried, "anchor", 4),
    ),
    Achievement(
        key="same_ears", title="The same ears twice",
        text="A battle came back with its sides exchanged, and you kept the same mix.",
        of=lambda history: right_running(history.tried, "repeat", 1),
    ),
    Achievement(
        key="no_phantom", title="No winner where there is none",
        text="Both sides were one and the same mix, and you named neither.",
        of=lambda history: right_running(history.tried, "same", 1),
    ),
    Achievement(
        key="league", title="Expert league", text="Your votes and your reliability opened the expert league.",
        of=lambda history: nth(history.league, 1, "tier"),
    ),
    Achievement(
        key="tournament", title="A champion", text="You finished a tournament on a song of your own.",
        of=lambda history: nth(history.tournaments, 1, "tournament"),
    ),
    Achievement(
        key="own_win", title="Your own hand", text="Your own rough mix won your tournament, and you did not know it.",
        of=lambda history: nth(history.own_wins, 1, "tournament"),
    ),
    Achievement(
        key="open_song", title="Open doors", text="You gave a song of yours to the arena.",
        of=lambda history: nth(history.given_songs, 1, "song"),
    ),
    Achievement(
        key="brought", title="Good company", text="Somebody you brought has cast votes that count.",
        of=lambda history: nth(history.brought, 1, "person"),
    ),
)  # fmt: skip
BY_KEY: Final = {achievement.key: achievement for achievement in CATALOGUE}
