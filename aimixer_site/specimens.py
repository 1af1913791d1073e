"""What the page of parts shows: every partial with rows that were made up for it and are saved nowhere."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from mixing.card_figures import Figure, Interval
from mixing.models import Job, Mixer, Song, Stem
from mixing.pages import ROLE_CHOICES
from tournament.board_pages import BoardPage, page_of
from tournament.cards import BattleCard, Clips
from tournament.engine.ratings import Ballot, standings
from tournament.models import RatingSnapshot
from tournament.own_board import OwnRow
from tournament.tournament_pages import Line, Step

_DAY: Final = datetime(2026, 3, 1, 20, tzinfo=UTC)
_UUID: Final = uuid.UUID(int=0)


def context() -> dict[str, Any]:
    """What ``design.html`` needs."""
    song = Song(uuid=_UUID, title="Two roads")
    mixer = Mixer(key="rough-mix", title="Rough mix", summary="Levels by instrument, rumble filtered.")
    return {
        "job": _job(Job.State.RUNNING, percent=42.0),
        "stems": [_stem("Bass DI.wav", "bass", song), _stem("Keys.wav", "keys", song, checking=True), _refused(song)],
        "choice": {"mixer": mixer, "recommended": True},
        "other_choice": {"mixer": Mixer(key="faders-up", title="Faders up", summary="All faders at 0 dB.")},
        "desk": {"mixer": "rough-mix"},
        "limits": {"stems_min": 2, "stems_max": 32, "max_bytes": 2**30, "chunk_bytes": 2**22},
        "figure": _figure(),
        "battle": _battle(song),
        "board": _board(),
        "row": _own_row(),
        "story": _story(),
    }


def _job(state: str, **fields: Any) -> Job:
    return Job(uuid=_UUID, kind="mix", state=state, **fields)


def _stem(name: str, role: str, song: Song, *, checking: bool = False) -> Any:
    state = Stem.State.CHECKING if checking else Stem.State.READY
    stem: Any = Stem(
        uuid=uuid.uuid5(_UUID, name), name=name, role=role, song=song, state=state, duration_s=30, channels=1
    )
    if checking:
        stem.job = _job(Job.State.RUNNING, percent=64.0)
    stem.role_choices, stem.audio_url, stem.peaks_url = ROLE_CHOICES, "", ""
    return stem


def _refused(song: Song) -> Stem:
    return Stem(
        uuid=uuid.uuid5(_UUID, "refused"),
        name="Take 3.wav",
        song=song,
        state=Stem.State.REJECTED,
        error_message="“Take 3.wav” stops after 3 seconds although it promises 4 minutes. Export it again, or continue "
        "without it.",
    )


def _figure() -> Figure:
    rows = (
        Interval(label="This mixer", own=True, mean=2.1, low=1.8, high=2.5, at=0.42, start=0.36, end=0.5),
        Interval(label="Rough mix", own=False, mean=2.9, low=2.4, high=3.4, at=0.58, start=0.48, end=0.68),
    )
    return Figure(title="Away from the maker’s levels", unit="dB", rows=rows, zero=None)


def _battle(song: Song) -> BattleCard:
    return BattleCard(
        uuid=_UUID,
        url="",
        song=song,
        job=_job(Job.State.DONE),
        created_at=_DAY,
        is_ready=True,
        is_cleared=False,
        clips=Clips(a="", b="", peaks="", start_s=0.0, duration_s=24.0, lufs=-14.0),
        vote=None,
        reveal=None,
    )


def _board() -> BoardPage:
    told = (
        ("console-net", "ranked", 1094.0, 1051.0, 1137.0, (240, 150, 60, 12)),
        ("rough-mix", "ranked", 1000.0, 1000.0, 1000.0, (190, 200, 70, 20)),
        ("deep-sets", "preliminary", 980.0, 902.0, 1058.0, (60, 70, 22, 9)),
        ("newcomer", "unranked", 1040.0, 830.0, 1250.0, (9, 7, 3, 1)),
    )
    rows = [
        {
            "contender": f"{key}@0123456789ab", "status": status, "rating": rating, "low": low, "high": high,
            "votes": sum(counts), **dict(zip(("wins", "losses", "ties", "both_bad"), counts, strict=True)),
            "both_bad_share": counts[3] / sum(counts), "both_bad_low": 0.0, "both_bad_high": 0.1,
        }
        for key, status, rating, low, high, counts in told
    ]  # fmt: skip
    effect = {"logits": 0.02, "low": -0.05, "high": 0.09}
    result = {
        "board": "public", "votes": 640, "votes_sha256": "", "reference": rows[1]["contender"], "rows": rows,
        "win_matrix": [[0] * len(rows) for _ in rows], "side": effect, "loudness": effect, "tie": 0.2,
        "effective_voters": 41.5, "votes_to_flip": 38,
    }  # fmt: skip
    rules = {"unranked_under": 100, "preliminary_under": 300}
    return page_of(RatingSnapshot(board="public", result=result, rules=rules, created_at=_DAY), {})


def _own_row() -> OwnRow:
    (tally, *_) = standings([Ballot("console-net", "rough-mix", "a")], ["console-net", "rough-mix"])
    return OwnRow(
        title="Console net", rating=1120.0, low=1010.0, high=1230.0, everyone=1094.0,
        start=0.4, at=0.6, end=0.8, everyone_at=0.55, tally=tally,
    )  # fmt: skip


def _story() -> dict[str, Any]:
    line: dict[str, Any] = {"kind": "opening", "stayed_kind": "mixer", "left_kind": "mixer", "battle_url": ""}
    kept = Line(
        number=1, title="Opening", stayed="Console net, open", left="Rough mix", was_chosen=True, sentence="",
        words=("more dynamic", "wider"), **line,
    )  # fmt: skip
    tied = Line(
        number=2, title="Hybrid", stayed="Console net, open", left="Console net, open × wide", was_chosen=False,
        sentence="A tie: the winner so far stays.", words=(), **line,
    )  # fmt: skip
    return {
        "lines": (kept, tied),
        "steps": (
            Step(number=1, title="Opening", state="done"),
            Step(number=2, title="Hybrid", state="now"),
            Step(number=3, title="Finale", state="todo"),
        ),
        "directions": (
            {"words": "more dynamic", "sureness": 0.91, "choices": 4, "is_sure": True},
            {"words": "wider", "sureness": 0.66, "choices": 4, "is_sure": False},
        ),
    }
