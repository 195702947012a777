"""Settings of the site, top to bottom; every environment variable is read, typed and explained here once.

| variable | meaning | default |
|---|---|---|
| `TTOK_VAR_DIR` | where this installation keeps its state: data, model files, logs, secrets | `var/` here |
| `TTOK_DATA_DIR` | folder with real data sets for imports, evaluations and tests | none |
| `TTOK_DEMO_SCALE` | size of the demo world of `seed_demo`, as a share of 2,000 viewers | `1` |
| `TTOK_DEBUG` | `1` shows tracebacks in the browser | `0` |
| `TTOK_HTTPS` | `1` where a proxy terminates TLS: secure cookies, HSTS, redirect | `0` |
| `TTOK_ALLOWED_HOSTS` | comma-separated host names | loopback |
| `TTOK_SECRET_KEY` | signing key; without it one is made and kept in `TTOK_VAR_DIR/secret_key` | made |
| `DATABASE_URL` | an existing PostgreSQL >= 15, `postgresql://user:password@host:port/name` | embedded |
| `CELERY_BROKER_URL` | an existing Redis or RabbitMQ; must never evict | embedded |
| `CACHE_URL` | an existing Redis, not the broker | embedded |
| `EMAIL_URL` | mail server, `smtp://user:password@host:587`, or `smtps://` | files in `TTOK_VAR_DIR/mail` |
| `TTOK_EMAIL_FROM` | sender of the product's mail | `T-Tok <noreply@localhost>` |
| `TTOK_SITE_URL` | address of the site as others reach it, in mail and webhooks | `http://127.0.0.1:8000` |
| `TTOK_SHADOW_PAGES` | pages that a version scores in the shadow before it goes live; `0` = none | `0` |
| `TTOK_WEBHOOK_PRIVATE` | `1` lets webhooks go to private addresses (tests, intranets) | `0` |
"""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE

from ttok_site import services

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("TTOK_VAR_DIR", BASE_DIR / "var")).resolve()
DATA_DIR = Path(os.environ["TTOK_DATA_DIR"]).resolve() if os.environ.get("TTOK_DATA_DIR") else None
ARTIFACT_DIR = VAR_DIR / "artifacts"
DEMO_SCALE = float(os.environ.get("TTOK_DEMO_SCALE", "1"))

DEBUG = os.environ.get("TTOK_DEBUG", "0") == "1"
HTTPS = os.environ.get("TTOK_HTTPS", "0") == "1"
ALLOWED_HOSTS = os.environ.get("TTOK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")


def _read_secret_key() -> str:
    """The signing key from the environment, or the one this installation made for itself."""
    if key := os.environ.get("TTOK_SECRET_KEY"):
        return key
    path = VAR_DIR / "secret_key"
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = _read_secret_key()

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "recommender",
    "merchants",
    "ttok_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "ttok_site.urls"
WSGI_APPLICATION = "ttok_site.wsgi.application"
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
                "merchants.shell.frame.frame",
            ]
        },
    }
]


def _read_database(url: str) -> dict[str, object]:
    """Django's database settings of a `postgresql://` address; the query part passes to libpq."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(
            f"DATABASE_URL has scheme {parts.scheme!r}; this product runs on postgresql:// alone"
        )
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = unquote(str(options.pop("host", parts.hostname or "")))
    options.update(
        {
            "connect_timeout": 5,
            # A stuck statement must fail the request, not hold the worker (reports set their own).
            "options": "-c statement_timeout=30000 -c lock_timeout=10000",
        }
    )
    return {
        "ENGINE": "ttok_site.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {
    "default": _read_database(os.environ.get("DATABASE_URL") or services.embedded_database_url(VAR_DIR))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or services.embedded_broker_url(VAR_DIR)
CACHES = {
    "default": {
        "BACKEND": "ttok_site.cache.ResilientRedisCache",
        "LOCATION": os.environ.get("CACHE_URL") or services.embedded_cache_url(VAR_DIR),
        "KEY_PREFIX": "ttok",
        # A frozen cache must cost a request milliseconds, not its life.
        "OPTIONS": {"socket_timeout": 0.1, "socket_connect_timeout": 0.1},
    }
}

WEB_FLAGS = services.WEB_FLAGS
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_ADAPTER = "merchants.onboarding.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# A code is typed in the browser that signed up, so a mail opened on a phone confirms all the same.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "T-Tok: "
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "T-Tok Merchant Analytics"
USERSESSIONS_TRACK_ACTIVITY = True


def _read_mail_server(url: str) -> dict[str, object]:
    """Django's mail settings of an `smtp://` address; files where there is none, so that no mail is lost."""
    if not url:
        files = "django.core.mail.backends.filebased.EmailBackend"
        return {"EMAIL_BACKEND": files, "EMAIL_FILE_PATH": VAR_DIR / "mail"}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError(f"EMAIL_URL has scheme {parts.scheme!r}; write smtp://user:password@host:587")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
    }


globals().update(_read_mail_server(os.environ.get("EMAIL_URL", "")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("TTOK_EMAIL_FROM", "T-Tok <noreply@localhost>")
SITE_URL = os.environ.get("TTOK_SITE_URL", "http://127.0.0.1:8000").rstrip("/")
SHADOW_PAGES = int(os.environ.get("TTOK_SHADOW_PAGES", "0"))
WEBHOOK_PRIVATE = os.environ.get("TTOK_WEBHOOK_PRIVATE", "0") == "1"

LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "merchants" / "locale"]
LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "简体中文"),
    ("id", "Bahasa Indonesia"),
    ("ms", "Bahasa Melayu"),
    ("th", "ไทย"),
    ("vi", "Tiếng Việt"),
    ("fil", "Filipino"),
]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# Two cookies of two clones on one host must not log each other out.
SESSION_COOKIE_NAME = "ttok_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Charts are saved as pictures through data: and blob: addresses.
        "img-src": ["'self'", "data:", "blob:"],
        # The one inline sheet is the empty one that Plotly fills.
        "style-src": ["'self'", NONCE],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["recommender.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["recommender.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["recommender.api.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["recommender.api.rendering.OrjsonParser"],
    "DEFAULT_THROTTLE_CLASSES": ["recommender.api.throttling.TokenThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "recommender.api.problems.handle_exception",
    "UNAUTHENTICATED_USER": None,
}
#: Requests a minute per token and scope group; high enough for one app server, low enough to stop a loop.
API_REQUESTS_PER_MINUTE = {"read": 60_000, "write": 60_000, "control": 60}
#: The same for a merchant's own keys, all scopes together.
MERCHANT_API_REQUESTS_PER_MINUTE = 600
#: A body larger than this is refused before it is read (413): 1,000 events of 2 kB each.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SPECTACULAR_SETTINGS = {
    "TITLE": "T-Tok Merchant Analytics",
    "DESCRIPTION": "The For You engine: events in, feeds out, and everything that keeps it learning.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",  # its schemas are JSON Schema, as the typed event reader writes them
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Two kinds, of training runs and of groups, would share one name.
    "ENUM_NAME_OVERRIDES": {"RunKindEnum": "recommender.models.learning.TrainingRun.Kind"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
