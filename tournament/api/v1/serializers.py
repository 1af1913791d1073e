"""Battles, votes and the board, in JSON. Battles are given as cards, which hold no contender before one's own vote."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mixing.models import Mixer, Song
from tournament.models import Vote
from tournament.services.votes import MOST_HEARD_S, MOST_SWITCHES


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


class NewVoteSerializer(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=Vote.Choice.choices)
    heard_a_s = serializers.FloatField(min_value=0, max_value=MOST_HEARD_S, default=0.0)
    heard_b_s = serializers.FloatField(min_value=0, max_value=MOST_HEARD_S, default=0.0)
    switches = serializers.IntegerField(min_value=0, max_value=MOST_SWITCHES, default=0)
