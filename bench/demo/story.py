"""The story, step by step. Each step prints what a person would have seen; the first that fails ends it."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from . import money
from .client import Api, Failed, wait_for
from .stream import listen

PASSWORD = "demo-Passw0rd!"
OWN_PASSWORD = "My-own-Passw0rd-7"
#: Real candles, where they lie beside the checkout; the installation never depends on them.
REAL_CANDLES = Path("../shared/data/market/binance_ETH-BTC_5m.csv")
REAL = {"symbol": "ETH-BTC", "kind": "crypto", "price_tick": "0.00000001", "lot_step": "0.001"}


class Story:
    """One run against one installation."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.slug = "club-" + secrets.token_hex(3)
        self.owner_email = f"owner@{self.slug}.example.com"
        self.trader_email = f"trader@{self.slug}.example.com"
        self.auditor_email = f"auditor@{self.slug}.example.com"
        self.number = 0

    def say(self, text: str) -> None:
        """One line of the story."""
        self.number += 1
        print(f"{self.number:2}. {text}", flush=True)

    def run(self) -> None:
        """All steps in order. Raises Failed at the first that does not come out."""
        self.sign_up()
        symbol, interval = self.open_market()
        self.trader_joins()
        self.trade(symbol, interval)
        money.play(self)
        self.neighbour()
        self.audit()

    def sign_up(self) -> None:
        platform = Api(self.base)
        taken = platform.get("/api/v1/tenants/slug-check/", slug="acme")
        if taken["available"]:
            raise Failed("acme should be taken: is the demo seeded?")
        began = time.monotonic()
        body = {
            "name": f"Club {self.slug}", "slug": self.slug, "email": self.owner_email,
            "password": OWN_PASSWORD, "first_name": "Nora", "last_name": "Founder",
        }  # fmt: skip
        founded = platform.post("/api/v1/tenants/sign-up/", body)
        status = Api(self.base, self.slug).first_page_status()
        seconds = time.monotonic() - began
        if status != 200:
            raise Failed(f"the new organisation's log-in page answers {status}")
        self.say(f"{founded['tenant']['name']} signed up; its log-in page answered after {seconds:.2f} s")
        self.owner = Api(self.base, self.slug).log_in(self.owner_email, OWN_PASSWORD)

    def open_market(self) -> tuple[str, str]:
        """Real candles where they are at hand, imported and replayed by staff; else the demo's."""
        if not REAL_CANDLES.exists():
            self.say("no real candles beside the checkout: the demo's simulated market DEMO-EUR plays")
            return "DEMO-EUR", "1m"
        staff = Api(self.base).log_in("admin@example.com", PASSWORD)
        staff.post("/api/v1/market-data/instruments/", REAL, expect=(201, 409))
        report = staff.request(
            "POST", "/api/v1/market-data/imports/", {"instrument": REAL["symbol"], "interval": "5m"},
            files=(REAL_CANDLES.name, REAL_CANDLES.read_bytes()),
        )  # fmt: skip
        staff.request(
            "PUT", "/api/v1/market-data/instruments/ETH-BTC/feed/", {"interval": "5m", "kind": "replay"}
        )
        self.say(
            f"the platform's staff imported {report['read']:,} real candles of ETH-BTC, 5 minutes "
            f"({report['inserted']:,} new), and replays them"
        )
        return REAL["symbol"], "5m"

    def trader_joins(self) -> None:
        door = Api(self.base, self.slug)
        for email, first in ((self.trader_email, "Tess"), (self.auditor_email, "Aldo")):
            body = {"email": email, "password1": OWN_PASSWORD, "password2": OWN_PASSWORD, "first_name": first}
            door.post("/api/v1/auth/registration/", body)
            code = wait_for("the code by e-mail", lambda email=email: door.code_for(email), seconds=30)
            door.post("/api/v1/auth/registration/verify-email/", {"email": email, "otp": code})
        members = self.owner.get("/api/v1/members/")["results"]
        wanted = {self.trader_email: "trader", self.auditor_email: "tenant_auditor"}
        for member in members:
            if capability := wanted.pop(member["email"], None):
                capabilities = sorted({*member["capabilities"], capability})
                self.owner.request(
                    "PATCH", f"/api/v1/members/{member['id']}/", {"capabilities": capabilities}
                )
        if wanted:
            raise Failed(f"not among the members: {sorted(wanted)}")
        self.trader = Api(self.base, self.slug).log_in(self.trader_email, OWN_PASSWORD)
        self.say("Tess and Aldo registered and brought their codes; the owner made them trader and auditor")

    def trade(self, symbol: str, interval: str) -> None:
        quote = symbol.partition("-")[2]
        account = self.trader.post(
            "/api/v1/trading/accounts/",
            {"venue": "paper", "name": "Practice", "currency": quote, "opening_balance": "10000"},
        )
        self.account = account["id"]
        account = self.trader.post(f"/api/v1/trading/accounts/{self.account}/connect/")
        if account["status"] != "connected" or not account["is_simulated"]:
            raise Failed(f"the paper account is {account['status']} ({account['status_reason']})")
        self.say("Tess connected a paper account (simulated, play money)")
        bot = self.trader.post(
            "/api/v1/bots/",
            {
                "name": "Crosser", "trading_account": self.account, "symbol": symbol, "interval": interval,
                "strategy": "sma_cross", "params": {"fast": 2, "slow": 3, "quantity": "1"},
            },
        )  # fmt: skip
        self.bot = bot["id"]
        self.trader.post(f"/api/v1/bots/{self.bot}/start/")
        self.say(f"her bot runs SMA cross (2, 3) on {symbol}, {interval} bars, one bar every two seconds")
        executions = f"/api/v1/trading/executions/?trading_account={self.account}"
        fills = wait_for("a trade", lambda: self.trader.get(executions)["results"], seconds=120)
        self.say(
            f"the first trade: {fills[-1]['side']} {fills[-1]['quantity']} {symbol} at {fills[-1]['price']}"
        )
        self.why()
        heard = listen(self.trader, f"market:{symbol}", messages=2)
        again = listen(self.trader, f"market:{symbol}", messages=2, resume=heard[0]["seq"])
        self.say(
            f"her stream delivered bars {heard[0]['seq']} and {heard[1]['seq']}; after a broken line it "
            f"went on with {again[0]['seq']} and {again[1]['seq']}, without a gap"
        )

    def why(self) -> None:
        """The reasons, of doing nothing too."""
        decisions = self.trader.get(f"/api/v1/bots/{self.bot}/decisions/", page_size=100)["results"]
        traded = [one for one in decisions if one["order_ids"]]
        idle = [one for one in decisions if not one["order_ids"]]
        if not traded or not idle:
            raise Failed(f"{len(traded)} decisions with and {len(idle)} without an order")
        self.say(f"why it traded: {traded[0]['sentence']}")
        self.say(f"why it did not: {idle[0]['sentence']}")

    def neighbour(self) -> None:
        stolen = Api(self.base, "globex")
        stolen.token = self.trader.token
        for path in ("/api/v1/trading/orders/", "/api/v1/members/", f"/api/v1/bots/{self.bot}/"):
            stolen.request("GET", path, expect=401)
        stranger = Api(self.base, "globex").log_in("trader@globex.example.com", PASSWORD)
        for path in (f"/api/v1/trading/accounts/{self.account}/", f"/api/v1/bots/{self.bot}/"):
            stranger.request("GET", path, expect=404)
        self.say(
            "at globex Tess's token is worth nothing (401), a trader of globex finds nothing of hers (404)"
        )

    def audit(self) -> None:
        auditor = Api(self.base, self.slug).log_in(self.auditor_email, OWN_PASSWORD)
        people = (self.owner_email, self.trader_email)
        told = {email: auditor.get("/api/v1/audit/events/", actor=email)["results"] for email in people}
        if not all(told.values()):
            raise Failed(f"the log knows { ({email: len(rows) for email, rows in told.items()}) }")
        everything = auditor.get("/api/v1/audit/events/")["count"]
        self.say(f"Aldo, the auditor, reads {everything} entries: who did what, among them")
        for event in (row for rows in told.values() for row in rows[-3:]):
            about = ", ".join(event["changes"]) or event["object_type"]
            print(
                f"      {event['timestamp'][:19]}  {event['actor']['email']}  {event['action']}  {about[:70]}"
            )
        auditor.request(
            "POST",
            "/api/v1/trading/accounts/",
            {"venue": "paper", "name": "x", "currency": "EUR"},
            expect=403,
        )
        self.say("and may change nothing (403)")
