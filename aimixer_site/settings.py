"""All settings of AI Mixer, in Django's order. Everything that differs between places comes from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from aimixer_site.env import env_bool, env_int, env_list, env_secret, env_str, own_secret
from aimixer_site.ops import error_reports

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("AIMIXER_VAR", str(BASE_DIR / "var")))

# ---- Core ------------------------------------------------------------------------------------------------------------

DEBUG = env_bool("AIMIXER_DEBUG", False)
DEVELOPMENT = not env_bool("AIMIXER_PRODUCTION", False)
"""A musician's own machine: plain HTTP on localhost only, mail to the console, a secret key of its own making."""

SECRET_KEY = env_secret("AIMIXER_SECRET_KEY")
if not SECRET_KEY and DEVELOPMENT:
    SECRET_KEY = own_secret(VAR_DIR / "secret_key")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set AIMIXER_SECRET_KEY, or AIMIXER_SECRET_KEY_FILE.")

ALLOWED_HOSTS = env_list("AIMIXER_HOSTS", ("localhost", "127.0.0.1", "[::1]") if DEVELOPMENT else ())
CSRF_TRUSTED_ORIGINS = env_list("AIMIXER_ORIGINS")
ROOT_URLCONF = "aimixer_site.urls"
ASGI_APPLICATION = "aimixer_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

DEMO = env_bool("AIMIXER_DEMO", DEVELOPMENT)
"""Whether the house makes its demo song."""

# Compiled kernels are kept where the site may write, so that the code itself can be read-only.
os.environ.setdefault("NUMBA_CACHE_DIR", str(VAR_DIR / "cache" / "numba"))

# ---- Apps and middleware ---------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_rq",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "mixing",
    "tournament",
    "aimixer_site",
]

MIDDLEWARE = [
    "aimixer_site.ops.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "aimixer_site.ops.middleware.DomainErrorMiddleware",
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
            ]
        },
    }
]

# ---- Database --------------------------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, Any]:
    """``sqlite:///path`` or ``postgres://user:password@host:port/name`` (a host with %2F is a socket's folder)."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path,
            "OPTIONS": {
                # Four concurrent writers lost 132 of 600 writes to "locked" with Django's defaults, none with these.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
            # A file, so that tests with several threads and processes see one database, as in production.
            "TEST": {"NAME": str(Path(parts.path).with_name("test.sqlite3"))},
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            # Each request has a thread of its own, whose connection no later one would find: kept, they pile up (100
            # of them idle under 32 voters, which is all that PostgreSQL grants unless told otherwise).
            "CONN_MAX_AGE": 0,
        }
    raise ImproperlyConfigured(f"AIMIXER_DATABASE_URL begins with {parts.scheme!r}; it takes sqlite or postgres.")


DATABASES = {"default": _database(env_secret("AIMIXER_DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}"))}

# ---- Redis: queues, channel layer, cache -----------------------------------------------------------------------------

REDIS_URL = env_secret("AIMIXER_REDIS_URL", f"unix://{VAR_DIR / 'run' / 'valkey.sock'}")

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py 8 gives every socket a timeout, which would end the layer's blocking reads.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "capacity": 500, "expiry": 30},
    }
}

RQ_QUEUES = {
    name: {"URL": REDIS_URL, "DEFAULT_TIMEOUT": timeout_s, "SERIALIZER": "rq.serializers.JSONSerializer"}
    for name, timeout_s in {"ingest": 900, "inference": 1800, "maintenance": 600}.items()
}

# ---- Jobs: the row is the truth, Redis is a hint ---------------------------------------------------------------------

JOB_KINDS = {
    # kind: (queue, entry point)
    "ingest": ("ingest", "mixing.jobs.ingest"),
    "reference": ("ingest", "mixing.jobs.reference"),
    "mix": ("inference", "mixing.jobs.mix"),
    "export": ("inference", "mixing.jobs.export"),
    "battle": ("inference", "tournament.jobs.prepare"),
}
JOB_LEASE_S = env_int("AIMIXER_JOB_LEASE_S", 20, low=5, high=600)
"""A running job whose heartbeat is older belongs to a worker that is gone."""
JOB_MAX_ATTEMPTS = 3
JOB_REAP_EVERY_S = 5
PERIODIC = {
    # what the scheduler calls: how often, in seconds
    "mixing.services.jobs.reap": JOB_REAP_EVERY_S,
    "mixing.services.uploads.sweep": 3600,
    "tournament.services.queue.refill": 10,
    "tournament.services.ratings.recompute": 60,
    "tournament.services.integrity.judge": 3600,
    "tournament.services.people.settle_recent": 60,
    "tournament.services.clip_sweep.sweep": 3600,
}
ARENA_AHEAD = env_int("AIMIXER_ARENA_AHEAD", 12, low=0, high=1000)
"""Battles that the arena keeps ready for voters, fewer while nobody votes; with 0 it prepares none by itself."""
ARENA_CLOCK = "django.utils.timezone.now"
"""What listening and votes are dated by; tests name a clock that runs faster."""
DESK_STYLE = "tournament.services.tournaments.style_of"
"""Asked with a person for the style with which their desk begins: mixing knows of no tournament."""
CLIPS_KEPT_DAYS = env_int("AIMIXER_CLIPS_DAYS", 30, low=1)
"""So long after the last vote or beat the sound of a battle that is over can still be heard."""
INFERENCE_WARM = "mixing.jobs.warm"
"""Called once by an inference worker before it takes its first job."""
INGEST_PRELOAD = ["mixing.jobs", "mixing.engine.audio.ingest"]
"""Imported by an ingest worker before it forks for its first job."""
INGEST_WARM = "mixing.jobs.warm_ingest"
"""Called once by an ingest worker before it forks for its first job; it must start no threads."""
INGEST_MEMORY_BYTES = env_int("AIMIXER_INGEST_MEMORY_MB", 3072, low=512) * 2**20
INGEST_CPU_S = env_int("AIMIXER_INGEST_CPU_S", 600, low=10)
"""What the decoding of one person's file may take before the kernel ends it."""

# ---- Accounts --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
FREE_MIXES_A_DAY = env_int("AIMIXER_FREE_MIXES_A_DAY", 50, low=0, high=100_000)
"""Of one person; a further mix takes one credit, which votes that count bring."""
REFERRAL_VOTES = env_int("AIMIXER_REFERRAL_VOTES", 10, low=1, high=10_000)
"""Votes that count which somebody must have cast before whoever brought them gets credits for it."""
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "mixing:songs"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env_str("AIMIXER_EMAIL_VERIFICATION", "optional" if DEVELOPMENT else "mandatory")
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "AI Mixer: "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("AIMIXER_PROXIES", 0 if DEVELOPMENT else 1, low=0, high=8)
"""Servers in front that add to X-Forwarded-For. Limits on tries count by address, and must not count a proxy's own."""

# ---- Mail ------------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = (
    "django.core.mail.backends.console.EmailBackend" if DEVELOPMENT else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_HOST = env_str("AIMIXER_EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("AIMIXER_EMAIL_PORT", 25, low=1, high=65_535)
EMAIL_HOST_USER = env_str("AIMIXER_EMAIL_USER")
EMAIL_HOST_PASSWORD = env_secret("AIMIXER_EMAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("AIMIXER_EMAIL_TLS", False)
DEFAULT_FROM_EMAIL = env_str("AIMIXER_EMAIL_FROM", "AI Mixer <no-reply@localhost>")

# ---- Language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# ---- Static files and media ------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static" if DEVELOPMENT else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT

MEDIA_ROOT = Path(env_str("AIMIXER_MEDIA", str(VAR_DIR / "media")))
"""Private: no URL leads here; files go out through ops.media after access has been asked."""
MEDIA_ACCEL_PREFIX = env_str("AIMIXER_ACCEL_PREFIX")
"""Where set, files are answered by X-Accel-Redirect under this internal nginx location."""

# ---- Uploads ---------------------------------------------------------------------------------------------------------

UPLOAD_CHUNK_BYTES = 8 * 2**20
UPLOAD_MAX_BYTES = env_int("AIMIXER_UPLOAD_MAX_MB", 1024, low=1, high=4096) * 2**20
UPLOAD_QUOTA_BYTES = env_int("AIMIXER_QUOTA_MB", 20 * 1024, low=1) * 2**20
"""What one person's songs may hold in all, unfinished uploads counted by their promised length."""
UPLOAD_EXPIRES_S = 24 * 3600
STEMS_MIN, STEMS_MAX = 2, 32
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
DISK_MIN_FREE_BYTES = env_int("AIMIXER_DISK_MIN_FREE_MB", 512, low=0) * 2**20
"""With less, the site says that it is not ready."""
REQUEST_MAX_BYTES = UPLOAD_CHUNK_BYTES + 2**16
"""The server cuts any request body off here, before Django sees it."""

# ---- API -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "aimixer_site.ops.pagination.Pages",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "aimixer_site.ops.api_errors.api_exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["aimixer_site.ops.limits.UserThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env_str("AIMIXER_API_RATE", "1200/min")},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AI Mixer",
    "DESCRIPTION": "Songs, stems, mixes and battles.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["aimixer_site.api.only_version_1"],
    "ENUM_NAME_OVERRIDES": {
        "JobStateEnum": "mixing.models.Job.State",
        "RecordingStateEnum": "mixing.models.Recording.State",
        "TournamentStateEnum": "tournament.models.Tournament.State",
        "RoundKindEnum": "tournament.models.Round.Kind",
        "CompetitorKindEnum": "tournament.models.Competitor.Kind",
        "ExportKindEnum": "mixing.models.Export.Kind",
        "ReferenceKindEnum": "mixing.models.Reference.Kind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# ---- Security --------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if not DEVELOPMENT:
    SECURE_SSL_REDIRECT = env_bool("AIMIXER_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env_int("AIMIXER_HSTS_S", 31_536_000, low=0)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# ---- Logs and error reports ------------------------------------------------------------------------------------------

LOG_LEVEL = env_str("AIMIXER_LOG_LEVEL", "WARNING" if DEVELOPMENT else "INFO")
LOG_JSON = env_bool("AIMIXER_LOG_JSON", not DEVELOPMENT)
LOGGING_CONFIG = "aimixer_site.ops.logs.configure"
LOGGING = {"level": LOG_LEVEL, "json": LOG_JSON}
SENTRY_DSN = env_secret("AIMIXER_SENTRY_DSN")
SENTRY_ENVIRONMENT = env_str("AIMIXER_SENTRY_ENVIRONMENT", "development" if DEVELOPMENT else "production")
if SENTRY_DSN:
    error_reports.start(dsn=SENTRY_DSN, environment=SENTRY_ENVIRONMENT)
