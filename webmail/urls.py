"""Webmail's addresses in one namespace, mounted at the root: reading, personal settings, function management."""

from django.urls import include, path, register_converter

from webmail.views import (
    body,
    compose,
    mailbox,
    message,
    message_actions,
    outbox,
    receiving,
    search,
    waiting,
)


class SectionConverter:
    """A part's number as IMAP counts (RFC 9051 §6.4.5): 1.2.3."""

    regex = r"[0-9]+(?:\.[0-9]+)*"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


class AnswerConverter(SectionConverter):
    """The ways to answer a message."""

    regex = "reply|reply-all|forward"


register_converter(SectionConverter, "section")
register_converter(AnswerConverter, "answer")

app_name = "webmail"

reading = [
    path("", mailbox.home, name="home"),
    path("folders/<uuid:public_id>/", mailbox.mailbox, name="mailbox"),
    path("folders/<uuid:public_id>/rows/", mailbox.rows, name="rows"),
    path("accounts/<uuid:public_id>/receive/", receiving.receive_now, name="receive_now"),
    path("accounts/<uuid:public_id>/receiving/", receiving.state, name="receiving"),
    path("invitations/<str:token>/", waiting.invitation, name="invitation"),
    path("search/", search.results, name="search"),
    path("messages/act/", message_actions.act, name="act"),
    path("messages/undo/<str:token>/", message_actions.undo, name="undo"),
    path("messages/<uuid:public_id>/", message.message, name="message"),
    path("messages/<uuid:public_id>/seen/", message.seen, name="seen"),
    path("messages/<uuid:public_id>/headers/", message.headers, name="headers"),
    path("messages/<uuid:public_id>/source/", message.source, name="source"),
    path("messages/<uuid:public_id>/body/", body.body, name="body"),
    path("messages/<uuid:public_id>/parts/<section:number>/", body.picture, name="part"),
    path("messages/<uuid:public_id>/files/<section:number>/", body.attachment, name="attachment"),
    path("messages/<uuid:public_id>/<answer:kind>/", compose.answer, name="answer"),
    path("compose/", compose.new, name="compose"),
    path("drafts/", compose.drafts, name="drafts"),
    path("drafts/<uuid:public_id>/", compose.draft, name="draft"),
    path("drafts/<uuid:public_id>/save/", compose.save, name="save_draft"),
    path("drafts/<uuid:public_id>/attach/", compose.attach, name="attach"),
    path("drafts/<uuid:public_id>/discard/", compose.discard, name="discard"),
    path("drafts/files/<uuid:public_id>/remove/", compose.detach, name="detach"),
    path("outbox/", outbox.outbox_page, name="outbox"),
    path("outbox/sending/", outbox.sending, name="sending"),
    path("outbox/<uuid:public_id>/cancel/", outbox.cancel, name="cancel"),
    path("outbox/<uuid:public_id>/retry/", outbox.retry, name="retry"),
    path("outbox/<uuid:public_id>/edit/", outbox.edit, name="edit"),
    path("outbox/<uuid:public_id>/arrived/", outbox.arrived, name="arrived"),
    path("outbox/<uuid:public_id>/send-again/", outbox.send_again, name="send_again"),
]

urlpatterns = [
    path("mail/", include(reading)),
    path("settings/mail/", include("webmail.settings_urls")),
    path("manage/webmail/", include("webmail.manage_urls")),
]
