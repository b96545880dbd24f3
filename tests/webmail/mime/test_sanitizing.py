import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hostile_html import PAYLOADS
from tests.webmail.mime.inspecting import Inspector, assert_harmless
from tests.webmail.mime.reading import NAMES, read
from webmail.mime.attributes import ALLOWED
from webmail.mime.sanitizing import VERSION, sanitize, text_to_html

ALL = [(kind, payload) for kind, payloads in PAYLOADS.items() for payload in payloads]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _part_url(cid: str) -> str | None:
    return f"/mail/1/part/{len(cid)}" if cid != "unknown" else None


def _clean(html: str, **options) -> str:
    return sanitize(html, part_url=_part_url, **options).html


@pytest.mark.parametrize(("kind", "payload"), ALL, ids=[f"{k}-{i}" for i, (k, _) in enumerate(ALL)])
def test_no_payload_leaves_anything_that_acts(kind, payload):
    for html in (payload, f"<table><tr><td>{payload}", f"<p title='{payload}", payload * 3):
        assert_harmless(_clean(html))
        assert_harmless(_clean(html, allow_remote_images=True), remote=True)
        assert_harmless(text_to_html(html))


def test_the_inspector_sees_what_is_wrong_with_a_payload():
    """The control: an inspector that finds nothing in raw payloads would prove nothing."""
    caught = 0
    for _, payload in ALL:
        try:
            assert_harmless(payload)
        except AssertionError:
            caught += 1
    assert caught > 0.9 * len(ALL)


def test_there_are_enough_payloads_of_each_class():
    assert len(ALL) >= 150
    assert len({payload for _, payload in ALL}) == len(ALL)


@pytest.mark.parametrize(("kind", "payload"), ALL, ids=[f"{k}-{i}" for i, (k, _) in enumerate(ALL)])
def test_the_result_does_not_change_when_it_is_parsed_again(kind, payload):
    """What a browser builds from the result is what the sanitizer meant (no mutation)."""
    html = _clean(payload)
    html = html[html.index('<div class="m-body">') :]
    again = nh3.clean(
        html,
        tags=set(ALLOWED),
        attributes={tag: set(names) | {"rel", "target"} for tag, names in ALLOWED.items()},
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel", "data"},
    )
    assert _shape(again) == _shape(html)


def _shape(html: str) -> list[tuple[str, dict[str, str | None]]]:
    seen = Inspector()
    seen.feed(html)
    return seen.elements


@pytest.mark.parametrize("name", NAMES)
def test_every_message_of_the_corpus_is_shown_safely(name):
    message = read(name)
    assert_harmless(_clean(message.html or ""))
    assert_harmless(text_to_html(message.text))


_SOUP = st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            "</",
            "/>",
            "<!--",
            "-->",
            '"',
            "'",
            "=",
            " ",
            "\n",
            "\x00",
            "&lt;",
            "&#60;",
            "]]>",
            "svg",
            "math",
            "style",
            "script",
            "p",
            "table",
            "tr",
            "td",
            "a",
            "b",
            "font",
            "select",
            "template",
            "title",
            "textarea",
            "mtext",
            "mglyph",
            "foreignObject",
            "img",
            "src",
            "href",
            "onerror",
            "style=",
            "javascript:",
            "https://evil.example",
            "url(",
            "{",
            "}",
            "@import",
            "<p>",
            "</p>",
            "<table>",
            "<td>",
            "<a href=",
            "<img src=",
            "<style>",
            "</style>",
            "<svg>",
            "<b>",
            "</b>",
            "<div>",
            "</div>",
            "color:red",
            "x",
            "日本",
        ]
    ),
    max_size=50,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(_SOUP)
def test_tag_soup_is_harmless_and_stable(soup):
    html = _clean(soup)
    assert_harmless(html)
    assert_harmless(_clean(html))


def test_the_look_of_a_letter_is_kept():
    html = _clean(
        '<body bgcolor="#ffffee"><style>@media (max-width: 600px){.w{width:100%!important}}'
        "p.x{color:rgb(1,2,3)}</style><table width=600 cellpadding=0 align=center><tr>"
        "<td class=w style=\"padding:0 4px;font-family:'MS Gothic',sans-serif\">"
        '<p class=x>text<a href="https://example.com/?a=1&amp;b=2">go</a></p></td></tr></table>'
    )
    assert ".m-body p.m-x { color: rgb(1,2,3) }" in html
    assert "@media (max-width: 600px)" in html
    assert "width: 100% !important" in html
    assert 'style="background-color: #ffffee"' in html
    assert "padding: 0 4px; font-family: 'MS Gothic',sans-serif" in html
    assert 'width="600"' in html
    assert 'href="https://example.com/?a=1&amp;b=2"' in html


def test_unclosed_cells_items_and_paragraphs_keep_their_structure():
    html = _clean("<table><tr><td>a<td>b<tr><td>c</table><ul><li>x<li>y<ul><li>z</ul></ul><p>1<p>2")
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 3
    assert "<li>y<ul><li>z</li></ul></li>" in html
    assert "<p>1</p><p>2</p>" in html


def test_remote_images_are_blocked_and_counted():
    mail = (
        '<img src="https://x.example/a.png" width=600>'
        '<img src="//x.example/b.png">'
        '<img src="https://x.example/t.gif" width="1" height="1">'
        '<img src="https://x.example/u.gif" style="display:none">'
        '<img src="cid:logo"><img src="data:image/png;base64,' + PNG + '">'
    )
    blocked = sanitize(mail, part_url=_part_url)
    assert (blocked.remote_images, blocked.trackers) == (4, 2)
    assert "x.example" not in blocked.html
    assert blocked.html.count("<img") == 6
    assert 'src="/mail/1/part/4"' in blocked.html
    assert PNG in blocked.html


def test_allowed_remote_images_load_but_trackers_never_do():
    mail = '<img src="https://x.example/a.png"><img src="https://x.example/t.gif" height=1>'
    assert "t.gif" not in _clean(mail, allow_remote_images=True)
    assert 'src="https://x.example/a.png"' in _clean(mail, allow_remote_images=True)
    proxied = _clean(
        mail, allow_remote_images=True, remote_image_url=lambda url: f"/proxy/{len(url)}"
    )
    assert 'src="/proxy/23"' in proxied
    assert "x.example" not in proxied
    assert "/proxy" not in _clean(mail, remote_image_url=lambda url: "/proxy/1")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("cid:logo@x", "logo@x"),
        ("CID:logo@x", "logo@x"),
        ("cid:a%40b", "a@b"),
        ("cid:<a@b>", "a@b"),
    ],
)
def test_an_embedded_image_asks_for_its_part(written, asked):
    cids = []
    sanitize(f'<img src="{written}">', part_url=cids.append)
    assert cids == [asked]


def test_an_unknown_embedded_image_has_no_source():
    assert "src" not in _clean('<img src="cid:unknown">')


def test_oversized_data_images_are_dropped():
    assert "src" not in _clean(f'<img src="data:image/png;base64,{PNG + "A" * 400_000}">')


@pytest.mark.parametrize(
    "html",
    ["<div>" * 100_000, "<span>" * 300, "<br>" * 50_001, "x" * (2 * 1024 * 1024 + 1)],
    ids=["nesting", "just too deep", "tags", "bytes"],
)
def test_html_beyond_the_bounds_is_not_shown(html):
    result = sanitize(html, part_url=_part_url)
    assert result.too_large
    assert result.html == ""


@pytest.mark.parametrize(
    "html",
    [
        "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">x",
        "".join(f"<p><font size={n}>x" for n in range(20_000)),
        "<p>" + "".join(f"<font size={n}>" for n in range(300)) + "<div>x</div>" * 16_000,
        "<table>" + "<b>" * 200 + "<tr></tr>x" * 10_000,
        "<a><div>" * 100 + "<a>x" * 10_000,
        "<b><div></b>x" * 10_000,
        "<!--" * 100_000,
        "<a b='" * 50_000,
        '<p style="color:' + "(" * 100_000 + '">x',
        "<style>" + "a{" * 50_000 + "</style>x",
        "<style>" + "@media screen{" * 10_000 + "</style>x",
        "<style>" + "p{color:rgb(" + "calc(" * 50_000 + "</style>x",
        "&" * 200_000,
        "<xmp></xmp " * 20_000,
        "<svg>" * 50_000,
    ],
    ids=lambda html: html[:24],
)
def test_a_bomb_gives_a_result_in_proportion_to_its_size(html):
    result = sanitize(html, part_url=_part_url)
    assert len(result.html) <= 16 * len(html) + 1000
    assert_harmless(result.html)


def test_the_version_is_a_number_for_cache_keys():
    assert VERSION >= 1
