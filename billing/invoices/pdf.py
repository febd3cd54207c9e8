"""An invoice on A4 paper, in its own language. The same row gives the same bytes.

Letters are Noto Sans (Latin, Greek, Cyrillic), embedded as far as they are used; others print as a box.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django_countries import countries
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table

from .models import Invoice, Regime
from .show import as_money, as_number

_FONTS: Final = Path(__file__).parent / "fonts"
_REGULAR, _BOLD = "NotoSans", "NotoSans-Bold"
_MARGIN: Final = 20 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_INK, _FAINT, _RULE = HexColor("#1b2330"), HexColor("#5b6675"), HexColor("#c9d0d9")


@cache
def _register_fonts() -> None:
    for name, file in ((_REGULAR, "NotoSans-Regular.ttf"), (_BOLD, "NotoSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, _FONTS / file))
    pdfmetrics.registerFontFamily(_REGULAR, normal=_REGULAR, bold=_BOLD, italic=_REGULAR, boldItalic=_BOLD)


def _style(name: str, size: float = 9, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=_REGULAR, fontSize=size, leading=size * 1.4, textColor=_INK, **more)


_TEXT = _style("text")
_NUMBER = _style("number", alignment=TA_RIGHT)
_SMALL = _style("small", 8)
_SMALL.textColor = _FAINT
_TITLE = _style("title", 18, spaceAfter=2 * mm)
_TOTAL = _style("total", 11, alignment=TA_RIGHT)


def _paragraph(text: str, style: ParagraphStyle = _TEXT, *, bold: bool = False) -> Paragraph:
    """People's own words, never markup; their line breaks are kept."""
    safe = escape(text).replace("\n", "<br/>")
    return Paragraph(f"<b>{safe}</b>" if bold else safe, style)


class _NumberedCanvas(Canvas):
    """Knows how many pages there are before it writes any footer."""

    def __init__(self, *args: Any, footer: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._footer, self._pages = footer, []  # type: ignore[var-annotated]

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(_REGULAR, 8)
            self.setFillColor(_FAINT)
            self.drawString(_MARGIN, 12 * mm, self._footer)
            text = _("Page %(number)d of %(count)d") % {"number": number, "count": len(self._pages)}
            self.drawRightString(A4[0] - _MARGIN, 12 * mm, text)
            super().showPage()
        super().save()


def render(invoice: Invoice) -> bytes:
    """The document as PDF. Reads nothing but the row, and of a credit note the row that it corrects."""
    _register_fonts()
    output = io.BytesIO()
    with translation.override(invoice.language):
        footer = f"{invoice.seller_details['name']} · {invoice.number}"
        document = BaseDocTemplate(
            output,
            pagesize=A4,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=22 * mm,
            title=f"{_title(invoice)} {invoice.number}",
            author=invoice.seller_details["name"],
            lang=invoice.language,
            invariant=1,
        )
        frame = Frame(
            _MARGIN, 22 * mm, _WIDTH, A4[1] - _MARGIN - 22 * mm, leftPadding=0, rightPadding=0, topPadding=0
        )
        document.addPageTemplates(PageTemplate(frames=[frame]))
        document.build(
            _story(invoice),
            canvasmaker=lambda *args, **kwargs: _NumberedCanvas(*args, footer=footer, **kwargs),
        )
    return output.getvalue()


def _title(invoice: Invoice) -> str:
    return _("Credit note") if invoice.is_credit_note else pgettext("document", "Invoice")


def _story(invoice: Invoice) -> list[Any]:
    return [
        _head(invoice),
        Spacer(0, 10 * mm),
        _parties(invoice),
        Spacer(0, 10 * mm),
        _lines(invoice),
        Spacer(0, 4 * mm),
        KeepTogether([_sums(invoice), Spacer(0, 8 * mm), *_notes(invoice)]),
    ]


def _head(invoice: Invoice) -> Table:
    facts = [(pgettext("invoice", "Number"), invoice.number), (_("Date"), _day(invoice.issued_on))]
    if invoice.corrects is not None:
        corrected = invoice.corrects
        facts.append((_("Corrects"), f"{corrected.number}, {_day(corrected.issued_on)}"))
    elif invoice.due_on is not None:
        facts.append((_("Due"), _day(invoice.due_on)))
    rows = [[_paragraph(name, _SMALL), _paragraph(value, _NUMBER)] for name, value in facts]
    box = Table(rows, colWidths=[25 * mm, 50 * mm], style=[("RIGHTPADDING", (0, 0), (-1, -1), 0), *_TIGHT])
    title = [_paragraph(_title(invoice), _TITLE, bold=True), _paragraph(invoice.seller_details["name"])]
    return Table([[title, box]], colWidths=[_WIDTH - 75 * mm, 75 * mm], style=_PLAIN)


def _parties(invoice: Invoice) -> Table:
    half = _WIDTH / 2
    sides = [
        _party(pgettext("sender", "From"), invoice.seller_details),
        _party(pgettext("addressee", "To"), invoice.buyer_details),
    ]
    return Table([sides], colWidths=[half, half], style=_PLAIN)


def _party(label: str, details: dict[str, str]) -> list[Paragraph]:
    found = [_paragraph(label, _SMALL), _paragraph(details["name"], bold=True)]
    country = str(countries.name(details["country"])) if details["country"] else ""
    vat = f"{_('VAT id')}: {details['vat_id']}" if details["vat_id"] else ""
    found += [_paragraph(text) for text in (details["address"], country, vat, details["email"]) if text]
    return found


def _lines(invoice: Invoice) -> Table:
    currency = invoice.currency
    amount = _("Amount with tax") if invoice.includes_tax else _("Amount without tax")
    head = [_("Description"), _("Quantity"), _("Price"), _("Tax"), amount]
    rows = [[_paragraph(text, _NUMBER if index else _TEXT, bold=True) for index, text in enumerate(head)]]
    for line in invoice.lines:
        shown = line["net_minor"] + (line["tax_minor"] if invoice.includes_tax else 0)
        name = line["description"]
        if invoice.is_credit_note:
            name = _("Credit for invoice %(number)s") % {"number": name}
        rows.append(
            [
                _paragraph(name),
                _paragraph(as_number(line["quantity"]), _NUMBER),
                _paragraph(as_money(line["unit_minor"], currency), _NUMBER),
                _paragraph(f"{as_number(line['rate'])} %", _NUMBER),
                _paragraph(as_money(shown, currency), _NUMBER),
            ]
        )
    widths = [24 * mm, 28 * mm, 16 * mm, 36 * mm]
    return Table(
        rows,
        colWidths=[_WIDTH - sum(widths), *widths],
        repeatRows=1,
        style=[
            *_PLAIN,
            ("LEFTPADDING", (1, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 4),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, _INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, _RULE),
        ],
    )


def _sums(invoice: Invoice) -> Table:
    currency = invoice.currency
    rows = [[_("Net"), as_money(int(invoice.net_minor), currency)]]
    for each in invoice.taxes:
        label = _("Tax, %(rate)s %% of %(net)s") % {
            "rate": as_number(each["rate"]),
            "net": as_money(each["net_minor"], currency),
        }
        rows.append([label, as_money(each["tax_minor"], currency)])
    cells = [[_paragraph(label, _NUMBER), _paragraph(value, _NUMBER)] for label, value in rows]
    label = _("Credited") if invoice.is_credit_note else _("Total")
    total = as_money(int(invoice.gross_minor), currency)
    cells.append([_paragraph(label, _TOTAL, bold=True), _paragraph(total, _TOTAL, bold=True)])
    style = [*_TIGHT, ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("LINEABOVE", (0, -1), (-1, -1), 0.8, _INK)]
    return Table(cells, colWidths=[62 * mm, 44 * mm], hAlign="RIGHT", style=style)


def _notes(invoice: Invoice) -> list[Any]:
    notes = [(_regime_note(invoice.regime), _TEXT)]
    if invoice.is_credit_note:
        notes.append((_("Reason: %(reason)s") % {"reason": invoice.reason}, _TEXT))
    elif invoice.due_on is None:
        notes.append((_("Paid. Nothing is owed."), _TEXT))
    elif bank := invoice.seller_details["bank"]:
        note = _("Please pay by %(day)s to %(bank)s and name %(number)s.")
        notes.append((note % {"day": _day(invoice.due_on), "bank": bank, "number": invoice.number}, _TEXT))
    if invoice.reference:
        notes.append((_("Reference: %(reference)s") % {"reference": invoice.reference}, _SMALL))
    return [_paragraph(text, style) for text, style in notes if text]


def _regime_note(regime: str) -> str:
    return {
        Regime.REVERSE_CHARGE: _(
            "Reverse charge: the recipient owes the tax (articles 44 and 196 of directive 2006/112/EC)."
        ),
        Regime.OUTSIDE: _("Not taxable in the seller's country: the place of supply is the recipient's."),
        Regime.ONE_STOP: _("Taxed at the rate of the recipient's country (one-stop shop)."),
        Regime.NOT_REGISTERED: _("The seller is not registered for VAT; no tax is charged."),
    }.get(Regime(regime), "")


def _day(day: Any) -> str:
    return date_format(day, "j E Y")


_PLAIN: list[Any] = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
_TIGHT: list[Any] = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
