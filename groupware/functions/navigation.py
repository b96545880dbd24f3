"""Menus, built from the registry and the rights of the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from groupware.functions import permissions, registry
from groupware.functions.registry import Page
from groupware.organisation.models import Organisation

PERSONAL_PAGES = (
    Page(
        _("Profile"),
        "users:settings",
        _("Your name, language and time zone, and how pages look to you."),
    ),
    Page(_("Password"), "account_change_password", _("The password you sign in with.")),
)
SYSTEM_PAGES = (
    Page(_("People"), "users:people", _("Who may sign in, and with which rights.")),
    Page(
        _("Departments"),
        "organisation:units",
        _("The tree of departments and who belongs to them."),
    ),
    Page(
        _("Functions"),
        "functions:switches",
        _("Switch functions on and off and appoint who looks after them."),
    ),
)
LAST_SYSTEM_PAGES = (
    Page(_("State of the installation"), "functions:health", _("What works and what does not.")),
    Page(_("Audit log"), "audit:events", _("Who did what, when and from where.")),
)


@dataclass(frozen=True)
class RailItem:
    """One icon of the rail."""

    key: str
    label: Any
    icon: str
    url: str
    is_current: bool = False
    badge: int = 0
    starts_group: bool = False
    description: Any = ""
    is_function: bool = False


@dataclass(frozen=True)
class SectionItem:
    """One entry of the list at the left of a settings or administration page; a heading when it has no ``url``."""

    label: Any
    url: str = ""
    description: Any = ""
    is_current: bool = False


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``navigation`` (the rail), ``sections`` (the list beside the page) and the organisation's name.

    All are made when a template uses them.
    """
    return {
        "navigation": SimpleLazyObject(lambda: rail(request)),
        "sections": SimpleLazyObject(lambda: sections(request)),
        "organisation_name": SimpleLazyObject(_organisation_name),
    }


def rail(request: HttpRequest) -> list[RailItem]:
    """The functions a person may use, then settings, function management and system administration as far as they may."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    portal = reverse("portal")
    items = [RailItem("portal", _("Portal"), "layout-grid", portal, request.path == portal)]
    for function in registry.enabled():
        if function.home_url_name:
            url = reverse(function.home_url_name)
            badge = function.badge(user) if function.badge else 0
            items.append(
                RailItem(
                    function.key,
                    function.label,
                    function.icon,
                    url,
                    request.path.startswith(url),
                    badge,
                    description=function.description,
                    is_function=True,
                )
            )
    offered = [("settings", _("Settings"), "settings", reverse("users:settings"))]
    if permissions.administered_functions(user):
        offered.append(("manage", _("Manage"), "sliders-horizontal", reverse("functions:manage")))
    if user.is_system_administrator:
        offered.append(("system", _("System"), "shield", reverse("functions:system")))
    for index, (key, label, icon, url) in enumerate(offered):
        is_current = any(item.is_current for item in AREAS[key](user, request.path))
        items.append(
            RailItem(
                key, label, icon, url, is_current or request.path == url, starts_group=index == 0
            )
        )
    return items


def _organisation_name() -> str:
    organisation = Organisation.objects.first()
    return organisation.name if organisation else ""


def sections(request: HttpRequest) -> list[SectionItem]:
    """The list for the area the current page belongs to; empty outside settings and administration."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    for area in AREAS.values():
        items = area(user, request.path)
        if any(item.is_current for item in items):
            return items
    for name, url_name in (("manage", "functions:manage"), ("system", "functions:system")):
        if request.path == reverse(url_name):
            return AREAS[name](user, request.path)
    return []


def settings_sections(user: Any, path: str = "") -> list[SectionItem]:
    """Everybody's own settings: those of the groupware, then of each function."""
    groups = [("", PERSONAL_PAGES)]
    groups += [(function.label, function.settings_pages) for function in registry.enabled()]
    return _items(groups, path)


def management_sections(user: Any, path: str = "") -> list[SectionItem]:
    """The administration screens of the functions that ``user`` looks after."""
    functions = permissions.administered_functions(user)
    return _items([(function.label, function.administration_pages) for function in functions], path)


def system_sections(user: Any, path: str = "") -> list[SectionItem]:
    """System administration; empty for everybody else."""
    if not user.is_system_administrator:
        return []
    groups = [("", SYSTEM_PAGES)]
    groups += [(function.label, function.system_pages) for function in registry.all_functions()]
    groups.append((_("Operation"), LAST_SYSTEM_PAGES))
    return _items(groups, path)


AREAS = {"settings": settings_sections, "manage": management_sections, "system": system_sections}


def _items(groups: Iterable[tuple[Any, Sequence[Page]]], path: str) -> list[SectionItem]:
    made = [
        (label, [(page, reverse(page.url_name)) for page in pages])
        for label, pages in groups
        if pages
    ]
    urls = [url for _label, pages in made for _page, url in pages if path.startswith(url)]
    current = max(urls, key=len, default=None)
    items = []
    for label, pages in made:
        if label:
            items.append(SectionItem(label))
        items += [
            SectionItem(page.label, url, page.description, url == current) for page, url in pages
        ]
    return items
