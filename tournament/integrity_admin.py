"""What staff see of voters: what the gates said, who is held back, what they write; and where it is decided."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from tournament.models import Appeal, Quarantine, VoterJudgement
from tournament.read_only_admin import ReadOnlyAdmin
from tournament.services import gate_alarms, quarantine

_SHOWN: int = 50


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A decision about a voter's votes, which takes a reason."""

    class Meta:
        model = Quarantine
        fields = ("voter", "decision", "why")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        voter, decision = cleaned.get("voter"), cleaned.get("decision")
        if voter and decision:
            is_held = quarantine.held_back(voter) is not None
            if is_held and decision == Quarantine.Decision.HELD:
                raise forms.ValidationError("These votes are held back already.")
            if not is_held and decision == Quarantine.Decision.LET_IN:
                raise forms.ValidationError("These votes are not held back.")
        return cleaned


@admin.register(Quarantine)
class QuarantineAdmin(ReadOnlyAdmin):
    """Decisions are added and never changed; a row's page shows why it came to it, and leads to the next one."""

    form = DecisionForm
    fields = ("voter", "decision", "why", "decided_by", "created_at")
    raw_id_fields = ("voter",)
    list_display = ("voter", "decision", "counts_now", "by", "appeal_count", "short_why", "created_at")
    list_filter = ("decision", ("decided_by", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("voter", "decided_by")
    search_fields = ("voter__email", "voter__uuid", "why")
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tournament.add_quarantine"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("voter", "decision", "why") if obj is None else self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quarantine]:
        rows: QuerySet[Quarantine] = super().get_queryset(request)
        return rows.annotate(written=Count("appeals", distinct=True), newest=Max("voter__quarantines__id"))

    def save_model(self, request: HttpRequest, obj: Quarantine, form: Any, change: bool) -> None:
        """Goes through the service, which keeps who decided; the board follows with the next round."""
        deed = quarantine.hold if obj.decision == Quarantine.Decision.HELD else quarantine.let_in
        made = deed(voter=obj.voter, why=obj.why, by=cast(User, request.user))
        obj.pk, obj._state.adding = made.pk, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        told = {} if row is None else _case(cast(Quarantine, row))
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @admin.display(description="counts now", boolean=True)
    def counts_now(self, row: Any) -> bool:
        return bool(row.pk == row.newest)

    @admin.display(description="decided by", ordering="decided_by")
    def by(self, row: Quarantine) -> str:
        return str(row.decided_by) if row.decided_by else "the gates"

    @admin.display(description="appeals", ordering="written")
    def appeal_count(self, row: Any) -> int:
        return int(row.written)

    @admin.display(description="why")
    def short_why(self, row: Quarantine) -> str:
        return row.why if len(row.why) <= 100 else f"{row.why[:100]}…"


@admin.register(VoterJudgement)
class VoterJudgementAdmin(ReadOnlyAdmin):
    """What each gate said, newest first; above the list, whether the gates themselves have moved."""

    list_display = ("voter", "gate", "verdict", "measured", "text", "created_at")
    list_filter = ("verdict", "gate", "created_at")
    list_select_related = ("voter",)
    search_fields = ("voter__email", "voter__uuid", "run")
    date_hierarchy = "created_at"
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "rates": gate_alarms.rates()})

    @admin.display(description="measure", ordering="measure")
    def measured(self, row: VoterJudgement) -> str:
        return "–" if row.measure is None else f"{row.measure:.2f}"


@admin.register(Appeal)
class AppealAdmin(ReadOnlyAdmin):
    """What people write whose votes are held back. The answer is a decision."""

    list_display = ("voter", "text", "still_held", "created_at")
    list_select_related = ("quarantine__voter",)
    search_fields = ("quarantine__voter__email", "text")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        rows: QuerySet[Appeal] = super().get_queryset(request)
        return rows.annotate(newest=Max("quarantine__voter__quarantines__id"))

    @admin.display(ordering="quarantine__voter__email")
    def voter(self, row: Appeal) -> str:
        return str(row.quarantine.voter)

    @admin.display(description="not answered", boolean=True)
    def still_held(self, row: Any) -> bool:
        return bool(row.newest == row.quarantine_id)


def _case(row: Quarantine) -> dict[str, Any]:
    """All that is known of one voter: what each gate says now, what was decided, and what they wrote."""
    judged = VoterJudgement.objects.filter(voter=row.voter)
    newest = judged.order_by().values("gate").annotate(newest=Max("id")).values("newest")
    is_held = quarantine.held_back(row.voter) is not None
    return {
        "judgements": VoterJudgement.objects.filter(id__in=newest).order_by("gate"),
        "history": Quarantine.objects.filter(voter=row.voter).select_related("decided_by").order_by("-id")[:_SHOWN],
        "appeals": Appeal.objects.filter(quarantine__voter=row.voter).order_by("-id")[:_SHOWN],
        "vote_count": row.voter.votes.count(),
        "is_held": is_held,
        "next_decision": Quarantine.Decision.LET_IN if is_held else Quarantine.Decision.HELD,
    }
