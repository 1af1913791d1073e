"""Battles, votes and the board, in JSON. Battles are given as cards, which hold no contender before one's own vote."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mixing.models import Mixer, Song
from tournament.forms import MOST_SWITCHES
from tournament.models import Vote, VoteReason


class MixerNameSerializer(serializers.ModelSerializer[Mixer]):
    class Meta:
        model = Mixer
        fields = ("key", "title", "summary")
        ref_name = "MixerName"


class SongNameSerializer(serializers.ModelSerializer[Song]):
    class Meta:
        model = Song
        fields = ("uuid", "title", "artist", "licence")
        ref_name = "SongName"


class ClipsSerializer(serializers.Serializer[Any]):
    a = serializers.CharField()
    b = serializers.CharField()
    peaks = serializers.CharField()
    start_s = serializers.FloatField()
    duration_s = serializers.FloatField()
    lufs = serializers.FloatField()


class ContenderSerializer(serializers.Serializer[Any]):
    mixer = MixerNameSerializer()
    version = serializers.CharField()


class RevealSerializer(serializers.Serializer[Any]):
    a = ContenderSerializer()
    b = ContenderSerializer()
    choice = serializers.ChoiceField(choices=Vote.Choice.choices)
    is_rated = serializers.BooleanField()
    unrated_code = serializers.CharField()
    unrated_reason = serializers.CharField()
    loudness_gap_lu = serializers.FloatField()
    facts = serializers.ListField(child=serializers.CharField())


class BattleSerializer(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    url = serializers.CharField()
    song = SongNameSerializer()
    job = serializers.UUIDField(source="job.uuid")
    state = serializers.CharField(source="job.state")
    created_at = serializers.DateTimeField()
    clips = ClipsSerializer(allow_null=True)
    can_vote = serializers.BooleanField()
    reveal = RevealSerializer(allow_null=True)


class NewBattleSerializer(serializers.Serializer[Any]):
    song = serializers.UUIDField()


class HeardSerializer(serializers.Serializer[Any]):
    """What has been heard so far, as far as the server's clock allows."""

    a = serializers.JSONField(help_text="Stretches of A in seconds of the clip, [[from, to], ...].")
    b = serializers.JSONField(help_text="Stretches of B.")
    a_s = serializers.FloatField(help_text="Seconds of A, repetitions included.")
    b_s = serializers.FloatField(help_text="Seconds of B, repetitions included.")
    switches = serializers.IntegerField()


class MissingSerializer(serializers.Serializer[Any]):
    field = serializers.ChoiceField(choices=["a", "b", "switch", "common"])
    amount = serializers.FloatField(help_text="In seconds, or in switches.")
    message = serializers.CharField()


class ListeningSerializer(serializers.Serializer[Any]):
    heard = HeardSerializer()
    missing = MissingSerializer(allow_null=True, help_text="What a vote still lacks; null where one can vote.")


class BallotSerializer(ListeningSerializer):
    token = serializers.CharField(help_text="Goes with every report and with the vote.")


class NewHeardSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=60)
    a = serializers.JSONField(required=False, help_text="What sounded of A since the last report, [[from, to], ...].")
    b = serializers.JSONField(required=False, help_text="What sounded of B since the last report.")
    switches = serializers.IntegerField(
        min_value=0, max_value=MOST_SWITCHES, default=0, help_text="Since the last report."
    )


class NewVoteSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=60)
    choice = serializers.ChoiceField(choices=Vote.Choice.choices)


class ReasonsSerializer(serializers.Serializer[Any]):
    codes = serializers.ListField(
        child=serializers.ChoiceField(choices=VoteReason.Code.choices), min_length=1, max_length=len(VoteReason.Code)
    )
