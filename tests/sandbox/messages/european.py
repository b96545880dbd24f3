"""English, French and Russian mail, with the charsets of each."""

from __future__ import annotations

from tests.sandbox.messages.letter import Letter
from tests.sandbox.messages.writing import (
    Envelope,
    address,
    attachment,
    document,
    encoded,
    letter,
    multipart,
    rfc2231,
    text,
)

ALICE, MARIA = "alice@contoso.example", "maria@contoso.example"
OLGA, PIERRE = "olga@lab.example", "pierre@atelier.example"
_ALICE, _MARIA = address("Alice Martin", ALICE), address("Maria Silva", MARIA)
_REPORTS = "Проекты/Отчёты"


def letters() -> list[Letter]:
    """What lies in the mailboxes of Alice, Maria, Pierre and Olga."""
    return [*_plan_thread(), *_english(), *_french(), *_russian()]


def _plan_thread() -> list[Letter]:
    subject, pierre = "Plan for the spring catalogue", address("Pierre Lefèvre", PIERRE)
    bodies = (
        "Hello both,\n\nshall we print the spring catalogue on the uncoated paper again? Pierre can\n"
        "have proofs by the 12th.\n\nAlice\n",
        "Bonjour,\n\nyes, proofs on the 12th. The indigo needs a second pass on that paper, which\n"
        "adds a day.\n\nPierre\n",
        "A day is fine. The budget allows 2,500 copies.\n\nMaria\n",
        "Then it is settled: 2,500 copies, uncoated, two passes.\n\nAlice\n",
    )
    people = ((_ALICE, pierre, _MARIA), (pierre, _ALICE, _MARIA), (_MARIA, _ALICE, pierre))
    numbers = [f"en-plan-{n}" for n in range(1, 5)]
    found, quoted = [], ""
    for index, body in enumerate(bodies):
        sender, to, cc = people[index % 3]
        envelope = Envelope(
            sender,
            to,
            subject if index == 0 else f"Re: {subject}",
            50 - index * 6,
            numbers[index],
            cc=cc,
            answers=tuple(numbers[:index]),
        )
        content = text(body + quoted)
        quoted = "\n" + "".join(f"> {line}\n" for line in body.splitlines())
        own = sender == _ALICE
        found.append(letter(ALICE, envelope, content, "Sent" if own else "INBOX", ("\\Seen",)))
        if sender != pierre:
            found.append(letter(PIERRE, envelope, content))
    return found


_GREETING = """\
Hello Alice,

this mailbox belongs to the sandbox. Write to maria@contoso.example, haruka@example.jp,
olga@lab.example, kenji@lab.example or pierre@atelier.example and the message arrives.

https://contoso.example/welcome?from=mail&lang=en

-- 
The sandbox
"""  # noqa: W291 - a signature starts after "-- " with its space

_DIGEST = """\
<!doctype html><html><head><meta charset="utf-8"><style>
@media (max-width:600px){.two td{display:block!important}} a{color:#2f4b8f} .lead{font:20px Georgia,serif}
</style></head><body bgcolor="#eeeeee"><center><table width="640" cellpadding="24" bgcolor="#ffffff">
<tr><td><img src="https://cdn.paper-weekly.example/masthead.jpg" width="592" alt="Paper Weekly"></td></tr>
<tr><td class="lead">Why uncoated stock is back, and what it does to colour.</td></tr>
<tr class="two"><td><img src="https://cdn.paper-weekly.example/one.jpg" width="280" alt="A press">
<p>The <a href="https://click.paper-weekly.example/r?u=1&amp;to=press">press</a> that refused to retire.</p></td></tr>
<tr><td style="background-image:url(https://cdn.paper-weekly.example/ground.png)">A quiet ending.</td></tr>
</table></center><img src="http://pixel.paper-weekly.example/p.gif" style="display:none" height="1" width="1">
</body></html>
"""


def _english() -> list[Letter]:
    weekly = address("Paper Weekly", "digest@paper-weekly.example")
    invitation = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
        "UID:proofs@letters.example\r\nDTSTAMP:20261101T080000Z\r\nDTSTART:20261212T090000Z\r\n"
        "DTEND:20261212T100000Z\r\nSUMMARY:Proofs\r\nORGANIZER:mailto:maria@contoso.example\r\n"
        "ATTENDEE:mailto:alice@contoso.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    calendar = text(invitation, subtype="calendar; method=REQUEST")
    digest = multipart(
        "alternative", text("Why uncoated stock is back.\n"), text(_DIGEST, subtype="html")
    )
    return [
        letter(
            ALICE,
            Envelope(
                "welcome@contoso.example", _ALICE, "Welcome to the sandbox", 0.5, "en-welcome"
            ),
            text(_GREETING),
        ),
        letter(
            ALICE,
            Envelope(weekly, _ALICE, "Paper Weekly: back to uncoated", 20, "en-digest"),
            digest,
        ),
        letter(
            ALICE,
            Envelope(_MARIA, _ALICE, "Invitation: proofs on 12 December", 26, "en-invitation"),
            multipart("alternative", text("Proofs, 12 December, 10:00.\n"), calendar),
            flags=("\\Flagged",),
        ),
        letter(
            MARIA,
            Envelope(_ALICE, _MARIA, "Keys of the archive", 3, "en-maria-1"),
            text("They are with the porter until six.\n\nAlice\n"),
        ),
        letter(
            MARIA,
            Envelope("accounts@contoso.example", _MARIA, "Statement for October", 90, "en-maria-2"),
            multipart(
                "mixed",
                text("The statement is attached.\n"),
                attachment(
                    'filename="statement-october.pdf"', "application/pdf", document("October")
                ),
            ),
            flags=("\\Seen",),
        ),
    ]


def _french() -> list[Letter]:
    pierre = address("Pierre Lefèvre", PIERRE, "iso-8859-1")
    camille = address("Camille Dubœuf", "camille@imprimerie.example", "windows-1252")
    shop = address("Le Moulin à papier", "lettre@moulin.example")
    price = (
        "Bonjour Pierre,\n\nvoici notre prix pour 2 500 exemplaires : 1 840 € hors taxes, livraison\n"
        "comprise. L’offre reste valable jusqu’à la fin du mois.\n\nBien à vous,\nCamille\n"
    )
    paper = (
        "Cher Pierre,\n\nle vélin que vous aviez réservé est arrivé. Vous pouvez passer le chercher\n"
        "dès mardi, entre 9 h et 17 h.\n\nÀ bientôt,\nle moulin\n"
    )
    news = (
        "<p>Bonjour,</p><p>à découvrir cette semaine : <b>l’encre bleue de l’atelier</b>.</p>"
        '<p><img src="https://images.moulin.example/encre.jpg" alt="Flacon d’encre"></p>'
        '<p><a href="https://moulin.example/desabonnement">Se désabonner</a></p>'
    )
    order = "Bon de commande n° 27 – été.pdf"
    return [
        letter(
            PIERRE,
            Envelope(
                camille, pierre, encoded("Devis : 2 500 exemplaires à 1 840 €"), 4, "fr-price"
            ),
            text(price.replace(" €", "\xa0€"), "windows-1252"),
        ),
        letter(
            PIERRE,
            Envelope(shop, pierre, encoded("Votre vélin est arrivé", "iso-8859-1"), 29, "fr-paper"),
            text(paper, "iso-8859-1"),
        ),
        letter(
            PIERRE,
            Envelope(
                shop,
                pierre,
                encoded("La lettre du moulin, n° 48"),
                60,
                "fr-news",
                extra=(
                    "List-Id: <lettre.moulin.example>",
                    "List-Unsubscribe: <mailto:non@moulin.example>",
                ),
            ),
            text(news, subtype="html"),
        ),
        letter(
            PIERRE,
            Envelope(camille, pierre, encoded("Bon de commande signé"), 80, "fr-order"),
            multipart(
                "mixed",
                text("Bonjour,\n\nci-joint le bon de commande signé.\n"),
                attachment(rfc2231(order), "application/pdf", document("Order 27")),
            ),
        ),
    ]


def _russian() -> list[Letter]:
    olga = address("Ольга Смирнова", OLGA, "koi8-r")
    ivan = address("Иван Петров", "petrov@institute.example", "koi8-r")
    anna = address("Анна Кузнецова", "kuznetsova@partner.example", "windows-1251")
    sample = "Ольга, добрый день!\n\nПробы пришли вчера, анализ начнём в понедельник.\n\nИван\n"
    contract = (
        "Здравствуйте, Ольга!\n\nВо вложении — договор. Жду ваших замечаний до пятницы.\n\nАнна\n"
    )
    report = "Коллеги,\n\nотчёт за квартал готов: выполнено 14 работ из 15.\n\nИван\n"
    return [
        letter(
            OLGA,
            Envelope(ivan, olga, encoded("Пробы из Ярославля", "koi8-r"), 6, "ru-sample"),
            text(sample, "koi8-r", "8bit"),
        ),
        letter(
            OLGA,
            Envelope(
                anna, olga, encoded("Договор на согласование", "windows-1251"), 25, "ru-contract"
            ),
            multipart(
                "mixed",
                text(contract, "windows-1251"),
                attachment(
                    rfc2231("Договор №14.pdf", "windows-1251"), "application/pdf", document("14")
                ),
            ),
            flags=("\\Flagged",),
        ),
        letter(
            OLGA,
            Envelope(ivan, olga, encoded("Отчёт за третий квартал"), 220, "ru-report"),
            text(report),
            _REPORTS,
            ("\\Seen",),
        ),
        letter(
            OLGA,
            Envelope(_ALICE, olga, "Samples for the exhibition", 48, "en-olga"),
            text("Dear Olga,\n\nwould you lend us two of the old samples until March?\n\nAlice\n"),
        ),
        letter(
            OLGA,
            Envelope(
                olga,
                _ALICE,
                "Re: Samples for the exhibition",
                47,
                "en-olga-answer",
                answers=("en-olga",),
            ),
            text("Dear Alice,\n\ngladly. Иван will pack them.\n\nOlga\n"),
            "Sent",
            ("\\Seen",),
        ),
    ]
