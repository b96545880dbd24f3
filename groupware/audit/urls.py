"""The audit log in system administration."""

from django.urls import path

from groupware.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.events, name="events"),
    path("export/", views.export, name="export"),
]
