"""The reading pane: what it shows, what it never does, and what leaves it as a file."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.factories import webmail as make
from tests.webmail.views.conftest import words
from webmail.models import Message, RemoteOperation

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32
HTML = (
    '<p>Hello <b>there</b></p><img src="https://elsewhere.example/a.png"><script>alert(1)</script>'
)
MARKER = '"><img src=x onerror=alert(1)>'


def url(name: str, message: Message, *more: str) -> str:
    return reverse(f"webmail:{name}", args=[message.public_id, *more])


@pytest.fixture
def message(account) -> Message:
    """An HTML message with a picture of its own and two attachments."""
    raw = make.raw_message(
        subject="Winter",
        text="plain words",
        html=HTML,
        attachments=[
            ("議事録.pdf", "application/pdf", b"%PDF-1.7"),
            ("page.html", "text/html", b"<script>alert(1)</script>"),
        ],
    )
    return make.received(make.inbox(account), raw)


def frame(client, message: Message, destination: str = "iframe"):
    return client.get(url("body", message), headers={"Sec-Fetch-Dest": destination})


def test_plain_text_is_shown_as_text(client, account):
    raw = make.raw_message(text="1 < 2 <script>alert(1)</script>\n> quoted\nhttps://example.test/")
    page = words(client.get(url("message", make.received(make.inbox(account), raw))))
    assert "<script>alert(1)" not in page
    assert "1 &lt; 2" in page
    assert 'href="https://example.test/"' in page


def test_an_html_message_is_shown_in_a_sandboxed_frame_and_never_in_the_page(client, message):
    page = words(client.get(url("message", message)))
    tag = re.search(r"<iframe[^>]*>", page).group()
    assert f'src="{url("body", message)}"' in tag
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in tag
    assert "Hello <b>there</b>" not in page
    assert "1 image blocked" in page


def test_the_frame_has_a_policy_of_its_own_with_the_sandbox_a_second_time(client, message):
    response = frame(client, message)
    policy = response.headers["Content-Security-Policy"]
    parts = f"http://testserver{url('message', message)}parts/"
    assert "default-src 'none'" in policy
    assert f"img-src {parts} data:" in policy
    assert "script-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors http://testserver" in policy
    assert "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-DNS-Prefetch-Control"] == "off"
    assert "no-store" in response.headers["Cache-Control"]
    body = words(response)
    assert "Hello <b>there</b>" in body
    assert "<script" not in body
    assert "elsewhere.example" not in body


@pytest.mark.parametrize("destination", ["document", "", "image", "object"])
def test_outside_a_frame_the_body_is_a_bare_sandbox(client, message, destination):
    policy = frame(client, message, destination).headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "allow-same-origin" not in policy


def test_pictures_of_the_message_itself_are_shown(client, account):
    raw = (
        b"From: sato@example.test\r\nSubject: Picture\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n'
        b'--b\r\nContent-Type: text/html\r\n\r\n<img src="cid:one@example.test">\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <one@example.test>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
    )
    message = make.received(make.inbox(account), raw)
    number = message.parts.get(content_type="image/png").number
    body = words(frame(client, message))
    assert f'src="http://testserver{url("part", message, number)}"' in body
    picture = client.get(url("part", message, number))
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content == b"\x89PNG\r\n\x1a\n"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert picture.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_what_is_not_a_picture_is_never_shown_inline(client, message):
    html = message.parts.get(filename="page.html")
    response = client.get(url("part", message, html.number))
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_an_attachment_is_a_download_that_nothing_runs(client, message):
    pdf = message.parts.get(content_type="application/pdf")
    response = client.get(url("attachment", message, pdf.number))
    assert response.content == b"%PDF-1.7"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%E8%AD%B0%E4%BA%8B%E9%8C%B2.pdf"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in response.headers["Cache-Control"]
    html = message.parts.get(filename="page.html")
    active = client.get(url("attachment", message, html.number))
    assert active.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("in\u202efdp.exe", "in_fdp.exe"),
        ("CON\x07:<a>.txt", "CON_a_.txt"),
        ("...", "message"),
    ],
)
def test_file_names_keep_no_path_and_turn_no_direction(sent, kept):
    from webmail.views.downloads import file_name

    assert file_name(sent, "message") == kept


def test_the_source_is_downloaded_as_it_came(client, account):
    raw = make.raw_message(subject="Minutes / of today")
    response = client.get(url("source", make.received(make.inbox(account), raw)))
    assert response.content == raw
    assert (
        response.headers["Content-Disposition"] == 'attachment; filename="Minutes _ of today.eml"'
    )
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_headers_are_shown_as_text(client, account):
    raw = make.raw_message(X_Test="<b>bold</b>", text="the body")
    page = words(client.get(url("headers", make.received(make.inbox(account), raw))))
    assert "X-Test: &lt;b&gt;bold&lt;/b&gt;" in page
    assert "the body" not in page


def test_opening_by_get_changes_nothing(client, message):
    for name in ("message", "body", "headers", "source"):
        client.get(url(name, message))
    message.refresh_from_db()
    assert not message.is_seen
    assert not RemoteOperation.objects.exists()


def test_the_opened_page_marks_the_message_read_by_a_post_of_its_own(client, message):
    address = url("seen", message)
    assert f'hx-post="{address}"' in words(client.get(url("message", message)))
    answer = words(client.post(address))
    message.refresh_from_db()
    assert message.is_seen
    assert message.mailbox.unseen == 0
    operation = RemoteOperation.objects.get()
    assert operation.arguments["add"] == ["\\Seen"]
    assert f'id="row-{message.public_id}"' in answer
    assert "is-unread" not in answer
    assert client.get(address).status_code == 405


def test_a_message_whose_bytes_are_gone_says_so(client, account):
    message = make.received(make.inbox(account), digest="0" * 64)
    assert "The text of this message is not here" in words(client.get(url("message", message)))
    assert client.get(url("source", message)).status_code == 404
    assert client.get(url("body", message)).status_code == 404


def test_a_message_that_broke_the_parser_is_shown_as_it_came_and_never_parsed(client, account):
    raw = make.raw_message(subject="Trap", text="plain", html="<p>rich <script>run()</script></p>")
    trap = make.received(make.inbox(account), raw, body_state="quarantined")
    page = words(client.get(url("message", trap)))
    assert "could not be read fully" in page
    assert "&lt;script&gt;run()" in page
    assert "reading-frame" not in page
    assert client.get(url("body", trap)).status_code == 404
    answered = client.post(url("answer", trap, "reply"))
    assert answered.status_code == 302
    assert "plain" not in words(client.get(answered.url))


def test_a_click_in_the_list_gets_the_pane_alone(client, message):
    pane = client.get(
        url("message", message), headers={"HX-Request": "true", "HX-Target": "reading"}
    )
    assert "<html" not in words(pane)
    assert "Winter" in words(pane)


def test_hostile_fields_are_text_everywhere(client, account):
    pair = [[MARKER, MARKER]]
    raw = make.raw_message(attachments=[("a.txt", "text/plain", b"x")])
    message = make.received(
        make.inbox(account),
        raw,
        subject=MARKER,
        from_name=MARKER,
        from_address=MARKER,
        authors=pair,
        sender=pair,
        reply_to=pair,
        to=pair,
        cc=pair,
        bcc=pair,
    )
    message.parts.filter(is_attachment=True).update(filename=MARKER)
    page = words(client.get(url("message", message)))
    assert "<img" not in page
    assert page.count("onerror=alert(1)&gt;") >= 10


def test_nobody_opens_a_message_of_somebody_else(stranger, client, message):
    number = message.parts.get(content_type="application/pdf").number
    for address in (
        url("message", message),
        url("body", message),
        url("headers", message),
        url("source", message),
        url("part", message, number),
        url("attachment", message, number),
    ):
        assert client.get(address).status_code == 200
        assert stranger.get(address).status_code == 404
    assert stranger.post(url("seen", message)).status_code == 404
    message.refresh_from_db()
    assert not message.is_seen


def test_an_administrator_of_the_function_reads_nobodys_mail(stranger, message, settings):
    from groupware.functions.models import FunctionAdministrator

    administrator = make.account_with_folders().owner
    administrator.is_system_administrator = True
    administrator.save()
    FunctionAdministrator.objects.create(key="webmail", user=administrator)
    stranger.force_login(administrator)
    assert stranger.get(url("message", message)).status_code == 404
