"""Who may sign in, and how."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from groupware.users import first_page


class AccountAdapter(DefaultAccountAdapter):
    """People are added by administrators; nobody registers alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed, always."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """What waits for the person, once per sign-in; otherwise where everybody goes."""
        return first_page.for_person(request.user) or super().get_login_redirect_url(request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str = "",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Say only what a person did not see anyway: nobody needs to be told that they signed in."""
        if message_template.endswith(("/logged_in.txt", "/logged_out.txt")):
            return
        super().add_message(request, level, message_template, *args, **kwargs)
