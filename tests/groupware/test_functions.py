"""Functions: who sees them, who looks after them, who is refused."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.functions import permissions, registry
from groupware.functions.models import FunctionAdministrator, FunctionSwitch
from tests.groupware.conftest import signed_in


def keys_of_rail(client, path: str = "/") -> list[str]:
    return [item.key for item in client.get(path).context["navigation"]]


def test_the_portal_needs_sign_in(client, db):
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_everybody_sees_functions_and_only_administrators_see_administration(as_bernard, as_aoki):
    assert keys_of_rail(as_bernard) == ["portal", "webmail", "settings"]
    assert keys_of_rail(as_aoki) == ["portal", "webmail", "settings", "manage", "system"]


def test_a_function_administrator_sees_function_management_and_nothing_of_the_system(bernard):
    FunctionAdministrator.objects.create(key="webmail", user=bernard)
    client = signed_in(bernard)
    assert keys_of_rail(client) == ["portal", "webmail", "settings", "manage"]
    assert client.get("/manage/").status_code == 200
    assert client.get("/system/").status_code == 403


def test_a_function_that_is_switched_off_leaves_every_menu(as_aoki, bernard):
    as_aoki.post("/system/functions/webmail/switch/", {"enabled": "0"})
    client = signed_in(bernard)
    assert keys_of_rail(client) == ["portal", "settings"]
    assert all("mail" not in item.url for item in client.get("/settings/").context["sections"])
    as_aoki.post("/system/functions/webmail/switch/", {"enabled": "1"})
    assert "webmail" in keys_of_rail(client)
    names = list(AuditEvent.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["functions.function.switched_off", "functions.function.switched_on"]


def test_a_refusal_says_who_has_the_right(as_bernard, aoki):
    page = as_bernard.get("/system/people/")
    assert page.status_code == 403
    assert [person.username for person in page.context["holders"]] == ["aoki"]
    assert "青木 花子" in page.content.decode()


def test_a_refusal_names_those_who_look_after_the_function(rf, bernard, aoki):
    FunctionAdministrator.objects.create(key="webmail", user=bernard)

    @permissions.function_admin_required("webmail")
    def view(request):
        raise AssertionError("a stranger came in")

    from groupware.functions.views import refused
    from tests.groupware.conftest import make_person

    request = rf.get("/")
    request.user = make_person("carla")
    with pytest.raises(permissions.RefusedError) as refusal:
        view(request)
    assert "Bernard Dupont" in refused(request, refusal.value).content.decode()


def test_a_switched_off_function_refuses_everybody(rf, aoki):
    FunctionSwitch.objects.create(key="webmail", is_enabled=False)
    request = rf.get("/")
    request.user = aoki
    with pytest.raises(permissions.RefusedError) as refusal:
        permissions.function_required("webmail")(lambda request: None)(request)
    assert refusal.value.reason == "switched_off"


def test_an_administrator_is_appointed_once_and_dismissed(as_aoki, bernard):
    address = reverse("functions:function", args=["webmail"])
    as_aoki.post(address, {"person": "bernard@example.test"})
    assert permissions.administers(bernard, "webmail")
    again = as_aoki.post(address, {"person": "bernard"})
    assert "person" in again.context["form"].errors
    unknown = as_aoki.post(address, {"person": "nobody"})
    assert "Nobody signs in with nobody." in unknown.content.decode()
    as_aoki.post(reverse("functions:dismiss", args=["webmail"]), {"person": bernard.public_id})
    assert not permissions.administers(bernard, "webmail")
    names = list(AuditEvent.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["functions.administrator.appointed", "functions.administrator.dismissed"]


def test_a_deactivated_person_looks_after_nothing(bernard):
    FunctionAdministrator.objects.create(key="webmail", user=bernard)
    bernard.is_active = False
    assert not permissions.administers(bernard, "webmail")


def test_an_unknown_function_is_not_there(as_aoki):
    assert as_aoki.get("/system/functions/none/").status_code == 404
    assert as_aoki.post("/system/functions/none/switch/", {"enabled": "0"}).status_code == 404


def test_a_function_joins_once():
    with pytest.raises(ValueError, match="twice"):
        registry.register(registry.get("webmail"))


def test_every_registered_page_has_an_address(as_aoki):
    for function in registry.all_functions():
        pages = [*function.settings_pages, *function.administration_pages, *function.system_pages]
        assert [reverse(page.url_name) for page in pages]


def test_the_list_beside_a_page_marks_the_nearest_entry(as_aoki, bernard):
    page = as_aoki.get(reverse("users:person", args=[bernard.public_id]))
    assert [item.url for item in page.context["sections"] if item.is_current] == ["/system/people/"]


def test_a_page_asks_the_database_little(as_aoki, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        as_aoki.get("/")


@pytest.mark.parametrize(
    "path", ["/system/", "/system/state/", "/system/functions/", "/manage/", "/admin/"]
)
def test_pages_of_administration_open_for_the_administrator_only(client, as_aoki, as_bernard, path):
    assert client.get(path).status_code == 302
    assert as_aoki.get(path).status_code == 200
    assert as_bernard.get(path).status_code in {302, 403}
