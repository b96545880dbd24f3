"""Function management and the entrance of system administration."""

from django.urls import path

from groupware.functions import switches, views

app_name = "functions"
urlpatterns = [
    path("manage/", views.manage, name="manage"),
    path("system/", views.system, name="system"),
    path("system/state/", views.state, name="health"),
    path("system/functions/", switches.switches, name="switches"),
    path("system/functions/<slug:key>/", switches.function, name="function"),
    path("system/functions/<slug:key>/switch/", switches.switch, name="switch"),
    path("system/functions/<slug:key>/dismiss/", switches.dismiss, name="dismiss"),
]
