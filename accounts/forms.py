"""Forms of the settings page and of the staff's site."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm

from accounts.models import ApiKey, User


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("display_name",)
        labels: ClassVar[dict[str, str]] = {"display_name": "Name that others see"}


class ApiKeyForm(forms.ModelForm):
    class Meta:
        model = ApiKey
        fields = ("name",)
        labels: ClassVar[dict[str, str]] = {"name": "What the key is for"}


class StaffUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)
