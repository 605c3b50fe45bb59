"""The settings as production and development load them, each time in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "SECRET_KEY": "$made-up-" + "0123456789" * 6,
    "ALLOWED_HOSTS": "stacks.example.org, www.stacks.example.org",
    "SITE_URL": "https://stacks.example.org/",
    "OPERATOR_EMAIL": "operator@example.org",
    "FROM_EMAIL": "Stacks <noreply@example.org>",
    "EMAIL_URL": "smtp+tls://user:p%40ss@mail.example.org:587",
    "DATABASE_URL": "postgres://user:p%40ss@db.example.org:5433/stacks",
    "REDIS_URL": "redis://redis.example.org:6379/3",
}

SHOW = """
import json, sys
from django.conf import settings
names = sys.argv[1:]
settings.DEBUG
print(json.dumps({name: getattr(settings, name, None) for name in names}, default=str))
"""

Load = Callable[..., Any]


def start(code: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPYCACHEPREFIX") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=kept | {"DJANGO_SETTINGS_MODULE": "stackshare.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def load(*names: str, **environment: str) -> dict[str, Any]:
    """The settings of these names with nothing else in the environment."""
    done = start(SHOW, *names, **environment)
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def refusal(**environment: str) -> str:
    """The last line that a start says which comes to nothing."""
    done = start(SHOW, **environment)
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name", PRODUCTION)
@pytest.mark.parametrize("value", [None, ""])
def test_production_does_not_start_without(name: str, value: str | None) -> None:
    environment = PRODUCTION | {name: value} if value is not None else PRODUCTION.copy()
    if value is None:
        del environment[name]

    said = refusal(**environment)

    assert said.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SITE_URL", "http://stacks.example.org", "https://"),
        ("SITE_URL", "https://", "https://"),
        ("SITE_URL", "stacks.example.org", "https://"),
        ("ALLOWED_HOSTS", " , ", "separated by commas"),
        ("DATABASE_URL", "sqlite:///stacks.sqlite", "postgres://"),
        ("DATABASE_URL", "stacks", "postgres://"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("EMAIL_URL", "mail.example.org", "smtp://"),
        ("TRUSTED_PROXY_COUNT", "two", "a number"),
        ("TRUSTED_PROXY_COUNT", "-1", "a number"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO"),
    ],
)
def test_production_does_not_start_with_nonsense(name: str, value: str, words: str) -> None:
    said = refusal(**(PRODUCTION | {name: value}))

    assert said.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in said
    assert words in said


def test_production_is_what_starts_when_nothing_says_otherwise() -> None:
    for value in ("0", "", "no", "maybe"):
        assert load("DEVELOPMENT", "DEBUG", **PRODUCTION, DEVELOPMENT=value, DEBUG="1") == {
            "DEVELOPMENT": False,
            "DEBUG": False,
        }


def test_production_reads_what_the_environment_says() -> None:
    shown = load(
        *("SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "REDIS_URL", "CELERY_BROKER_URL", "DEFAULT_FROM_EMAIL"),
        **PRODUCTION,
    )

    assert shown == {
        "SECRET_KEY": PRODUCTION["SECRET_KEY"],
        "ALLOWED_HOSTS": ["stacks.example.org", "www.stacks.example.org"],
        "SITE_URL": "https://stacks.example.org",
        "REDIS_URL": "redis://redis.example.org:6379/3",
        "CELERY_BROKER_URL": "redis://redis.example.org:6379/3",
        "DEFAULT_FROM_EMAIL": "Stacks <noreply@example.org>",
    }


def test_production_reads_the_address_of_the_database() -> None:
    database = load("DATABASES", **PRODUCTION)["DATABASES"]["default"]

    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.org", 5433, "stacks")
    assert (database["USER"], database["PASSWORD"]) == ("user", "p@ss")
    assert database["CONN_MAX_AGE"] is None
    assert database["CONN_HEALTH_CHECKS"] is True


def test_production_reads_the_address_of_the_mail_server() -> None:
    shown = load(
        *("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_HOST_PASSWORD"), **PRODUCTION
    )

    assert shown == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_PORT": 587,
        "EMAIL_USE_TLS": True,
        "EMAIL_HOST_PASSWORD": "p@ss",
    }


def test_production_is_served_over_tls_only() -> None:
    expected = {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": ["^healthz$"],
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
    }

    assert load(*expected, **PRODUCTION) == expected


def test_production_leaves_the_redirect_to_the_proxy_when_told_so() -> None:
    shown = load("SECURE_SSL_REDIRECT", "SECURE_PROXY_SSL_HEADER", **PRODUCTION, SSL_REDIRECT="0")
    untrusting = load("SECURE_PROXY_SSL_HEADER", **PRODUCTION, TRUST_FORWARDED_PROTO="0")

    assert shown["SECURE_SSL_REDIRECT"] is False
    assert untrusting["SECURE_PROXY_SSL_HEADER"] is None


SERVE = """
import json, sys, django
django.setup()
from django.test import Client
response = Client(headers={"host": "stacks.example.org"}).get(sys.argv[1], **json.loads(sys.argv[2]))
print(json.dumps([response.status_code, dict(response.headers)]))
"""


def serve(path: str, **extra: str) -> tuple[int, dict[str, str]]:
    """The status and headers that a production server answers with."""
    done = start(SERVE, path, json.dumps(extra), **PRODUCTION)
    assert done.returncode == 0, done.stderr
    status, headers = json.loads(done.stdout.strip().splitlines()[-1])
    return status, headers


def test_production_sends_a_plain_request_to_https() -> None:
    status, headers = serve("/robots.txt")

    assert (status, headers["Location"]) == (301, "https://stacks.example.org/robots.txt")


def test_production_asks_for_https_from_then_on() -> None:
    status, headers = serve("/robots.txt", HTTP_X_FORWARDED_PROTO="https")

    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_production_passes_the_checks_of_django() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **PRODUCTION},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_development_needs_nothing_else() -> None:
    shown = load("DEVELOPMENT", "DEBUG", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "SITE_URL", DEVELOPMENT="1")

    assert shown == {
        "DEVELOPMENT": True,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "SECURE_SSL_REDIRECT": False,
        "SITE_URL": "",
    }


def test_development_shows_errors_with_code_when_asked_to() -> None:
    assert load("DEBUG", DEVELOPMENT="1", DEBUG="1") == {"DEBUG": True}


def test_development_puts_mail_into_its_own_folder() -> None:
    shown = load("EMAIL_BACKEND", "EMAIL_FILE_PATH", DEVELOPMENT="1")

    assert shown["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert shown["EMAIL_FILE_PATH"] == str(ROOT / "var/mail")


def test_mail_goes_to_the_folder_of_the_url() -> None:
    shown = load("EMAIL_FILE_PATH", DEVELOPMENT="1", EMAIL_URL="filemail:///srv/a%20b/mail")

    assert shown["EMAIL_FILE_PATH"] == "/srv/a b/mail"


def test_celery_reaches_redis_by_its_socket() -> None:
    shown = load(
        *("CELERY_BROKER_URL", "CELERY_BROKER_TRANSPORT_OPTIONS", "CELERY_REDBEAT_REDIS_URL"),
        DEVELOPMENT="1",
        REDIS_URL="unix:///run/redis.sock?db=2",
    )

    assert shown["CELERY_BROKER_URL"] == "redis+socket:///run/redis.sock?virtual_host=2"
    assert shown["CELERY_REDBEAT_REDIS_URL"] == "unix:///run/redis.sock?db=2"
    # A Unix socket knows no such option and refuses it.
    assert "socket_keepalive" not in shown["CELERY_BROKER_TRANSPORT_OPTIONS"]


def test_log_level_may_be_in_small_letters() -> None:
    assert load("LOGGING", DEVELOPMENT="1", LOG_LEVEL="warning")["LOGGING"]["root"]["level"] == "WARNING"


def test_mail_server_that_does_not_answer_is_given_up_before_the_task_is() -> None:
    assert 0 < settings.EMAIL_TIMEOUT < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_message_to_a_worker_is_not_delivered_again_while_its_task_may_run() -> None:
    visible_again = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]

    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < visible_again
