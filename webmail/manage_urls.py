"""Addresses of webmail's function management; they join the namespace of ``webmail.urls``."""

from django.urls import include, path

from webmail.manage import accounts, personal_accounts, policy, servers, shared_accounts
from webmail.views import members

urlpatterns = [
    path("", include("webmail.manage.bulk_urls")),
    path("accounts/", personal_accounts.account_list, name="manage_accounts"),
    path("accounts/<uuid:public_id>/", accounts.account, name="manage_account"),
    path("accounts/<uuid:public_id>/delete/", accounts.delete, name="manage_account_delete"),
    path("shared/", shared_accounts.account_list, name="manage_shared"),
    path("shared/new/", shared_accounts.account_new, name="manage_shared_new"),
    path("shared/<uuid:public_id>/", accounts.shared_account, name="manage_shared_account"),
    path("shared/<uuid:public_id>/members/", members.manage_members, name="manage_members"),
    path(
        "shared/<uuid:public_id>/members/change/",
        members.manage_change,
        name="manage_members_change",
    ),
    path("people/", personal_accounts.people_without, name="manage_people_without"),
    path("people/<uuid:public_id>/new/", personal_accounts.account_new, name="manage_account_new"),
    path("servers/", servers.server_list, name="manage_servers"),
    path("servers/new/", servers.server_new, name="manage_server_new"),
    path("servers/<uuid:public_id>/", servers.server, name="manage_server"),
    path("servers/<uuid:public_id>/test/", servers.test, name="manage_server_test"),
    path("servers/<uuid:public_id>/delete/", servers.delete, name="manage_server_delete"),
    path("policy/", policy.policy, name="manage_policy"),
]
