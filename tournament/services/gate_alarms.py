"""Whether gates themselves have moved: their pass rates now, beside those of a day and of a week ago."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.utils import timezone

from tournament.engine.alarms import LARGEST_MOVE, alarm
from tournament.models import VoterJudgement

LOOKS_BACK: Final = (timedelta(days=1), timedelta(days=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRate:
    """One gate now and before. Who it could not tell about is not among the judged.

    ``deviations`` is how far the pass rate has moved, in standard deviations; None where there are too few to say.
    """

    gate: str
    since: datetime
    passed_before: int
    judged_before: int
    passed: int
    judged: int
    deviations: float | None

    @property
    def is_alarming(self) -> bool:
        return self.deviations is not None and abs(self.deviations) > LARGEST_MOVE

    @property
    def share(self) -> float | None:
        return self.passed / self.judged if self.judged else None

    @property
    def share_before(self) -> float | None:
        return self.passed_before / self.judged_before if self.judged_before else None


def rates(*, now: datetime | None = None) -> list[GateRate]:
    """Every gate, beside itself a day and a week ago."""
    now = now or timezone.now()
    present = _counts(now)
    found = []
    for age in LOOKS_BACK:
        past = _counts(now - age)
        for gate in sorted(present):
            passed, judged = present[gate]
            passed_before, judged_before = past.get(gate, (0, 0))
            found.append(
                GateRate(
                    gate=gate,
                    since=now - age,
                    passed_before=passed_before,
                    judged_before=judged_before,
                    passed=passed,
                    judged=judged,
                    deviations=alarm(passed_before, judged_before, passed, judged),
                )
            )
    return found


def alarms(*, now: datetime | None = None) -> list[GateRate]:
    """The gates that people should look at before they believe them."""
    return [rate for rate in rates(now=now) if rate.is_alarming]


def verdicts_at(at: datetime) -> dict[tuple[int, str], str]:
    """The verdict that counted at that time, by voter and gate."""
    newest = VoterJudgement.objects.filter(created_at__lte=at).order_by().values("voter", "gate")
    rows = VoterJudgement.objects.filter(id__in=newest.annotate(newest=Max("id")).values("newest"))
    return {(voter, gate): verdict for voter, gate, verdict in rows.values_list("voter_id", "gate", "verdict")}


def _counts(at: datetime) -> dict[str, tuple[int, int]]:
    """For each gate how many passed, and how many it could tell about."""
    said = Counter((gate, verdict) for (_, gate), verdict in verdicts_at(at).items())
    gates = {gate for gate, _ in said}
    return {gate: (said[gate, "pass"], said[gate, "pass"] + said[gate, "fail"]) for gate in gates}
