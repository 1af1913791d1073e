"""A musician's tournament on an own song: rounds follow each other, each a blind battle; the winner stays.

Rounds are opened here and prepared by workers; a round is decided by the owner's vote on its battle. Whatever stops in
between, :func:`go_on` takes up where it was.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aimixer_site.ops.errors import DomainError, unless_deleted
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.models import Job, Mixer, Reference, Song
from mixing.services import jobs, mixes
from tournament.engine import rounds, taste
from tournament.models import Battle, Competitor, Round, Tournament, Vote
from tournament.services import challengers
from tournament.services.battles import BATTLE
from tournament.services.consents import genre_of

State = Tournament.State
MOST_RUNNING: Final = 3
_NOT_THEIR_FAULT: Final = frozenset({"worker_lost", "internal_error", "rough_mix_gone", "stem_gone", "empty_session"})
"""Failures after which the same two try again."""


@unless_deleted("The song")
@transaction.atomic
def create(
    *, song: Song, owner: User, count: int = rounds.USUAL_ROUNDS, with_rough_mix: bool = False, seed: int | None = None
) -> Tournament:
    """Start a tournament and have its first round prepared.

    Parameters
    ----------
    count : int
        Of rounds, 3 to 10.
    with_rough_mix : bool
        Whether the musician's own rough mix of the song takes part.
    seed : int | None
        By which everything is drawn; drawn itself unless told.

    Raises
    ------
    DomainError
        ``not_your_song`` (403), ``invalid_rounds``, ``no_rough_mix``, ``tournament_running`` (409),
        ``too_many_tournaments`` (429), and as ``mixes.mixable_stems`` does.
    """
    if song.owner_id != owner.pk:
        raise DomainError("not_your_song", "A tournament is for a song of your own.", status=403)
    if not rounds.LEAST_ROUNDS <= count <= rounds.MOST_ROUNDS:
        raise DomainError(
            "invalid_rounds",
            f"A tournament has {rounds.LEAST_ROUNDS} to {rounds.MOST_ROUNDS} rounds.",
            field="rounds",
        )
    mixes.mixable_stems(song)
    if with_rough_mix and not has_rough_mix(song):
        raise DomainError(
            "no_rough_mix", "This song has no rough mix of yours that is ready. Drop one on it first.",
            field="with_rough_mix",
        )  # fmt: skip
    _refuse_too_many(song, owner)
    made = Tournament.objects.create(
        song=song,
        owner=owner,
        rounds=count,
        with_rough_mix=with_rough_mix,
        seed=secrets.randbits(63) if seed is None else seed,
    )
    _open_next(made)
    return made


def has_rough_mix(song: Song) -> bool:
    """Whether the musician's own rough mix of this song can take part."""
    return song.references.filter(kind=Reference.Kind.ROUGH_MIX, state=Reference.State.READY).exists()


def taste_of(owner: User) -> dict[str, Any] | None:
    """What the person's latest finished tournament says of their taste; None before the first one."""
    last = (
        Tournament.objects.filter(owner=owner, state=State.DONE, taste__isnull=False).order_by("-finished_at").first()
    )
    return last.taste if last else None


def style_of(person: User) -> str | None:
    """The style that the person's latest finished tournament speaks for: the next tournament and desk begin with it."""
    return (taste_of(person) or {}).get("style")


def decide(vote: Vote, *, now: datetime | None = None) -> None:
    """Let the owner's vote on a round's battle count: the winner stays, and the next round is prepared.

    Of a tie, of two that are bad, and where one cannot tell, whoever was the champion stays; in the first round side A.
    Votes on other battles, of other people, and on rounds that are decided change nothing.
    """
    row = Round.objects.filter(battle=vote.battle_id, winner=None).select_related("tournament").first()
    if row is None or row.tournament.owner_id != vote.voter_id:
        return
    with transaction.atomic():
        held = Tournament.objects.select_for_update().get(pk=row.tournament_id)
        champion = champion_of(held)
        row.winner = {Vote.Choice.A: row.on_a, Vote.Choice.B: row.on_b}.get(Vote.Choice(vote.choice))
        row.winner = row.winner or (row.on_b if champion is not None and champion == row.on_b else row.on_a)
        row.choice, row.decided_at = vote.choice, now or timezone.now()
        row.save(update_fields=["winner", "choice", "decided_at"])
    # What cannot be gone on with now is said on the tournament's page, and gone on with from there.
    with suppress(DomainError):
        go_on(held, now=now)


@transaction.atomic
def go_on(tournament: Tournament, *, now: datetime | None = None) -> Tournament:
    """Take up a tournament where it is: come back to it, open the next round, prepare one anew that failed, or end it.

    A round of two that came out too alike gets another challenger. Doing it twice does it once.

    Raises
    ------
    DomainError
        ``no_challenger`` (409), and as ``mixes.mixable_stems`` does.
    """
    held = Tournament.objects.select_for_update().get(pk=tournament.pk)
    if held.state == State.DONE:
        if held.final_mix_id is None:
            _final_mix(held)
        return held
    if held.state == State.LEFT:
        held.state = State.RUNNING
        held.save(update_fields=["state"])
    current = current_round(held)
    if current is not None:
        _mend(held, current)
    elif held.round_rows.count() < held.rounds:
        _open_next(held)
    else:
        _finish(held, now or timezone.now())
    return held


@transaction.atomic
def leave(tournament: Tournament) -> Tournament:
    """Put a tournament aside; what is being prepared for it stops. :func:`go_on` comes back to it."""
    held = Tournament.objects.select_for_update().get(pk=tournament.pk)
    if held.state == State.RUNNING:
        held.state = State.LEFT
        held.save(update_fields=["state"])
        jobs.cancel_all(Job.objects.filter(battle__round__tournament=held))
    return held


def share(tournament: Tournament, *, is_shared: bool) -> Tournament:
    """Open the tournament's story to everyone who has its link, or close it again.

    Raises
    ------
    DomainError
        ``not_finished`` (409).
    """
    if is_shared and tournament.state != State.DONE:
        raise DomainError("not_finished", "A tournament can be shared once it has its winner.", status=409)
    tournament.is_shared = is_shared
    tournament.save(update_fields=["is_shared"])
    return tournament


def current_round(tournament: Tournament) -> Round | None:
    """The round that is not decided."""
    rows = tournament.round_rows.filter(winner=None)
    return rows.select_related("battle__job", "on_a__mixer", "on_b__mixer").order_by("number").first()


def champion_of(tournament: Tournament) -> Competitor | None:
    """Who won the last round that was decided."""
    last = tournament.round_rows.exclude(winner=None).select_related("winner__mixer").order_by("-number").first()
    return last.winner if last else None


# ---- rounds ----------------------------------------------------------------------------------------------------------


def _open_next(tournament: Tournament) -> Round:
    mixes.mixable_stems(tournament.song)
    number = tournament.round_rows.count() + 1
    decided = challengers.decided_rounds(tournament)
    if not decided:
        one, other = challengers.opening_pair(tournament, style_of(tournament.owner))
    else:
        one = champion_of(tournament) or decided[-1].on_a
        other = challengers.challenger(tournament, number, one, challengers.loser_of(decided[-1]))
    draw = rounds.randomness(tournament.seed, "side", number, tournament.competitors.count())
    on_a, on_b = (one, other) if draw.random() < 0.5 else (other, one)
    kind = rounds.kind_of(number, tournament.rounds)
    if kind == "hybrid" and other.kind != Competitor.Kind.HYBRID:
        kind = "challenge"  # No two of those who took part are related.
    return Round.objects.create(
        tournament=tournament,
        number=number,
        kind=kind,
        battle=_battle(tournament, on_a, on_b),
        on_a=on_a,
        on_b=on_b,
    )


def _battle(tournament: Tournament, on_a: Competitor, on_b: Competitor) -> Battle:
    song = tournament.song
    mixer_a, mixer_b = _card_of(on_a), _card_of(on_b)
    return Battle.objects.create(
        song=song,
        song_uuid=song.uuid,
        genre=genre_of(song),
        created_by=tournament.owner,
        purpose=Battle.Purpose.TOURNAMENT,
        job=jobs.create(kind=BATTLE, song=song, owner=tournament.owner),
        mixer_a=mixer_a,
        mixer_b=mixer_b,
        version_a=mixer_a.version,
        version_b=mixer_b.version,
    )


def _card_of(competitor: Competitor) -> Mixer:
    """The mixer that stands in a battle's row: for a child its mother's, for a recording the rough mix by rule."""
    if competitor.mixer is not None:
        return competitor.mixer
    found = Mixer.objects.filter(key=challengers.BASELINE).first() or Mixer.objects.first()
    if found is None:
        raise DomainError("too_few_mixers", "This site has no mixer.", status=409)
    return found


def _mend(tournament: Tournament, row: Round) -> None:
    """Prepare a round anew that failed, was stopped, or lost its battle; one that is on its way or ready stays."""
    battle = row.battle
    job = battle.job if battle is not None else None
    if battle is not None and (battle.is_ready or (job is not None and not job.is_final)):
        return
    if job is None or job.state != Job.State.FAILED or job.error_code in _NOT_THEIR_FAULT:
        mixes.mixable_stems(tournament.song)
        row.battle = _battle(tournament, row.on_a, row.on_b)
        row.save(update_fields=["battle"])
        return
    champion = champion_of(tournament)
    for competitor in (row.on_a, row.on_b):
        if competitor != champion and competitor.kind != Competitor.Kind.ROUGH_MIX:
            challengers.withdraw(competitor)
    row.delete()
    _open_next(tournament)


def _refuse_too_many(song: Song, owner: User) -> None:
    User.objects.select_for_update().get(pk=owner.pk)
    running = Tournament.objects.filter(owner=owner, state=State.RUNNING)
    if running.filter(song=song).exists():
        raise DomainError(
            "tournament_running", "A tournament on this song is running. Go on with it, or leave it.", status=409
        )
    if running.count() >= MOST_RUNNING:
        raise DomainError(
            "too_many_tournaments", f"{MOST_RUNNING} of your tournaments are running. Finish or leave one.", status=429
        )


# ---- the end ---------------------------------------------------------------------------------------------------------


def _finish(tournament: Tournament, now: datetime) -> None:
    tournament.state, tournament.finished_at = State.DONE, now
    tournament.taste = _taste(tournament)
    tournament.save(update_fields=["state", "finished_at", "taste"])
    with suppress(DomainError):
        _final_mix(tournament)


def _taste(tournament: Tournament) -> dict[str, Any]:
    """What the choices say together; a tie says nothing, and of a recording no console is known."""
    differences = [moved for row in challengers.decided_rounds(tournament) if (moved := moved_in(row))]
    found = taste.leanings(differences)
    return {"style": taste.style_of(found), "choices": len(differences), "leanings": [each.to_dict() for each in found]}


def moved_in(row: Round) -> dict[str, float]:
    """What the winner of a round has more of than the loser; empty where nothing was chosen or can be compared."""
    if row.winner is None or row.choice not in (Vote.Choice.A, Vote.Choice.B):
        return {}
    try:
        chosen, refused = (
            ConsoleParameters.from_dict(each.parameters) for each in (row.winner, challengers.loser_of(row))
        )
    except MixFailed:
        return {}
    return taste.moved(chosen, refused)


def _final_mix(tournament: Tournament) -> None:
    """A mix by the console that won, or by the best console where a recording won."""
    champion = champion_of(tournament)
    best = challengers.best_with_console(tournament, champion) if champion else None
    if best is None or best.mixer is None or best.parameters is None:
        return
    sha256 = challengers.sha256_of(best)
    tournament.final_mix = mixes.create_from_console(
        song=tournament.song,
        owner=tournament.owner,
        mixer=best.mixer,
        version=sha256[:12] or best.mixer.version,
        sha256=sha256,
        parameters=best.parameters,
    )
    tournament.save(update_fields=["final_mix"])
