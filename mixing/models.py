"""Songs, their stems, the mixes made of them, and the jobs that a user sees at work."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from mixing.engine.roles import ROLES


class Song(models.Model):
    """A session of stems. A song without an owner belongs to the house: everyone may hear and mix it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="songs"
    )
    title = models.CharField(max_length=120)
    artist = models.CharField(max_length=120, blank=True)
    licence = models.CharField(max_length=60, blank=True)
    sample_rate = models.PositiveIntegerField(null=True, blank=True)
    tempo_bpm = models.FloatField(null=True, blank=True, help_text="Heard in the stems; empty where nobody can tell.")
    key = models.CharField(max_length=12, blank=True, help_text="Such as “C minor”; empty where nobody can tell.")
    music_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the stems that tempo and key are those of."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sample_rate__isnull=True) | Q(sample_rate__in=[44_100, 48_000]), name="song_sample_rate"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_house(self) -> bool:
        return self.owner_id is None


class Job(models.Model):
    """A run that a user sees: its row is the truth, the queue only a hint.

    A worker claims it by a conditional update on (state, attempt) and writes only while that attempt is its own.
    ``sequence`` grows with every change that watchers should see.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    FINAL = (State.DONE, State.FAILED, State.CANCELLED)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="jobs")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=1)
    stage = models.CharField(max_length=40, blank=True)
    percent = models.FloatField(default=0.0)
    eta_s = models.FloatField(null=True, blank=True, help_text="Smoothed seconds to go; empty while nobody can say.")
    sequence = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-queued_at", "-id"]
        indexes = [models.Index(fields=["state", "heartbeat_at"]), models.Index(fields=["state", "queued_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=0) & Q(percent__lte=100), name="job_percent_range")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL


class Recording(models.Model):
    """A file that was taken in: decoded, checked, kept as a canonical WAV, listened to."""

    class State(models.TextChoices):
        CHECKING = "checking"
        READY = "ready"
        REJECTED = "rejected"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="%(class)s")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    upload_bytes = models.PositiveBigIntegerField(default=0)
    original_format = models.CharField(max_length=60, blank=True)
    original_sample_rate = models.PositiveIntegerField(null=True, blank=True)
    channels = models.PositiveSmallIntegerField(null=True, blank=True)
    frames = models.PositiveBigIntegerField(null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    audio_path = models.CharField(max_length=200, blank=True, help_text="Relative to the media folder.")
    peaks_path = models.CharField(max_length=200, blank=True)
    stored_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    analysis = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class Stem(Recording):
    """One recording of a song, at the song's rate."""

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="stems")
    name = models.CharField(max_length=200, help_text="The file's name; it also names the strip on the console.")
    role = models.CharField(max_length=20, choices=[(role, role.replace("_", " ")) for role in ROLES], default="other")
    role_is_guess = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["song", "name"], name="stem_name_once_per_song")]

    def __str__(self) -> str:
        return self.name


class Reference(Recording):
    """A finished recording beside a song, at its own rate: what the mix is to sound like, or its owner's own mix.

    It is measured and never mixed, published or handed to anybody else. Of each kind one is in use; the next one takes
    its place when it has been checked.
    """

    class Kind(models.TextChoices):
        REFERENCE = "reference", "reference track"
        ROUGH_MIX = "rough_mix", "own rough mix"

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="references")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text="The file's name.")
    sample_rate = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["song", "kind"], condition=Q(state="ready"), name="reference_in_use_once_per_kind"
            ),
            models.UniqueConstraint(
                fields=["song", "kind"], condition=~Q(state="ready"), name="reference_to_come_once_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY


class Upload(models.Model):
    """A file on its way, in chunks (tus 1.0). ``offset`` is what the server holds; it only grows."""

    class Kind(models.TextChoices):
        STEM = "stem", "stem"
        REFERENCE = "reference", "reference track"
        ROUGH_MIX = "rough_mix", "own rough mix"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="uploads")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STEM)
    filename = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    stem = models.OneToOneField(Stem, on_delete=models.CASCADE, null=True, blank=True, related_name="upload")
    reference = models.OneToOneField(Reference, on_delete=models.CASCADE, null=True, blank=True, related_name="upload")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(offset__lte=F("length")), name="upload_offset_in_length")]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_complete(self) -> bool:
        return self.stem_id is not None or self.reference_id is not None


class Mixer(models.Model):
    """A mixer's card: a row for each entry of the engine's registry, written by ``sync_mixers`` and never by hand."""

    key = models.CharField(max_length=64, unique=True)
    family = models.CharField(max_length=40)
    version = models.CharField(max_length=64)
    title = models.CharField(max_length=80)
    summary = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of its weights; empty for what has none.")
    needs_reference = models.BooleanField(default=False)
    card = models.JSONField(default=dict, blank=True, help_text="What the checkpoint's card says; empty for a rule.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Its place in the registry.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class Mix(models.Model):
    """What a mixer made of a song: the console that it set, the sound, and what was measured on it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="mixes")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mixes")
    mixer = models.ForeignKey(Mixer, on_delete=models.PROTECT, related_name="mixes")
    mixer_version = models.CharField(max_length=64)
    mixer_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the weights that made it, if any did.")
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="mix")
    intent = models.JSONField(default=dict, blank=True)
    reference = models.ForeignKey(Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="mixes")
    reference_name = models.CharField(max_length=200, blank=True, help_text="Of the recording that it was to match.")
    stems = models.ManyToManyField(Stem, related_name="mixes")
    parameters = models.JSONField(null=True, blank=True)
    report = models.JSONField(null=True, blank=True)
    wav_path = models.CharField(max_length=200, blank=True)
    flac_path = models.CharField(max_length=200, blank=True)
    peaks_path = models.CharField(max_length=200, blank=True)
    stored_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When its owner first saw or heard it.")

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "mixes"

    def __str__(self) -> str:
        return f"{self.song} by {self.mixer}"

    @property
    def is_ready(self) -> bool:
        return bool(self.wav_path)


class Export(models.Model):
    """A finished mix in another form, written when its owner asks for it: one of each kind for each mix."""

    class Kind(models.TextChoices):
        MP3 = "mp3", "MP3"
        PREVIEW = "preview", "MP3, small"
        WAV16 = "wav16", "WAV, 16 bit"
        WAV32F = "wav32f", "WAV, 32-bit float"
        STEMS = "stems", "Stems as ZIP"
        DAWPROJECT = "dawproject", "DAWproject"
        SESSION = "session", "Session"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    mix = models.ForeignKey(Mix, on_delete=models.CASCADE, related_name="exports")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="export")
    path = models.CharField(max_length=200, blank=True, help_text="Relative to the media folder.")
    stored_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["mix", "kind"], name="export_kind_once_per_mix")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.mix}"

    @property
    def is_ready(self) -> bool:
        return bool(self.path)


class OpenedMix(models.Model):
    """That a person has heard what a mixer makes of a song. It outlives the mix: deleting a mix makes nobody blind."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="opened_mixes")
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="opened_mixes")
    mixer = models.ForeignKey(Mixer, on_delete=models.CASCADE, related_name="opened_mixes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "song", "mixer"], name="opened_mix_once")]

    def __str__(self) -> str:
        return f"{self.person} heard {self.mixer} on {self.song}"
