"""A person, in JSON."""

from __future__ import annotations

from rest_framework import serializers

from accounts.models import User


class MeSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("uuid", "email", "display_name", "date_joined")
        read_only_fields = ("uuid", "email", "date_joined")
