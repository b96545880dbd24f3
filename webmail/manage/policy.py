"""Limits and switches for everybody."""

from __future__ import annotations

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groupware.audit.record import record
from groupware.functions.permissions import function_admin_required
from webmail.manage.forms import WebmailPolicyForm
from webmail.models import WebmailPolicy


@function_admin_required("webmail")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def policy(request: HttpRequest) -> HttpResponse:
    """Show and change the one row of the policy."""
    form = WebmailPolicyForm(request.POST or None, instance=WebmailPolicy.current())
    if request.method == "POST" and form.is_valid():
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        saved = form.save()
        record("webmail.policy.updated", target=saved, details=changed)
        flash.success(request, _("Saved."))
        return redirect("webmail:manage_policy")
    return render(
        request, "webmail/manage/policy.html", {"form": form}, status=422 if form.errors else 200
    )
