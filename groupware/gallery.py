"""The gallery: every component in every state on one screen, for whoever draws or judges. Development only.

``?appearance=dark``, ``?density=compact`` and ``?language=ja`` show the same page in another dress.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace as Sample

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone, translation

PARTS = {
    "components": "Components",
    "forms": "Forms and tables",
    "states": "States",
    "webmail": "Webmail",
    "composer": "Composer",
    "outbox": "Outbox",
    "entrance": "Entrance",
}


@dataclass
class SamplePerson:
    """Stands for the person who is signed in, dressed by the query."""

    appearance: str = "auto"
    density: str = "normal"
    uses_shortcuts: bool = True
    is_authenticated: bool = True
    name: str = "髙橋 茜"

    def __str__(self) -> str:
        return self.name


@dataclass
class SampleMessage:
    """One row of the list."""

    sender: str
    subject: str
    snippet: str
    at: datetime
    is_unread: bool = False
    is_open: bool = False
    is_selected: bool = False
    is_starred: bool = False
    attachments: int = 0
    labels: list[tuple[str, str]] = field(default_factory=list)


class SampleForm(forms.Form):
    """A field of every kind; bound with nothing it shows every error."""

    name = forms.CharField(help_text="As people see it in lists. It can be changed later.")
    host = forms.CharField(label="Incoming mail server", initial="imap.example.jp")
    security = forms.ChoiceField(
        choices=[("tls", "TLS from the first byte"), ("starttls", "STARTTLS"), ("none", "None")],
        widget=forms.RadioSelect,
    )
    provider = forms.ChoiceField(choices=[("m", "Microsoft"), ("g", "Google"), ("o", "Another")])
    signature = forms.CharField(widget=forms.Textarea, required=False)
    leave = forms.BooleanField(
        label="Leave messages on the server",
        required=False,
        initial=True,
        help_text="Other programs that read this mailbox go on seeing them.",
    )
    notify = forms.BooleanField(label="Tell me about new mail", required=False)


def _messages() -> list[SampleMessage]:
    now = timezone.localtime().replace(hour=10, minute=42)
    older = now.replace(year=now.year - 1)
    return [
        SampleMessage("佐藤 健一", "来週の打ち合わせについて(会議室の変更と資料の事前配布のお願い、および議事録担当者の確認)", "お世話になっております。標記の件、第二会議室に変更となりましたのでご連絡いたします。", now, is_unread=True, attachments=2),
        SampleMessage("Microsoft account team", "New app(s) connected to your account", "Groupware connected to the account ak**@contoso.example.", now - timedelta(minutes=31), is_unread=True, is_open=True, labels=[("Security", "tint-1")]),
        SampleMessage("Анна Кузнецова", "Договор на согласование", "Добрый день! Направляю проект договора с правками юристов.", now - timedelta(hours=2), attachments=1, is_starred=True),
        SampleMessage("経理部", "【至急】10月分の立替精算", "締め切りは本日17時です。未提出の方はご対応をお願いします。", now - timedelta(hours=2, minutes=10), is_selected=True, labels=[("経理", "tint-4"), ("至急", "tint-2")]),
        SampleMessage("Bartholomew Featherstonehaugh-Cholmondeley of Exampleshire Ltd", "Re: Quotation 12,431", "Thank you for the quick answer. The figures look right to us.", now - timedelta(days=1)),
        SampleMessage("Service clients", "Votre facture n° 2041 est disponible", "Bonjour, votre facture du mois d’octobre est en ligne.", now - timedelta(days=4), is_unread=True),
        SampleMessage("(no sender)", "(no subject)", "", now - timedelta(days=9)),
        SampleMessage("notify@ci.example", "Build 8812 passed", "All 1,204 checks passed in 4 min 12 s.", older),
    ]  # fmt: skip


def _folders() -> list[Sample]:
    rows = [
        ("inbox", "Inbox", 12431, True),
        ("file-text", "Drafts", 2, False),
        ("send", "Sent", 0, False),
        ("archive", "Archive", 0, False),
        ("ban", "Junk", 31, False),
        ("trash-2", "Trash", 0, False),
        ("folder", "取引先", 4, False),
        ("folder", "見積もり・請求書(2026年度下半期・東日本)", 0, False),
    ]
    return [Sample(icon=i, name=n, count=c, is_current=cur) for i, n, c, cur in rows]


def _navigation(here: str) -> list[Sample]:
    rows = [
        ("house", "Home", 0, False),
        ("mail", "Mail", 128, True),
        ("calendar", "Calendar", 0, False),
        ("book-user", "Address book", 0, False),
        ("wrench", "Function management", 0, False),
        ("server", "System administration", 0, False),
    ]
    return [
        Sample(icon=i, label=n, badge=b, is_current=cur, url=here, starts_group=i == "wrench")
        for i, n, b, cur in rows
    ]


def _context(request: HttpRequest, part: str) -> dict[str, object]:
    here = reverse("gallery")
    query = request.GET.urlencode()
    now = timezone.now()
    return {
        "user": SamplePerson(
            appearance=request.GET.get("appearance", "auto"),
            density=request.GET.get("density", "normal"),
        ),
        "navigation": _navigation(here),
        "sections": [Sample(label="Gallery", url="")]
        + [Sample(label=label, url=f"{reverse('gallery', args=[key])}?{query}", is_current=key == part) for key, label in PARTS.items()],
        "page_title": PARTS[part],
        "page_intro": "Each part of the screens in each of its states, to be looked at in light, dark and four languages.",
        "form": SampleForm(),
        "wrong_form": SampleForm({"name": "", "security": "x", "provider": "m"}),
        "mail_rows": _messages(),
        "folders": _folders(),
        "now": now,
        "just_now": now - timedelta(seconds=20),
        "minutes_ago": now - timedelta(minutes=12),
        "soon": now + timedelta(minutes=14),
        "columns": [
            Sample(label="Name", sort_url=here, sorted="ascending"),
            Sample(label="Address", sort_url=here),
            Sample(label="State"),
            Sample(label="Messages", is_figures=True),
            Sample(is_acts=True),
        ],
        "menu_items": [
            Sample(label="Mark as unread", url=here, icon="mail", shortcut="Shift+U"),
            Sample(label="Move to", url=here, icon="folder-input", shortcut="v"),
            Sample(label="Delete", url=here, icon="trash-2", is_danger=True, starts_group=True),
        ],
        "tab_items": [Sample(label=label, url=here, is_current=label == "All") for label in ("All", "Waiting", "Not sent")],
        "checks": [
            Sample(name="imap.example.jp is found", state="active", word="2 addresses", duration="4 ms"),
            Sample(name="Connection to port 993", state="active", word="open", duration="11 ms"),
            Sample(name="Certificate", state="trouble", word="ends in 6 days", remedy="Tell the operator of the mail server to renew it.", duration="38 ms"),
            Sample(name="Sign-in", state="act", word="refused", remedy="Reconnect to Microsoft: the permission was withdrawn on 12 Nov.", detail="A1 NO AUTHENTICATE failed. (AADSTS50173)", duration="202 ms"),
            Sample(name="Folder list", state="off", word="not reached"),
        ],
    }  # fmt: skip


def gallery(request: HttpRequest, part: str = "components") -> HttpResponse:
    """One part of the gallery."""
    if part not in PARTS:
        raise Http404
    with translation.override(request.GET.get("language", translation.get_language())):
        return render(request, f"gallery/{part}.html", _context(request, part))


urlpatterns = [
    path("", gallery, name="gallery"),
    path("<slug:part>/", gallery, name="gallery"),
]
