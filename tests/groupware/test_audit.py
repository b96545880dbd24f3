"""The audit log: written once, read by few, exported without harm."""

from __future__ import annotations

import csv
import io

import pytest

from groupware.audit import registry
from groupware.audit.models import AuditEvent
from groupware.audit.record import record
from groupware.audit.views import plain_cell


@pytest.fixture
def many(db) -> None:
    registry.register({"test.thing.happened": "A thing happened"})
    for number in range(120):
        event = record("test.thing.happened", details={"number": number})
        AuditEvent.objects.filter(pk=event.pk).update(target_label=f"thing {number}")


def exported(client, **filters) -> list[list[str]]:
    answer = client.post("/system/audit/export/", filters)
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_an_event_that_nobody_announced_is_not_written(db):
    with pytest.raises(LookupError):
        record("webmail.message.invented")


@pytest.mark.parametrize("name", ["sent", "webmail.sent", "Webmail.Message.Sent", "a.b.c.d"])
def test_a_name_reads_app_noun_participle(name):
    with pytest.raises(ValueError, match="participle"):
        registry.register({name: "x"})


def test_an_event_is_never_rewritten(db):
    event = record("audit.log.exported")
    event.name = "audit.log.emptied"
    with pytest.raises(TypeError):
        event.save()


def test_secrets_do_not_enter_the_log(db):
    event = record(
        "audit.log.exported",
        details={"client_secret": "plain", "url": "https://x/?code=0.AXoA&x=1", "n": 1},
    )
    event.refresh_from_db()
    assert event.details == {
        "client_secret": "[masked]",
        "url": "https://x/?code=[masked]&x=1",
        "n": 1,
    }


def test_an_event_stays_readable_when_its_person_is_gone(bernard):
    event = record("audit.log.exported", actor=bernard, target=bernard)
    bernard.delete()
    event.refresh_from_db()
    assert (event.actor, event.actor_label, event.target_label) == (
        None,
        "bernard",
        "Bernard Dupont",
    )


def test_the_log_is_paged_from_newest_to_oldest_and_back(as_aoki, many):
    first = as_aoki.get("/system/audit/")
    second = as_aoki.get(first.context["older_url"])
    third = as_aoki.get(second.context["older_url"])
    labels = [
        event.target_label for page in (first, second, third) for event in page.context["events"]
    ]
    assert labels == [f"thing {number}" for number in reversed(range(120))]
    assert (first.context["newer_url"], third.context["older_url"]) == ("", "")
    back = as_aoki.get(third.context["newer_url"])
    assert [event.pk for event in back.context["events"]] == [
        event.pk for event in second.context["events"]
    ]


def test_paging_does_not_move_while_the_log_grows(as_aoki, many):
    older = as_aoki.get("/system/audit/").context["older_url"]
    expected = [event.pk for event in as_aoki.get(older).context["events"]]
    record("test.thing.happened")
    assert [event.pk for event in as_aoki.get(older).context["events"]] == expected


def test_the_log_is_filtered_by_event_words_and_day(as_aoki, many):
    record("audit.log.exported")

    def shown(**filters):
        return as_aoki.get("/system/audit/", filters).context["events"]

    assert [event.name for event in shown(name="audit.log.exported")] == ["audit.log.exported"]
    assert [event.target_label for event in shown(words="thing 17")] == ["thing 117", "thing 17"]
    assert shown(last_day="2001-01-01") == []
    assert len(shown(first_day="2001-01-01")) == 50
    assert len(shown(first_day="not a day")) == 50


def test_the_export_holds_what_the_filter_shows_and_is_recorded(as_aoki, many, aoki):
    header, *lines = exported(as_aoki, words="thing 17")
    assert len(header) == 8
    assert [line[4] for line in lines] == ["thing 117", "thing 17"]
    assert AuditEvent.objects.get(name="audit.log.exported").actor == aoki


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_stays_text_in_a_spreadsheet(as_aoki, many, formula):
    assert plain_cell(formula) == f"'{formula}"
    AuditEvent.objects.filter(target_label="thing 5").update(target_label=formula)
    labels = [line[4] for line in exported(as_aoki)[1:]]
    assert not any(label.startswith(formula[0]) for label in labels)


def test_only_system_administrators_read_the_log(client, as_bernard, many):
    assert client.get("/system/audit/").status_code == 302
    assert as_bernard.get("/system/audit/").status_code == 403
    assert as_bernard.post("/system/audit/export/").status_code == 403
    assert not AuditEvent.objects.filter(name="audit.log.exported").exists()


def test_the_operators_pages_change_nothing(as_aoki, many):
    pk = AuditEvent.objects.first().pk
    assert as_aoki.get(f"/admin/audit/auditevent/{pk}/change/").status_code == 200
    assert as_aoki.post(f"/admin/audit/auditevent/{pk}/change/", {"name": "x"}).status_code == 403
    assert as_aoki.post(f"/admin/audit/auditevent/{pk}/delete/", {"post": "yes"}).status_code == 403
    assert as_aoki.get("/admin/users/user/").status_code == 200


def test_a_page_of_the_operator_shows_no_password_hash(as_aoki, aoki):
    page = as_aoki.get(f"/admin/users/user/{aoki.pk}/change/").content.decode()
    assert aoki.password not in page
    assert "md5$" not in page
