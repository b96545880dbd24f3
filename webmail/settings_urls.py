"""Addresses of the personal settings of webmail; they join the namespace of ``webmail.urls``."""

from django.urls import path

from webmail.views import authorizing, checking, members, settings, waiting

urlpatterns = [
    path("", settings.account_list, name="account_list"),
    path("waiting/", waiting.waiting, name="waiting"),
    path("new/", settings.account_new, name="account_new"),
    path("<uuid:public_id>/", settings.account, name="account"),
    path("<uuid:public_id>/authorize/", authorizing.authorize, name="authorize"),
    path("<uuid:public_id>/authorized/", authorizing.authorized, name="account_authorized"),
    path("<uuid:public_id>/check/", checking.check, name="check"),
    path("<uuid:public_id>/check/progress/", checking.progress, name="check_progress"),
    path("<uuid:public_id>/members/", members.members, name="members"),
    path("<uuid:public_id>/members/change/", members.change, name="members_change"),
    path("<uuid:public_id>/remove/", settings.account_remove, name="account_remove"),
    path("<uuid:public_id>/delete/", settings.account_delete, name="account_delete"),
]
