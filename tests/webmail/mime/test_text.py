import pytest

from webmail.mime.sanitizing import text_to_html
from webmail.mime.text import html_to_text, preview


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<blockquote>q<blockquote>r</blockquote></blockquote>after", "> q\n>\n>> r\n\nafter"),
        ("a &lt;b&gt; &amp;amp; &nbsp;c", "a <b> &amp; \xa0c"),
        ("<pre>  x\n y</pre>", "  x\n y"),
        ("<head><title>t</title></head><body>b<script>s</script><style>c</style>", "b"),
        ("<head><title>t</title><body>b", "b"),
        ('<div style="display:none">preheader</div>shown', "shown"),
        ("<!-- c --><!--[if mso]>x<![endif]-->y", "y"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<img alt='logo'> x <img src=y>", "logo x"),
        ("&#0;&#xd800;x", "\ufffd\ufffdx"),
        ("a < b and <3", "a < b and <3"),
        ("", ""),
    ],
)
def test_html_becomes_text(html, text):
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello\n\nworld", "Hello world"),
        ("> quoted\nAnswer", "Answer"),
        ("On Monday A <a@b> wrote:\n> quoted\nAnswer", "Answer"),
        ("2024年11月20日 山田さんのメール:\n> 引用\n返事", "返事"),
        ("---\nText\n-- \nsig", "Text"),
        ("> only a quote", "> only a quote"),
        ("\u200b\u00ad\ufeffx\u200c", "x"),
        ("a" * 300, "a" * 199 + "…"),
        ("", ""),
    ],
)
def test_the_preview_shows_the_words_of_the_sender(text, shown):
    assert preview(text) == shown


def _links(html: str) -> list[str]:
    return [piece.partition('"')[0] for piece in html.split('<a href="')[1:]]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://example.com/をご覧ください", ["https://example.com/"]),
        ("（https://example.com/a）。", ["https://example.com/a"]),
        ("「https://example.com/a」、", ["https://example.com/a"]),
        (
            "see https://example.com/a(b), and (https://example.com/c).",
            ["https://example.com/a(b)", "https://example.com/c"],
        ),
        ("<https://example.com/?a=1&b=2>", ["https://example.com/?a=1&amp;b=2"]),
        ("www.example.com.", ["https://www.example.com"]),
        ("mail taro@example.jp、", ["mailto:taro@example.jp"]),
        ("javascript:alert(1) data:text/html,x", []),
        ("http:// and https://. and @ and a@b", []),
        ('https://example.com/"onmouseover=alert(1)', ["https://example.com/"]),
    ],
)
def test_links_end_where_the_sentence_goes_on(text, links):
    assert _links(text_to_html(text)) == links


def test_plain_text_is_escaped_before_anything_else():
    html = text_to_html('<img src=x onerror=alert(1)> & "q" https://x.example/<script>')
    assert "<img" not in html
    assert "<script" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; &quot;q&quot;" in html


def test_quote_levels_are_marked_by_classes_and_closed():
    html = text_to_html("a\n> b\n>> c\n> d\ne\n")
    assert html == (
        '<div class="m-text">a<blockquote class="m-quote m-quote-1">b'
        '<blockquote class="m-quote m-quote-2">c</blockquote>d</blockquote>e\n</div>'
    )
    assert "style=" not in html


def test_the_signature_is_marked():
    assert '<div class="m-signature">-- \nTaro</div></div>' in text_to_html("x\n-- \nTaro")


def test_quote_depth_is_bounded():
    assert text_to_html(">" * 100_000 + "x").count("<blockquote") == 20
