"""A board from a list of votes: what the site publishes, and what anyone can compute again from an export.

Ratings are 1000 + 400 / ln 10 · theta, so that 400 points are ten to one, with the reference at 1000. Rows are sorted
by the lower end of their interval: whoever is not known well does not stand first.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tournament.engine.davidson import A_WINS, B_WINS, TIED, Fit, Votes, fit
from tournament.engine.integrity import effective_voters
from tournament.engine.ratings import wilson_interval

SCHEMA_VERSION: Final = 1
POINTS_PER_LOGIT: Final = 400.0 / math.log(10.0)
REFERENCE_RATING: Final = 1000.0
GENRE_PRIOR_SD: Final = 0.5
"""How far, in logits, a genre's board may stray from everyone's before its own votes say more."""
_OUTCOMES: Final = {"a": A_WINS, "b": B_WINS, "tie": TIED}


class BoardError(ValueError):
    """An export that cannot be read, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRecord:
    """One vote as an export tells it, pseudonymous.

    Parameters
    ----------
    battle, song, voter : str
        Pseudonyms that stay the same from export to export.
    genre : str
        Of the song, or empty.
    a, b : str
        The contenders on side A and B, as ``key@version``.
    choice : {"a", "b", "tie", "both_bad", "cant_tell"}
    gap_lu : float
        Loudness of A minus B as played.
    unrated : str
        Why the vote is kept and not rated, or empty.
    weight : float
        0 to 1; 0 for voters whose votes are held back.
    day : str
        When it was cast, as ``2026-11-22``.
    """

    battle: str
    song: str
    voter: str
    genre: str
    a: str
    b: str
    choice: str
    gap_lu: float
    unrated: str
    weight: float
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which votes a board is made of, and what it takes to be ranked on it.

    Parameters
    ----------
    board : str
        ``public``, ``artist``, ``expert`` or ``genre:NAME``.
    reference : str
        The key of the mixer that stands at 1000: its version of most votes.
    admit_unrated : tuple[str, ...]
        Reasons for which a vote is left out elsewhere and counts here, such as ``own_song`` for artists.
    only_voters : tuple[str, ...] | None
        Pseudonyms whose votes count; None for everyone.
    unranked_under, preliminary_under : int
        Rated votes below which a contender has no rank, or a preliminary one.
    """

    board: str = "public"
    reference: str = "rough-mix"
    admit_unrated: tuple[str, ...] = ()
    only_voters: tuple[str, ...] | None = None
    unranked_under: int = 100
    preliminary_under: int = 300
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rules:
        """Read what :meth:`to_dict` wrote."""
        if data.get("schema_version") != SCHEMA_VERSION or set(data) != {item.name for item in dataclasses.fields(cls)}:
            raise BoardError(f"These are not the rules of schema version {SCHEMA_VERSION}.")
        only = data["only_voters"]
        return cls(
            **{
                **data,
                "admit_unrated": tuple(data["admit_unrated"]),
                "only_voters": None if only is None else tuple(only),
            }
        )


def admitted(records: Iterable[VoteRecord], rules: Rules) -> list[VoteRecord]:
    """The votes that a board counts, in an order that does not depend on how they came."""
    genre = rules.board.removeprefix("genre:") if rules.board.startswith("genre:") else None
    only = None if rules.only_voters is None else set(rules.only_voters)
    kept = [
        record
        for record in records
        if (not record.unrated or record.unrated in rules.admit_unrated)
        and record.choice != "cant_tell"
        and record.weight > 0.0
        and (genre is None or record.genre == genre)
        and (only is None or record.voter in only)
    ]
    return sorted(kept, key=lambda record: (record.battle, record.voter))


def votes_sha256(records: Iterable[VoteRecord]) -> str:
    """Of the votes as lines of JSON, sorted: which votes a board was made of."""
    lines = sorted(json.dumps(dataclasses.asdict(record), sort_keys=True) for record in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def compute(records: Sequence[VoteRecord], rules: Rules) -> dict[str, Any]:
    """The board as plain JSON values: rows, and what else a reader needs in order to trust it.

    A board of a genre, or of some people, is drawn towards the public one (partial pooling), which is fitted first.
    """
    kept = admitted(records, rules)
    contenders = sorted({key for record in records for key in (record.a, record.b)})
    reference = _reference(kept or records, contenders, rules.reference)
    empty = {"board": rules.board, "votes": len(kept), "votes_sha256": votes_sha256(kept)}
    if reference is None:
        return empty | {"reference": None, "rows": [], "win_matrix": [], "side": None, "loudness": None, "tie": None,
                        "effective_voters": 0.0, "votes_to_flip": None}  # fmt: skip
    prior = _public_strengths(records, rules, contenders, reference)
    votes = columns(kept, contenders)
    found = _fit(votes, reference, prior)
    rows = _rows(kept, contenders, found, rules)
    return empty | {
        "reference": contenders[reference],
        "rows": rows,
        "win_matrix": _win_matrix(kept, [row["contender"] for row in rows]),
        "side": _effect(found.side, found.side_sd, found.quantile),
        "loudness": _effect(found.loudness, found.loudness_sd, found.quantile),
        "tie": _rounded(math.exp(found.tie) / (2.0 + math.exp(found.tie)), 4),
        "effective_voters": _rounded(effective_voters(votes), 1),
        "votes_to_flip": _votes_to_flip(votes, found, reference, prior, contenders, rows),
    }


def _fit(votes: Votes, reference: int, prior: NDArray[np.float64] | None) -> Fit:
    if prior is None:
        return fit(votes, reference=reference)
    return fit(votes, reference=reference, prior=prior, prior_sd=GENRE_PRIOR_SD)


def _reference(records: Sequence[VoteRecord], contenders: Sequence[str], key: str) -> int | None:
    """The version of the reference mixer with the most votes; without one, whoever has the most."""
    if not contenders:
        return None
    met = Counter(key for record in records for key in (record.a, record.b))
    versions = [each for each in contenders if each.split("@")[0] == key] or list(contenders)
    return contenders.index(max(versions, key=lambda each: (met[each], each)))


def _public_strengths(
    records: Sequence[VoteRecord], rules: Rules, contenders: Sequence[str], reference: int
) -> NDArray[np.float64] | None:
    if rules.board == "public":
        return None
    everyone = admitted(records, dataclasses.replace(rules, board="public", admit_unrated=(), only_voters=None))
    return fit(columns(everyone, contenders), reference=reference).theta


def columns(records: Sequence[VoteRecord], contenders: Sequence[str]) -> Votes:
    """Decisive votes and ties as columns; "both bad" is an axis of its own."""
    rated = [record for record in records if record.choice in _OUTCOMES]
    place = {contender: index for index, contender in enumerate(contenders)}
    return Votes(
        a=np.array([place[record.a] for record in rated], dtype=np.int64),
        b=np.array([place[record.b] for record in rated], dtype=np.int64),
        outcome=np.array([_OUTCOMES[record.choice] for record in rated], dtype=np.int64),
        voter=_numbers([record.voter for record in rated]),
        song=_numbers([record.song for record in rated]),
        gap_lu=np.array([record.gap_lu for record in rated], dtype=np.float64),
        weight=np.array([record.weight for record in rated], dtype=np.float64),
        contenders=len(contenders),
    )


def _numbers(names: Sequence[str]) -> NDArray[np.int64]:
    place = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([place[name] for name in names], dtype=np.int64)


# ---- rows ------------------------------------------------------------------------------------------------------------


def _rows(kept: Sequence[VoteRecord], contenders: Sequence[str], found: Fit, rules: Rules) -> list[dict[str, Any]]:
    tallies = _tallies(kept)
    half = found.half_intervals()
    rows = [
        _row(contender, tallies.get(contender, Counter()), float(theta), float(width), rules)
        for contender, theta, width in zip(contenders, found.theta, half, strict=True)
    ]
    ranks = {"ranked": 0, "preliminary": 0, "unranked": 1}
    rows.sort(key=lambda row: (ranks[row["status"]], -row["low"], row["contender"]))
    return rows


def _tallies(kept: Sequence[VoteRecord]) -> dict[str, Counter[str]]:
    tallies: dict[str, Counter[str]] = {}
    for record in kept:
        for mine, own, other in ((record.a, "a", "b"), (record.b, "b", "a")):
            named = {own: "wins", other: "losses", "tie": "ties", "both_bad": "both_bad"}[record.choice]
            tallies.setdefault(mine, Counter())[named] += 1
    return tallies


def _row(contender: str, tally: Counter[str], theta: float, half: float, rules: Rules) -> dict[str, Any]:
    count = tally.total()
    bad_low, bad_high = wilson_interval(tally["both_bad"], count)
    status = "unranked" if count < rules.unranked_under else "ranked"
    if status == "ranked" and count < rules.preliminary_under:
        status = "preliminary"
    return {
        "contender": contender,
        "status": status,
        "rating": _rounded(REFERENCE_RATING + POINTS_PER_LOGIT * theta),
        "low": _rounded(REFERENCE_RATING + POINTS_PER_LOGIT * (theta - half)),
        "high": _rounded(REFERENCE_RATING + POINTS_PER_LOGIT * (theta + half)),
        "votes": count,
        **{name: tally[name] for name in ("wins", "losses", "ties", "both_bad")},
        "both_bad_share": _rounded(tally["both_bad"] / count, 4) if count else None,
        "both_bad_low": _rounded(bad_low, 4),
        "both_bad_high": _rounded(bad_high, 4),
    }


def _win_matrix(kept: Sequence[VoteRecord], order: Sequence[str]) -> list[list[int]]:
    """How often the row's contender won against the column's, in the board's order."""
    place = {contender: index for index, contender in enumerate(order)}
    wins = [[0] * len(order) for _ in order]
    for record in kept:
        if record.choice == "a":
            wins[place[record.a]][place[record.b]] += 1
        elif record.choice == "b":
            wins[place[record.b]][place[record.a]] += 1
    return wins


def _effect(value: float, sd: float, quantile: float) -> dict[str, float]:
    return {
        "logits": _rounded(value, 4),
        "low": _rounded(value - quantile * sd, 4),
        "high": _rounded(value + quantile * sd, 4),
    }


def _rounded(value: float, digits: int = 2) -> float:
    """And no minus zero, so that boards compare as text."""
    return round(float(value), digits) + 0.0


# ---- how firmly the first place stands -------------------------------------------------------------------------------


def _votes_to_flip(
    votes: Votes,
    found: Fit,
    reference: int,
    prior: NDArray[np.float64] | None,
    contenders: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> int | None:
    """How many decisive votes, the most telling ones, must turn round until the runner-up leads; None where none can.

    Leader and runner-up are those of the two highest ratings among the ranked.
    """
    ranked = sorted((row for row in rows if row["status"] != "unranked"), key=lambda row: -row["rating"])
    if len(ranked) < 2:
        return None
    first, second = (contenders.index(row["contender"]) for row in ranked[:2])
    pull = found.plain_covariance[first] - found.plain_covariance[second]
    towards_first = pull[votes.a] - pull[votes.b]
    won = np.where(votes.outcome == A_WINS, 1.0, np.where(votes.outcome == B_WINS, -1.0, 0.0))
    influence = towards_first * won * votes.weight
    order = np.argsort(-influence, kind="stable")
    order = order[influence[order] > 0.0]

    def flipped(count: int) -> bool:
        outcome = votes.outcome.copy()
        turned = order[:count]
        outcome[turned] = np.where(outcome[turned] == A_WINS, B_WINS, A_WINS)
        theta = _fit(dataclasses.replace(votes, outcome=outcome), reference, prior).theta
        return bool(theta[second] > theta[first])

    if not order.size or not flipped(order.size):
        return None
    low, high = 0, int(order.size)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if flipped(middle) else (middle, high)
    return high
