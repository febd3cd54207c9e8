"""The components escape what they are given, name what they show and refuse what does not exist."""

import datetime as dt
from decimal import Decimal

import pytest
from django import forms
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.template import Context, Template
from django.test import RequestFactory

from shared_apps.ui.icons import ICONS
from shared_apps.ui.toasts import toast_header

EVIL = "<script>alert(1)</script>"


def render(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.req("S3-115")
@pytest.mark.parametrize(
    "source",
    [
        "{% badge evil %}",
        "{% status_pill evil %}",
        "{% empty_state evil evil url=evil action=evil %}",
        "{% note evil %}",
        "{% stat evil evil evil %}",
        "{% icon 'gear' evil %}",
        "{% card title=evil note=evil %}{{ evil }}{% endcard %}",
        "{% datatable caption=evil %}<tr><td>{{ evil }}</td></tr>{% enddatatable %}",
        "{% pageheader title=evil note=evil %}{{ evil }}{% endpageheader %}",
    ],
)
def test_markup_in_what_is_shown_is_escaped(source):
    html = render(source, evil=EVIL)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_an_unknown_icon_is_refused():
    with pytest.raises(ValueError, match="no icon"):
        render("{% icon 'no-such-icon' %}")


def test_the_sprite_holds_every_icon(settings):
    sprite = (settings.BASE_DIR / "shared_apps/ui/static/ui/vendor/bootstrap-icons.svg").read_text()
    assert all(f'id="{name}"' in sprite for name in ICONS)
    assert sprite.count("<symbol") == len(ICONS)


class Sample(forms.Form):
    amount = forms.DecimalField(min_value=Decimal(1), help_text="In lots")
    note = forms.CharField(required=False)


def test_a_field_ties_its_error_and_help_to_the_control():
    html = render("{% field form.amount affix='lots' inputmode='decimal' %}", form=Sample({"amount": "0"}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_amount_help id_amount_error"' in html
    assert 'id="id_amount_error" aria-live="polite">' in html
    assert "greater than or equal to 1" in html
    assert 'inputmode="decimal"' in html
    untouched = render("{% field form.note %}", form=Sample())
    assert 'id="id_note_error" aria-live="polite" hidden>' in untouched
    assert "(optional)" in untouched


def test_gains_and_losses_say_so_in_sign_and_colour():
    assert (
        render("{% delta v 'EUR' %}", v=Decimal("12.4")) == '<span class="figure up">+12.40\u202fEUR</span>'
    )
    assert render("{% delta v %}", v=Decimal("-0.5")) == '<span class="figure down">−0.5</span>'
    assert "–" in render("{% delta v %}", v=None)


def test_a_time_carries_the_exact_moment():
    moment = dt.datetime(2025, 3, 4, 9, 5, 6, tzinfo=dt.UTC)
    html = render("{% timetag m %}", m=moment)
    assert 'datetime="2025-03-04T09:05:06+00:00"' in html
    assert 'title="4 Mar 2025, 09:05:06 UTC"' in html


def test_pagination_keeps_the_filters():
    from django.core.paginator import Paginator

    request = RequestFactory().get("/audit/", {"action": "update", "page": "2"})
    html = render("{% pagination page %}", page=Paginator(range(95), 20).page(2), request=request)
    assert 'href="?action=update&amp;page=1"' in html
    assert 'href="?action=update&amp;page=3"' in html
    assert "21–40 of 95" in html


def test_an_htmx_toast_is_a_header_with_the_way_back():
    response = HttpResponse()
    toast_header(response, "Bot stopped", undo_url="/bots/1/start/")
    assert response["HX-Trigger"] == (
        '{"toast": {"message": "Bot stopped", "tone": "success", "undo": "/bots/1/start/"}}'
    )


def test_a_message_keeps_its_undo_address():
    message = Message(25, "Done", extra_tags="undo:/orders/1/restore/")
    assert render("{{ m|undo_url }}", m=message) == "/orders/1/restore/"
    assert render("{{ m|undo_url }}", m=Message(25, "Done")) == ""
