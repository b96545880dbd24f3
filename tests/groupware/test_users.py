"""Signing in, one's own settings, and people in system administration."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.users.models import User
from tests.groupware.conftest import PASSWORD, make_person, signed_in


def names_of_events() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("name", flat=True))


@pytest.mark.parametrize(
    "name", ["bernard", "BERNARD", "bernard@example.test", "Bernard@Example.test"]
)
def test_a_person_signs_in_with_name_or_address(client, bernard, name):
    answer = client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert answer.headers["Location"] == reverse("portal")
    assert get_user(client) == bernard
    event = AuditEvent.objects.get()
    assert (event.name, event.actor, event.address) == (
        "users.session.started",
        bernard,
        "127.0.0.1",
    )
    assert event.request_id == answer["X-Request-ID"]


def test_a_refused_sign_in_is_recorded_without_what_was_typed(client, bernard):
    client.post("/accounts/login/", {"login": "bernard", "password": "wrong-password"})
    client.post("/accounts/login/", {"login": "typed-a-password-here", "password": "x"})
    known, unknown = AuditEvent.objects.order_by("pk")
    assert (known.name, known.target_label) == ("users.session.refused", "Bernard Dupont")
    assert unknown.target_label == ""
    assert "typed" not in str(AuditEvent.objects.values())
    assert "wrong-password" not in str(AuditEvent.objects.values())


def test_too_many_attempts_are_stopped(client, bernard):
    for _attempt in range(12):
        answer = client.post("/accounts/login/", {"login": "bernard", "password": "wrong"})
    assert answer.status_code == 429 or "Too many" in answer.content.decode()
    client.post("/accounts/login/", {"login": "bernard", "password": PASSWORD})
    assert not get_user(client).is_authenticated


def test_signing_out_is_recorded_and_needs_a_post(as_bernard):
    as_bernard.get("/accounts/logout/")
    assert get_user(as_bernard).is_authenticated
    as_bernard.post("/accounts/logout/")
    assert not get_user(as_bernard).is_authenticated
    assert names_of_events() == ["users.session.ended"]


def test_nobody_registers_alone(client, db):
    client.post(
        "/accounts/signup/", {"username": "eve", "email": "eve@example.test", "password1": PASSWORD}
    )
    assert not User.objects.exists()


def test_a_changed_password_is_recorded(as_bernard, bernard):
    passwords = {
        "oldpassword": PASSWORD,
        "password1": "another-sheet-5",
        "password2": "another-sheet-5",
    }
    as_bernard.post("/accounts/password/change/", passwords)
    bernard.refresh_from_db()
    assert bernard.check_password("another-sheet-5")
    assert "users.password.changed" in names_of_events()


def test_the_pages_speak_the_language_of_the_person_before_that_of_the_browser(bernard):
    client = signed_in(bernard)
    assert client.get("/settings/", headers={"Accept-Language": "ru"})["Content-Language"] == "ru"
    bernard.language = "ja"
    bernard.save()
    assert client.get("/settings/", headers={"Accept-Language": "ru"})["Content-Language"] == "ja"


def test_a_person_keeps_their_settings(as_bernard, bernard):
    chosen = {
        "display_name": "Bernard D.",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "appearance": "dark",
        "density": "compact",
    }
    answer = as_bernard.post("/settings/", chosen)
    assert answer.status_code == 302
    bernard.refresh_from_db()
    assert {name: getattr(bernard, name) for name in chosen} == chosen
    assert not bernard.uses_shortcuts


@pytest.mark.parametrize(
    ("name", "value"), [("time_zone", "Mars/Base"), ("language", "de"), ("appearance", "x")]
)
def test_a_setting_that_does_not_exist_is_refused(as_bernard, bernard, name, value):
    chosen = {"language": "", "time_zone": "", "appearance": "auto", "density": "normal"}
    answer = as_bernard.post("/settings/", {**chosen, name: value})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {name}


def test_the_rights_of_a_person_are_no_setting_of_theirs(as_bernard, bernard):
    chosen = {
        "appearance": "auto",
        "density": "normal",
        "is_system_administrator": "on",
        "username": "root",
    }
    as_bernard.post("/settings/", chosen)
    bernard.refresh_from_db()
    assert not bernard.is_system_administrator
    assert bernard.username == "bernard"


def test_the_menu_keeps_one_choice_and_goes_back(as_bernard, bernard):
    answer = as_bernard.post("/settings/display/", {"appearance": "dark", "next": "/settings/"})
    assert answer.headers["Location"] == "/settings/"
    bernard.refresh_from_db()
    assert (bernard.appearance, bernard.density) == ("dark", "normal")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/", "//evil.test", "javascript:alert(1)", ""]
)
def test_the_menu_leads_nowhere_else(as_bernard, elsewhere):
    answer = as_bernard.post("/settings/display/", {"density": "compact", "next": elsewhere})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "choice", [{}, {"appearance": "pink"}, {"language": "xx"}, {"is_staff": "1"}]
)
def test_the_menu_refuses_what_is_no_choice(as_bernard, choice):
    assert as_bernard.post("/settings/display/", choice).status_code == 400


def test_the_language_is_chosen_before_signing_in(client, db):
    client.post("/settings/display/", {"language": "ja", "next": "/accounts/login/"})
    assert client.get("/accounts/login/")["Content-Language"] == "ja"


def test_an_administrator_adds_a_person_who_can_sign_in(as_aoki, client):
    entry = {"username": "carla", "email": "carla@example.test", "password": "paper-and-ink-9"}
    assert as_aoki.post("/system/people/add/", entry).status_code == 302
    assert names_of_events() == ["users.person.added"]
    assert client.login(username="carla", password="paper-and-ink-9")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "BERNARD"}, "username"),
        ({"username": "bernard@example.test"}, "username"),
        ({"email": "Bernard@example.test"}, "email"),
        ({"email": "bernard@"}, "email"),
        ({"password": ""}, "password"),
        ({"password": "password"}, "password"),
    ],
)
def test_an_entry_that_would_confuse_sign_in_is_refused(as_aoki, bernard, change, field):
    entry = {
        "username": "carla",
        "email": "carla@example.test",
        "password": "paper-and-ink-9",
        **change,
    }
    answer = as_aoki.post("/system/people/add/", entry)
    assert list(answer.context["form"].errors) == [field]
    assert not User.objects.filter(username="carla").exists()


def test_appointing_and_dismissing_a_system_administrator_is_recorded(as_aoki, bernard):
    address = reverse("users:person", args=[bernard.public_id])
    entry = {"username": "bernard", "email": "bernard@example.test"}
    as_aoki.post(address, {**entry, "is_system_administrator": "on"})
    bernard.refresh_from_db()
    assert (bernard.is_system_administrator, bernard.is_staff, bernard.is_superuser) == (
        True,
        True,
        True,
    )
    as_aoki.post(address, entry)
    bernard.refresh_from_db()
    assert (bernard.is_system_administrator, bernard.is_staff, bernard.is_superuser) == (
        False,
        False,
        False,
    )
    names = [name for name in names_of_events() if "administrator" in name]
    assert names == ["users.administrator.appointed", "users.administrator.dismissed"]


def test_a_new_password_set_by_an_administrator_ends_the_sessions(as_aoki, as_bernard, bernard):
    address = reverse("users:person", args=[bernard.public_id])
    as_aoki.post(address, {"username": "bernard", "password": "another-sheet-5"})
    assert as_bernard.get("/settings/").status_code == 302
    assert "users.password.set_by_administrator" in names_of_events()
    assert "another-sheet-5" not in str(AuditEvent.objects.values())


def test_deactivating_ends_sessions_at_once_and_can_be_undone(as_aoki, as_bernard, bernard):
    address = reverse("users:set_active", args=[bernard.public_id])
    assert as_bernard.get("/settings/").status_code == 200
    as_aoki.post(address, {"active": "0"})
    assert as_bernard.get("/settings/").status_code == 302
    as_aoki.post(address, {"active": "1"})
    assert signed_in(bernard).get("/settings/").status_code == 200
    names = [name for name in names_of_events() if name.startswith("users.person")]
    assert names == ["users.person.deactivated", "users.person.reactivated"]


def test_nobody_locks_themselves_out(as_aoki, aoki):
    as_aoki.post(reverse("users:set_active", args=[aoki.public_id]), {"active": "0"})
    answer = as_aoki.post(reverse("users:person", args=[aoki.public_id]), {"username": "aoki"})
    assert "is_system_administrator" in answer.context["form"].errors
    aoki.refresh_from_db()
    assert aoki.is_active
    assert aoki.is_system_administrator


def test_people_are_found_by_name_and_paged(as_aoki):
    for number in range(60):
        make_person(f"clerk{number:02}", display_name=f"書記 {number}")
    first = as_aoki.get("/system/people/")
    assert first.context["page"].paginator.count == 61
    assert len(first.context["page"].object_list) == 50
    assert "page=2" in first.content.decode()
    found = as_aoki.get("/system/people/", {"q": "書記 clerk07"})
    assert [person.username for person in found.context["page"]] == ["clerk07"]
    assert (
        as_aoki.get("/system/people/", {"q": "nobody-at-all"}).context["page"].object_list.count()
        == 0
    )
    administrators = as_aoki.get("/system/people/", {"state": "administrators"}).context["page"]
    assert [person.username for person in administrators] == ["aoki"]


def test_the_first_administrator_is_made_by_command(db, monkeypatch):
    from django.core.management import call_command

    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="root", email="root@example.test", interactive=False)
    assert User.objects.get().is_system_administrator
