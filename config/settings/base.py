"""Settings shared by every environment; api.md's variables, each with its rule in ``env``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from shared_apps.core.logging import LEVELS, logging_settings
from shared_apps.tenants.backend.pool import pool_options
from shared_apps.ui.policy import STRICT, static_headers

from . import env
from .look import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))
ENVIRONMENT = env.text("DJANGO_ENVIRONMENT", "development")
DEBUG = False
SECRET_KEY = ""
SECRET_KEY_FALLBACKS: list[str] = env.words("DJANGO_SECRET_KEY_FALLBACKS")
BASE_DOMAIN = env.text("BASE_DOMAIN", "localhost").lower()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "*")  # unknown hosts are refused by the tenant middleware
#: Master keys of core.crypto: the first seals, all open.
FIELD_ENCRYPTION_KEYS: list[str] = env.master_keys("FIELD_ENCRYPTION_KEYS")
USE_X_FORWARDED_HOST = env.flag("TRUST_PROXY", False)

# --- Applications ----------------------------------------------------------------------------------
# In both schemas: core (outbox, idempotency keys) and audit. tests/tenants holds the lists.
BOTH_APPS = ["shared_apps.core", "audit", "shared_apps.ledger"]
SHARED_APPS = [
    *BOTH_APPS,
    "shared_apps.tenants",
    "unfold.apps.BasicAppConfig",
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "shared_apps.console.admin_config.PlatformAdminConfig",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "dj_rest_auth",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "corsheaders",
    "csp",
    "django_htmx",
    "django_countries",  # names of countries in every language
    "guardian",
    "auditlog",
    "shared_apps.ui",
    "shared_apps.access",
    "shared_apps.users",
    "shared_apps.configuration",
    "shared_apps.factors.allauth_account.AccountLibraryConfig",
    "allauth.mfa",
    "shared_apps.factors",
    "shared_apps.sso",
    "shared_apps.console",
    "shared_apps.market_data",
    "billing.payments",
    "billing.invoices",
    "billing.subscriptions",
    "billing.reconciliation",
    "billing.reports",
]
TENANT_APPS = [
    *BOTH_APPS,
    "tenant_apps.members",
    "tenant_apps.wallet",
    "tenant_apps.compliance",
    "tenant_apps.todos",
    "tenant_apps.trading_accounts",
    "tenant_apps.trading",
    "tenant_apps.bots",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

AUTH_USER_MODEL = "users.User"
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["shared_apps.tenants.router.SchemaRouter"]
TENANT_SYNC_ROUTER = "shared_apps.tenants.router.SchemaRouter"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Tables of ours stand in for theirs: auditlog's log is audit.AuditEntry, guardian's grants are members'.
MIGRATION_MODULES: dict[str, str | None] = {"auditlog": None, "guardian": None, "account": None}
AUDITLOG_LOGENTRY_MODEL = "audit.AuditEntry"
GUARDIAN_USER_OBJ_PERMS_MODEL = "members.UserObjectGrant"
GUARDIAN_GROUP_OBJ_PERMS_MODEL = "members.GroupObjectGrant"
ANONYMOUS_USER_NAME = None
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # its backend is hooked through our subclass

# --- Databases -------------------------------------------------------------------------------------
TENANT_LIMIT_SET_CALLS = True
POOL_MAX_SIZE = env.number("DATABASE_POOL_SIZE", 8, low=0, high=200)  # 0: no pool (one-off commands)


def databases(runtime_url: str, owner_url: str) -> dict[str, dict[str, Any]]:
    """``default`` for the runtime role and, where its URL is given, ``owner`` for migrations."""
    runtime = env.database(runtime_url, "DATABASE_URL")
    runtime["OPTIONS"] |= {"server_side_binding": True, "options": "-c TimeZone=UTC"}
    if POOL_MAX_SIZE:
        runtime["OPTIONS"]["pool"] = pool_options(max_size=POOL_MAX_SIZE)
    result = {"default": {**runtime, "CONN_MAX_AGE": 0, "SWITCH_ROLES": True}}
    if owner_url:
        owner = env.database(owner_url, "DATABASE_OWNER_URL")
        owner["OPTIONS"] |= {"options": "-c TimeZone=UTC"}
        result["owner"] = {**owner, "SWITCH_ROLES": False, "TEST": {"MIRROR": None}}
    return result


def database_url_from_parts() -> str:
    """DATABASE_URL, or one made of DATABASE_NAME, USER, PASSWORD, HOST and PORT (S3-16)."""
    if url := env.text("DATABASE_URL", ""):
        return url
    name = env.text("DATABASE_NAME", "")
    if not name:
        return ""
    user, password = env.text("DATABASE_USER"), env.text("DATABASE_PASSWORD", "")
    host, port = env.text("DATABASE_HOST", "localhost"), env.text("DATABASE_PORT", "5432")
    return f"postgresql://{user}:{password}@{host}:{port}/{name}"


# --- Valkey or Redis, and the broker ---------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/2")
BROKER_URL = env.text("BROKER_URL", "redis://127.0.0.1:6379/0")


def redis_database(url: str, number: int) -> str:
    """The same server, another database: cache, sessions and channel layer share one Redis."""
    if url.startswith("unix://"):
        return f"{url.split('?')[0]}?db={number}"
    return f"{url.rsplit('/', 1)[0]}/{number}" if url.count("/") > 2 else f"{url}/{number}"


def caches(url: str) -> dict[str, dict[str, Any]]:
    """``default`` keyed on the current schema; ``host`` keyed on the tenant that the request's host names."""
    backend = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_database(url, 2),
        # Once more at once after a restart of the server; the library's default waits four seconds.
        "OPTIONS": {"socket_timeout": 2.0, "socket_connect_timeout": 2.0, "retry": Retry(NoBackoff(), 1)},
    }
    return {
        "default": {**backend, "KEY_FUNCTION": "shared_apps.core.cache_keys.by_schema"},
        "host": {**backend, "KEY_FUNCTION": "shared_apps.core.cache_keys.by_host"},
        "directory": {**backend, "KEY_PREFIX": "directory"},
    }


CACHES = caches(REDIS_URL)
VALKEY_URL = redis_database(REDIS_URL, 3)  # sorted sets and streams of ours, apart from the cache
VALKEY_PREFIX = env.text("VALKEY_PREFIX", "tradehall")
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
SESSION_CACHE_ALIAS = "host"
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # Its blocking reads wait 5 s, as long as redis-py's own default time-out: every tenth would fail.
        "CONFIG": {
            "hosts": [{"address": redis_database(REDIS_URL, 1), "socket_timeout": 20}],
            "prefix": "tradehall",
        },
    }
}

#: How often the person behind a WebSocket is looked up again; attack table, row 17 allows a minute.
STREAM_REVALIDATE_SECONDS = env.number("STREAM_REVALIDATE_SECONDS", 20, low=1, high=30)

# --- Celery ----------------------------------------------------------------------------------------
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "tradehall"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"visibility_timeout": 300, "unacked_restore_interval": 2, "unacked_restore_throttle": 1}
    if BROKER_URL.startswith("redis")
    else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # the schedule is code; no file to keep
CELERY_BEAT_SCHEDULE: dict[str, Any] = {}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
TASK_APPLICATION = "config.celery"
OUTBOX_SWEEP_SECONDS = env.number("OUTBOX_SWEEP_SECONDS", 15, low=1, high=60)

# --- Web -------------------------------------------------------------------------------------------
ROOT_URLCONF = "config.urls_tenant"
PLATFORM_URLCONF = "config.urls_platform"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
MIDDLEWARE = [
    "shared_apps.core.middleware.RequestMiddleware",
    # Before the tenant: pages about unknown and suspended hosts have a policy and a style sheet too.
    "shared_apps.ui.policy.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shared_apps.tenants.middleware.TenantMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "shared_apps.users.middleware.SessionMiddleware",
    "shared_apps.core.language.LocaleMiddleware",
    "shared_apps.configuration.middleware.RegionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shared_apps.users.middleware.ActorMiddleware",
    "billing.subscriptions.middleware.PlanMiddleware",
    "shared_apps.users.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shared_apps.users.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shared_apps.ui.context.frame",
            ],
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "shared_apps.tenants.storage.TenantFileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
CSRF_COOKIE_HTTPONLY = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
HOST_KEEPS_PORT = True
# How links begin that no request made: those of e-mails that the clock sends.
LINK_SCHEME, LINK_PORT = "http", env.text("PORT", "8000")
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {"DIRECTIVES": STRICT}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CORS_EXPOSE_HEADERS = [
    "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Quota-Remaining", "X-RateLimit-Limit",
    "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Registration-Token", "X-Request-ID",
]  # fmt: skip
CORS_ALLOWED_ORIGINS: list[str] = env.words("CORS_ALLOWED_ORIGINS")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
MAX_UPLOAD_BYTES = 25 * 1024 * 1024  # multipart bodies
CSRF_FAILURE_VIEW = "shared_apps.core.api.errors.csrf_failure"

# --- People ----------------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "shared_apps.users.backends.MemberBackend",
    "shared_apps.access.backends.TenantObjectBackend",
]
# An owner names the issuer of the organisation's identity provider; production asks public addresses only.
SSO_ALLOW_PRIVATE_PROVIDERS = False
MFA_ADAPTER = "shared_apps.factors.adapter.FactorsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
JWT_ACCESS_LIFETIME = timedelta(minutes=env.number("JWT_ACCESS_TOKEN_LIFETIME", 60, low=1, high=1440))
JWT_REFRESH_LIFETIME = timedelta(days=env.number("JWT_REFRESH_TOKEN_LIFETIME", 1, low=1, high=90))
JWT_FAMILY_LIFETIME = timedelta(days=30)  # renewed or not, a log-in ends after this (ASVS 7.3.2)
REFRESH_COOKIE_NAME = "refresh_token"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

# --- Rates (core.throttling): all of a scope hold at once, each per tenant's host ------------------
THROTTLE_RATES: dict[str, tuple[str, ...]] = {
    "anonymous": ("100/hour",),  # per address
    "user": ("1000/hour",),  # per person
    "auth": ("10/minute", "50/hour"),  # attempts per address and name
    "login_failures": ("20/hour",),  # wrong passwords per name, from wherever: then it is shut
    "lockout_notice": ("1/hour",),  # e-mails about that per name
    "one_time_code": ("2/minute", "6/hour"),  # e-mails with a code, per purpose and mailbox
    "data_export": ("3/day",),  # per person
    "refresh": ("60/minute", "600/hour"),  # per address
    "slug_check": ("60/minute", "600/hour"),  # per address
    "second_factor": ("10/minute", "30/hour"),  # codes and passkeys tried for one person
    "domain_check": ("5/minute", "30/hour"),  # look-ups of custom domains per organisation
    "wallet_recipient": ("5/minute", "20/hour"),  # addresses that nobody has, per sender
    "webhook_refused": ("60/hour",),  # log entries of refused notifications per account at a provider
    "login_failed_event": ("1/minute",),  # log entries per address and name
}
THROTTLE_FACTOR = env.number("THROTTLE_FACTOR", 1, low=1, high=1_000_000)  # benchmarks multiply the rates

# --- API -------------------------------------------------------------------------------------------
REST_AUTH: dict[str, Any] = {"USE_JWT": True, "TOKEN_MODEL": None, "SESSION_LOGIN": False}
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "shared_apps.users.authentication.TenantJWTAuthentication",
        "shared_apps.users.authentication.TenantSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["shared_apps.access.drf.MatrixPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["shared_apps.core.throttling.RequestThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "shared_apps.core.api.negotiation.QuickNegotiation",
    "DEFAULT_METADATA_CLASS": "shared_apps.core.api.metadata.Metadata",
    "EXCEPTION_HANDLER": "shared_apps.core.api.errors.exception_handler",
    "DEFAULT_RENDERER_CLASSES": ["shared_apps.core.api.body.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "shared_apps.core.api.body.StrictJSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "shared_apps.core.api.pagination.Pagination",
    "DEFAULT_FILTER_BACKENDS": [
        "shared_apps.core.api.filters.StrictFilterBackend",
        "shared_apps.core.api.filters.StrictOrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "shared_apps.access.openapi.MatrixAutoSchema",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Tradehall",
    "DESCRIPTION": "Trading clubs, bots and card marketplaces, each in a schema of its own.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "CapabilitiesEnum": "tenant_apps.members.models.Capability",
        "OrderStatusEnum": "tenant_apps.trading.models.STATUSES",
        "BotEventKindEnum": "tenant_apps.bots.models.BotEvent.Kind",
        "SubscriptionStateEnum": "billing.subscriptions.models.Subscription.State",
        "SubscriptionChargeStateEnum": "billing.subscriptions.models.SubscriptionCharge.State",
        "BillingIntervalEnum": "billing.subscriptions.models.PlanPricing.BillingInterval",
        "IntervalEnum": "shared_apps.market_data.rules.INTERVALS",
        "FeedKindEnum": "shared_apps.market_data.models.Feed.Kind",
        "DepositStateEnum": "tenant_apps.wallet.models.Deposit.State",
        "PayoutKindEnum": "tenant_apps.wallet.models.PayoutDestination.Kind",
        "InstrumentKindEnum": "shared_apps.market_data.models.Instrument.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shared_apps.core.api.schema.describe_errors",
        "shared_apps.core.api.schema.name_briefly",
        "shared_apps.core.api.schema.show_examples",
    ],
}

# --- Languages, time -------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

SIMULATOR_URL = env.text("SIMULATOR_URL", "").rstrip("/")  # `python -m billing.payments.simulators`
#: The platform's own account at Stripe (S3-19); `manage.py take_stripe_keys` puts them into the vault.
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "")
STRIPE_PUBLIC_KEY = env.text("STRIPE_PUBLIC_KEY", "")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", "")
#: Name servers that prove custom domains, "address:port"; empty for the machine's own.
DNS_SERVERS: list[str] = env.words("DNS_SERVERS")

# --- Operations ------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", LEVELS)
LOGGING = logging_settings(level=LOG_LEVEL, as_json=ENVIRONMENT in ("production", "staging"),
                           directory=env.text("LOG_DIR", ""))  # fmt: skip
OPERATIONS_TOKEN = env.text("OPERATIONS_TOKEN", "")
SENTRY_DSN = env.text("SENTRY_DSN", "")

# --- Mail ------------------------------------------------------------------------------------------
EMAIL_FILE_PATH = VAR_DIR / "mail"  # where development writes e-mails; /mailbox/ shows them
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Tradehall <no-reply@{BASE_DOMAIN}>")

# --- Provisioning ----------------------------------------------------------------------------------
SPARE_SCHEMAS = env.number("SPARE_SCHEMAS", 3, low=0, high=100)
