"""Japanese mail in the charsets that are still met: ISO-2022-JP, Shift_JIS, EUC-JP, UTF-8."""

from __future__ import annotations

import base64

from tests.sandbox.messages.letter import Letter
from tests.sandbox.messages.writing import (
    Envelope,
    address,
    attachment,
    document,
    encoded,
    letter,
    multipart,
    part,
    picture,
    rfc2231,
    text,
)

HARUKA, KENJI = "haruka@example.jp", "kenji@lab.example"
_JIS, _SJIS = "iso-2022-jp", "shift_jis"
_CASE = "案件/2026年度"

_MEETING = """\
田中様

お世話になっております。佐藤です。
来週の定例会議ですが、下記の日程でお願いできますでしょうか。

  日時: 11月27日(金) 14:00-15:30
  場所: 本社 3階 会議室B
  議題: 新システムの移行計画について

ご都合が悪い場合は、お手数ですがご連絡ください。
よろしくお願いいたします。

--
佐藤 健二 / Kenji Sato
lab.example 研究開発部
"""

_QUOTE = """\
田中 春香 様

いつもお世話になっております。山田商事の鈴木でございます。
ご依頼いただきました複合機の見積書をお送りいたします。

  ・本体        1台    480,000円
  ・保守(年間)  1式     60,000円
  ・送料                  0円

有効期限は発行日より30日間です。ご検討のほどよろしくお願いいたします。
"""

_NEWSLETTER = """\
<html><head><style>body{margin:0;background:#f3f1ea} .sheet{width:600px;margin:auto;background:#fff}
h1{font-size:22px;color:#2f4b8f} .price{color:#a3262a;font-weight:bold}</style></head>
<body><table class="sheet" align="center"><tr><td>
<img src="https://images.newsletter.example/header.png" width="600" height="160" alt="紙と文具の店 かみや">
<h1>秋の文具フェア 開催中</h1>
<p>いつもご利用いただきありがとうございます。今週のおすすめをご紹介します。</p>
<ul><li>和紙の便箋 <span class="price">880円</span></li><li>藍色のインク <span class="price">1,650円</span></li></ul>
<p><a href="https://newsletter.example/fair?u=haruka">フェアの詳細を見る</a></p>
<p><small><a href="https://newsletter.example/unsubscribe?u=haruka">配信停止はこちら</a></small></p>
<img src="https://track.newsletter.example/open.gif?u=haruka" width="1" height="1" alt="">
</td></tr></table></body></html>
"""


def letters() -> list[Letter]:
    """What lies in the mailboxes of Haruka and Kenji."""
    return [*_inbox(), *_delivery_thread(), *_elsewhere(), *_odd(), *_kenji()]


def _to_haruka(
    number: str, subject: str, hours: float, sender: str, charset: str = "utf-8", **more: object
) -> Envelope:
    to = address("田中 春香", HARUKA, charset)
    return Envelope(sender, to, encoded(subject, charset), hours, number, **more)


def _inbox() -> list[Letter]:
    sato, shop = address("佐藤 健二", KENJI, _JIS), address("かみや", "news@newsletter.example")
    suzuki = address("鈴木 一郎", "suzuki@yamada-shoji.example", _SJIS)
    quote = multipart(
        "mixed",
        text(_QUOTE, _SJIS, "8bit"),
        attachment(
            # Against RFC 2047, and what most Japanese mailers have sent for decades.
            f'filename="{_word("見積書_2026年11月.pdf")}"',
            f'application/pdf; name="{_word("見積書_2026年11月.pdf")}"',
            document("Quotation"),
        ),
    )
    minutes = multipart(
        "mixed",
        text("議事録と写真をお送りします。ご確認ください。\n"),
        attachment(
            rfc2231("第三回定例会議_議事録(最終版).pdf"), "application/pdf", document("Minutes")
        ),
        attachment(rfc2231("会議室の写真.png"), "image/png", picture(47, 75, 143, 640, 360)),
    )
    newsletter = multipart(
        "alternative",
        text("秋の文具フェア 開催中\nhttps://newsletter.example/fair?u=haruka\n"),
        text(_NEWSLETTER, "utf-8", "base64", "html"),
    )
    unsubscribe = (
        "List-Unsubscribe: <https://newsletter.example/unsubscribe?u=haruka>",
        "Precedence: bulk",
    )
    return [
        letter(
            HARUKA,
            _to_haruka("ja-meeting", "来週の定例会議の日程について", 2, sato, _JIS),
            text(_MEETING, _JIS),
        ),
        letter(
            HARUKA,
            _to_haruka("ja-quote", "【山田商事】複合機のお見積書送付の件", 5, suzuki, _SJIS),
            quote,
        ),
        letter(
            HARUKA,
            _to_haruka("ja-minutes", "議事録をお送りします", 27, address("佐藤 健二", KENJI)),
            minutes,
            flags=("\\Seen", "\\Flagged"),
        ),
        letter(
            HARUKA,
            _to_haruka("ja-news", "🍂 秋の文具フェアのご案内", 8, shop, extra=unsubscribe),
            newsletter,
        ),
    ]


def _word(name: str) -> str:
    return f"=?ISO-2022-JP?B?{base64.b64encode(name.encode(_JIS)).decode()}?="


def _delivery_thread() -> list[Letter]:
    sato, tanaka = address("佐藤 健二", KENJI, _JIS), address("田中 春香", HARUKA, _JIS)
    subject = "納品スケジュールのご確認"
    first = Envelope(sato, tanaka, encoded(subject, _JIS), 76, "ja-thread-1")
    second = Envelope(
        tanaka, sato, encoded(f"Re: {subject}", _JIS), 74, "ja-thread-2", answers=("ja-thread-1",)
    )
    third = Envelope(
        sato,
        tanaka,
        encoded(f"Re: {subject}", _JIS),
        73,
        "ja-thread-3",
        answers=("ja-thread-1", "ja-thread-2"),
    )
    asked = "田中様\n\n納品日は12月4日でよろしいでしょうか。\n\n佐藤\n"
    answered = "佐藤様\n\n12月4日で問題ございません。午前中に受け取れます。\n\n田中\n"
    quoted = "".join(f"> {line}\n" for line in asked.splitlines())
    closing = "承知いたしました。それでは4日の午前に伺います。\n"
    return [
        letter(HARUKA, first, text(asked, _JIS), flags=("\\Seen", "\\Answered")),
        letter(HARUKA, second, text(f"{answered}\n{quoted}", _JIS), "Sent", ("\\Seen",)),
        letter(HARUKA, third, text(closing, _JIS)),
    ]


def _elsewhere() -> list[Letter]:
    client = address("高橋 恵子", "takahashi@client.example")
    chart = multipart(
        "related",
        text(
            '<p>今月の売上の推移です。</p><p><img src="cid:chart@letters.example" alt="売上のグラフ">'
            "</p><p>高橋</p>",
            subtype="html",
        ),
        part(
            'image/png; name="chart.png"',
            picture(154, 52, 42, 320, 180),
            headers=["Content-ID: <chart@letters.example>", "Content-Disposition: inline"],
        ),
    )
    return [
        letter(
            HARUKA,
            _to_haruka("ja-case-1", "契約書の件", 400, client),
            text("田中様\n\n契約書の草案を拝見しました。第5条のみ修正をお願いします。\n\n高橋\n"),
            _CASE,
            ("\\Seen",),
        ),
        letter(
            HARUKA,
            _to_haruka("ja-case-2", "売上の推移グラフ", 300, client),
            chart,
            _CASE,
        ),
    ]


def _odd() -> list[Letter]:
    sato = address("佐藤 健二", KENJI)
    marks = "①②③ ㈱山田商事 100㎡ ℡ № の件です。鈴木さんにもお伝えください。\nｶﾀｶﾅも届きます。\n"
    old = Envelope(
        "webmaster@old.example",
        HARUKA,
        # Raw ISO-2022-JP in a header, as programs of the nineties wrote it.
        "旧式の件名".encode(_JIS).decode("latin-1"),
        700,
        "ja-raw-header",
    )
    long_subject = (
        "長い件名の確認:" + "この件名はとても長いので一覧では途中で切れて表示されるはずです。" * 4
    )
    flowed = "この行は format=flowed で送られ、 \n受け取った側でつながって表示されます。\n"
    return [
        letter(
            HARUKA,
            _to_haruka("ja-windows", "機種依存文字のテスト", 120, sato),
            part('text/plain; charset="iso-2022-jp"', _windows_jis(marks), "7bit"),
        ),
        letter(
            HARUKA, old, text("EUC-JP の本文です。文字化けしていませんか。\n", "euc-jp", "8bit")
        ),
        letter(
            HARUKA,
            _to_haruka("ja-long", long_subject, 130, sato),
            part('text/plain; charset="utf-8"; format=flowed; delsp=yes', flowed.encode(), "8bit"),
        ),
    ]


def _windows_jis(text: str) -> bytes:
    """ISO-2022-JP as Windows writes it: with the characters of NEC's row 13 and half-width kana."""
    written, mode = bytearray(), b"(B"
    for character in text:
        octets = character.encode("cp932")
        wanted = b"$B" if len(octets) == 2 else b"(I" if octets[0] > 0x7F else b"(B"
        if wanted != mode:
            written += b"\x1b" + wanted
            mode = wanted
        written += _row_and_cell(*octets) if len(octets) == 2 else bytes((octets[0] & 0x7F,))
    return bytes(written)


def _row_and_cell(lead: int, trail: int) -> bytes:
    """Two octets of Shift_JIS as two octets of JIS X 0208."""
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + 0x21
    if trail >= 0x9F:
        return bytes((row + 1, trail - 0x7E))
    return bytes((row, trail - (0x1F if trail < 0x7F else 0x20)))


def _kenji() -> list[Letter]:
    to, tanaka = address("佐藤 健二", KENJI), address("田中 春香", HARUKA)
    return [
        letter(
            KENJI,
            Envelope(tanaka, to, encoded("Re: 来週の定例会議の日程について"), 1, "ja-kenji-1"),
            text("佐藤様\n\n27日の14時で承知しました。資料は前日までにお送りします。\n\n田中\n"),
        ),
        letter(
            KENJI,
            Envelope("alice@contoso.example", to, "Visit on Thursday", 30, "en-kenji-1"),
            text("Dear Kenji,\n\nI land at nine and take the train to the lab.\n\nAlice\n"),
            flags=("\\Seen",),
        ),
    ]
