"""Songs, stems, mixes, mixers and jobs as JSON. What goes in and what comes out are apart."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mixing import events, pages
from mixing.engine.mixers.interface import PRESENCES
from mixing.engine.mixers.styles import STYLES
from mixing.engine.roles import ROLES
from mixing.formulas import formula
from mixing.models import Export, Job, Mix, Mixer, Reference, Song, Stem


class FailureSerializer(serializers.Serializer[Any]):
    """Why something has failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class TargetSerializer(serializers.Serializer[Any]):
    """What a job works on."""

    type = serializers.ChoiceField(choices=["stem", "reference", "mix", "export", "battle"])
    uuid = serializers.UUIDField()
    url = serializers.CharField()
    ready = serializers.BooleanField()


class JobSerializer(serializers.Serializer[Job]):
    """The payload that the socket sends as well."""

    uuid = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=Job.State.choices)
    percent = serializers.FloatField(min_value=0, max_value=100)
    stage = serializers.CharField()
    stage_text = serializers.CharField()
    eta_s = serializers.FloatField(allow_null=True)
    sequence = serializers.IntegerField()
    attempt = serializers.IntegerField()
    error = FailureSerializer(allow_null=True)
    target = TargetSerializer(allow_null=True)

    def to_representation(self, instance: Job) -> dict[str, Any]:
        return dict(events.payload(instance))


class SongSerializer(serializers.ModelSerializer[Song]):
    """A song; ``is_house`` ones belong to nobody and may be heard and mixed by all."""

    is_house = serializers.BooleanField(read_only=True)

    class Meta:
        model = Song
        fields = ("uuid", "title", "artist", "licence", "sample_rate", "is_house", "created_at")
        read_only_fields = ("uuid", "artist", "licence", "sample_rate", "created_at")


class StemSerializer(serializers.ModelSerializer[Stem]):
    """A stem; its addresses are null until it is ready."""

    song = serializers.SlugRelatedField[Song](slug_field="uuid", read_only=True)
    error = serializers.SerializerMethodField()
    loudness_lufs = serializers.SerializerMethodField()
    audio_url = serializers.SerializerMethodField()
    peaks_url = serializers.SerializerMethodField()
    job = serializers.SlugRelatedField[Job](slug_field="uuid", read_only=True)

    class Meta:
        model = Stem
        fields = (
            "uuid", "song", "job", "name", "role", "role_is_guess", "position", "state", "error", "upload_bytes",
            "original_format", "original_sample_rate", "channels", "frames", "duration_s", "loudness_lufs", "sha256",
            "audio_url", "peaks_url", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, stem: Stem) -> dict[str, str] | None:
        return {"code": stem.error_code, "message": stem.error_message} if stem.error_code else None

    def get_loudness_lufs(self, stem: Stem) -> float | None:
        return stem.analysis["loudness_lufs"] if stem.analysis else None

    def get_audio_url(self, stem: Stem) -> str | None:
        return reverse("mixing:stem_audio", args=[stem.uuid]) if stem.audio_path else None

    def get_peaks_url(self, stem: Stem) -> str | None:
        return reverse("mixing:stem_peaks", args=[stem.uuid]) if stem.peaks_path else None


class StemChangeSerializer(serializers.Serializer[Stem]):
    """What may be changed of a stem."""

    role = serializers.ChoiceField(choices=ROLES)


class ReferenceSerializer(serializers.ModelSerializer[Reference]):
    """A recording beside a song; its addresses and measures are null until it is ready."""

    song = serializers.SlugRelatedField[Song](slug_field="uuid", read_only=True)
    job = serializers.SlugRelatedField[Job](slug_field="uuid", read_only=True)
    error = serializers.SerializerMethodField()
    loudness_lufs = serializers.SerializerMethodField()
    true_peak_dbtp = serializers.SerializerMethodField()
    audio_url = serializers.SerializerMethodField()
    peaks_url = serializers.SerializerMethodField()

    class Meta:
        model = Reference
        fields = (
            "uuid", "song", "job", "kind", "name", "state", "error", "upload_bytes", "original_format",
            "original_sample_rate", "sample_rate", "channels", "frames", "duration_s", "loudness_lufs",
            "true_peak_dbtp", "sha256", "audio_url", "peaks_url", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, reference: Reference) -> dict[str, str] | None:
        failed = reference.error_code
        return {"code": failed, "message": reference.error_message} if failed else None

    def get_loudness_lufs(self, reference: Reference) -> float | None:
        return reference.analysis["loudness_lufs"] if reference.analysis else None

    def get_true_peak_dbtp(self, reference: Reference) -> float | None:
        return reference.analysis["true_peak_dbtp"] if reference.analysis else None

    def get_audio_url(self, reference: Reference) -> str | None:
        return reverse("mixing:reference_audio", args=[reference.uuid]) if reference.audio_path else None

    def get_peaks_url(self, reference: Reference) -> str | None:
        return reverse("mixing:reference_peaks", args=[reference.uuid]) if reference.peaks_path else None


class MixerSerializer(serializers.ModelSerializer[Mixer]):
    """A mixer; ``sha256`` is of its weights, and null for one that has none."""

    sha256 = serializers.SerializerMethodField()

    class Meta:
        model = Mixer
        fields = ("key", "family", "version", "sha256", "title", "summary", "needs_reference")

    def get_sha256(self, mixer: Mixer) -> str | None:
        return mixer.sha256 or None


class MixerCardSerializer(serializers.ModelSerializer[Mixer]):
    """A mixer with all that is known of it: ``card`` as the checkpoint has it, ``formula`` of a rule in words."""

    sha256 = serializers.SerializerMethodField()
    formula = serializers.SerializerMethodField()
    card = serializers.SerializerMethodField()

    class Meta:
        model = Mixer
        fields = (
            "key", "family", "version", "sha256", "title", "summary", "needs_reference", "is_active", "formula", "card",
        )  # fmt: skip

    def get_sha256(self, mixer: Mixer) -> str | None:
        return mixer.sha256 or None

    def get_formula(self, mixer: Mixer) -> list[str]:
        return formula(mixer.key)

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_card(self, mixer: Mixer) -> dict[str, Any] | None:
        return mixer.card or None


class StemIntentSerializer(serializers.Serializer[Any]):
    """Where one stem is to be; what is left out is left to the mixer."""

    presence = serializers.ChoiceField(choices=PRESENCES, required=False)
    pan = serializers.FloatField(min_value=-1, max_value=1, required=False, allow_null=True)
    space = serializers.FloatField(min_value=0, max_value=1, required=False, allow_null=True)


class IntentSerializer(serializers.Serializer[Any]):
    """What is wanted of a mix, as the schema tells it; the engine reads and checks it."""

    style = serializers.ChoiceField(  # type: ignore[assignment]
        choices=list(STYLES), required=False, allow_null=True
    )
    target_lufs = serializers.FloatField(min_value=-40, max_value=-5, required=False, allow_null=True)
    stems = serializers.DictField(child=StemIntentSerializer(), required=False)
    locks = serializers.DictField(required=False)


@extend_schema_field(IntentSerializer)
class IntentField(serializers.DictField):
    """Handed to the engine as it came."""


class MixSerializer(serializers.ModelSerializer[Mix]):
    """A mix; its addresses are null until the files are there, and ``report`` until it was measured."""

    song = serializers.SlugRelatedField[Song](slug_field="uuid", read_only=True)
    mixer = serializers.SlugRelatedField[Mixer](slug_field="key", read_only=True)
    mixer_sha256 = serializers.SerializerMethodField()
    reference = serializers.SlugRelatedField[Reference](slug_field="uuid", read_only=True)
    job = JobSerializer(read_only=True)
    urls = serializers.SerializerMethodField()

    class Meta:
        model = Mix
        fields = (
            "uuid", "song", "mixer", "mixer_version", "mixer_sha256", "intent", "reference", "reference_name", "job",
            "report", "urls", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_mixer_sha256(self, mix: Mix) -> str | None:
        return mix.mixer_sha256 or None

    def get_urls(self, mix: Mix) -> dict[str, str | None]:
        return {name: url for name, url in pages.mix_urls(mix).items() if name.endswith("_url")}


class MixRequestSerializer(serializers.Serializer[Any]):
    """What a mix is asked with: who mixes, what is wanted, and the song's recording that it is to sound like."""

    song = serializers.UUIDField()
    mixer = serializers.CharField(max_length=64)
    intent = IntentField(required=False, default=dict)
    reference = serializers.UUIDField(required=False, allow_null=True, default=None)


class ExportSerializer(serializers.ModelSerializer[Export]):
    """A mix in another form; its address is null until the file is written."""

    mix = serializers.SlugRelatedField[Mix](slug_field="uuid", read_only=True)
    job = JobSerializer(read_only=True)
    bytes = serializers.IntegerField(source="stored_bytes", read_only=True)
    download_url = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = ("uuid", "mix", "kind", "job", "bytes", "download_url", "created_at")
        read_only_fields = fields

    def get_download_url(self, export: Export) -> str | None:
        return reverse("mixing:export_download", args=[export.uuid]) if export.is_ready else None


class ExportRequestSerializer(serializers.Serializer[Any]):
    """In which form a mix is wanted."""

    kind = serializers.ChoiceField(choices=Export.Kind.choices)
