import re

import pytest

from webmail.mime import css
from webmail.mime.sanitizing import sanitize


def _clean(html: str) -> str:
    return sanitize(html, part_url=lambda cid: None).html


def test_style_of_the_mail_cannot_reach_outside_its_box():
    html = _clean(
        "<style>body{color:red} html{color:blue} *{margin:0} .a,#b>i{top:0;color:red}</style>"
    )
    sheet = html[html.index("<style>") : html.index("</style>")]
    selectors = re.findall(r"^(.+?) \{", sheet, re.M)
    assert selectors == [".m-body", ".m-body", ".m-body *", ".m-body .m-a, .m-body #m-b>i"]


def test_one_bad_selector_does_not_lose_its_neighbours():
    assert ".m-body p { color: red }" in _clean("<style>p, a[href]{color:red}</style>")


def test_print_styles_stay_print_styles():
    assert "@media print" in _clean("<style media=print>p{display:none}</style>")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("color: red; background: url(x)", "color: red"),
        ("COLOR: #FFF !IMPORTANT", "color: #FFF !important"),
        ("width: calc(100% - (2px + 1em))", "width: calc(100% - (2px + 1em))"),
        (
            "background: linear-gradient(to right, red 0%, rgba(0,0,0,.5))",
            "background: linear-gradient(to right, red 0%, rgba(0,0,0,.5))",
        ),
        ("font-family: 'ＭＳ Ｐゴシック', メイリオ", "font-family: 'ＭＳ Ｐゴシック', メイリオ"),
        ("position: fixed; top: 0", ""),
        ("margin: 1px; ; color: var(--x); mso-line-height-rule: exactly", "margin: 1px"),
        ('color: "</style>"', ""),
        ("width: 10px\\9", ""),
    ],
)
def test_declarations_are_rebuilt_from_allowed_tokens(written, kept):
    assert css.clean_declarations(written) == kept
