"""What waits for the person: the page after sign-in, and the link of an invitation."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groupware.functions.permissions import function_required
from webmail import invitations
from webmail.token_status import prepared, statuses_of


@function_required("webmail")
@require_safe
@never_cache
def waiting(request: HttpRequest) -> HttpResponse:
    """My mailboxes that wait for an authorization, each with the one button."""
    accounts = prepared(invitations.waiting_for(request.user), request.user).order_by(
        "address", "pk"
    )
    rows = [
        (account, [s for s in statuses_of(account, request.user).values() if s.wants_a_sign_in])
        for account in accounts
    ]
    return render(request, "webmail/waiting.html", {"rows": rows})


@function_required("webmail")
@require_safe
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Follow the link of an invitation: on to the page that authorizes, or a page that says why not."""
    row, reason = invitations.opened(token, request.user)
    if row is None or reason:
        context = {"reason": reason, "invitation": row}
        status = {"unknown": 404, "other_person": 403}.get(reason, 200)
        return render(request, "webmail/invitation.html", context, status=status)
    address = reverse("webmail:authorize", args=[row.account.public_id])
    return redirect(f"{address}?{urlencode({'next': reverse('webmail:waiting')})}")
