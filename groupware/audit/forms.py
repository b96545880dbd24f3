"""The filter above the audit log."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groupware.audit import registry


def _event_choices() -> list[tuple[str, Any]]:
    return [("", _("All events")), *registry.choices()]


class DateField(forms.DateField):
    """A day, chosen with the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def validate(self, value: date | None) -> None:
        """A day that has a day before and a day after in every time zone."""
        super().validate(value)
        if value and not date.min.year < value.year < date.max.year:
            raise ValidationError(self.error_messages["invalid"], code="invalid")


class FilterForm(forms.Form):
    """By event, by words, by days in the reader's time zone."""

    name = forms.ChoiceField(label=_("Event"), choices=_event_choices, required=False)
    words = forms.CharField(label=_("Person or subject"), required=False, max_length=100)
    first_day = DateField(label=pgettext_lazy("first day", "From"), required=False)
    last_day = DateField(label=_("Until"), required=False)

    def narrow(self, events: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the events that fit; a filter that cannot be read is left out."""
        self.is_valid()
        chosen = self.cleaned_data
        if name := chosen.get("name"):
            events = events.filter(name=name)
        for word in (chosen.get("words") or "").split():
            events = events.filter(Q(actor_label__icontains=word) | Q(target_label__icontains=word))
        if day := chosen.get("first_day"):
            events = events.filter(at__gte=_start(day))
        if day := chosen.get("last_day"):
            events = events.filter(at__lt=_start(day + timedelta(days=1)))
        return events


def _start(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
