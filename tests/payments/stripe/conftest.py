"""Stripe's simulator, in the process and over a socket: everything here runs both ways."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
import stripe

from billing.payments.providers.base import Account
from billing.payments.providers.stripe import client
from billing.payments.providers.stripe.http import HttpxClient
from billing.payments.simulators import stripe_keys
from billing.payments.simulators.__main__ import build
from tests.support.inprocess import InProcess

_NUMBERS = itertools.count(1)


@dataclass
class Remote:
    """One empty Stripe account at the simulator, and the hands that reach into it."""

    url: str
    http: httpx.Client
    wire: HttpxClient
    key: str = field(default_factory=lambda: f"sk_test_tests{next(_NUMBERS):08}")

    @property
    def public_key(self) -> str:
        """What browsers use."""
        return self.key.replace("sk_", "pk_")

    def client(self, key: str = "", **options: Any) -> Any:
        """Calls of the SDK, as this account unless another key is given."""
        return stripe.StripeClient(
            key or self.key, base_addresses={"api": f"{self.url}/stripe"}, http_client=self.wire,
            max_network_retries=0, **options,
        ).v1  # fmt: skip

    def control(self, path: str, /, **data: Any) -> dict[str, Any]:
        """The control address, see simulators.app."""
        answer = self.http.post(f"{self.url}/_control/{path}", json=data)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def fault(self, kind: str, path: str = "", **data: Any) -> None:
        """What the next matching request meets."""
        self.control("faults", service="stripe", kind=kind, path=path, **data)

    def forward(self, **by: float) -> None:
        """Move this account's clock; what falls due on the way happens."""
        days, hours, seconds = by.get("days", 0), by.get("hours", 0), by.get("seconds", 0)
        self.control("stripe/clock", key=self.key, seconds=int(days * 86_400 + hours * 3_600 + seconds))

    def deliveries(self) -> list[dict[str, Any]]:
        """What was sent to webhooks, or waits."""
        params = {"service": "stripe"}
        return list(self.http.get(f"{self.url}/_control/webhooks", params=params).json()["webhooks"])

    def browser(self, address: str, **form: str) -> httpx.Response:
        """A person on a page of the simulator: GET, or POST of a form."""
        if form:
            return self.http.post(address, data=form)
        return self.http.get(address)

    def types(self) -> list[str]:
        """The events of the account, oldest first."""
        return [event.type for event in self.client().events.list({"limit": 100}).auto_paging_iter()][::-1]


#: Requests that the simulators of this process have checked against the SDK's types, and what broke them.
REPORT = {"validated": 0}


@pytest.fixture(params=["inprocess", "socket"])
def remote(request: pytest.FixtureRequest, settings: Any) -> Iterator[Remote]:
    """An empty account; the simulator may find nothing wrong with what is asked, unless ``breaks_contract``."""
    if request.param == "socket":
        running = request.getfixturevalue("simulators")
        here = Remote(running.url, httpx.Client(trust_env=False, timeout=5), HttpxClient(5))
    else:
        settings.SIMULATOR_URL = "http://simulators.test"
        application = build(None, public=settings.SIMULATOR_URL, notify="")
        transport = InProcess(application)
        here = Remote(settings.SIMULATOR_URL, httpx.Client(transport=transport), HttpxClient(5, transport))
    before = here.control("stripe/report")
    yield here
    report = here.control("stripe/report")
    here.http.close()
    REPORT["validated"] += report["validated"] - before["validated"]
    if request.node.get_closest_marker("breaks_contract") is None:
        assert report["violations"][len(before["violations"]) :] == [], "what Stripe would have refused"


CONFIGURATION = UUID("0197c1de-0000-7000-8000-00000000000a")


@pytest.fixture
def account(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A simulated configuration, and ``remote`` as its account: the product's clients reach the same simulator."""
    monkeypatch.setattr(client, "HttpxClient", lambda: remote.wire)
    remote.key = stripe_keys.secret_key(str(CONFIGURATION))
    return Account(configuration_id=CONFIGURATION, is_simulated=True, secrets={}, settings={})


@pytest.fixture
def api(remote: Remote) -> Any:
    """The account through the SDK."""
    return remote.client()
