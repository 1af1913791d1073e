"""Rows that are written once."""

from __future__ import annotations

from typing import Any

from django.db import models


class AppendOnly(models.Model):
    """A row that is written once. What it says is never changed; a later row may say otherwise."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"A {self._meta.verbose_name} is written once and kept.")
        super().save(*args, **kwargs)


class NeverChanged(models.QuerySet[Any]):
    """For tables of which not even many rows at once are changed or deleted; who leaves takes their rows along."""

    def update(self, **values: Any) -> int:
        raise TypeError(f"A {self.model._meta.verbose_name} is written once and kept.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise TypeError(f"A {self.model._meta.verbose_name} is written once and kept.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(f"A {self.model._meta.verbose_name} is written once and kept.")
