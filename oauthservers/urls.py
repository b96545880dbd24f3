"""Addresses of flows and connections, and of the registry in system administration."""

from django.urls import path

from oauthservers.manage import servers
from oauthservers.views import authorize, grants

app_name = "oauthservers"
_SYSTEM = "system/authorization-servers/"
urlpatterns = [
    path("oauth/authorize/", authorize.authorize, name="authorize"),
    path("oauth/callback/<uuid:server_id>/", authorize.callback, name="callback"),
    path("oauth/refused/<slug:reason>/", authorize.refused, name="refused"),
    path("settings/connections/", grants.connections, name="grants"),
    path("settings/connections/<uuid:grant_id>/disconnect/", grants.disconnect, name="disconnect"),
    path(_SYSTEM, servers.listing, name="servers"),
    path(f"{_SYSTEM}add/", servers.choose_kind, name="choose_kind"),
    path(f"{_SYSTEM}add/<slug:kind>/", servers.add, name="add_server"),
    path(f"{_SYSTEM}<uuid:server_id>/", servers.edit, name="server"),
    path(f"{_SYSTEM}<uuid:server_id>/test/", servers.test, name="test_server"),
    path(f"{_SYSTEM}<uuid:server_id>/switch/", servers.switch, name="switch_server"),
    path(f"{_SYSTEM}<uuid:server_id>/delete/", servers.delete, name="delete_server"),
]
