"""Standard VAT rates of the EU and of some neighbours, with the changes since 2023."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import migrations

_BEGIN = date(2023, 1, 1)
#: Country: percent at the beginning, then each change.
RATES: dict[str, list[tuple[date, str]]] = {
    "AT": [(_BEGIN, "20")],
    "BE": [(_BEGIN, "21")],
    "BG": [(_BEGIN, "20")],
    "CY": [(_BEGIN, "19")],
    "CZ": [(_BEGIN, "21")],
    "DE": [(_BEGIN, "19")],
    "DK": [(_BEGIN, "25")],
    "EE": [(_BEGIN, "20"), (date(2024, 1, 1), "22"), (date(2025, 7, 1), "24")],
    "ES": [(_BEGIN, "21")],
    "FI": [(_BEGIN, "24"), (date(2024, 9, 1), "25.5")],
    "FR": [(_BEGIN, "20")],
    "GR": [(_BEGIN, "24")],
    "HR": [(_BEGIN, "25")],
    "HU": [(_BEGIN, "27")],
    "IE": [(_BEGIN, "23")],
    "IT": [(_BEGIN, "22")],
    "LT": [(_BEGIN, "21")],
    "LU": [(_BEGIN, "16"), (date(2024, 1, 1), "17")],
    "LV": [(_BEGIN, "21")],
    "MT": [(_BEGIN, "18")],
    "NL": [(_BEGIN, "21")],
    "PL": [(_BEGIN, "23")],
    "PT": [(_BEGIN, "23")],
    "RO": [(_BEGIN, "19"), (date(2025, 8, 1), "21")],
    "SE": [(_BEGIN, "25")],
    "SI": [(_BEGIN, "22")],
    "SK": [(_BEGIN, "20"), (date(2025, 1, 1), "23")],
    "CH": [(_BEGIN, "7.7"), (date(2024, 1, 1), "8.1")],
    "GB": [(_BEGIN, "20")],
    "NO": [(_BEGIN, "25")],
    "RU": [(_BEGIN, "20"), (date(2026, 1, 1), "22")],
}


def fill(apps: Any, schema_editor: Any) -> None:
    rate = apps.get_model("invoices", "TaxRate")
    rate._default_manager.using(schema_editor.connection.alias).bulk_create(
        rate(country=country, valid_from=since, percent=Decimal(percent))
        for country, changes in RATES.items()
        for since, percent in changes
    )


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=False)]
