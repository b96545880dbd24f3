"""Menus, built from the registry and the rights of the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    """Context processor: ``navigation`` (the rail), ``sections`` (the list beside the page), the organisation's name.

    All are made when a template uses them.
    """
    user = getattr(request, "user", None)
    name = SimpleLazyObject(_organisation_name)
    if user is None or not user.is_authenticated:
        return {"navigation": [], "sections": [], "organisation_name": name}
    menus = Menus(user, request.path)
    return {
        "navigation": SimpleLazyObject(menus.rail),
        "sections": SimpleLazyObject(menus.sections),
        "organisation_name": name,
    }


def _organisation_name() -> str:
    organisation = Organisation.objects.first()
    return organisation.name if organisation else ""


class Menus:
    """What one person may open, seen from the page at ``path``."""

    def __init__(self, user: Any, path: str) -> None:
        self.user = user
        self.path = path

    @cached_property
    def functions(self) -> list[registry.GroupwareFunction]:
        """The functions that are switched on."""
        return registry.enabled()

    @cached_property
    def areas(self) -> dict[str, list[SectionItem]]:
        """Settings, function management and system administration, each as far as the person may."""
        administered = permissions.administered_functions(self.user, self.functions)
        settings = [
            ("", PERSONAL_PAGES),
            *((item.label, item.settings_pages) for item in self.functions),
        ]
        manage = [(item.label, item.administration_pages) for item in administered]
        system: list[Any] = []
        if self.user.is_system_administrator:
            of_functions = ((item.label, item.system_pages) for item in registry.all_functions())
            system = [("", SYSTEM_PAGES), *of_functions, (_("Operation"), LAST_SYSTEM_PAGES)]
        return {
            name: _items(groups, self.path)
            for name, groups in zip(AREAS, (settings, manage, system), strict=True)
        }

    def rail(self) -> list[RailItem]:
        """The portal, the functions, then the areas of administration."""
        portal = reverse("portal")
        items = [RailItem("portal", _("Portal"), "layout-grid", portal, self.path == portal)]
        items += [self._of_function(item) for item in self.functions if item.home_url_name]
        offered = [key for key in AREAS if self.areas[key]]
        return items + [self._of_area(key, starts_group=key == offered[0]) for key in offered]

    def _of_function(self, function: registry.GroupwareFunction) -> RailItem:
        url = reverse(function.home_url_name)
        return RailItem(
            function.key,
            function.label,
            function.icon,
            url,
            self._is_function_open(url),
            function.badge(self.user) if function.badge else 0,
            description=function.description,
            is_function=True,
        )

    def _is_function_open(self, url: str) -> bool:
        # Settings and administration of a function may lie below its address; they belong to their area then.
        return self.path.startswith(url) and self._open_area() is None

    def _open_area(self) -> str | None:
        for key, (_label, _icon, url_name) in AREAS.items():
            if self.path == reverse(url_name) or any(item.is_current for item in self.areas[key]):
                return key
        return None

    def _of_area(self, key: str, *, starts_group: bool) -> RailItem:
        label, icon, url_name = AREAS[key]
        return RailItem(
            key, label, icon, reverse(url_name), self._open_area() == key, starts_group=starts_group
        )

    def sections(self) -> list[SectionItem]:
        """The list for the area of the current page; empty outside settings and administration."""
        area = self._open_area()
        return self.areas[area] if area else []


# The hub of each area.
AREAS = {
    "settings": (_("Settings"), "settings", "users:settings"),
    "manage": (_("Manage"), "sliders-horizontal", "functions:manage"),
    "system": (_("System"), "shield", "functions:system"),
}


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
