"""Making a tenant: by the template's script, from the pool, and from the form to its first page."""

from __future__ import annotations

import itertools
import secrets

from bench import servers
from bench.figures import Series, figure, in_turns, report, say, timed
from bench.stock import Stock
from bench.web import Client, WebServer

RUNS, CLAIMS, PAGES = 5, 20, 40
PASSWORD = "correct-Horse-7-battery"
DATABASE, STOCK_DATABASE = "bench_provision", "bench_stock"


def script_against_migrations() -> Series:
    """Schemas made by replay, by claim, and by django-tenants in turns; returns django-tenants' times."""
    from django.db import transaction

    from shared_apps.core.context import audit_context, platform_context
    from shared_apps.tenants import provisioning, rules, services

    number = itertools.count(1)
    stock = Stock(STOCK_DATABASE)

    def claim() -> float:
        provisioning.build_spares(1)
        with platform_context(), transaction.atomic():
            return timed(provisioning.claim_spare)

    def create() -> float:
        provisioning.build_spares(1)
        word = f"claimed-{next(number)}"
        return timed(lambda: services.create_tenant(name=word, slug=word))

    with audit_context(actor_label="bench"):
        provisioning.build_schema(rules.new_schema_name())  # the first one reads and compiles
        claim()
        ours, claims, whole, theirs = in_turns(
            RUNS,
            lambda: timed(lambda: provisioning.build_schema(rules.new_schema_name())),
            claim,
            create,
            lambda: stock.ask("create", f"stock_{next(number)}"),
        )
        claims.values += [claim() for _ in range(CLAIMS)]
        whole.values += [create() for _ in range(CLAIMS)]
    stock.close()
    report(
        figure("provision.no_pool_speedup"), theirs.median / ours.median, "x",
        {"django-tenants, migrate on creation (s)": theirs.median, "ours, template script (s)": ours.median},
        RUNS,
    )  # fmt: skip
    report(
        figure("provision.pool_speedup"), theirs.median / claims.median, "x",
        {"django-tenants, migrate on creation (s)": theirs.median,
         "ours, a spare claimed (s)": claims.median,
         "ours, all of create_tenant: schema, directory, domain, owner's rows, events (s)": whole.median},
        RUNS + CLAIMS,
    )  # fmt: skip
    return theirs


def first_page() -> None:
    """POST of the sign-up form, then the log-in page of the new subdomain, until its 200."""
    from django.contrib.auth.hashers import make_password

    from shared_apps.core.context import audit_context
    from shared_apps.tenants import provisioning

    say(f"{PAGES} sign-ups each way")
    signed_in, new, hashing = Series(), Series(), Series()
    with WebServer(DATABASE, threads=4) as web, audit_context(actor_label="bench"):
        founder, person = Client(web.port), _person()
        provisioning.build_spares(1)
        sign_up(founder, person)
        done = founder.submit("localhost", "/login/", {"login": person["email"], "password": PASSWORD})
        if done[0] not in (302, 303):
            raise SystemExit(f"log-in: {done}")
        for _ in range(PAGES):
            provisioning.build_spares(2)
            signed_in.values.append(sign_up(founder))
            new.values.append(sign_up(Client(web.port), _person()))
            hashing.values.append(timed(lambda: make_password(PASSWORD)))
    report(
        figure("provision.first_page_p95_s"), signed_in.percentile(0.95), "s",
        {"measures": "a founder who is signed in: POST of the form to the 200 of the new subdomain's page",
         "median": signed_in.median,
         "a founder who is new, with the hashing of the password, p95": new.percentile(0.95),
         "of which hashing the password, median": hashing.median},
        PAGES,
    )  # fmt: skip


def _person() -> dict[str, str]:
    email = f"founder-{secrets.token_hex(4)}@bench.example.com"
    return {"full_name": "Fay Founder", "email": email, "password": PASSWORD}


def sign_up(client: Client, person: dict[str, str] | None = None) -> float:
    """Found an organisation; returns the seconds from the POST to the first page on its own address."""
    slug = f"org-{secrets.token_hex(4)}"
    form = client.with_token("localhost", "/signup/", {"name": slug, "slug": slug, **(person or {})})

    def found() -> None:
        status, page = client.request("POST", "localhost", "/signup/", form)
        if status != 201:
            raise SystemExit(f"sign-up: {status} {page[:2000].decode()}")
        status, page = client.request("GET", f"{slug}.localhost", "/login/")
        if status != 200:
            raise SystemExit(f"first page: {status} {page[:2000].decode()}")

    return timed(found)


def main() -> None:
    """Run the group."""
    servers.copy(servers.built(1), DATABASE)
    servers.create(STOCK_DATABASE)
    servers.enter(DATABASE)
    say(f"{RUNS} schemas each way")
    script_against_migrations()
    first_page()
    servers.drop(STOCK_DATABASE)
    servers.drop(DATABASE)


if __name__ == "__main__":
    main()
