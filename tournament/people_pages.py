"""What the pages of a person show, prepared; and all that the site keeps of them, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Award, LedgerEntry, Referral, User
from accounts.services import allowance, referrals
from tournament.engine import ear_training, tiers
from tournament.engine.achievements import BY_KEY, CATALOGUE, Achievement
from tournament.engine.clip_sound import Difference
from tournament.engine.tiers import Standing, Tier
from tournament.models import Battle, Vote
from tournament.services import people, people_ears, quarantine
from tournament.services.people_ears import Ears
from tournament.services.people_history import PersonsHistory

SHOWN_LINES: Final = 8
_READ_ENTRIES: Final = 200
_TREND_WIDTH: Final = 600
_TREND_HEIGHT: Final = 120
_DIFFERENCE_SPAN_DB: Final = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A tier on the ladder: done, now, or ahead."""

    tier: Tier
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """An achievement with how far somebody is; ``battle`` is where it happened, if it did in one."""

    achievement: Achievement
    have: int
    want: int
    at: datetime | None
    evidence: dict[str, Any]

    @property
    def battle(self) -> str:
        found = self.evidence.get("battle") or (self.evidence.get("battles") or [""])[-1]
        return str(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Entries of one day and one kind, as one line."""

    at: datetime
    text: str
    note: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Somebody whom one brought, without a name: since when, and whether it counts by now."""

    since: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A leaning as a place on an axis of 0 to 100 with nothing in the middle."""

    leaning: Any
    low: float
    at: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A measured difference as a bar from the middle of 0 to 100: A to the left, B to the right."""

    difference: Difference
    start: float
    width: float
    amount_db: float


def feedback_card(user: User, battle: Battle, vote: Vote | None) -> dict[str, Any] | None:
    """What is told beside a reveal; None before one's own vote."""
    if vote is None:
        return None
    told = people_ears.feedback(user, battle, vote)
    return {
        "told": told,
        "bars": [_bar(each) for each in told.heard],
        "alike": [each.title for each in told.sound if not each.is_heard],
        "is_measured": bool(told.sound),
        "earned": _earned_by(vote),
    }


def person_page(user: User) -> dict[str, Any]:
    """One's own page."""
    standing = people.standing_of(user)
    badges = badges_of(user, standing)
    lines = lines_of(moved_entries(user)[:_READ_ENTRIES])
    return {
        "standing": standing,
        "ladder": _ladder(standing),
        "progress": _progress(standing),
        "held": quarantine.held_back(user),
        "league_trials": tiers.LEAGUE_TRIALS,
        "league_reliability": tiers.LEAGUE_RELIABILITY,
        "earned": [badge for badge in badges if badge.at is not None],
        "ahead": [badge for badge in badges if badge.at is None],
        "achievements": len(badges),
        "allowance": allowance.of(user),
        "lines": lines[:SHOWN_LINES],
        "more_lines": len(lines) > SHOWN_LINES or any(line.count > 1 for line in lines),
        "brought": brought_by(user),
        "join_path": referrals.link_of(user),
        "referral_votes": settings.REFERRAL_VOTES,
        "credits_for": {"vote": people.VOTE_CREDITS, "referral": people.REFERRAL_CREDITS},
    }


def ears_page(user: User) -> dict[str, Any]:
    """What one's votes say of one's ears."""
    found = people_ears.ears(user)
    return {
        "ears": found,
        "trend_line": " ".join(f"{x:.1f},{y:.1f}" for x, y in _trend(found)),
        "trend_points": [(f"{x:.1f}", f"{y:.1f}") for x, y in _trend(found)],
        "enough_compared": found.compared >= ear_training.FEWEST_DECISIVE,
        "leanings": [_drawn(leaning) for leaning in found.leanings],
        "fewest_choices": ear_training.FEWEST_CHOICES,
        "at_once": ear_training.TRIALS_AT_ONCE,
    }


def moved_entries(user: User) -> QuerySet[LedgerEntry]:
    """The entries that moved credits; free mixes are entries of 0 that a list of credits can do without."""
    return LedgerEntry.objects.filter(user=user).exclude(amount=0).order_by("-id")


def lines_of(entries: Iterable[LedgerEntry], *, together: bool = True) -> list[Line]:
    """Entries as lines, in their order; those of one day that are alike are one where they are shown ``together``."""
    lines: dict[tuple[object, ...], Line] = {}
    for entry in entries:
        line = Line(at=entry.created_at, text=entry.get_reason_display(), note=entry.note, count=1, amount=entry.amount)
        alike = (line.at.date(), line.text, line.note) if together else (entry.pk,)
        known = lines.get(alike)
        if known is not None:
            line = replace(known, count=known.count + 1, amount=known.amount + line.amount)
        lines[alike] = line
    return list(lines.values())


def badges_of(user: User, standing: Standing) -> list[Badge]:
    """The whole catalogue: what was awarded by its row, the rest by how far the person is."""
    rows = {row.key: row for row in Award.objects.filter(user=user)}
    history = PersonsHistory(user, standing)
    found = []
    for achievement in CATALOGUE:
        row = rows.get(achievement.key)
        if row is not None:
            found.append(Badge(achievement=achievement, have=1, want=1, at=row.achieved_at, evidence=row.evidence))
            continue
        progress = achievement.of(history)
        # What has come true a moment ago is awarded in the next one, and shown as awarded then.
        have = min(progress.have, progress.want)
        found.append(Badge(achievement=achievement, have=have, want=progress.want, at=None, evidence={}))
    return sorted(found, key=lambda badge: (badge.at is None, -badge.have / badge.want if badge.at is None else 0))


def brought_by(user: User) -> list[Brought]:
    """Whom the person brought, newest first."""
    paid = set(
        LedgerEntry.objects.filter(user=user, reason=LedgerEntry.Reason.REFERRAL).values_list("about", flat=True)
    )
    found = []
    for row in Referral.objects.filter(referrer=user).select_related("person"):
        if row.person.uuid in paid:
            state = "counts"
        else:
            state = "shared" if people.shares_device(row.person, user) else "listening"
        found.append(Brought(since=row.created_at, state=state))
    return found


def _earned_by(vote: Vote) -> dict[str, Any]:
    """The credit that a vote brought, and what it was awarded for."""
    paid = LedgerEntry.objects.filter(key=f"vote:{vote.uuid}").first()
    rows = Award.objects.filter(user=vote.voter_id, achieved_at=vote.created_at) if vote.voter_id else []
    return {"credits": paid.amount if paid else 0, "awards": [BY_KEY[row.key] for row in rows if row.key in BY_KEY]}


# ---- drawn -----------------------------------------------------------------------------------------------------------


def _ladder(standing: Standing) -> list[Step]:
    place = tiers.TIERS.index(standing.tier)
    states = ["done"] * place + ["now"] + ["ahead"] * len(tiers.TIERS)
    return [Step(tier=tier, state=state) for tier, state in zip(tiers.TIERS, states, strict=False)]


def _progress(standing: Standing) -> float:
    """How much of the way in votes to the next tier is done, 0 to 1."""
    if standing.next is None:
        return 1.0
    way = standing.next.battles - standing.tier.battles
    return min(1.0, max(0.0, (standing.verified - standing.tier.battles) / way))


def _trend(found: Ears) -> list[tuple[float, float]]:
    """The points of a line in a box of 600 by 120, all right at the top; one point alone stands in the middle."""
    points = found.trend.points if found.trend else ()
    if len(points) == 1:
        return [(_TREND_WIDTH / 2, (1.0 - points[0]) * _TREND_HEIGHT)]
    step = _TREND_WIDTH / max(1, len(points) - 1)
    return [(number * step, (1.0 - share) * _TREND_HEIGHT) for number, share in enumerate(points)]


def _bar(difference: Difference) -> Bar:
    width = round(50.0 * min(1.0, abs(difference.amount_db) / _DIFFERENCE_SPAN_DB), 2)
    return Bar(
        difference=difference,
        start=50.0 - width if difference.side == "a" else 50.0,
        width=width,
        amount_db=abs(difference.amount_db),
    )


def _drawn(leaning: Any) -> Drawn:
    def place(value_db: float) -> float:
        return round(50.0 + 50.0 * max(-1.0, min(1.0, value_db / _DIFFERENCE_SPAN_DB)), 2)

    return Drawn(
        leaning=leaning, low=place(leaning.low_db), at=place(leaning.mean_db), high=place(leaning.high_db)
    )  # fmt: skip


# ---- as data ---------------------------------------------------------------------------------------------------------


def data_of(user: User) -> dict[str, Any]:
    """Everything of this person that the arena keeps and shows to them, as plain values."""
    standing = people.standing_of(user)
    return {
        "person": {
            "uuid": str(user.uuid), "email": user.email, "display_name": user.display_name,
            "date_joined": user.date_joined, "referral_link": referrals.link_of(user),
        },
        "standing": standing_data(standing),
        "credits": allowance.of(user).credits,
        "ledger": [entry_data(entry) for entry in LedgerEntry.objects.filter(user=user).order_by("id")],
        "achievements": [
            {"key": row.key, "achieved_at": row.achieved_at, "evidence": row.evidence}
            for row in Award.objects.filter(user=user).order_by("id")
        ],
        "brought": [{"since": each.since, "state": each.state} for each in brought_by(user)],
        "brought_by_somebody": Referral.objects.filter(person=user).exists(),
        "decisions": _decisions(user),
        "votes": _votes(user),
    }  # fmt: skip


def standing_data(standing: Standing) -> dict[str, Any]:
    return {
        "tier": standing.tier.key,
        "next_tier": standing.next.key if standing.next else None,
        "verified_votes": standing.verified,
        "trials": standing.trials,
        "trials_right": standing.right,
        "reliability": round(standing.reliability, 4),
        "is_reliable": standing.is_reliable,
        "missing": [
            {"what": each.what, "have": each.have, "want": each.want, "text": each.text} for each in standing.missing
        ],
    }


def entry_data(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "uuid": str(entry.uuid), "amount": entry.amount, "reason": entry.reason, "key": entry.key, "note": entry.note,
        "created_at": entry.created_at,
    }  # fmt: skip


def _decisions(user: User) -> list[dict[str, Any]]:
    """What was decided about the person's votes, in the words in which they are told, and what they wrote to it."""
    return [
        {
            "decision": row.decision, "at": row.created_at, "reasons": quarantine.reasons_in_words(row),
            "appeals": [{"text": appeal.text, "at": appeal.created_at} for appeal in row.appeals.order_by("id")],
        }
        for row in user.quarantines.order_by("id")
    ]  # fmt: skip


def _votes(user: User) -> list[dict[str, Any]]:
    votes = Vote.objects.filter(voter=user).order_by("id").select_related("battle__mixer_a", "battle__mixer_b")
    return [_vote(vote, vote.battle) for vote in votes.prefetch_related("reasons")]


def _vote(vote: Vote, battle: Battle) -> dict[str, Any]:
    return {
        "uuid": str(vote.uuid),
        "battle": str(battle.uuid),
        "song": str(battle.song_uuid),
        "a": f"{battle.mixer_a.key}@{battle.version_a}",
        "b": f"{battle.mixer_b.key}@{battle.version_b}",
        "choice": vote.choice,
        "is_rated": vote.is_rated,
        "unrated_reason": vote.unrated_reason,
        "trial": battle.purpose if vote.unrated_reason == Vote.Unrated.TRIAL else "",
        "reasons": sorted(reason.code for reason in vote.reasons.all()),
        "heard_a_s": vote.heard_a_s,
        "heard_b_s": vote.heard_b_s,
        "switches": vote.switches,
        "decided_after_s": vote.decided_after_s,
        "at": vote.created_at,
    }
