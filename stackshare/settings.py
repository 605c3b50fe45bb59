"""All settings, read from the environment once. What is missing or wrong stops the start with a sentence.

`docs/running.md` lists the variables for the person who runs the server.
"""

import logging
import os
import sys
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import ConstantBackoff
from redis.retry import Retry

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


def configured_providers() -> tuple[dict[str, dict[str, Any]], list[str]]:
    """allauth's settings of the providers whose client id is in the environment, and the origins of their pages."""
    providers: dict[str, dict[str, Any]] = {}
    origins: list[str] = []
    for provider, prefix, default_url in (
        ("github", "GITHUB", "https://github.com"),
        ("gitlab", "GITLAB", "https://gitlab.com"),
        ("google", "GOOGLE", "https://accounts.google.com"),
        ("openid_connect", "OIDC", ""),
    ):
        client_id = env(f"{prefix}_CLIENT_ID", default="")
        if not client_id:
            continue
        app: dict[str, Any] = {"client_id": client_id, "secret": required(f"{prefix}_SECRET", development="")}
        # GitHub and Google are one place each; GitLab and OpenID Connect are software that anybody runs.
        url = default_url if provider in ("github", "google") else env(f"{prefix}_URL", default=default_url)
        url = url.rstrip("/")
        if provider == "openid_connect":
            if not url:
                raise ImproperlyConfigured("Set OIDC_URL to the address of the OpenID Connect provider.")
            app |= {
                "provider_id": "oidc",
                "name": env("OIDC_NAME", default="OpenID Connect"),
                "settings": {"server_url": url},
            }
        elif provider == "gitlab":
            app["settings"] = {"gitlab_url": url}
        # A code that is caught on its way back is worth nothing to others.
        providers[provider] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
        origins.append("{0.scheme}://{0.netloc}".format(urlsplit(url)))
    return providers, origins


SECRET_KEY = required("SECRET_KEY", development="only-for-development-" + "not-secret-" * 4)
_hosts = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else [])
ALLOWED_HOSTS = [host.strip() for host in _hosts if host.strip()]
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the host names of the site, separated by commas.")

# The address that people type, without a slash at the end. Links in mails, feeds and canonical
# addresses start with it. In development `make run` says where it serves; else they follow the request's address.
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
    "apps.notifications",
    "apps.github",
    "apps.tools",
    "apps.detection",
    "apps.stacks",
    "apps.advice",
    "apps.votes",
    "apps.comparisons",
    "apps.pages",
    "apps.api",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "apps.accounts.apps.GitHubSignInConfig",
    "allauth.socialaccount.providers.gitlab",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "lucide",
    "rest_framework",
    "apps.accounts.apps.AdminConfig",
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
    "apps.core.middleware.private_when_personal",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.refuse_nul",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
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

_REDIS_SCHEMES = ("redis", "rediss", "unix")
REDIS_URL = required("REDIS_URL", development="redis://localhost:6379/0", schemes=_REDIS_SCHEMES)
# The broker's, where it is another: it must lose nothing, while a cache may forget.
BROKER_URL = (
    required("BROKER_URL", development="", schemes=_REDIS_SCHEMES)
    if env("BROKER_URL", default="")
    else REDIS_URL
)

CACHES = {
    # Redis, and PostgreSQL while Redis is away: allauth counts attempts to sign in here.
    "default": {
        "BACKEND": "apps.core.cache.FallbackCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "stackshare",
        "OPTIONS": {"fallback": "database", "socket_timeout": 1, "socket_connect_timeout": 1},
    },
    # A migration of apps.core makes the table.
    "database": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "KEY_PREFIX": "stackshare",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# --- Celery -------------------------------------------------------------------------------------

# Celery writes Unix sockets as redis+socket://; redis-py, as unix://.
CELERY_BROKER_URL = BROKER_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
# Rows in PostgreSQL are the queue and a message is only a doorbell: a lost one is harmless, so nothing
# here waits long. The figures were measured against a frozen and a killed Redis.
_SOCKET_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 3, "health_check_interval": 5}
if not BROKER_URL.startswith("unix://"):
    _SOCKET_OPTIONS["socket_keepalive"] = True
# Seconds after which a message whose worker vanished is given to another: more than any task may take. Celery reads
# it in three places, by what the process does.
_VISIBILITY_TIMEOUT = 900
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_SOCKET_OPTIONS,
    "visibility_timeout": _VISIBILITY_TIMEOUT,
    "unacked_restore_throttle": 1,
    # A worker takes from its queues in the order in which it names them: see the Procfile.
    "queue_order_strategy": "priority",
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": _VISIBILITY_TIMEOUT}
CELERY_VISIBILITY_TIMEOUT = _VISIBILITY_TIMEOUT
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# However long Redis is away: a worker that gave up would have to be started by somebody.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# A task whose process dies is started anew, but not for ever: after the fourth time it is a TaskFailure.
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_TASK_ANNOTATIONS = {"*": {"max_retries": 3, "default_retry_delay": 5}}
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What somebody waits for goes before what nobody does, such as drawing a thousand pictures. GitHub has a queue of
# its own, as a look at it may take minutes.
CELERY_TASK_ROUTES = {
    "apps.github.tasks.*": {"queue": "github"},
    "apps.core.tasks.send_due_mail": {"queue": "people"},
    "apps.pages.tasks.send_due_messages": {"queue": "people"},
    "apps.accounts.tasks.write_due_exports": {"queue": "people"},
    # Not behind a run of the figures, which takes minutes.
    "apps.stacks.tasks.read_due_repositories": {"queue": "people"},
    "apps.stacks.tasks.check_due_proofs": {"queue": "people"},
}
# RedBeat has a connection of its own. While Redis is away it waits, a second between two tries.
CELERY_REDBEAT_REDIS_URL = BROKER_URL
CELERY_REDBEAT_REDIS_OPTIONS = {**_SOCKET_OPTIONS, "retry": Retry(ConstantBackoff(1), retries=-1)}
CELERY_REDBEAT_KEY_PREFIX = "stackshare:redbeat:"
# Of two beats one waits. The other renews its lock at least every ten seconds (--max-interval in the Procfile); if it
# dies, the one that waits goes on after this time at the latest, and ten seconds. No shorter: a restart of Redis takes
# nobody's lock.
CELERY_REDBEAT_LOCK_TIMEOUT = 60
# Every queue that the Procfile serves.
QUEUES = ("people", "celery", "github")
# A message that no worker took within its minute is followed by another: they must not pile up.
_EACH_MINUTE = {"schedule": timedelta(minutes=1), "options": {"expires": 60}}
CELERY_BEAT_SCHEDULE = {
    # Twice a minute, so that what a killed worker left, held for five minutes, is read within six.
    "refresh-due-repositories": {
        "task": "apps.github.tasks.refresh_due_repositories",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "measure-growth": {"task": "apps.github.tasks.measure_growth", "schedule": crontab(hour=2, minute=30)},
    "backfill-star-history": {
        "task": "apps.github.tasks.backfill_star_history",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "forget-old-failures": {
        "task": "apps.github.tasks.forget_old_failures",
        "schedule": crontab(hour=2, minute=50),
    },
    "weigh-interest": {"task": "apps.tools.tasks.weigh_interest", "schedule": crontab(hour=2, minute=10)},
    # By each queue, so that /status/ can tell which one nobody serves.
    **{
        f"canary-{queue}": {
            "task": "apps.core.tasks.canary",
            "args": [queue],
            **_EACH_MINUTE,
            "options": {"queue": queue, "expires": 60},
        }
        for queue in QUEUES
    },
    "draw-due-cards": {"task": "apps.pages.tasks.draw_due_cards", **_EACH_MINUTE},
    "send-due-messages": {"task": "apps.pages.tasks.send_due_messages", **_EACH_MINUTE},
    "rank-alternatives": {
        "task": "apps.comparisons.tasks.rank_alternatives",
        "schedule": crontab(hour=3, minute=10),
    },
    "send-due-mail": {"task": "apps.core.tasks.send_due_mail", **_EACH_MINUTE},
    "recount": {"task": "apps.core.tasks.recount", "schedule": crontab(hour=4, minute=10)},
    "write-due-exports": {"task": "apps.accounts.tasks.write_due_exports", **_EACH_MINUTE},
    "finish-closing": {"task": "apps.accounts.tasks.finish_closing", **_EACH_MINUTE},
    "forget-what-expired": {
        "task": "apps.accounts.tasks.forget_what_expired",
        "schedule": crontab(minute=20),
    },
    "mail-notifications": {
        "task": "apps.notifications.tasks.mail_notifications",
        "schedule": timedelta(minutes=5),
    },
    "mail-digests": {"task": "apps.notifications.tasks.mail_digests", "schedule": crontab(minute=40)},
    "count-pending-votes": {"task": "apps.votes.tasks.count_pending_votes", "schedule": timedelta(minutes=5)},
    "count-pending-answers": {
        "task": "apps.tools.tasks.count_pending_answers",
        "schedule": timedelta(minutes=5),
    },
    "reverse-rings": {"task": "apps.votes.tasks.reverse_rings", "schedule": crontab(hour=3, minute=50)},
    "mark-due-cards": {"task": "apps.pages.tasks.mark_due_cards", "schedule": crontab(hour=3, minute=30)},
    "read-due-repositories": {"task": "apps.stacks.tasks.read_due_repositories", **_EACH_MINUTE},
    "check-due-proofs": {"task": "apps.stacks.tasks.check_due_proofs", **_EACH_MINUTE},
    "forget-old-proofs": {"task": "apps.stacks.tasks.forget_old_proofs", "schedule": crontab(minute=50)},
    "rank-due-stacks": {"task": "apps.stacks.tasks.rank_due_stacks", **_EACH_MINUTE},
    "rank-all-stacks": {"task": "apps.stacks.tasks.rank_all_stacks", "schedule": crontab(hour=3, minute=20)},
    "measure-adoption": {
        "task": "apps.stacks.tasks.measure_adoption",
        "schedule": crontab(hour=2, minute=20),
    },
    "find-companions": {"task": "apps.stacks.tasks.find_companions", "schedule": crontab(hour=2, minute=40)},
    "store-views": {"task": "apps.advice.tasks.store_views", **_EACH_MINUTE},
    "tell-runners": {"task": "apps.advice.tasks.tell_runners", **_EACH_MINUTE},
    "ask-for-outcomes": {"task": "apps.advice.tasks.ask_for_outcomes", "schedule": crontab(minute=25)},
    "gather-feed": {"task": "apps.pages.tasks.gather_feed", **_EACH_MINUTE},
    "forget-old-readings": {
        "task": "apps.stacks.tasks.forget_old_readings",
        "schedule": crontab(hour=2, minute=55),
    },
}

# --- GitHub -------------------------------------------------------------------------------------

# Where the workers read stars and forks. Empty: nowhere, and no test reaches out by accident.
GITHUB_API_URL = env("GITHUB_API_URL", default="" if TESTING else "https://api.github.com").rstrip("/")
# A personal access token without any rights, or the id, installation and private key (PEM) of a GitHub App. Without
# either, 60 repositories an hour are read: each in its turn, more often where people care more.
GITHUB_TOKEN = env("GITHUB_TOKEN", default="")
GITHUB_APP_ID = env("GITHUB_APP_ID", default="")
GITHUB_APP_INSTALLATION_ID = env("GITHUB_APP_INSTALLATION_ID", default="")
GITHUB_APP_PRIVATE_KEY = env.str("GITHUB_APP_PRIVATE_KEY", default="", multiline=True)
if any(_app := [GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID, GITHUB_APP_PRIVATE_KEY]) and not all(_app):
    raise ImproperlyConfigured(
        "A GitHub App needs GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY, all three."
    )

# --- DNS ----------------------------------------------------------------------------------------

# Where records that show whose a domain is are looked up: "192.0.2.1:53". Empty: at the system's name servers.
DNS_SERVERS = env.list("DNS_SERVERS", default=[])

# --- Monitoring ---------------------------------------------------------------------------------

# What Prometheus shows to read /metrics. Empty: nobody may, but in development.
METRICS_TOKEN = env("METRICS_TOKEN", default="")

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
# And one picture at most: what is larger is cut off while it arrives.
FILE_UPLOAD_HANDLERS = ["apps.core.uploads.LimitedUploadHandler"]
# A project's manifests: apps/stacks/uploads.py. Other forms take a picture, which their handler sees to.
DATA_UPLOAD_MAX_NUMBER_FILES = 6_000
# The admin page of a tool with all its rows has some hundred.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Signing in ---------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# Seconds for which the link in a mail sets a new password.
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=6).total_seconds())
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "pages:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "pages:home"
ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "apps.accounts.sign_in_forms.LoginForm",
    "signup": "apps.accounts.sign_in_forms.SignupForm",
    "add_email": "apps.accounts.sign_in_forms.AddEmailForm",
    "confirm_email_verification_code": "apps.accounts.sign_in_forms.ConfirmEmailForm",
    "reset_password": "apps.accounts.sign_in_forms.ResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_USERNAME_VALIDATORS = "apps.accounts.usernames.USERNAME_VALIDATORS"
ACCOUNT_USERNAME_MIN_LENGTH = 3
# One spelling of a name, so that nobody can pose as somebody else by another case.
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Several may sign up with an address; it is that of who verifies it first: apps/accounts/services/unverified.py.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
# No person sees this field; robots fill it in.
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "homepage"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEVELOPMENT else "https"
ACCOUNT_RATE_LIMITS = {
    # Failed ones, by account and by address; a success takes back its own.
    "login_failed": "10/5m/key",
    "login_failed_address": "10/5m/ip",
    "second_factor": "5/5m/key,20/h/key,50/d/key",
    # All attempts of an address, so that passwords are not hashed without end: an office behind one has room.
    "login": "100/5m/ip",
    "signup": "60/h/ip",
    # Mails to an address that anybody can type in.
    "confirm_email": "1/10s/key,10/h/key",
    "reset_password": "20/d/ip,5/d/key",
}
if DEVELOPMENT and not env.bool("SIGN_IN_LIMITS", default=True):
    # For bench/signin.py, which fails to sign in more often than anybody may.
    ACCOUNT_RATE_LIMITS |= {"login_failed": "", "login_failed_address": "", "login": ""}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PRODUCT_NAME
# A clock may be half a minute wrong.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "apps.accounts.sign_in_forms.AuthenticateForm",
    "reauthenticate": "apps.accounts.sign_in_forms.ReauthenticateForm",
    "authenticate_webauthn": "apps.accounts.sign_in_forms.AuthenticateWebAuthnForm",
    "reauthenticate_webauthn": "apps.accounts.sign_in_forms.ReauthenticateWebAuthnForm",
    "login_webauthn": "apps.accounts.sign_in_forms.LoginWebAuthnForm",
    "add_webauthn": "apps.accounts.sign_in_forms.AddWebAuthnForm",
}
# Browsers know localhost as safe without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
USERSESSIONS_TRACK_ACTIVITY = False
# Of the demo people to sign in as: `make run` prints it. Empty: nobody signs in as one of them, and none moderates.
DEMO_PASSWORD = "only-for-the-demo" if DEVELOPMENT else ""
# Staff need a second factor for the admin.
ADMIN_SECOND_FACTOR = env.bool("ADMIN_SECOND_FACTOR", default=not DEVELOPMENT)

# Accounts elsewhere. An e-mail address of theirs never opens an account of ours, and no token is kept.
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "apps.accounts.sign_in_forms.SocialSignupForm"}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS, _provider_origins = configured_providers()
# Browsers apply form-action to where a sent form redirects to as well.
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += _provider_origins

# --- API ----------------------------------------------------------------------------------------

# Tokens only: a session's cookie would let other sites write in a person's name.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.access.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.access.TokenScope"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.access.TokenThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.LimitedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.api.errors.in_plain_words",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{PRODUCT_NAME} API",
    "DESCRIPTION": "What this site shows, for programs. docs/api.md of its source code has examples.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # Names of lists of choices that stand at several places.
    "ENUM_NAME_OVERRIDES": {
        "ScopeEnum": "apps.api.serializers.SCOPES",
        "FindingKindEnum": "apps.detection.sights.Kind",
        "StackKindEnum": "apps.stacks.models.Stack.Kind",
        "ChangeKindEnum": "apps.stacks.models.Change.Kind",
        "EvidenceSourceEnum": "apps.stacks.models.Evidence.Source",
        "ReadingSourceEnum": "apps.stacks.models.Reading.Source",
    },
}

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
    "loggers": {
        "django.server": {"propagate": True},
        # A line for each request to GitHub would drown the others.
        "httpx": {"level": "WARNING"},
    },
}
