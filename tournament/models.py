"""Consent, battles, ballots, votes, boards, judgements of voters, and tournaments."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from aimixer_site.ops.append_only import AppendOnly
from mixing.models import Job, Mixer, Song


class SongConsent(AppendOnly):
    """That an owner gave a song to the arena, or took it back: the last row counts. Without a row it is private."""

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="arena_consents")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    is_given = models.BooleanField()
    licence = models.CharField(max_length=60, blank=True, help_text="As shown to voters.")
    genre = models.CharField(max_length=40, blank=True, help_text="For the boards by genre.")
    wording = models.TextField(blank=True, help_text="What the owner agreed to, word for word.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["song", "-id"])]

    def __str__(self) -> str:
        return f"{'consent' if self.is_given else 'withdrawal'} for {self.song}"


class Battle(models.Model):
    """Two mixers on one song, blind. Who stands on side A was decided by a fair coin when the row was made.

    The song may leave; the battle, its votes and the song's ``song_uuid`` stay, its sound does not.
    """

    class Purpose(models.TextChoices):
        REGULAR = "regular", "Two contenders"
        SAME = "same", "One contender twice, a hidden trial"
        REPEAT = "repeat", "An earlier battle with its sides exchanged, a hidden trial"
        ANCHOR = "anchor", "One side deliberately broken, a hidden trial"
        TOURNAMENT = "tournament", "A round of a musician's own tournament"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    song = models.ForeignKey(Song, on_delete=models.SET_NULL, null=True, related_name="battles")
    song_uuid = models.UUIDField(editable=False, db_index=True)
    genre = models.CharField(max_length=40, blank=True, help_text="Of the song, when the battle was made.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="battles"
    )
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="battle")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.REGULAR)
    repeats = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="repeated_by")
    for_voter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="battles_made_for"
    )
    broken_side = models.CharField(max_length=1, blank=True, help_text="Of an anchor: a or b.")
    stratum = models.CharField(max_length=12, blank=True, help_text="Which draw chose the pair.")
    propensity = models.FloatField(null=True, blank=True, help_text="The probability of this pair on this song.")
    mixer_a = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="battles_as_a")
    mixer_b = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="battles_as_b")
    version_a = models.CharField(max_length=64)
    version_b = models.CharField(max_length=64)
    parameters_a = models.JSONField(null=True, blank=True)
    parameters_b = models.JSONField(null=True, blank=True)
    clip_a_path = models.CharField(max_length=200, blank=True)
    clip_b_path = models.CharField(max_length=200, blank=True)
    clip_start_s = models.FloatField(null=True, blank=True)
    clip_duration_s = models.FloatField(null=True, blank=True)
    clip_lufs = models.FloatField(null=True, blank=True, help_text="Loudness that both clips were brought to.")
    loudness_gap_lu = models.FloatField(null=True, blank=True, help_text="A minus B as measured on the clips.")
    sound_a = models.JSONField(null=True, blank=True, help_text="Tone, width, punch and movement of the clip, in dB.")
    sound_b = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(mixer_a=F("mixer_b")) | Q(purpose__in=["same", "anchor", "repeat", "tournament"]),
                name="a_regular_battle_is_of_two",
            ),
            models.CheckConstraint(
                condition=Q(purpose="anchor", broken_side__in=["a", "b"]) | (~Q(purpose="anchor") & Q(broken_side="")),
                name="an_anchor_has_a_broken_side",
            ),
        ]

    def __str__(self) -> str:
        return f"battle on {self.song or self.song_uuid}"

    @property
    def is_ready(self) -> bool:
        return bool(self.clip_a_path and self.clip_b_path)

    @property
    def is_cleared(self) -> bool:
        """Whether its sound was there and is kept no longer; what was voted and measured stays."""
        return not self.is_ready and self.job is not None and self.job.state == Job.State.DONE

    @property
    def played_song(self) -> Song:
        """The song of a battle that can still be heard; access hands out no others."""
        if self.song is None:
            raise Song.DoesNotExist(f"The song of battle {self.uuid} is gone.")
        return self.song

    @property
    def preparation(self) -> Job:
        """The job of a battle that can still be heard."""
        if self.job is None:
            raise Job.DoesNotExist(f"The job of battle {self.uuid} is gone.")
        return self.job


def new_token() -> str:
    """A ballot's secret: unguessable, used once."""
    return secrets.token_urlsafe(24)


class Ballot(models.Model):
    """The paper that a person is handed with a battle: what they have heard so far, and the token of their one vote."""

    battle = models.ForeignKey(Battle, on_delete=models.CASCADE, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ballots")
    token = models.CharField(max_length=43, unique=True, default=new_token, editable=False)
    heard_a = models.JSONField(default=list, help_text="Ranges of the clip in seconds, [[from, to], ...].")
    heard_b = models.JSONField(default=list)
    heard_a_s = models.FloatField(default=0.0, help_text="Seconds of A that were played, repeats included.")
    heard_b_s = models.FloatField(default=0.0)
    switches = models.PositiveIntegerField(default=0)
    beats = models.PositiveIntegerField(default=0)
    issued_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(null=True, blank=True)
    sounded_at = models.DateTimeField(null=True, blank=True, help_text="When the first sound was heard.")
    used_at = models.DateTimeField(null=True, blank=True)
    network = models.CharField(max_length=64, blank=True, help_text="A keyed hash of the address, for bursts.")
    device = models.CharField(max_length=64, blank=True, help_text="A keyed hash of the browser's own words.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["battle", "voter"], name="one_ballot_per_battle_and_voter")]

    def __str__(self) -> str:
        return f"ballot for {self.battle_id}"


class Vote(AppendOnly):
    """What one person said of one battle. Append-only."""

    class Choice(models.TextChoices):
        A = "a", "A"
        B = "b", "B"
        TIE = "tie", "Tie"
        BOTH_BAD = "both_bad", "Both bad"
        CANT_TELL = "cant_tell", "Can't tell"

    class Unrated(models.TextChoices):
        TRIAL = "trial", "A hidden trial tells of the voter and not of the contenders."
        OWN_SONG = "own_song", "The voter owns the song and may know the mixes."
        OPENED_MIX = "opened_mix", "The voter had opened a mix of this song by one of the two."
        CANT_TELL = "cant_tell", "Can't tell is kept and not rated."

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    battle = models.ForeignKey(Battle, on_delete=models.CASCADE, related_name="votes")
    voter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="votes",
        help_text="Empty once the person has left; the vote stays.",
    )
    ballot = models.OneToOneField(Ballot, on_delete=models.SET_NULL, null=True, blank=True, related_name="vote")
    choice = models.CharField(max_length=10, choices=Choice.choices)
    is_rated = models.BooleanField()
    unrated_reason = models.CharField(max_length=20, choices=Unrated.choices, blank=True)
    heard_a_s = models.FloatField(default=0.0, help_text="Seconds of A that the player reported.")
    heard_b_s = models.FloatField(default=0.0)
    switches = models.PositiveIntegerField(default=0)
    decided_after_s = models.FloatField(null=True, blank=True, help_text="From the first sound to the vote.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["battle", "voter"], name="one_vote_per_battle_and_voter"),
            models.CheckConstraint(
                condition=Q(is_rated=True, unrated_reason="") | (Q(is_rated=False) & ~Q(unrated_reason="")),
                name="an_unrated_vote_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.choice} on {self.battle_id}"


class VoteReason(AppendOnly):
    """Why, asked on a second screen once the vote is cast."""

    class Code(models.TextChoices):
        BALANCE = "balance", "The balance"
        VOCALS = "vocals", "The vocals"
        LOW_END = "low_end", "The low end"
        BRIGHTNESS = "brightness", "The brightness"
        SPACE = "space", "The space"
        PUNCH = "punch", "The punch"
        WIDTH = "width", "The width"
        CLARITY = "clarity", "The clarity"

    vote = models.ForeignKey(Vote, on_delete=models.CASCADE, related_name="reasons")
    code = models.CharField(max_length=12, choices=Code.choices)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vote", "code"], name="a_reason_once_per_vote")]

    def __str__(self) -> str:
        return f"{self.code} on {self.vote_id}"


class RatingSnapshot(AppendOnly):
    """A board as it was published: from which votes, by which rules, with what result."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    board = models.CharField(max_length=60, help_text="public, artist, expert, or genre:NAME.")
    votes_count = models.PositiveIntegerField()
    votes_sha256 = models.CharField(max_length=64)
    rules = models.JSONField()
    result = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["board", "-id"])]

    def __str__(self) -> str:
        return f"{self.board} of {self.created_at:%Y-%m-%d %H:%M}"


class VoterJudgement(AppendOnly):
    """What one gate said of one voter when all were judged; the latest run counts."""

    class Verdict(models.TextChoices):
        PASS = "pass", "Pass"
        FAIL = "fail", "Fail"
        COULD_NOT_TELL = "could_not_tell", "Could not tell"

    run = models.UUIDField(db_index=True, help_text="All judgements of one run share it.")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="judgements")
    gate = models.CharField(max_length=20)
    verdict = models.CharField(max_length=14, choices=Verdict.choices)
    measure = models.FloatField(null=True, blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "gate"]
        constraints = [models.UniqueConstraint(fields=["run", "voter", "gate"], name="a_gate_judges_once_per_run")]

    def __str__(self) -> str:
        return f"{self.gate}: {self.verdict}"


def keep_while_held(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
    """Refuse to delete a person whose votes are held back; with anybody else their decisions go.

    Votes that belong to nobody can no longer be held back: whoever was deleted would have their votes count again.
    """
    latest = sub_objs.order_by().values("voter").annotate(latest=models.Max("id")).values("latest")
    held = list(sub_objs.filter(id__in=latest, decision=Quarantine.Decision.HELD))
    if held:
        raise models.ProtectedError("Votes are held back that would count again without their voter.", set(held))
    models.CASCADE(collector, field, sub_objs, using)


class Quarantine(AppendOnly):
    """A decision about a voter's votes: held back, or let in again. The last row counts; no vote is deleted."""

    class Decision(models.TextChoices):
        HELD = "held", "Held back"
        LET_IN = "let_in", "Let in again"

    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=keep_while_held, related_name="quarantines")
    decision = models.CharField(max_length=6, choices=Decision.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Empty where the gates decided by themselves.",
    )  # fmt: skip
    why = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["voter", "-id"])]

    def __str__(self) -> str:
        return f"{self.decision}: {self.why[:40]}"


class Appeal(AppendOnly):
    """What a person says whose votes are held back."""

    quarantine = models.ForeignKey(Quarantine, on_delete=models.CASCADE, related_name="appeals")
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text[:40]


class Tournament(models.Model):
    """A musician's own: blind rounds on one song, the winner stays, challengers rise."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        LEFT = "left"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="tournaments")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tournaments")
    rounds = models.PositiveSmallIntegerField(default=5)
    with_rough_mix = models.BooleanField(default=False, help_text="Whether the musician's own rough mix competes.")
    intent = models.JSONField(default=dict, blank=True)
    seed = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    final_mix = models.ForeignKey("mixing.Mix", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    taste = models.JSONField(null=True, blank=True, help_text="What the choices say of the musician's taste.")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(rounds__gte=3) & Q(rounds__lte=10), name="tournament_of_3_to_10_rounds")
        ]

    def __str__(self) -> str:
        return f"tournament on {self.song}"


class Competitor(models.Model):
    """Who takes part in a tournament: a mixer as it is, the musician's rough mix, or a child bred in it."""

    class Kind(models.TextChoices):
        MIXER = "mixer", "A mixer"
        ROUGH_MIX = "rough_mix", "The musician's own rough mix"
        HYBRID = "hybrid", "The weighted average of two"
        MUTANT = "mutant", "A bounded mutation of one"

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="competitors")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80)
    mixer = models.ForeignKey(Mixer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    mother = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    father = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    recipe = models.JSONField(default=dict, blank=True, help_text="What rebuilds it: operator, numbers, seed, parents.")
    parameters = models.JSONField(null=True, blank=True, help_text="The console that it set for this song.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """One battle of a tournament, in order. ``winner`` is empty until the musician has chosen."""

    class Kind(models.TextChoices):
        OPENING = "opening", "Opening"
        CHALLENGE = "challenge", "Challenge"
        HYBRID = "hybrid", "Hybrid"
        FINALE = "finale", "Finale"

    tournament = models.ForeignKey(Tournament, on_delete=models.CASCADE, related_name="round_rows")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    battle = models.OneToOneField(Battle, on_delete=models.SET_NULL, null=True, blank=True, related_name="round")
    on_a = models.ForeignKey(Competitor, on_delete=models.CASCADE, related_name="+")
    on_b = models.ForeignKey(Competitor, on_delete=models.CASCADE, related_name="+")
    winner = models.ForeignKey(Competitor, on_delete=models.SET_NULL, null=True, blank=True, related_name="wins")
    choice = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["tournament", "number"], name="a_round_once_per_tournament")]

    def __str__(self) -> str:
        return f"round {self.number}"
