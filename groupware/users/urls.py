"""One's own settings, and people in system administration."""

from django.urls import path

from groupware.users import administration, views

app_name = "users"
urlpatterns = [
    path("settings/", views.own_settings, name="settings"),
    path("settings/display/", views.display, name="display"),
    path("system/people/", administration.people, name="people"),
    path("system/people/add/", administration.add_person, name="add_person"),
    path("system/people/<uuid:public_id>/", administration.edit_person, name="person"),
    path("system/people/<uuid:public_id>/active/", administration.set_active, name="set_active"),
]
