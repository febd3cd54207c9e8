"""What the remote sides of PayPal, SBP and crypto have in common: an account at the emulators' process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.test import override_settings

from billing.payments.models import Payment
from billing.payments.providers.base import ProviderType
from billing.payments.providers.base import provider_type as type_of
from billing.payments.simulators.accounts import credentials
from shared_apps.tenants.models import Tenant
from tests.payments.contract import Notification, RemoteSide
from tests.support.live import free_port
from tests.support.simulators import Simulators, shared


class WireSide(RemoteSide):
    """``posts`` are the beginnings of the paths whose answers get lost."""

    service: ClassVar[str]
    counted: ClassVar[tuple[str, ...]]
    posts: ClassVar[tuple[str, ...]]

    def __init__(self, tenant: Tenant, payer_id: int) -> None:
        self.simulators: Simulators = shared()
        settings.SIMULATOR_URL = self.simulators.url
        self.keys = credentials(self.provider, str(uuid4()))
        super().__init__(tenant, payer_id)

    @property
    def account(self) -> str:
        return next(iter(self.keys.values()))

    def settings(self) -> dict[str, str]:
        kind = type_of(self.provider)
        return {field.name: self.keys.get(field.name, "") for field in kind.fields if not field.is_secret}

    def secrets(self) -> dict[str, str]:
        kind: ProviderType = type_of(self.provider)
        return {field.name: self.keys[field.name] for field in kind.fields if field.is_secret}

    def control(self, verb: str, /, **data: Any) -> dict[str, Any]:
        return self.simulators.control(f"{self.service}/{verb}", **data)

    def click(self, payment: Payment, how: str) -> None:
        """Press a button on the page to which the payer was led."""
        answer = self.simulators.page("POST", payment.action_url, how=how)
        assert answer.status_code == 303, answer.text

    def notifications(self) -> list[Notification]:
        told = self.simulators.webhooks(self.service, self.account)
        return [(each["headers"], each["body"].encode()) for each in told]

    def objects(self) -> int:
        numbers = self.simulators.control("objects", service=self.service, account=self.account)
        return sum(numbers.get(kind, 0) for kind in self.counted)

    @contextmanager
    def _fault(self, kind: str) -> Iterator[None]:
        for path in self.posts:
            self.simulators.fault(self.service, kind, method="POST", path=path, times=99)
        try:
            yield
        finally:
            self.simulators.control("faults", service=self.service, clear=True)

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        with self._fault("cut_after"):
            yield

    @contextmanager
    def answering_garbage(self) -> Iterator[None]:
        with self._fault("garbage"):
            yield

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        with override_settings(SIMULATOR_URL=f"http://127.0.0.1:{free_port()}"):
            yield
