"""The person behind the request: who they are, where they stand, their credits and what they achieved."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.v1.serializers import MeSerializer
from accounts.models import Award, LedgerEntry, User
from accounts.services import allowance, profile, referrals
from tournament import access, people_pages
from tournament.services import people, people_ears


class MissingStepSerializer(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=["votes", "trials", "reliability"])
    have = serializers.FloatField()
    want = serializers.FloatField()
    text = serializers.CharField()


class StandingSerializer(serializers.Serializer[Any]):
    tier = serializers.CharField(help_text="rookie, amateur, professional, expert or legend.")
    next_tier = serializers.CharField(allow_null=True)
    verified_votes = serializers.IntegerField(help_text="Rated votes that are not held back.")
    trials = serializers.IntegerField(help_text="Hidden trials that are over.")
    trials_right = serializers.IntegerField()
    reliability = serializers.FloatField(help_text="0 to 1, drawn towards a careful listener's.")
    is_reliable = serializers.BooleanField(help_text="Whether the trials open the expert league.")
    missing = MissingStepSerializer(many=True, help_text="What the next tier still takes.")


class CreditsSerializer(serializers.Serializer[Any]):
    balance = serializers.IntegerField(source="credits")
    free_mixes_a_day = serializers.IntegerField(source="free_a_day")
    free_mixes_left = serializers.IntegerField(source="free_left")
    mix_price = serializers.IntegerField(source="price", help_text="Of a mix beyond the day's free ones, in credits.")


class PersonSerializer(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    email = serializers.EmailField()
    display_name = serializers.CharField()
    date_joined = serializers.DateTimeField()
    referral_link = serializers.CharField(help_text="A path of this site; who signs up by it was brought by you.")
    standing = StandingSerializer()
    credits = CreditsSerializer()


class LedgerEntrySerializer(serializers.ModelSerializer[LedgerEntry]):
    class Meta:
        model = LedgerEntry
        fields = ("uuid", "amount", "reason", "key", "note", "created_at")


class AwardSerializer(serializers.ModelSerializer[Award]):
    class Meta:
        model = Award
        fields = ("key", "achieved_at", "evidence")


class HeardDifferenceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    amount_db = serializers.FloatField(help_text="A minus B.")
    is_heard = serializers.BooleanField(help_text="Whether it is worth a word.")
    text = serializers.CharField()


class TrialToldSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    is_right = serializers.BooleanField(allow_null=True)


class CrowdSerializer(serializers.Serializer[Any]):
    kept = serializers.IntegerField(help_text="Votes of everybody for the mixer that you kept, or for A.")
    refused = serializers.IntegerField()
    agrees = serializers.BooleanField(allow_null=True)


class SidesSerializer(serializers.Serializer[Any]):
    a = serializers.IntegerField()
    b = serializers.IntegerField()
    chance = serializers.FloatField(help_text="That a coin is at least as uneven.")


class FeedbackSerializer(serializers.Serializer[Any]):
    sound = HeardDifferenceSerializer(many=True, help_text="Measured on the two clips.")
    trial = TrialToldSerializer(allow_null=True)
    trials_right = serializers.IntegerField()
    trials_count = serializers.IntegerField()
    crowd = CrowdSerializer(allow_null=True, help_text="Null while fewer than twenty have named a winner.")
    sides = SidesSerializer(allow_null=True, help_text="Null under ten answers that name a side.")


def _person(user: User) -> dict[str, Any]:
    return {
        "uuid": user.uuid,
        "email": user.email,
        "display_name": user.display_name,
        "date_joined": user.date_joined,
        "referral_link": referrals.link_of(user),
        "standing": people_pages.standing_data(people.standing_of(user)),
        "credits": allowance.of(user),
    }


class MeView(APIView):
    @extend_schema(operation_id="me_retrieve", responses=PersonSerializer)
    def get(self, request: Request) -> Response:
        """Who this session or key speaks for, where they stand, and their credits."""
        return Response(PersonSerializer(_person(cast(User, request.user))).data)

    @extend_schema(operation_id="me_update", request=MeSerializer, responses=PersonSerializer)
    def patch(self, request: Request) -> Response:
        """Changes the name that others see."""
        user = cast(User, request.user)
        asked = MeSerializer(user, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        profile.rename(user=user, display_name=asked.validated_data.get("display_name", user.display_name))
        return Response(PersonSerializer(_person(user)).data)


class LedgerView(GenericAPIView[LedgerEntry]):
    serializer_class = LedgerEntrySerializer
    queryset = LedgerEntry.objects.none()

    @extend_schema(operation_id="me_ledger", responses=LedgerEntrySerializer(many=True))
    def get(self, request: Request) -> Response:
        """Your credits, newest entry first. The balance is the sum of all amounts; a free mix is an entry of 0."""
        rows = LedgerEntry.objects.filter(user=cast(User, request.user)).order_by("-id")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(LedgerEntrySerializer(page, many=True).data)


class AchievementsView(GenericAPIView[Award]):
    serializer_class = AwardSerializer
    queryset = Award.objects.none()

    @extend_schema(operation_id="me_achievements", responses=AwardSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What you achieved, newest first, each with its moment and the facts that it rests on."""
        page = self.paginate_queryset(Award.objects.filter(user=cast(User, request.user)))
        return self.get_paginated_response(AwardSerializer(page, many=True).data)


class FeedbackView(APIView):
    @extend_schema(operation_id="battles_feedback", responses=FeedbackSerializer)
    def get(self, request: Request, uuid: Any) -> Response:
        """What your vote on this battle says of your ears; a 404 before your vote."""
        user = cast(User, request.user)
        battle = access.battle_for(user, uuid)
        vote = access.own_vote_for(user, battle)
        return Response(FeedbackSerializer(people_ears.feedback(user, battle, vote)).data)
