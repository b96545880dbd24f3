"""Addresses of flows and connections, and of the registry in system administration."""

from django.urls import path

from oauthservers.manage import connection_tests, guides, preconditions, servers
from oauthservers.views import attempts, authorize, grants

app_name = "oauthservers"
_SYSTEM = "system/authorization-servers/"
urlpatterns = [
    path("oauth/authorize/", authorize.authorize, name="authorize"),
    path("oauth/callback/<uuid:server_id>/", authorize.callback, name="callback"),
    path("settings/connections/attempts/<uuid:attempt_id>/", attempts.attempt, name="attempt"),
    path(
        "settings/connections/attempts/<uuid:attempt_id>/state/",
        attempts.state,
        name="attempt_state",
    ),
    path(
        "settings/connections/attempts/<uuid:attempt_id>/again/",
        attempts.again,
        name="attempt_again",
    ),
    path("oauth/approved/", authorize.approved, name="approved"),
    path("oauth/refused/<slug:reason>/", authorize.refused, name="refused"),
    path("settings/connections/", grants.connections, name="grants"),
    path("settings/connections/<uuid:grant_id>/disconnect/", grants.disconnect, name="disconnect"),
    path(_SYSTEM, servers.listing, name="servers"),
    path("system/preconditions/", preconditions.page, name="preconditions"),
    path("system/preconditions/live/", preconditions.live, name="preconditions_live"),
    path(f"{_SYSTEM}guide/<slug:key>/", guides.guide, name="guide"),
    path(f"{_SYSTEM}add/", servers.choose_kind, name="choose_kind"),
    path(f"{_SYSTEM}add/<slug:kind>/", servers.add, name="add_server"),
    path(f"{_SYSTEM}<uuid:server_id>/", servers.show, name="server"),
    path(f"{_SYSTEM}<uuid:server_id>/edit/", servers.edit, name="edit_server"),
    path(
        f"{_SYSTEM}<uuid:server_id>/mail-servers/",
        servers.register_mail_servers,
        name="register_mail_servers",
    ),
    path(f"{_SYSTEM}<uuid:server_id>/secrets/", servers.change_secrets, name="change_secrets"),
    path(f"{_SYSTEM}<uuid:server_id>/test/", connection_tests.test, name="test_server"),
    path(f"{_SYSTEM}<uuid:server_id>/checks/", connection_tests.live, name="server_checks"),
    path(f"{_SYSTEM}<uuid:server_id>/switch/", servers.switch, name="switch_server"),
    path(f"{_SYSTEM}<uuid:server_id>/delete/", servers.delete, name="delete_server"),
]
