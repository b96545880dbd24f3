"""Composition root: every address of the installation starts here."""

from __future__ import annotations

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from groupware.functions.views import portal

# The operator's pages have no entrance of their own: limits on attempts and the audit log are at the common one.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = RedirectView.as_view(pattern_name="account_change_password")  # type: ignore[method-assign,assignment]
admin.site.unregister(Group)  # rights come from the person and from function administrators
admin.site.unregister(EmailAddress)  # allauth's own; the address of a person is on the person
admin.site.site_header = admin.site.site_title = "Groupware"

# What allauth offers and we use; addresses are changed by administrators, so its pages for them are left out.
account_urls = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),  # closed by the adapter
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("", portal, name="portal"),
    path("", include("groupware.users.urls")),
    path("", include("groupware.functions.urls")),
    path("system/departments/", include("groupware.organisation.urls")),
    path("system/audit/", include("groupware.audit.urls")),
    path("accounts/", include(account_urls)),
    path("", include("webmail.urls")),
    path("", include("oauthservers.urls")),
    path("admin/", admin.site.urls),
]
if settings.DEBUG:
    urlpatterns.append(path("gallery/", include("groupware.gallery")))
handler400 = "groupware.functions.views.unreadable"
handler403 = "groupware.functions.views.refused"
