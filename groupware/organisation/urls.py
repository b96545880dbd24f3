"""Departments in system administration."""

from django.urls import path

from groupware.organisation import views

app_name = "organisation"
urlpatterns = [
    path("", views.units, name="units"),
    path("name/", views.organisation, name="organisation"),
    path("add/", views.add_unit, name="add_unit"),
    path("<uuid:public_id>/", views.unit, name="unit"),
    path("<uuid:public_id>/delete/", views.delete_unit, name="delete_unit"),
    path("<uuid:public_id>/members/add/", views.add_member, name="add_member"),
    path("<uuid:public_id>/members/remove/", views.remove_member, name="remove_member"),
]
