"""docker-compose.yml: the services asked for, who holds which secret, and nothing that does not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest

from config.embedded.paths import CHECKOUT

from . import compose

SERVICES: dict[str, Any] = compose.filled(compose.example())["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
LONG_LIVED = {name for name, service in SERVICES.items() if "restart" in service}

# api.md, "Environment", without what the file sets itself.
VARIABLES = """
    DJANGO_ENVIRONMENT DJANGO_SECRET_KEY DJANGO_SECRET_KEY_FALLBACKS DEBUG ALLOWED_HOSTS BASE_DOMAIN
    DATABASE_URL REDIS_URL BROKER_URL JWT_ACCESS_TOKEN_LIFETIME JWT_REFRESH_TOKEN_LIFETIME
    STRIPE_SECRET_KEY STRIPE_PUBLIC_KEY STRIPE_WEBHOOK_SECRET METAAPI_TOKEN FIELD_ENCRYPTION_KEYS
    AUDIT_SIGNING_KEY EMAIL_HOST EMAIL_PORT EMAIL_HOST_USER EMAIL_HOST_PASSWORD EMAIL_USE_TLS
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_STORAGE_BUCKET_NAME AWS_S3_REGION_NAME
    AWS_S3_ENDPOINT_URL PLATFORM_COMMISSION_PERCENT CART_RESERVATION_MINUTES SENTRY_DSN LOG_LEVEL
""".split()


@pytest.mark.req("S3-146", "S2-4", "F121")
def test_the_services_of_the_documents() -> None:
    wanted = {"web", "ws", "worker", "beat", "db", "redis", "rabbitmq", "nginx", "minio"}
    assert wanted <= set(SERVICES)
    assert SERVICES["nginx"]["profiles"] == ["production"]
    assert SERVICES["minio"]["profiles"] == ["development"]
    everywhere = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert everywhere == wanted - {"nginx", "minio"} | {"roles", "migrate"}


@pytest.mark.req("S1-53")
def test_the_database_is_postgresql() -> None:
    assert SERVICES["db"]["image"].startswith("postgres:17")
    assert SERVICES["db"]["volumes"] == ["db:/var/lib/postgresql/data"]


@pytest.mark.req("S2-6", "C16")
def test_rabbitmq_is_the_broker_and_redis_the_cache() -> None:
    for name in OURS:
        environment = SERVICES[name]["environment"]
        assert re.fullmatch(r"amqp://tradehall:[^@]+@rabbitmq:5672//", environment["BROKER_URL"])
        assert environment["REDIS_URL"] == "redis://redis:6379/2"


def test_owner_and_superuser_are_known_to_few() -> None:
    def holders(text: str) -> set[str]:
        return {name for name, service in SERVICES.items() if text in str(service["environment"])}

    with_environment = {name: service for name, service in SERVICES.items() if "environment" in service}
    assert set(SERVICES) - set(with_environment) == {"redis"}
    SERVICES["redis"].setdefault("environment", {})
    example = compose.example()
    assert holders(example["DATABASE_OWNER_PASSWORD"]) == {"roles", "migrate", "seed", "worker"}
    assert holders(example["POSTGRES_PASSWORD"]) == {"roles", "db"}
    assert holders("DATABASE_OWNER_URL") == {"roles", "migrate", "seed", "worker"}


def test_every_variable_of_the_product_reaches_every_process() -> None:
    for name in OURS:
        assert set(VARIABLES) <= set(SERVICES[name]["environment"]), name


def test_variables_and_the_example_agree() -> None:
    assert compose.variables() == set(compose.example())


def test_a_missing_secret_stops_the_start_with_its_name() -> None:
    for name in ("BASE_DOMAIN", "DATABASE_PASSWORD", "DATABASE_OWNER_PASSWORD", "POSTGRES_PASSWORD"):
        given = {**compose.example(), name: ""}
        with pytest.raises(compose.MissingVariableError, match=name):
            compose.filled(given)


def test_production_is_the_default() -> None:
    given = {name: value for name, value in compose.example().items() if name != "DJANGO_ENVIRONMENT"}
    web = compose.filled(given)["services"]["web"]
    assert web["environment"]["DJANGO_ENVIRONMENT"] == "production"


@pytest.mark.parametrize("name", sorted(LONG_LIVED))
def test_each_lasting_service_has_a_healthcheck(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)


def test_the_order_of_the_start() -> None:
    for name in ("web", "ws", "worker", "beat", "seed"):
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}
        for server in ("db", "redis", "rabbitmq"):
            assert needs[server] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["depends_on"]["roles"] == {"condition": "service_completed_successfully"}
    assert SERVICES["nginx"]["depends_on"]["web"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_are_locked_down(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_nginx_is_public() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert name == "nginx" or port.startswith("127.0.0.1:"), (name, port)


def test_images_are_pinned() -> None:
    for name in set(SERVICES) - OURS:
        assert re.search(r":[\w.-]*\d[\w.-]*$", SERVICES[name]["image"]), name


def test_every_mounted_file_exists_and_every_volume_is_declared() -> None:
    declared = set(compose.filled(compose.example())["volumes"])
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("./var/"):
                continue  # certificates are the operator's
            assert (CHECKOUT / source).is_file() if source.startswith(".") else source in declared, mount


def test_our_writable_places_are_volumes() -> None:
    """The root is read-only; settings write below VAR_DIR, which the image sets."""
    for name in OURS:
        targets = {mount.split(":")[1] for mount in SERVICES[name]["volumes"]}
        assert targets == {"/var/lib/tradehall/media", "/var/lib/tradehall/mail"}
