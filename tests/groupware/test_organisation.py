"""Departments: a tree that stays a tree."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groupware.audit.models import AuditEvent
from groupware.organisation.models import Membership, Organisation, Unit


@pytest.fixture
def tree(db) -> dict[str, Unit]:
    sales = Unit.objects.create(key="sales", name="営業本部")
    tokyo = Unit.objects.create(key="tokyo", name="東京営業部", parent=sales)
    return {
        "sales": sales,
        "tokyo": tokyo,
        "law": Unit.objects.create(key="law", name="法務部", order=1),
    }


def address(name: str, unit: Unit) -> str:
    return reverse(f"organisation:{name}", args=[unit.public_id])


def test_departments_are_listed_below_the_one_they_belong_to(as_aoki, tree):
    rows = as_aoki.get("/system/departments/").context["rows"]
    assert [(row["path"], row["unit"].name) for row in rows] == [
        ("", "営業本部"),
        ("営業本部", "東京営業部"),
        ("", "法務部"),
    ]


def test_a_department_gets_a_key_even_when_its_name_has_no_latin_letter(as_aoki):
    as_aoki.post(
        "/system/departments/add/", {"name": "総務部", "order": 0, "parent": "", "key": ""}
    )
    assert Unit.objects.get().key.startswith("unit-")
    assert AuditEvent.objects.get().name == "organisation.unit.added"


def test_a_department_cannot_be_part_of_what_is_part_of_it(as_aoki, tree):
    entry = {"name": "営業本部", "order": 0, "key": "sales", "parent": tree["tokyo"].pk}
    answer = as_aoki.post(address("unit", tree["sales"]), entry)
    assert "parent" in answer.context["form"].errors
    tree["sales"].refresh_from_db()
    assert tree["sales"].parent is None


def test_a_department_with_departments_is_not_deleted(as_aoki, tree):
    as_aoki.post(address("delete_unit", tree["sales"]))
    assert Unit.objects.filter(key="sales").exists()
    assert not AuditEvent.objects.exists()
    as_aoki.post(address("delete_unit", tree["tokyo"]))
    assert not Unit.objects.filter(key="tokyo").exists()


def test_people_join_and_leave_a_department(as_aoki, tree, bernard):
    as_aoki.post(address("add_member", tree["law"]), {"person": "bernard"})
    assert list(bernard.units.all()) == [tree["law"]]
    again = as_aoki.post(address("add_member", tree["law"]), {"person": "bernard"})
    assert "person" in again.context["member_form"].errors
    as_aoki.post(address("remove_member", tree["law"]), {"person": bernard.public_id})
    assert not Membership.objects.exists()
    names = list(AuditEvent.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["organisation.member.added", "organisation.member.removed"]


def test_the_name_of_the_organisation_stands_on_the_sign_in_page(as_aoki, client):
    as_aoki.post("/system/departments/name/", {"name": "青木文具店"})
    as_aoki.post("/system/departments/name/", {"name": "青木文具"})
    assert Organisation.objects.get().name == "青木文具"
    assert "青木文具" in client.get("/accounts/login/").content.decode()


def test_departments_are_kept_by_system_administrators(as_bernard, tree):
    assert as_bernard.get("/system/departments/").status_code == 403
    assert as_bernard.post(address("delete_unit", tree["tokyo"])).status_code == 403
    assert Unit.objects.count() == 3
