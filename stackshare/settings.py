"""All settings, read from the environment once. What is missing or wrong stops the start with a sentence.

`docs/running.md` lists the variables for the person who runs the server.
"""

import logging
import os
import sys
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Lets generic classes of Django be written with their parameters: ModelAdmin[Tool].
django_stubs_ext.monkeypatch()

env = environ.Env()

# --- What kind of run this is -------------------------------------------------------------------

# Production unless the environment says otherwise: `make` says so for `make run` and `make test`.
DEVELOPMENT = env.bool("DEVELOPMENT", default=False)
# Error pages with settings and source code. Off even in development, so that what is tried is what is served.
DEBUG = DEVELOPMENT and env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules


def required(name: str, *, development: str, schemes: Collection[str] = ()) -> str:
    """The variable called `name`, which only development may do without; a URL of one of `schemes`, if given."""
    # Not by `env`, which takes a value that begins with $ for the name of another variable.
    value = os.environ.get(name) or (development if DEVELOPMENT else "")
    if not value:
        raise ImproperlyConfigured(
            f"Set {name} in the environment; docs/running.md says what to. "
            "To develop, use `make run` or `make manage ARGS=...`, or set DEVELOPMENT=1."
        )
    if schemes and value.partition("://")[0] not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {' or '.join(f'{s}://' for s in schemes)}.")
    return value


SECRET_KEY = required("SECRET_KEY", development="only-for-development-" + "not-secret-" * 4)
_hosts = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else [])
ALLOWED_HOSTS = [host.strip() for host in _hosts if host.strip()]
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the host names of the site, separated by commas.")

# The address that people type, without a slash at the end. Links in mails, feeds and canonical
# addresses start with it. In development it follows the address of the request.
SITE_URL = env("SITE_URL", default="").rstrip("/")
if not DEVELOPMENT and not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured(
        "SITE_URL must be the public address of the site, such as https://stacks.example.org"
    )

# --- The product --------------------------------------------------------------------------------

PRODUCT_NAME = env("PRODUCT_NAME", default="StackShare")
# Where people find the code that runs this site. Empty: the link is left out.
SOURCE_URL = env("SOURCE_URL", default="")
# Who answers for this site, on the about, privacy and terms pages, and who gets the contact form's mail.
OPERATOR_NAME = env("OPERATOR_NAME", default="")
OPERATOR_EMAIL = required("OPERATOR_EMAIL", development="operator@localhost")

# --- Applications -------------------------------------------------------------------------------

# In the order of docs/architecture.md: an app imports those above it, never one below.
INSTALLED_APPS = [
    "apps.core",
    "apps.accounts",
    "apps.github",
    "apps.tools",
    "apps.comparisons",
    "apps.pages",
    "csp",
    "django_htmx",
    "lucide",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.permissions_policy",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "stackshare.urls"
WSGI_APPLICATION = "stackshare.wsgi.application"

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
                "apps.core.context.site",
            ],
            "builtins": ["apps.core.templatetags.ui"],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------

# `make run` and `make test` start both servers and set these; production names its own.
_database_url = required(
    "DATABASE_URL", development="postgres:///stackshare", schemes=("postgres", "postgresql")
)
DATABASES = {"default": env.db_url_config(_database_url)}
# A worker process has one thread and keeps its one connection.
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

REDIS_URL = required("REDIS_URL", development="redis://localhost:6379/0", schemes=("redis", "rediss", "unix"))

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "stackshare",
    }
}

# --- Celery -------------------------------------------------------------------------------------

# Celery writes Unix sockets as redis+socket://; redis-py, as unix://.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
# Rows in PostgreSQL are the queue and a message is only a doorbell: a lost one is harmless, so nothing
# here waits long. The figures were measured against a frozen and a killed Redis.
_SOCKET_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 3, "health_check_interval": 5}
if not REDIS_URL.startswith("unix://"):
    _SOCKET_OPTIONS["socket_keepalive"] = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_SOCKET_OPTIONS,
    "visibility_timeout": 900,
    "unacked_restore_throttle": 1,
}
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_REDBEAT_REDIS_URL = REDIS_URL
CELERY_REDBEAT_KEY_PREFIX = "stackshare:redbeat:"
CELERY_BEAT_SCHEDULE = {
    "draw-due-cards": {"task": "apps.pages.tasks.draw_due_cards", "schedule": timedelta(minutes=1)},
    "send-due-messages": {"task": "apps.pages.tasks.send_due_messages", "schedule": timedelta(minutes=1)},
    "rank-alternatives": {
        "task": "apps.comparisons.tasks.rank_alternatives",
        "schedule": crontab(hour=3, minute=10),
    },
    "mark-due-cards": {"task": "apps.pages.tasks.mark_due_cards", "schedule": crontab(hour=3, minute=30)},
}

# --- Mail ---------------------------------------------------------------------------------------

# In development mail goes to a folder.
_mail_folder = quote(str(VAR_DIR / "mail"))
_mail = env.email_url_config(
    required("EMAIL_URL", development=f"filemail://{_mail_folder}", schemes=env.EMAIL_SCHEMES)
)
# The parser takes the slash off the folder of filemail:///folder.
vars().update(_mail, EMAIL_FILE_PATH=f"/{_mail['EMAIL_FILE_PATH']}")
# Seconds: a server that does not answer is one that is away, long before the task's time is over.
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = required("FROM_EMAIL", development=f"{PRODUCT_NAME} <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files -------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Hashed names and precompressed files always, but in tests, which collect nothing.
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if TESTING
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
# Without it every test client reads all of STATIC_ROOT, and warns where there is none.
WHITENOISE_AUTOREFRESH = TESTING
WHITENOISE_USE_FINDERS = False

# --- Security -----------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.pages.views.errors.csrf_failure"
if not DEVELOPMENT:
    SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    # Only behind a proxy that sets this header itself and drops what a visitor sends.
    if env.bool("TRUST_FORWARDED_PROTO", default=True):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
# How many proxies in front set X-Forwarded-For; 0 takes the address of the connection.
_proxies = env("TRUSTED_PROXY_COUNT", default="0")
if not _proxies.isdecimal():
    raise ImproperlyConfigured("TRUSTED_PROXY_COUNT must be a number: 0, 1, 2 ...")
TRUSTED_PROXY_COUNT = int(_proxies)
# A request of this site is a form with text: no more than this before anything is parsed.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# The admin page of a tool with all its rows has some hundred.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

# --- Logging ------------------------------------------------------------------------------------

_log_level = env("LOG_LEVEL", default="INFO").upper()
if _log_level not in logging.getLevelNamesMapping():
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _log_level},
    "loggers": {"django.server": {"propagate": True}},
}
