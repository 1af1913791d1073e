"""People, keys, credits, awards and who brought whom, as staff see them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.forms import LedgerForm, StaffUserForm
from accounts.models import ApiKey, Award, LedgerEntry, Referral, User
from accounts.services import ledger


@admin.register(User)
class PersonAdmin(UserAdmin):
    add_form = StaffUserForm
    ordering = ("-date_joined",)
    list_display = ("email", "display_name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "display_name", "uuid")
    readonly_fields = ("uuid", "referral_code", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("uuid", "email", "password", "display_name", "referral_code")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        # What hangs on a person goes with them, also where it cannot be deleted by itself, such as a judgement.
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Staff may look at keys and delete them, never make or change one."""

    list_display = ("name", "prefix", "user", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    exclude = ("digest",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False


class WrittenOnceAdmin(admin.ModelAdmin):
    """Rows that are read here, and go only with the person whose they are."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LedgerEntry)
class LedgerEntryAdmin(WrittenOnceAdmin):
    """Credits. Staff add an entry that gives or takes, with a reason; nobody changes one."""

    list_display = ("user", "amount", "reason", "note", "key", "written_by", "created_at")
    list_filter = ("reason",)
    list_select_related = ("user", "written_by")
    search_fields = ("user__email", "key", "note")
    autocomplete_fields = ("user",)
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({"form": LedgerForm} if obj is None else {}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user", "amount", "note", "entry") if obj is None else super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: LedgerEntry, form: LedgerForm, change: bool) -> None:
        written = ledger.correct(
            user=obj.user,
            amount=obj.amount,
            note=obj.note,
            by=cast(User, request.user),
            key=f"staff:{form.cleaned_data['entry']}",
        )
        # The form's own row is not saved: the page goes on with the one that was written.
        obj.__dict__.update(written.__dict__)


@admin.register(Award)
class AwardAdmin(WrittenOnceAdmin):
    list_display = ("user", "key", "achieved_at", "evidence")
    list_filter = ("key",)
    list_select_related = ("user",)
    search_fields = ("user__email", "key")


@admin.register(Referral)
class ReferralAdmin(WrittenOnceAdmin):
    list_display = ("person", "referrer", "created_at")
    list_select_related = ("person", "referrer")
    search_fields = ("person__email", "referrer__email")
