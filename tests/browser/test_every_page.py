"""Each page at 1280 and 390 pixels, light and dark: axe, console, policy, width; pictures by `make pictures`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Watched
from tests.browser.trading import Traded

pytestmark = pytest.mark.browser

PLATFORM, TENANT = "localhost", "acme.localhost"

#: name of the picture: host, who, path, status
PAGES: dict[str, tuple[str, str | None, str, int]] = {
    "platform-front": (PLATFORM, None, "/", 200),
    "platform-signup": (PLATFORM, None, "/signup/", 200),
    "platform-login": (PLATFORM, None, "/login/", 200),
    "credits": (PLATFORM, None, "/credits/", 200),
    "matrix": (TENANT, None, "/docs/access/", 200),
    "gallery": (TENANT, None, "/gallery/", 200),
    "gallery-wrong": (TENANT, None, "/gallery/?wrong=1", 200),
    "mailbox": (TENANT, None, "/mailbox/", 200),
    "login": (TENANT, None, "/login/?next=/members/", 200),
    "register": (TENANT, None, "/register/", 200),
    "forgotten": (TENANT, None, "/password/reset/", 200),
    "security": (TENANT, "trader", "/security/", 200),
    "security-platform": (PLATFORM, "superadmin", "/security/", 200),
    "totp": (TENANT, "trader", "/security/totp/", 200),
    "passkey": (TENANT, "trader", "/security/passkeys/add/", 200),
    "confirm": (TENANT, "trader", "/security/confirm/?next=/members/", 200),
    "sign-in-settings": (TENANT, "owner", "/settings/sign-in/", 200),
    "api-tokens": (TENANT, "staff", "/security/tokens/", 200),
    "api-tokens-platform": (PLATFORM, "superadmin", "/security/tokens/", 200),
    "new-password": (TENANT, None, "/password/reset/confirm/?email=a@b.example.com&code=123456", 200),
    "profile": (TENANT, "verifier", "/account/", 200),
    "profile-platform": (PLATFORM, "auditor", "/account/", 200),
    "account-email": (TENANT, "verifier", "/account/email/", 200),
    "account-email-confirm": (TENANT, "verifier", "/account/email/confirm/", 200),
    "account-email-undo": (TENANT, None, "/account/email/undo/?token=x", 200),
    "account-password": (TENANT, "verifier", "/account/password/", 200),
    "account-addresses": (TENANT, "verifier", "/account/addresses/", 200),
    "account-business": (TENANT, "verifier", "/account/business/", 200),
    "account-data": (TENANT, "verifier", "/account/data/", 200),
    "account-devices": (TENANT, "verifier", "/account/devices/", 200),
    "register-confirm": (TENANT, None, "/register/confirm/?email=a@b.example.com", 200),
    "register-confirm-platform": (PLATFORM, None, "/register/confirm/", 200),
    "not-found": (TENANT, None, "/nothing/", 404),
    "unknown-host": ("nobody.localhost", None, "/", 404),
    "dashboard-owner": (TENANT, "owner", "/", 200),
    "dashboard-trader": (TENANT, "trader", "/", 200),
    "dashboard-auditor": (TENANT, "auditor", "/", 200),
    "dashboard-newcomer": ("globex.localhost", "trader", "/", 200),
    "accounts": (TENANT, "trader", "/accounts/", 200),
    "accounts-none": ("globex.localhost", "trader", "/accounts/", 200),
    "account-new": (TENANT, "trader", "/accounts/new/", 200),
    "account": (TENANT, "trader", "/accounts/{account_id}/", 200),
    "bots": (TENANT, "trader", "/bots/", 200),
    "bots-none": ("globex.localhost", "owner", "/bots/", 200),
    "bot-new": (TENANT, "trader", "/bots/new/", 200),
    "bot-new-without-account": ("globex.localhost", "trader", "/bots/new/", 200),
    "bot": (TENANT, "trader", "/bots/{bot_id}/", 200),
    "bot-trades-only": (TENANT, "owner", "/bots/{bot_id}/?trades=1", 200),
    "bot-idle": (TENANT, "trader", "/bots/{idle_bot_id}/", 200),
    "why": (TENANT, "auditor", "/bots/{bot_id}/decisions/{decision_id}/", 200),
    "audit": (TENANT, "auditor", "/audit/", 200),
    "audit-one-object": (TENANT, "owner", "/audit/?object_type=bots.bot&action=update", 200),
    "audit-nothing": (TENANT, "owner", "/audit/?text=zzz", 200),
    "audit-platform": (PLATFORM, "auditor", "/audit/", 200),
    "todos": (TENANT, "trader", "/todos/", 200),
    "forbidden": (TENANT, "buyer", "/accounts/", 403),
    "members": (TENANT, "owner", "/members/", 200),
    "members-nobody": (TENANT, "owner", "/members/?q=zzz", 200),
    "payments": (TENANT, "owner", "/payments/", 200),
    "payments-none": ("globex.localhost", "trader", "/payments/", 200),
    "payments-platform": (PLATFORM, "superadmin", "/payments/", 200),
    "payment": (TENANT, "owner", "/payments/{payment_id}/", 200),
    "payment-transfers": (TENANT, "owner", "/payments/transfers/", 200),
    "payment-providers": (TENANT, "owner", "/payments/providers/", 200),
    "payment-providers-none": ("globex.localhost", "owner", "/payments/providers/", 200),
    "payment-provider-new": (TENANT, "owner", "/payments/providers/new/manual/", 200),
    "payment-provider-cards": (TENANT, "owner", "/payments/providers/new/stripe/", 200),
    "pay": (TENANT, "trader", "/pay/{payment_id}/", 200),
    "settings": (TENANT, "owner", "/settings/options/", 200),
    "settings-brand": (TENANT, "owner", "/settings/brand/", 200),
    "settings-brand-auditor": (TENANT, "auditor", "/settings/brand/", 200),
    "settings-domains": (TENANT, "owner", "/settings/domains/", 200),
    "identity": (TENANT, "trader", "/identity/", 200),
    "identity-known": (TENANT, "seller", "/identity/", 200),
    "identity-queue": (TENANT, "owner", "/identity/queue/?state=all", 200),
    "identity-queue-empty": (TENANT, "owner", "/identity/queue/", 200),
    "wallet": (TENANT, "trader", "/wallet/", 200),
    "wallet-empty": ("globex.localhost", "verifier", "/wallet/", 200),
    "wallet-history": (TENANT, "trader", "/wallet/history/", 200),
    "wallet-history-none": (TENANT, "trader", "/wallet/history/?kind=debt_settled", 200),
    "wallet-statement": (TENANT, "trader", "/wallet/statement/", 200),
    "wallet-deposit": (TENANT, "trader", "/wallet/deposit/", 200),
    "wallet-deposit-none": ("globex.localhost", "trader", "/wallet/deposit/", 200),
    "wallet-withdraw": (TENANT, "trader", "/wallet/withdraw/", 200),
    "wallet-withdraw-none": ("globex.localhost", "verifier", "/wallet/withdraw/", 200),
    "wallet-transfer": (TENANT, "trader", "/wallet/transfer/", 200),
    "wallet-transfer-none": ("globex.localhost", "verifier", "/wallet/transfer/", 200),
    "wallet-destinations": (TENANT, "trader", "/wallet/destinations/", 200),
    "wallet-destinations-none": ("globex.localhost", "verifier", "/wallet/destinations/", 200),
    "wallet-approvals": (TENANT, "staff", "/wallet/approvals/", 200),
    "wallet-approvals-none": ("globex.localhost", "owner", "/wallet/approvals/", 200),
    "wallet-balances": (TENANT, "auditor", "/wallet/balances/", 200),
    "wallet-member": (TENANT, "staff", "/wallet/members/{member_id}/", 200),
    "wallet-withdrawal": (TENANT, "staff", "/wallet/withdrawals/{withdrawal_id}/", 200),
    "plans": (TENANT, "trader", "/plans/", 200),
    "plans-platform": (PLATFORM, None, "/plans/", 200),
    "catalogue": (TENANT, "owner", "/plans/catalogue/", 200),
    "catalogue-platform": (PLATFORM, "superadmin", "/plans/catalogue/", 200),
    "subscription": (TENANT, "trader", "/subscription/", 200),
    "subscription-platform": (PLATFORM, "superadmin", "/subscription/", 200),
    "organisation-plan": (TENANT, "owner", "/settings/plan/", 200),
    "invoices": (TENANT, "trader", "/invoices/", 200),
    "invoices-none": (TENANT, "buyer", "/invoices/", 200),
    "invoices-platform": (PLATFORM, "superadmin", "/invoices/", 200),
    "invoice": (TENANT, "trader", "/invoices/{invoice_id}/", 200),
    "invoice-staff": (TENANT, "staff", "/invoices/{invoice_id}/", 200),
    "revenue": (TENANT, "owner", "/revenue/?unit=month&since=2026-01-01&until=2026-04-30", 200),
    "revenue-none": ("globex.localhost", "owner", "/revenue/", 200),
    "revenue-wrong": (TENANT, "auditor", "/revenue/?since=2026-02-01&until=2026-01-01", 400),
    "revenue-platform": (PLATFORM, "superadmin", "/revenue/", 200),
    "settings-none": (TENANT, "owner", "/settings/options/?q=zzz", 200),
    "setting": (TENANT, "owner", "/settings/options/users.access_token_lifetime/", 200),
    "setting-auditor": (TENANT, "auditor", "/settings/options/users.self_registration/", 200),
    "invitations": (TENANT, "owner", "/invitations/", 200),
    "invitations-auditor": (TENANT, "auditor", "/invitations/?state=accepted", 200),
    "invitation-import": (TENANT, "staff", "/invitations/import/", 200),
    "join-link-new": (TENANT, "owner", "/invitations/links/", 200),
    "invitation-closed": (TENANT, None, "/invitation/?token=x", 403),
    "ownership": (TENANT, "owner", "/ownership/", 200),
    "ownership-trader": (TENANT, "trader", "/ownership/", 200),
    "organisations": (TENANT, "trader", "/organisations/", 200),
    "organisations-platform": (PLATFORM, "superadmin", "/organisations/", 200),
    "account-sharing": (TENANT, "trader", "/accounts/{account_id}/sharing/", 200),
    "bot-sharing": (TENANT, "owner", "/bots/{bot_id}/sharing/", 200),
    "members-auditor": (TENANT, "auditor", "/members/", 200),
}


def filled(path: str, traded: Traded) -> str:
    """An address with the ids of what was traded."""
    return path.format(
        account_id=traded.account_id,
        bot_id=traded.bot_id,
        idle_bot_id=traded.idle_bot_id,
        invoice_id=traded.invoice_id,
        payment_id=traded.payment_id,
        decision_id=traded.decision_id("ordered"),
        member_id=traded.member_id,
        withdrawal_id=traded.withdrawal_id,
    )


@pytest.mark.req("S0-16")
@pytest.mark.parametrize("name", PAGES)
def test_page(window: Callable[..., Watched], traded: Traded, name: str) -> None:
    host, who, path, status = PAGES[name]
    path = filled(path, traded)
    watched = window(host, who)
    page = watched.page
    assert watched.open(path) == status
    page.wait_for_timeout(100)  # late scripts may still complain; the tools below do so themselves
    own_status = f"status of {status}"
    found = [line for line in watched.complaints if own_status not in line or status == 200]
    found += watched.inspect(name)
    assert found == []


#: Pages with the longest words in the least room.
_TRANSLATED = [
    "platform-front", "platform-signup", "login", "register", "dashboard-trader", "security", "account",
    "invitations", "settings", "api-tokens", "audit",
]  # fmt: skip


@pytest.mark.req("S2-11")
@pytest.mark.parametrize("language", ["fr", "ru"])
@pytest.mark.parametrize("name", [name for name in _TRANSLATED if name in PAGES])
def test_a_page_in_another_language(
    window: Callable[..., Watched], traded: Traded, name: str, language: str
) -> None:
    """Longer words fit a phone, and the page says which language it speaks."""
    host, who, path, status = PAGES[name]
    watched = window(host, who, width=390, locale=language)
    assert watched.open(filled(path, traded)) == status
    assert watched.page.locator("html").get_attribute("lang") == language
    watched.shoot(f"{name}-390-{language}")
    assert watched.complaints == []
    assert watched.overflow() <= 0
    assert watched.axe() == []
