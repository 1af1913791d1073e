"""What a person's votes say of their ears: after each reveal, and over all of them. Reads rows and writes none."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Final

from accounts.models import User
from tournament.engine import clip_sound, ear_training
from tournament.engine.clip_sound import Difference
from tournament.engine.ear_training import Crowd, Leaning, SideBias, Trend
from tournament.models import Battle, RatingSnapshot, Vote
from tournament.services import trials
from tournament.services.trials import Answer

DECISIVE: Final = (Vote.Choice.A.value, Vote.Choice.B.value)
MOST_VOTES: Final = 2_000
"""The latest ones; ears of years ago are other ears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTold:
    """A hidden trial that is over: what it was, whether the answer was right, and how it stands by now."""

    text: str
    is_right: bool | None
    right: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody is told beside the reveal. Empty parts are those of which there is too little to say."""

    sound: tuple[Difference, ...]
    trial: TrialTold | None
    trials_right: int
    trials_count: int
    crowd: Crowd | None
    kept: str
    sides: SideBias | None

    @property
    def heard(self) -> tuple[Difference, ...]:
        """The differences that are worth a word, the largest first."""
        return tuple(sorted((each for each in self.sound if each.is_heard), key=lambda each: -abs(each.amount_db)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of hidden trials."""

    title: str
    right: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """All that can be said of somebody's ears."""

    votes: int
    kinds: tuple[Kind, ...]
    right: int
    trials: int
    trend: Trend | None
    sides: SideBias | None
    agreed: int
    compared: int
    leanings: tuple[Leaning, ...]
    decides_after_s: float | None
    switches: float | None


_KINDS: Final = (
    ("anchor", "Broken mixes found"),
    ("same", "One mix on both sides: no winner named"),
    ("repeat", "Heard again with sides exchanged: the same mix kept"),
)


def feedback(user: User, battle: Battle, vote: Vote) -> Feedback:
    """What this vote and those before it say. Hidden trials that are still to come leave no trace in it."""
    answered = [answer for answer in trials.answers(user) if answer.at <= vote.created_at]
    counts = _decisive(user)
    return Feedback(
        sound=clip_sound.differences(battle.sound_a or {}, battle.sound_b or {}),
        trial=_trial(battle, vote, answered),
        trials_right=sum(answer.is_right for answer in answered),
        trials_count=len(answered),
        crowd=_crowd(battle, vote),
        kept=(battle.mixer_b if vote.choice == Vote.Choice.B else battle.mixer_a).title,
        sides=ear_training.side_bias(counts["a"], counts["b"]),
    )


def ears(user: User) -> Ears:
    """Everything at once, from the latest votes."""
    answered = list(trials.answers(user))
    votes: list[Any] = list(
        Vote.objects.filter(voter=user)
        .order_by("-id")
        .values(
            "choice", "is_rated", "unrated_reason", "decided_after_s", "switches", "battle__sound_a", "battle__sound_b",
            "battle__mixer_a__key", "battle__version_a", "battle__mixer_b__key", "battle__version_b",
        )[:MOST_VOTES]
    )  # fmt: skip
    counts = _decisive(user)
    agreed, compared = _agreement(votes)
    times = [vote["decided_after_s"] for vote in votes if vote["decided_after_s"] is not None]
    return Ears(
        votes=len(votes),
        kinds=tuple(_kind(answered, kind, title) for kind, title in _KINDS),
        right=sum(answer.is_right for answer in answered),
        trials=len(answered),
        trend=ear_training.trend([answer.is_right for answer in answered]),
        sides=ear_training.side_bias(counts["a"], counts["b"]),
        agreed=agreed,
        compared=compared,
        leanings=ear_training.leanings(kept for vote in votes if (kept := _kept_minus_refused(vote))),
        decides_after_s=statistics.median(times) if times else None,
        switches=statistics.median(vote["switches"] for vote in votes) if votes else None,
    )


def _decisive(user: User) -> dict[str, int]:
    """How often each side was named, trials among them: a coin stood before each of them."""
    named = Vote.objects.filter(voter=user, choice__in=DECISIVE)
    a = named.filter(choice=Vote.Choice.A).count()
    return {"a": a, "b": named.count() - a}


def _kind(answered: list[Answer], kind: str, title: str) -> Kind:
    own = [answer.is_right for answer in answered if answer.kind == kind]
    return Kind(title=title, right=sum(own), count=len(own))


def _kept_minus_refused(vote: dict[str, Any]) -> dict[str, float]:
    """Of a choice between two mixes that are different and whole; empty of all else."""
    if vote["choice"] not in DECISIVE or vote["unrated_reason"] == Vote.Unrated.TRIAL:
        return {}
    sign = 1.0 if vote["choice"] == Vote.Choice.A else -1.0
    told = clip_sound.differences(vote["battle__sound_a"] or {}, vote["battle__sound_b"] or {})
    return {each.key: sign * each.amount_db for each in told}


# ---- trials ----------------------------------------------------------------------------------------------------------


def _trial(battle: Battle, vote: Vote, answered: list[Answer]) -> TrialTold | None:
    if vote.unrated_reason != Vote.Unrated.TRIAL:
        return None
    this = next((answer.is_right for answer in answered if answer.battle == battle.uuid), None)
    alike = [answer.is_right for answer in answered if answer.kind == battle.purpose]
    return TrialTold(text=_in_words(battle, vote, this), is_right=this, right=sum(alike), count=len(alike))


def _in_words(battle: Battle, vote: Vote, is_right: bool | None) -> str:
    if battle.purpose == Battle.Purpose.SAME:
        heard = "you named no winner, and there was none" if is_right else "there was nothing to choose between"
        return f"Both sides were one and the same mix: {heard}."
    if battle.purpose == Battle.Purpose.ANCHOR:
        broken = battle.broken_side.upper()
        did = "and you kept the other" if is_right else "and you did not name the other"
        return f"{broken} was broken on purpose, {did}."
    before = "You have heard this battle before, with its sides exchanged"
    if is_right is None:
        return f"{before}; only two answers that name a winner can be compared."
    return f"{before}, and {'you kept the same mix again' if is_right else 'this time you kept the other mix'}."


# ---- the crowd -------------------------------------------------------------------------------------------------------


def _crowd(battle: Battle, vote: Vote) -> Crowd | None:
    """How everybody decided between these two mixers, on all songs, as the public board was last published."""
    if battle.purpose not in (Battle.Purpose.REGULAR, Battle.Purpose.REPEAT):
        return None
    wins = _win_matrix()
    a, b = _contender(battle.mixer_a.key, battle.version_a), _contender(battle.mixer_b.key, battle.version_b)
    kept, refused = (b, a) if vote.choice == Vote.Choice.B else (a, b)
    return ear_training.crowd(wins.get((kept, refused), 0), wins.get((refused, kept), 0))


def _agreement(votes: list[dict[str, Any]]) -> tuple[int, int]:
    """How often the person kept what most keep, and of how many choices that can be said."""
    wins = _win_matrix()
    agreed = compared = 0
    for vote in votes:
        if not vote["is_rated"] or vote["choice"] not in DECISIVE:
            continue
        a, b = (_contender(vote[f"battle__mixer_{side}__key"], vote[f"battle__version_{side}"]) for side in "ab")
        kept, refused = (a, b) if vote["choice"] == Vote.Choice.A else (b, a)
        found = ear_training.crowd(wins.get((kept, refused), 0), wins.get((refused, kept), 0))
        if found is not None and found.agrees is not None:
            compared += 1
            agreed += found.agrees
    return agreed, compared


def _win_matrix() -> dict[tuple[str, str], int]:
    latest = RatingSnapshot.objects.filter(board="public").order_by("-id").first()
    if latest is None:
        return {}
    names = [row["contender"] for row in latest.result["rows"]]
    return {
        (one, other): count
        for one, row in zip(names, latest.result["win_matrix"], strict=True)
        for other, count in zip(names, row, strict=True)
        if count
    }


def _contender(key: str, version: str) -> str:
    """As boards call it; they are made where the numeric engine is at hand, and this is not."""
    return f"{key}@{version[:12]}"
