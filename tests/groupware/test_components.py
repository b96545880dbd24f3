"""The tags behind the components: dates as people say them, initials, tints, fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone

from groupware.templatetags.components import initials, tint

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # noon in Tokyo


def rendered(source: str, **values: object) -> str:
    """What a template with the components' tags prints."""
    return Template("{% load components %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 20, 1, 42, tzinfo=UTC), "10:42"),
        (datetime(2026, 11, 18, 15, 0, tzinfo=UTC), "yesterday"),
        (datetime(2026, 11, 18, 14, 59, tzinfo=UTC), "18 Nov"),
        (datetime(2025, 11, 20, 1, 42, tzinfo=UTC), "20 Nov 2025"),
    ],
)
def test_date_is_said_as_people_say_it_in_their_own_zone(moment: datetime, said: str) -> None:
    with time_machine.travel(NOW, tick=False), timezone.override("Asia/Tokyo"):
        assert f">{said}</time>" in rendered("{% when moment %}", moment=moment)


def test_exact_moment_with_its_zone_is_one_hover_away() -> None:
    with time_machine.travel(NOW, tick=False), timezone.override("Asia/Tokyo"):
        shown = rendered("{% when moment %}", moment=NOW)
    assert 'title="20 November 2026, 12:00:00 JST"' in shown
    assert 'datetime="2026-11-20T12:00:00+09:00"' in shown


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=3, seconds=5), "3\xa0minutes ago"),
        (timedelta(days=2, hours=4), "2\xa0days ago"),
    ],
)
def test_age_has_one_figure(age: timedelta, said: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert f">{said}</time>" in rendered("{% since moment %}", moment=NOW - age)


def test_moment_that_is_not_known_prints_nothing() -> None:
    assert rendered("{% when moment %}{% since moment %}", moment=None) == ""


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("髙橋 茜", "髙"),
        ("Анна Кузнецова", "АК"),
        ("Bartholomew J. Featherstone", "BF"),
        ("akane", "A"),
        ("", "?"),
    ],
)
def test_initials_follow_the_script_of_the_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_name_has_the_same_tint_everywhere() -> None:
    assert tint("髙橋 茜") == tint("髙橋 茜")
    assert {tint(f"person {number}") for number in range(200)} == {
        f"tint-{number}" for number in range(1, 9)
    }


def test_wrap_gives_its_inside_to_the_component_and_nothing_else() -> None:
    shown = rendered(
        '{% wrap "components/dialog.html" id="move" title=title %}<b>{{ word }}</b>{% endwrap %}',
        title="Move <to>",
        word="<folder>",
        text="from the page around",
    )
    assert 'id="move"' in shown
    assert "Move &lt;to&gt;" in shown
    assert "<b>&lt;folder&gt;</b>" in shown
    assert "from the page around" not in shown


def test_wrap_refuses_words_it_does_not_understand() -> None:
    with pytest.raises(TemplateSyntaxError, match="name=value"):
        rendered('{% wrap "components/dialog.html" move %}{% endwrap %}')


class SampleForm(forms.Form):
    """One required and one optional field."""

    host = forms.CharField(label="Mail server", help_text="As the operator calls it.")
    note = forms.CharField(label="Note", required=False)


def test_field_ties_label_help_and_error_to_its_control() -> None:
    shown = rendered("{{ form }}", form=SampleForm({}))
    assert '<label class="field-label" for="id_host">Mail server</label>' in shown
    assert 'aria-describedby="id_host_helptext id_host_error"' in shown
    assert 'id="id_host_helptext"' in shown
    assert 'id="id_host_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert "(optional)" in shown.partition("id_note")[2]


def test_error_of_the_whole_form_comes_before_its_fields() -> None:
    form = SampleForm({"host": "imap.example.jp"})
    form.add_error(None, "The server refused both.")
    shown = rendered("{{ form }}", form=form)
    assert 0 < shown.index("The server refused both.") < shown.index("id_host")
