"""Forms of the settings page and of the staff's site."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm

from accounts.models import ApiKey, LedgerEntry, User
from accounts.services import ledger


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


class LedgerForm(forms.ModelForm):
    """What staff add to a person's ledger. ``entry`` is drawn with the form, so that sending it twice writes once."""

    entry = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    class Meta:
        model = LedgerEntry
        fields = ("user", "amount", "note")
        labels: ClassVar[dict[str, str]] = {"amount": "Credits", "note": "Why"}
        help_texts: ClassVar[dict[str, str]] = {
            "amount": "Less than 0 takes credits away.",
            "note": "The person reads it beside the entry.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        user, amount = cleaned.get("user"), cleaned.get("amount")
        if amount == 0:
            self.add_error("amount", "Say how many credits.")
        elif user and amount and ledger.balance(user) + amount < 0:
            self.add_error("amount", f"{user} has {ledger.counted(ledger.balance(user))}.")
        return cleaned
