"""A tournament without sound: a stand-in for the worker makes a round ready at once, with consoles that differ."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from mixing.models import Job, Reference, Song
from mixing.services import storage
from tests.tournament import factories
from tournament.models import Competitor, Round, Tournament, Vote
from tournament.services import tournaments, votes


def song_of(owner: User) -> Song:
    song = factories.song(owner)
    factories.named_stems(song, 3)
    return song


def rough_mix(song: Song) -> Reference:
    return Reference.objects.create(
        song=song, kind=Reference.Kind.ROUGH_MIX, name="mine.wav", state=Reference.State.READY, sha256="c" * 64
    )


def console(competitor: Competitor) -> dict:
    """A console of its own: the later a competitor entered, the brighter."""
    strips = [{"stem": f"{number}.wav"} for number in range(3)]
    shelf = {"gain_db": float(competitor.pk % 9) * 2.0 - 8.0}
    return {"strips": strips, "sample_rate": factories.RATE, "master": {"eq": {"high_shelf": shelf}}}


def prepare(row: Round) -> Round:
    """What the worker leaves behind."""
    battle = row.battle
    folder = Path(settings.MEDIA_ROOT) / "songs" / str(row.tournament.song.uuid) / "battles" / str(battle.uuid) / "1"
    folder.mkdir(parents=True)
    for name in ("a.wav", "b.wav", "peaks"):
        (folder / name).write_bytes(b"RIFF" + name.encode() * 100)
    battle.clip_a_path = storage.relative(folder / "a.wav")
    battle.clip_b_path = storage.relative(folder / "b.wav")
    battle.clip_start_s, battle.clip_duration_s, battle.clip_lufs, battle.loudness_gap_lu = 0.0, 24.0, -14.0, 0.0
    for side in "ab":
        competitor = getattr(row, f"on_{side}")
        if competitor.kind != Competitor.Kind.ROUGH_MIX:
            competitor.parameters = console(competitor)
            if competitor.kind != Competitor.Kind.MIXER:
                competitor.recipe = {**competitor.recipe, "sha256": f"{competitor.pk:064x}"}
            competitor.save()
        setattr(battle, f"parameters_{side}", competitor.parameters or {})
    battle.save()
    Job.objects.filter(pk=battle.job_id).update(state=Job.State.DONE, finished_at=timezone.now())
    return tournaments.current_round(row.tournament)


def fail(row: Round, code: str = "too_alike") -> None:
    Job.objects.filter(pk=row.battle.job_id).update(state=Job.State.FAILED, error_code=code, error_message="No.")


def vote(tournament: Tournament, choice: str | None = None, *, keep: Competitor | None = None) -> Vote:
    """The owner's vote on the current round, once it is prepared; ``keep`` names who is to win."""
    row = tournaments.current_round(tournament)
    if not row.battle.is_ready:
        row = prepare(row)
    choice = choice or ("a" if row.on_a == keep else "b")
    ballot = factories.heard_ballot(row.battle, tournament.owner)
    return votes.cast_vote(battle=row.battle, voter=tournament.owner, token=ballot.token, choice=choice)


def play(tournament: Tournament, choices: str = "aaaaaaaaaa") -> Tournament:
    """All rounds to the end."""
    for choice in choices[: tournament.rounds]:
        vote(tournament, choice)
    tournament.refresh_from_db()
    return tournament
