"""The board in the superadmin's site, and its button."""

from __future__ import annotations

import pytest

from billing.reconciliation import services
from billing.reconciliation.models import ReconciliationRun
from shared_apps.core.context import platform_context
from shared_apps.core.models import OutboxMessage
from tests.reconciliation.conftest import Books, compare
from tests.support.pages import visitor

pytestmark = [pytest.mark.django_db, pytest.mark.req("F46")]
LIST = "/admin/reconciliation/reconciliationrun/"


@pytest.mark.parametrize("who", ["superadmin", "admin", "auditor"])
def test_the_board_shows_results_with_causes(books: Books, who: str) -> None:
    payment = books.unbooked()
    run = compare()
    client = visitor(None, who)
    assert "Differences found" in client.get(LIST).content.decode()
    page = client.get(f"{LIST}{run.pk}/change/").content.decode()
    for text in (
        "Not booked in the ledger",
        f"lab:{payment.provider_reference}:succeeded",
        "-25.00 EUR",
        "Acme",
    ):
        assert text in page


@pytest.mark.django_db(transaction=True)
def test_a_superadmin_has_the_books_compared() -> None:
    client = visitor(None, "superadmin")
    assert f"{LIST}run/" in client.get(LIST).content.decode()
    assert client.get(f"{LIST}run/").status_code == 200
    answer = client.post(f"{LIST}run/", follow=True)
    assert "The books are being compared." in answer.content.decode()
    with platform_context():
        run = ReconciliationRun.objects.get()
        assert OutboxMessage.objects.filter(task="reconciliation.carry_out").count() == 1
    assert (run.state, run.trigger, run.requested_by.email) == ("running", "demand", "superadmin@example.com")
    assert "right now" in client.post(f"{LIST}run/", follow=True).content.decode()
    services.carry_out(run.pk)
    assert "Everything agrees" in client.get(LIST).content.decode()


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_who_only_reads_starts_nothing(acme: object, who: str) -> None:
    client = visitor(None, who)
    asked = client.get(f"{LIST}run/").content.decode()
    assert "Superadmins start it" in asked and '<button type="submit" class="bg-primary' not in asked
    assert client.post(f"{LIST}run/").status_code == 403
    with platform_context():
        assert not ReconciliationRun.objects.exists()
