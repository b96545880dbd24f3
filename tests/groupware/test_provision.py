"""A TOML file makes the installation equal to itself, or changes nothing."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from groupware import provision
from groupware.audit.models import AuditEvent
from groupware.functions.models import FunctionAdministrator
from groupware.organisation.models import Membership, Organisation, Unit
from groupware.users.models import User

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "provisioning.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.django_db

OFFICE = """
[organisation]
name = "青木文具店"

[[unit]]
key = "tokyo"
name = "東京営業部"
parent = "sales"

[[unit]]
key = "sales"
name = "営業本部"

[[user]]
username = "aoki"
email = "aoki@example.test"
display_name = "青木 花子"
password = "paper-and-ink-7"
system_administrator = true
units = ["sales"]

[[user]]
username = "bernard"
email = "bernard@example.test"
password_env = "BERNARD_PASSWORD"
units = ["tokyo", "sales"]
function_administrator_of = ["webmail"]
language = "fr"
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("BERNARD_PASSWORD", "paper-and-ink-8")

    def write(text: str) -> Path:
        path = tmp_path / "office.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def run(path: Path, **options: object) -> str:
    out = StringIO()
    call_command("provision", path, stdout=out, **options)
    return out.getvalue()


def problems(path: Path) -> list[str]:
    with pytest.raises(provision.ProvisioningError) as refused:
        provision.apply(path)
    return [str(problem) for problem in refused.value.problems]


def test_a_file_makes_people_departments_and_rights(file):
    run(file(OFFICE))
    aoki, bernard = User.objects.get(username="aoki"), User.objects.get(username="bernard")
    assert aoki.is_system_administrator
    assert aoki.check_password("paper-and-ink-7")
    assert bernard.check_password("paper-and-ink-8")
    assert not bernard.is_system_administrator
    assert Unit.objects.get(key="tokyo").parent == Unit.objects.get(key="sales")
    assert set(bernard.units.values_list("key", flat=True)) == {"tokyo", "sales"}
    assert FunctionAdministrator.objects.get().key == "webmail"
    assert Organisation.objects.get().name == "青木文具店"


def test_applying_twice_changes_nothing_and_says_so(file):
    run(file(OFFICE))
    assert "nothing to change" in run(file(OFFICE))
    assert AuditEvent.objects.filter(name="groupware.installation.provisioned").count() == 1


def test_a_check_says_what_would_change_and_changes_nothing(file):
    said = run(file(OFFICE), check=True)
    assert "+ user aoki" in said
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_what_differs_is_changed_and_named_without_its_value(file):
    run(file(OFFICE))
    said = run(file(OFFICE.replace('display_name = "青木 花子"', 'display_name = "青木 ハナ"')))
    assert "~ user aoki: display_name" in said
    assert "ハナ" not in said
    assert User.objects.get(username="aoki").display_name == "青木 ハナ"


def test_a_right_that_the_file_no_longer_gives_is_taken(file):
    run(file(OFFICE))
    run(
        file(
            OFFICE.replace("system_administrator = true", "").replace(
                '["tokyo", "sales"]', '["tokyo"]'
            )
        )
    )
    aoki = User.objects.get(username="aoki")
    assert not (aoki.is_system_administrator or aoki.is_superuser or aoki.is_staff)
    assert Membership.objects.get(user__username="bernard").unit.key == "tokyo"


def test_a_password_that_the_person_chose_is_left_alone(file):
    run(file(OFFICE))
    aoki = User.objects.get(username="aoki")
    aoki.set_password("chosen-by-herself-1")
    aoki.save()
    assert "nothing to change" in run(file(OFFICE))
    assert User.objects.get(username="aoki").check_password("chosen-by-herself-1")


def test_a_secret_may_lie_in_a_file_beside_the_file(file, tmp_path):
    (tmp_path / "secret").write_text("paper-and-ink-9\n")
    run(file('[[user]]\nusername = "carla"\npassword_file = "secret"'))
    assert User.objects.get(username="carla").check_password("paper-and-ink-9")


def test_every_problem_is_named_with_table_key_and_remedy_and_nothing_is_applied(file):
    found = problems(
        file(
            OFFICE.replace("system_administrator = true", 'system_administrator = "yes"')
            .replace('language = "fr"', 'langauge = "fr"')
            .replace('parent = "sales"', 'parent = "sale"')
        )
    )
    assert found == [
        'office.toml: [[user]] 1 "aoki", key "system_administrator": must be true or false.',
        'office.toml: [[user]] 2 "bernard", key "langauge": unknown key. Did you mean "language"?',
        'office.toml: [[unit]] 1 "tokyo", key "parent": there is no [[unit]] named "sale". Did you mean "sales"?',
    ]
    assert not Unit.objects.exists()
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[usr]]\nusername = 'x'", 'unknown table. Did you mean "user"?'),
        ("[user]\nusername = 'x'", "Write [[user]]."),
        ("[[organisation]]\nname = 'x'", "Write [organisation]."),
        ("[[user]]\nemail = 'x@example.test'", 'key "username": missing. Add username.'),
        ("[[user]]\nusername = 1", "must be text in quotes."),
        ("[[user]]\nusername = 'x'\nunits = 'a'", "must be a list"),
        ("[[user]]\nusername = 'x'\nlanguage = 'de'", "Use one of: en, ja, fr, ru."),
        ("[[user]]\nusername = 'x'\npassword_env = 'NOT_SET'", "variable NOT_SET is not set."),
        ("[[user]]\nusername = 'x'\npassword_file = 'none'", "No such file"),
        ("[[user]]\nusername = 'x'\npassword = 'a'\npassword_env = 'b'", "Keep one of them."),
        ("[[user]]\nusername = 'x'\npassword = 'password'", "too common"),
        ("[[user]]\nusername = 'x'\ntime_zone = 'Mars/Base'", "not a known time zone"),
        ("[[user]]\nusername = 'x'\n[[user]]\nusername = 'x'", "the same name as entry 1."),
        (
            "[[user]]\nusername = 'x'\nfunction_administrator_of = ['webmial']",
            'no function "webmial"',
        ),
        ("[[unit]]\nkey = 'a'\nname = 'A'\nparent = 'a'", "part of itself"),
        (
            "[[unit]]\nkey = 'a'\nname = 'A'\nparent = 'b'\n[[unit]]\nkey = 'b'\nname = 'B'\nparent = 'a'",
            "Break the circle.",
        ),
        ("x = [", "this is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_remedy(file, text, words):
    assert words in "\n".join(problems(file(text)))
    assert not User.objects.exists()
    assert not Unit.objects.exists()


def test_two_people_cannot_sign_in_with_one_address(file):
    run(file(OFFICE))
    found = problems(file('[[user]]\nusername = "carla"\nemail = "AOKI@example.test"'))
    assert found == [
        'office.toml: [[user]] 1 "carla", key "email": "aoki" already signs in with AOKI@example.test. '
        "Give each person their own."
    ]


def test_the_trouble_of_a_row_is_not_repeated_by_those_that_name_it(file):
    found = problems(file(OFFICE.replace('name = "営業本部"', 'nam = "営業本部"')))
    assert all('[[unit]] 2 "sales"' in problem for problem in found)


def test_the_command_prints_no_secret(file, capsys):
    text = OFFICE.replace('units = ["sales"]', 'units = ["none"]')
    with pytest.raises(CommandError) as refused:
        run(file(text))
    printed = str(refused.value) + "".join(capsys.readouterr())
    assert "paper-and-ink" not in printed
    assert "Nothing was applied: 1 problem" in printed
    assert "paper-and-ink" not in run(file(OFFICE))
    assert "paper-and-ink" not in str(AuditEvent.objects.values())


@pytest.mark.parametrize("section", provision.sections(), ids=lambda section: section.table)
def test_every_key_is_documented_and_every_documented_key_exists(section):
    head = f"## `[{section.table}]`" if section.is_single else f"## `[[{section.table}]]`"
    chapter = DOCUMENTATION.partition(head)[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in chapter.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == {key.name for key in section.keys}


def test_the_example_of_the_documentation_applies(file, tmp_path, monkeypatch):
    monkeypatch.setenv("AOKI_PASSWORD", "paper-and-ink-7")
    (tmp_path / "microsoft.secret").write_text("a-secret-of-the-client")
    example = DOCUMENTATION.partition("```toml\n")[2].partition("```")[0]
    said = run(file(example))
    assert "+ mail_account aoki aoki@example.jp" in said
    assert "a-secret" not in said
    assert "nothing to change" in run(file(example))


def test_an_address_for_notices_is_kept_where_the_file_is_silent(file):
    provision.apply(file("[[user]]\nusername = 'aoki'\nnotice_address = 'aoki@home.example'\n"))
    provision.apply(file("[[user]]\nusername = 'aoki'\n"))
    assert User.objects.get(username="aoki").notice_address == "aoki@home.example"
