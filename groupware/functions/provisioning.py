"""The table ``[[user]]`` of a provisioning file: a person with departments and rights."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from groupware.functions import registry
from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Membership, Unit
from groupware.provision import KEEP, Key, Row, Section
from groupware.users.models import User


class UserSection(Section):
    """People. It lives here, above departments and functions, because a row names all three.

    The password is the first one: it is set when the person is added and left alone afterwards, so that applying the
    file again does not take back what the person chose.
    """

    table = "user"
    order = 30
    identified_by = "username"
    keys = (
        Key("username", required=True),
        Key("email", default=""),
        Key("notice_address", default=KEEP),
        Key("display_name", default=""),
        Key("password", is_secret=True),
        Key("is_active", bool, default=True),
        Key("system_administrator", bool, default=False),
        Key("function_administrator_of", list, default=KEEP),
        Key("units", list, default=KEEP),
        Key("language", default="", choices=("", *(code for code, _name in settings.LANGUAGES))),
        Key("time_zone", default=""),
    )

    def apply(self, row: Row) -> None:
        person = User.objects.filter(username=row["username"]).first() or User(
            username=row["username"]
        )
        self._refuse_taken_names(row, person)
        is_administrator = row["system_administrator"]
        fields = {
            name: row[name]
            for name in ("username", "email", "display_name", "language", "time_zone", "is_active")
        }
        if (address := row.get("notice_address")) is not None:
            fields["notice_address"] = address
        fields |= dict.fromkeys(
            ("is_system_administrator", "is_staff", "is_superuser"), is_administrator
        )
        if person._state.adding:
            self._set_password(row, person)
        words = dict.fromkeys(
            ("is_system_administrator", "is_staff", "is_superuser"), "system_administrator"
        )
        row.save(person, fields, words)
        self._join_units(row, person)
        self._appoint(row, person)

    def _refuse_taken_names(self, row: Row, person: User) -> None:
        for key in ("username", "email"):
            others = (
                User.objects.signing_in_with(row[key]).exclude(pk=person.pk) if row[key] else []
            )
            if other := next(iter(others), None):
                row.problem(
                    f'"{other.username}" already signs in with {row[key]}.',
                    key,
                    "Give each person their own.",
                )

    def _set_password(self, row: Row, person: User) -> None:
        password = row.get("password")
        if password is None:
            person.set_unusable_password()
            return
        try:
            validate_password(password, person)
        except ValidationError as exc:
            row.problem(" ".join(exc.messages), "password", "Choose a better password.")
        person.set_password(password)

    def _join_units(self, row: Row, person: User) -> None:
        if row.get("units") is None:
            return
        wanted = [row.named(key, "units", Unit.objects.all(), "unit") for key in row["units"]]
        self._make_equal(
            row, "units", Membership.objects.filter(user=person), "unit", wanted, user=person
        )

    def _appoint(self, row: Row, person: User) -> None:
        wanted = row.get("function_administrator_of")
        if wanted is None:
            return
        known = [function.key for function in registry.all_functions()]
        for key in set(wanted) - set(known):
            row.problem(
                f'there is no function "{key}".',
                "function_administrator_of",
                f"Known: {', '.join(known)}.",
            )
        rows = FunctionAdministrator.objects.filter(user=person)
        self._make_equal(row, "function_administrator_of", rows, "key", wanted, user=person)

    def _make_equal(
        self, row: Row, key: str, rows: Any, attribute: str, wanted: list[Any], **others: Any
    ) -> None:
        present = {getattr(item, attribute): item for item in rows}
        missing = [value for value in dict.fromkeys(wanted) if value not in present]
        surplus = [item for value, item in present.items() if value not in wanted]
        for item in surplus:
            item.delete()
        for value in missing:
            rows.model.objects.create(**others, **{attribute: value})
        if missing or surplus:
            row.changed(False, [key])
