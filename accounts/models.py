"""People, the keys of their programs, their credits, what they were awarded, and who brought whom."""

from __future__ import annotations

import secrets
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from aimixer_site.ops.append_only import AppendOnly, NeverChanged

_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that are taken for one another."""
CODE_LENGTH = 10


def new_code() -> str:
    """What a person's link for others ends with."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(CODE_LENGTH))


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, **{**extra, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in by e-mail."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)
    referral_code = models.CharField(max_length=CODE_LENGTH, unique=True, default=new_code, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.display_name or self.email


class ApiKey(models.Model):
    """A key for programs. Only its SHA-256 is kept; the key itself is shown once."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class LedgerEntry(AppendOnly):
    """Credits that came to a person or went from them. The balance is the sum; what was wrong is put right by another.

    ``key`` names what the entry is for, so that the same thing is written once, however often it is told.
    """

    class Reason(models.TextChoices):
        VOTE = "vote", "A vote that counts"
        TRIAL = "trial", "A hidden trial"
        REFERRAL = "referral", "Somebody you brought"
        MIX = "mix", "A mix"
        MIX_BACK = "mix_back", "Back for a mix that was not made"
        HELD = "held", "Votes held back"
        LET_IN = "let_in", "Votes let in again"
        STAFF = "staff", "From the house"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="ledger")
    amount = models.IntegerField(help_text="Credits: more than 0 came in, less went out. A free mix is 0.")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    key = models.CharField(max_length=80, unique=True, help_text="Names what this is for, such as mix:UUID.")
    about = models.UUIDField(null=True, blank=True, db_index=True, help_text="The vote, mix or person it is about.")
    note = models.CharField(max_length=200, blank=True, help_text="In words, for the person.")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Empty where the site wrote it by itself.",
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)

    objects = NeverChanged.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["user", "reason", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["vote", "trial", "referral"], amount__gt=0)
                | Q(reason__in=["mix", "held"], amount__lte=0)
                | Q(reason__in=["mix_back", "let_in"], amount__gte=0)
                | (Q(reason="staff") & ~Q(amount=0)),
                name="credits_go_the_way_their_reason_says",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d}: {self.key}"


class Award(AppendOnly):
    """Something that a person achieved, once: what it was, when, and by which facts."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="awards")
    key = models.CharField(max_length=30)
    evidence = models.JSONField(default=dict)
    achieved_at = models.DateTimeField(help_text="When the facts first held.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-achieved_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="an_award_once")]

    def __str__(self) -> str:
        return self.key


class Referral(AppendOnly):
    """Who brought whom. It is written at sign-up and never again."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="referral")
    referrer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="referrals")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(person=F("referrer")), name="nobody_brings_themselves")]

    def __str__(self) -> str:
        return f"{self.referrer} brought {self.person}"
