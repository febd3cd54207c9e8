"""The components: `{% load ui %}`. Templates in `templates/ui/components/`; the gallery shows each.

Tags that enclose content: `card`, `datatable`, `pageheader`. What is given to a tag is escaped, unless a
template rendered it.
"""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, Select
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString

from shared_apps.ui import formatting, navigation
from shared_apps.ui.icons import ICONS
from shared_apps.ui.statuses import LIVE, label_of, tone_of
from shared_apps.ui.texts import SCRIPT_TEXTS
from shared_apps.ui.toasts import undo_url_of

register = template.Library()

SPRITE = "ui/vendor/bootstrap-icons.svg"


def _component(name: str, **context: Any) -> SafeString:
    return render_to_string(f"ui/components/{name}.html", context)


@register.simple_tag
def sprite_url() -> str:
    """The address of the icon sprite, for scripts that draw icons."""
    return static(SPRITE)


@register.simple_tag
def module_url(name: str) -> str:
    """The address of one of our script modules."""
    return static(f"ui/js/{name}.js")


@register.filter
def split(text: str, separator: str) -> list[str]:
    """A list of words for a `for` tag."""
    return text.split(separator)


@register.filter
def grouped(entries: list[navigation.Entry]) -> list[tuple[Any, list[navigation.Entry]]]:
    """The menu under its groups' headings."""
    return navigation.grouped(list(entries))


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon; with `label` an image that has a name, else decoration. Raises ValueError if unknown."""
    if name not in ICONS:
        raise ValueError(f"no icon {name!r}; shared_apps/ui/icons.py lists them")
    address = f"{static(SPRITE)}#{name}"
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"></use></svg>', css, label, address
        )
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>', css, address)


@register.simple_tag
def ui_texts() -> SafeString:
    """The texts of our scripts as a JSON block (data, not code: the policy allows it)."""
    return json_script({key: str(text) for key, text in SCRIPT_TEXTS.items()}, "ui-texts")


@register.simple_block_tag
def card(content: str, title: str = "", note: str = "", icon_name: str = "", **options: Any) -> SafeString:
    """A card with a heading. Options: `level` (3), `flush` (no padding), `id`, `link`, `link_label`."""
    return _component("card", content=content, title=title, note=note, icon_name=icon_name, **options)


@register.simple_block_tag
def pageheader(content: str, title: str, note: str = "") -> SafeString:
    """The page's h1 with a sentence under it and its actions (the content) at the side."""
    return _component("page_header", content=content, title=title, note=note)


@register.simple_block_tag
def datatable(content: str, caption: str, cards: bool = True, **options: Any) -> SafeString:
    """A table (the content is thead and tbody). `caption` is for screen readers unless `show_caption`.

    With `cards` each row becomes a card under 768 pixels; cells then name themselves with `data-label`.
    """
    return _component("table", content=content, caption=caption, cards=cards, **options)


@register.simple_tag
def stat(label: str, value: str, note: str = "", **options: Any) -> SafeString:
    """A figure with its name. Options: `unit`, `tone` (up, down), `icon_name`, `id`, `live` (data-live)."""
    return _component("stat", label=label, value=value, note=note, **options)


@register.simple_tag
def badge(text: str, tone: str = "quiet", icon_name: str = "") -> SafeString:
    """A square badge: a property (a role, "simulated"), not a state."""
    return _component("badge", text=text, tone=tone, icon_name=icon_name)


@register.simple_tag
def status_pill(status: str, label: str = "") -> SafeString:
    """A round pill: a state. Colour and word come from `statuses.py`; `label` is another word."""
    return _component(
        "status_pill",
        label=label or label_of(status),
        tone=tone_of(status),
        live=status.lower() in LIVE,
        status=status,
    )


@register.simple_tag
def empty_state(title: str, text: str = "", icon_name: str = "info-circle", **options: Any) -> SafeString:
    """What a list shows when it has nothing: why, and the next action (`url`, `action`)."""
    return _component("empty_state", title=title, text=text, icon_name=icon_name, **options)


@register.simple_tag
def note(text: str, tone: str = "quiet", icon_name: str = "info-circle") -> SafeString:
    """A remark in the flow of the page."""
    return _component("note", text=text, tone=tone, icon_name=icon_name)


@register.simple_tag
def skeleton(lines: int = 3, label: str = "") -> SafeString:
    """Grey lines where content will arrive."""
    return _component("skeleton", lines=range(lines), label=label)


@register.simple_tag(takes_context=True)
def pagination(context: template.Context, page: Page[Any]) -> SafeString:
    """Previous and next with the count; keeps the filters of the address."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    return _component("pagination", page=page, prefix=f"?{query.urlencode()}&" if query else "?")


@register.simple_tag
def field(bound: BoundField, affix: str = "", **attrs: Any) -> SafeString:
    """A form field with label, help and error. Further attributes go to the control (`_` becomes `-`)."""
    widget = bound.field.widget
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    checkbox = isinstance(widget, CheckboxInput)
    css = "form-check-input" if checkbox else "form-select" if isinstance(widget, Select) else "form-control"
    described = [f"{bound.id_for_label}_error"]
    if bound.help_text:
        described.insert(0, f"{bound.id_for_label}_help")
    given |= {"class": css, "aria-describedby": " ".join(described)}
    if bound.errors:
        given["aria-invalid"] = "true"
    control = bound.as_widget(attrs=given)
    return _component("field", field=bound, control=control, checkbox=checkbox, affix=affix)


@register.simple_tag
def form_errors(form: Any) -> SafeString:
    """What is wrong with the form as a whole, announced at once."""
    return _component("form_errors", form=form)


@register.simple_tag
def timetag(moment: dt.datetime | None, style: str = "relative") -> SafeString:
    """A time: `relative` (the exact one on hover), `exact` or `seconds`. Nothing becomes a dash."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', formatting.DASH)
    exact = formatting.format_time(moment, seconds=style != "exact")
    mark = (
        format_html(' data-relative title="{}"', exact)
        if style == "relative"
        else format_html(" data-{}", style)
    )
    return format_html('<time datetime="{}"{}>{}</time>', moment.isoformat(), mark, exact)


@register.simple_tag
def money(amount: Any, currency: str) -> SafeString:
    """An amount with its currency, in tabular figures."""
    return format_html('<span class="figure">{}</span>', formatting.format_money(amount, currency))


@register.simple_tag
def delta(value: Any, currency: str = "", digits: int | None = None) -> SafeString:
    """A gain or loss: sign and colour both say which, so colour is never alone. Nothing becomes a dash."""
    if value is None:
        return format_html('<span class="muted">{}</span>', formatting.DASH)
    number = Decimal(value)
    tone = "up" if number > 0 else "down" if number < 0 else "muted"
    if currency:
        text = formatting.format_money(number, currency, signed=True)
    else:
        text = formatting.format_number(number, digits, signed=True)
    return format_html('<span class="figure {}">{}</span>', tone, text)


@register.filter
def number(value: Any, digits: int | None = None) -> str:
    """A Decimal, grouped and localised. Nothing becomes a dash."""
    return formatting.DASH if value is None else formatting.format_number(value, digits)


@register.filter
def percent(value: Any, digits: int = 2) -> str:
    """A fraction as per cent. Nothing becomes a dash."""
    return formatting.DASH if value is None else formatting.format_percent(value, digits)


@register.filter
def undo_url(message: Any) -> str:
    """The undo address of a message, if it has one."""
    return undo_url_of(message.extra_tags or "")


@register.filter
def initials(name: str) -> str:
    """Two letters for an avatar."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]) or "?"


@register.filter
def jsonvalue(value: Any) -> str:
    """A value as JSON for a data attribute (the template escapes it)."""
    return json.dumps(value, default=str)
