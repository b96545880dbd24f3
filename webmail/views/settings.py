"""My mail accounts: the list with the state of both directions, and the account form."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.audit.record import record
from groupware.functions.permissions import RefusedError, function_required
from groupware.parameters import public_id as public_id_of
from oauthservers.flows import authorization_code
from oauthservers.models import AuthorizationRequest, AuthorizationServer, Grant
from webmail import tasks
from webmail.forms.account import MailAccountForm
from webmail.models import MailAccount, MailServer, WebmailPolicy
from webmail.views import authorizing
from webmail.views.bell import ring
from webmail.views.receiving import troubles_of


@dataclass(frozen=True)
class Direction:
    """One direction as the account form shows it: its authorization server and connection, where it has one."""

    name: str
    server: AuthorizationServer | None
    grant: Grant | None
    is_shared: bool  # the connection of receiving is used

    @property
    def waits_for_owner(self) -> bool:
        """Whether nothing works in this direction before the owner authorizes."""
        return self.server is not None and (
            self.grant is None or self.grant.state != Grant.State.ACTIVE
        )


def directions_of(account: MailAccount) -> list[Direction]:
    """Receiving and sending with their connections."""
    receive = authorizing.server_of(account, "receive")
    send = authorizing.server_of(account, "send")
    shares = account.send_authentication == MailAccount.SendAuthentication.SAME_AS_RECEIVING
    return [
        Direction("receive", receive, account.receive_grant, False),
        Direction("send", send, account.effective_send_grant, shares),
    ]


def mine(user):
    """The accounts that ``user`` owns, with everything that the screens name."""
    return MailAccount.objects.visible_to(user).select_related(
        "incoming_server__authorization_server",
        "outgoing_server__authorization_server",
        "receive_grant__server",
        "send_grant__server",
    )


def _find(user, public_id) -> MailAccount:
    return get_object_or_404(mine(user), public_id=public_id)


@function_required("webmail")
@require_safe
@never_cache
def account_list(request: HttpRequest) -> HttpResponse:
    """Every account of the person with the state of receiving and of sending."""
    context = {
        "accounts": [(account, troubles_of(account)) for account in mine(request.user)],
        "may_change": WebmailPolicy.current().allows_individual_settings,
        "has_servers": MailServer.objects.offered().incoming().exists(),
    }
    return render(request, "webmail/account_list.html", context)


def _page(request: HttpRequest, form: MailAccountForm, account: MailAccount | None) -> HttpResponse:
    directions = directions_of(account) if account else []
    context = {
        "form": form,
        "account": account,
        "waits_for_owner": _first_waiting(directions) if account else "receive",
        "may_change": WebmailPolicy.current().allows_individual_settings,
        "servers": MailServer.objects.offered().select_related("authorization_server"),
        "directions": directions,
        "troubles": troubles_of(account) if account else [],
        "attempt": _attempt(request),
    }
    response = render(
        request, "webmail/account_form.html", context, status=200 if not form.errors else 422
    )
    # Chromium checks form-action along the whole chain of redirects, so the servers that Authenticate leads to
    # must be named on the page with the button.
    response._csp_update = {"form-action": authorization_code.form_action_origins()}
    return response


def _first_waiting(directions: list[Direction]) -> str:
    """The name of the direction that the owner must authorize next, or nothing."""
    return next((one.name for one in directions if one.waits_for_owner), "")


def _attempt(request: HttpRequest) -> AuthorizationRequest | None:
    """The attempt that just failed, to say why."""
    attempts = AuthorizationRequest.objects.of(request.user).select_related("server")
    return attempts.filter(public_id=public_id_of(request.GET.get("authorization"))).first()


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_new(request: HttpRequest) -> HttpResponse:
    """Set up an account of one's own."""
    if not WebmailPolicy.current().allows_individual_settings:
        raise RefusedError("webmail")
    blank = MailAccount(owner=request.user, kind=MailAccount.Kind.PERSONAL)
    initial = {"address": request.user.email, "display_name": request.user.display_name}
    form = MailAccountForm(request.POST or None, instance=blank, initial=initial)
    if request.method == "POST" and form.is_valid():
        account = form.save()
        record("webmail.account.created", target=account)
        return _saved(request, account)
    return _page(request, form, None)


@sensitive_post_parameters("new_receive_password", "new_send_password")
@function_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account(request: HttpRequest, public_id) -> HttpResponse:
    """Change an account. Where people may not change their accounts they may still authorize them."""
    found = _find(request.user, public_id)
    if not WebmailPolicy.current().allows_individual_settings:
        if request.method == "POST":
            if direction := _wanted(request):
                return authorizing.leave(request, found, direction)
            raise RefusedError("webmail")
        form = MailAccountForm(instance=found)
        for field in form.fields.values():
            field.disabled = True
        return _page(request, form, found)
    form = MailAccountForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        changed = sorted(form.changed_data)
        saved = form.save()
        record("webmail.account.updated", target=saved, details={"fields": changed})
        return _saved(request, saved)
    if form.errors:
        found = _find(request.user, public_id)  # the form has put what was typed into the instance
    return _page(request, form, found)


def _wanted(request: HttpRequest) -> str:
    """The direction whose Authenticate button was pressed, or nothing."""
    value = request.POST.get("authenticate", "")
    return value if value in {"receive", "send"} else ""


def _saved(request: HttpRequest, account: MailAccount) -> HttpResponse:
    if direction := _wanted(request):
        return authorizing.leave(request, _find(request.user, account.public_id), direction)
    if not authorizing.receives_with_grant(account) or account.receive_grant_id:
        ring(tasks.receive_now, account.pk)
    flash.success(request, _("Saved."))
    return redirect("webmail:account", account.public_id)


@function_required("webmail")
@require_POST
def account_delete(request: HttpRequest, public_id) -> HttpResponse:
    """Remove an account with the mail kept here. Nothing is deleted on the mail server."""
    if not WebmailPolicy.current().allows_individual_settings:
        raise RefusedError("webmail")
    found = _find(request.user, public_id)
    address = found.address
    record("webmail.account.deleted", target=found, details={"messages": found.messages.count()})
    found.delete()
    flash.success(request, _("%(address)s was removed.") % {"address": address})
    return redirect("webmail:account_list")


@function_required("webmail")
@require_safe
@never_cache
def account_remove(request: HttpRequest, public_id) -> HttpResponse:
    """Say in figures what removing the account takes away, and ask."""
    found = _find(request.user, public_id)
    context = {
        "account": found,
        "messages_count": found.messages.count(),
        "waiting_count": found.outgoing_messages.in_outbox().count(),
        "drafts_count": found.outgoing_messages.drafts().count(),
    }
    return render(request, "webmail/account_remove.html", context)
