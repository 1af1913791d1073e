"""Battles and votes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from mixing.models import Job, Mixer, Song


class Battle(models.Model):
    """Two mixers on one song, blind. Who stands on side A was decided by a fair coin when the row was made."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="battles")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="battles"
    )
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="battle")
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
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(mixer_a=F("mixer_b")), name="battle_of_two")]

    def __str__(self) -> str:
        return f"battle on {self.song}"

    @property
    def is_ready(self) -> bool:
        return bool(self.clip_a_path and self.clip_b_path)


class Vote(models.Model):
    """What one person said of one battle. Append-only."""

    class Choice(models.TextChoices):
        A = "a", "A"
        B = "b", "B"
        TIE = "tie", "Tie"
        BOTH_BAD = "both_bad", "Both bad"
        CANT_TELL = "cant_tell", "Can't tell"

    class Unrated(models.TextChoices):
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
    choice = models.CharField(max_length=10, choices=Choice.choices)
    is_rated = models.BooleanField()
    unrated_reason = models.CharField(max_length=20, choices=Unrated.choices, blank=True)
    heard_a_s = models.FloatField(default=0.0, help_text="Seconds of A that the player reported.")
    heard_b_s = models.FloatField(default=0.0)
    switches = models.PositiveIntegerField(default=0)
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
