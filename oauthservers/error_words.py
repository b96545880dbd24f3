"""What the rows of the error tables are made of: whose turn it is, what still works, what the button says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

# Who must act.
PERSON = gettext_lazy("You can mend this.")
PROVIDER_ADMINISTRATOR = gettext_lazy("Your administrator has to act.")
SYSTEM_ADMINISTRATOR = gettext_lazy("A system administrator has to act.")
NOBODY = gettext_lazy("Nobody has to act.")

MAIL_STAYS = gettext_lazy("Mail already here stays readable.")
NOTHING_SAVED = gettext_lazy("Nothing was saved.")
RETRIES = gettext_lazy("Mail already here stays readable, and we try again by ourselves.")

CONNECT = gettext_lazy("Authenticate again")
AGAIN = gettext_lazy("Try again")
OTHER_ACCOUNT = gettext_lazy("Use another account")

Row = tuple[Any, Any, Any, Any]


def each(headlines: Mapping[str, Any], still_works: Any, who: Any, button: Any) -> dict[str, Row]:
    return {code: (headline, still_works, who, button) for code, headline in headlines.items()}
