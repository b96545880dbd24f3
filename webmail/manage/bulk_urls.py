"""Addresses of work on many mailboxes at once: overview, invitations, files, switchovers."""

from django.urls import path

from webmail.manage import invitations, overview, switchovers, transfer

urlpatterns = [
    path("overview/", overview.overview, name="manage_overview"),
    path("overview/export/", overview.export, name="manage_overview_export"),
    path("overview/open/", overview.open_all, name="manage_open_all"),
    path("invitations/", invitations.invitation_list, name="manage_invitations"),
    path("invitations/invite/", invitations.invite, name="manage_invite"),
    path("invitations/again/", invitations.again, name="manage_invite_again"),
    path("invitations/withdraw/", invitations.withdraw, name="manage_withdraw"),
    path("files/", transfer.files, name="manage_transfer"),
    path("files/export/", transfer.export, name="manage_export"),
    path("files/<uuid:public_id>/", transfer.preview, name="manage_import"),
    path("files/<uuid:public_id>/apply/", transfer.apply, name="manage_import_apply"),
    path("files/<uuid:public_id>/discard/", transfer.discard, name="manage_import_discard"),
    path("switchovers/", switchovers.switchover_list, name="manage_switchovers"),
    path("switchovers/new/", switchovers.switchover_new, name="manage_switchover_new"),
    path("switchovers/<uuid:public_id>/", switchovers.switchover_page, name="manage_switchover"),
    path("switchovers/<uuid:public_id>/apply/", switchovers.apply, name="manage_switchover_apply"),
    path(
        "switchovers/<uuid:public_id>/invite/", switchovers.invite, name="manage_switchover_invite"
    ),
    path("switchovers/<uuid:public_id>/undo/", switchovers.undo, name="manage_switchover_undo"),
    path(
        "switchovers/<uuid:public_id>/discard/",
        switchovers.discard,
        name="manage_switchover_discard",
    ),
]
