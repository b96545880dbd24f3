"""What is recorded about people, and the listeners for what happens outside our own views."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils.translation import gettext_lazy as _

from groupware.audit import registry
from groupware.audit.record import record

LABELS = {
    "users.session.started": _("Signed in"),
    "users.session.ended": _("Signed out"),
    "users.session.refused": _("Sign-in refused"),
    "users.password.changed": _("Password changed"),
    "users.password.set_by_administrator": _("Password set by an administrator"),
    "users.person.added": _("Person added"),
    "users.person.changed": _("Person changed"),
    "users.person.deactivated": _("Person deactivated"),
    "users.person.reactivated": _("Person reactivated"),
    "users.administrator.appointed": _("System administrator appointed"),
    "users.administrator.dismissed": _("System administrator dismissed"),
}


def _signed_in(user: Any, **kwargs: Any) -> None:
    record("users.session.started", actor=user)


def _signed_out(user: Any, **kwargs: Any) -> None:
    if user is not None:
        record("users.session.ended", actor=user)


def _refused(credentials: dict[str, Any], **kwargs: Any) -> None:
    # What was typed is kept only when it names a person: sometimes it is a password in the wrong field.
    from groupware.users.models import User

    typed = str(credentials.get("username") or credentials.get("email") or "")
    person = User.objects.signing_in_with(typed).first() if typed else None
    record("users.session.refused", target=person)


def _password_changed(user: Any, **kwargs: Any) -> None:
    record("users.password.changed", actor=user)


def connect() -> None:
    """Register the names and start listening; called once, when the app is ready."""
    registry.register(LABELS)
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    user_login_failed.connect(_refused, dispatch_uid="audit")
    password_changed.connect(_password_changed, dispatch_uid="audit")
    password_reset.connect(_password_changed, dispatch_uid="audit")
