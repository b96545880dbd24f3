"""Addresses of webmail's function management; they join the namespace of ``webmail.urls``."""

from django.urls import include, path

from webmail.manage import personal_accounts, policy, servers

urlpatterns = [
    path("", include("webmail.manage.bulk_urls")),
    path("accounts/", personal_accounts.account_list, name="manage_accounts"),
    path("accounts/<uuid:public_id>/", personal_accounts.account, name="manage_account"),
    path(
        "accounts/<uuid:public_id>/delete/", personal_accounts.delete, name="manage_account_delete"
    ),
    path("people/<uuid:public_id>/new/", personal_accounts.account_new, name="manage_account_new"),
    path("servers/", servers.server_list, name="manage_servers"),
    path("servers/new/", servers.server_new, name="manage_server_new"),
    path("servers/<uuid:public_id>/", servers.server, name="manage_server"),
    path("servers/<uuid:public_id>/delete/", servers.delete, name="manage_server_delete"),
    path("policy/", policy.policy, name="manage_policy"),
]
