"""The settings as production and development load them."""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

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

Load = Callable[..., dict[str, Any]]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """The settings that come of these variables with nothing else in the environment."""

    def load(**environment: str) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            for name in list(os.environ):
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            return runpy.run_path(str(ROOT / "stackshare/settings.py"))

    return load


def start(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs Python in a process of its own with these variables."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPYCACHEPREFIX") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_does_not_start_with_wrong_settings() -> None:
    done = start("manage.py", "check", **(PRODUCTION | {"SITE_URL": ""}))

    said = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert said.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert "SITE_URL" in said


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_names_the_variable_that_is_missing(load: Load, name: str) -> None:
    environment = {other: value for other, value in PRODUCTION.items() if other != name}

    with pytest.raises(ImproperlyConfigured, match=name):
        load(**environment)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *((name, "", "") for name in PRODUCTION),
        ("SITE_URL", "http://stacks.example.org", "such as https://"),
        ("SITE_URL", "https://", "such as https://"),
        ("SITE_URL", "stacks.example.org", "such as https://"),
        ("ALLOWED_HOSTS", " , ", "separated by commas"),
        ("DATABASE_URL", "sqlite:///stacks.sqlite", "begin with postgres://"),
        ("DATABASE_URL", "stacks", "begin with postgres://"),
        ("REDIS_URL", "localhost:6379", "begin with redis://"),
        ("EMAIL_URL", "mail.example.org", "begin with smtp://"),
        ("TRUSTED_PROXY_COUNT", "two", "a number"),
        ("TRUSTED_PROXY_COUNT", "-1", "a number"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO"),
        ("GITHUB_APP_ID", "1", "all three"),
    ],
)
def test_production_names_the_variable_that_is_wrong(load: Load, name: str, value: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name}.*{words}"):
        load(**(PRODUCTION | {name: value}))


@pytest.mark.parametrize("value", ["0", "", "no", "maybe"])
def test_production_is_what_starts_when_nothing_says_otherwise(load: Load, value: str) -> None:
    loaded = load(**PRODUCTION, DEVELOPMENT=value, DEBUG="1")

    assert (loaded["DEVELOPMENT"], loaded["DEBUG"]) == (False, False)


def test_production_reads_what_the_environment_says(load: Load) -> None:
    loaded = load(**PRODUCTION, TRUSTED_PROXY_COUNT="2", LOG_LEVEL="warning")

    assert loaded["SECRET_KEY"] == PRODUCTION["SECRET_KEY"]
    assert loaded["ALLOWED_HOSTS"] == ["stacks.example.org", "www.stacks.example.org"]
    assert loaded["SITE_URL"] == "https://stacks.example.org"
    assert loaded["DEFAULT_FROM_EMAIL"] == "Stacks <noreply@example.org>"
    assert loaded["TRUSTED_PROXY_COUNT"] == 2
    assert loaded["LOGGING"]["root"]["level"] == "WARNING"


def test_production_reads_the_address_of_the_database(load: Load) -> None:
    database = load(**PRODUCTION)["DATABASES"]["default"]

    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.org", 5433, "stacks")
    assert (database["USER"], database["PASSWORD"]) == ("user", "p@ss")
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (None, True)


def test_production_reads_the_address_of_the_mail_server(load: Load) -> None:
    loaded = load(**PRODUCTION)

    assert loaded["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (loaded["EMAIL_HOST"], loaded["EMAIL_PORT"], loaded["EMAIL_USE_TLS"]) == (
        "mail.example.org",
        587,
        True,
    )
    assert (loaded["EMAIL_HOST_USER"], loaded["EMAIL_HOST_PASSWORD"]) == ("user", "p@ss")


def test_production_is_served_over_tls_only(load: Load) -> None:
    expected = {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": ["^healthz$"],
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
    }

    loaded = load(**PRODUCTION)

    assert {name: loaded[name] for name in expected} == expected


def test_production_leaves_the_redirect_to_the_proxy_when_told_so(load: Load) -> None:
    assert load(**PRODUCTION, SSL_REDIRECT="0")["SECURE_SSL_REDIRECT"] is False


def test_production_trusts_no_header_of_a_proxy_when_told_so(load: Load) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in load(**PRODUCTION, TRUST_FORWARDED_PROTO="0")


SERVE = """
import json, sys, django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check", deploy=True, fail_level="WARNING")
for extra in json.loads(sys.argv[1]):
    response = Client(headers={"host": "stacks.example.org"}).get("/robots.txt", **extra)
    print(json.dumps([response.status_code, dict(response.headers)]))
"""


# One test for what a process in production does: to start one costs most of it.
def test_production_passes_the_checks_of_django_and_sends_a_plain_request_to_https() -> None:
    variables = PRODUCTION | {"DJANGO_SETTINGS_MODULE": "stackshare.settings"}
    requests: list[dict[str, str]] = [{}, {"HTTP_X_FORWARDED_PROTO": "https"}]

    done = start("-c", SERVE, json.dumps(requests), **variables)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    plain, secure = (json.loads(line) for line in done.stdout.strip().splitlines()[-2:])
    assert (plain[0], plain[1]["Location"]) == (301, "https://stacks.example.org/robots.txt")
    assert secure[0] == 200
    assert secure[1]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_development_starts_with_nothing_else() -> None:
    done = start("manage.py", "check", DEVELOPMENT="1")

    assert done.returncode == 0, done.stderr


def test_development_is_for_this_machine(load: Load) -> None:
    loaded = load(DEVELOPMENT="1")

    assert loaded["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert loaded["SITE_URL"] == ""
    assert loaded["DEBUG"] is False
    assert "SECURE_SSL_REDIRECT" not in loaded


def test_development_shows_errors_with_code_when_asked_to(load: Load) -> None:
    assert load(DEVELOPMENT="1", DEBUG="1")["DEBUG"] is True


def test_development_takes_an_empty_variable_for_none(load: Load) -> None:
    assert load(DEVELOPMENT="1", REDIS_URL="")["REDIS_URL"] == "redis://localhost:6379/0"


def test_development_puts_mail_into_its_own_folder(load: Load) -> None:
    loaded = load(DEVELOPMENT="1")

    assert loaded["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert loaded["EMAIL_FILE_PATH"] == str(ROOT / "var/mail")


def test_mail_goes_to_the_folder_of_the_url(load: Load) -> None:
    loaded = load(DEVELOPMENT="1", EMAIL_URL="filemail:///srv/a%20b/mail")

    assert loaded["EMAIL_FILE_PATH"] == "/srv/a b/mail"


@pytest.mark.parametrize(
    ("address", "broker_url"),
    [
        ("redis://redis.example.org:6379/3", "redis://redis.example.org:6379/3"),
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
    ],
)
def test_celery_reaches_redis_at_the_same_address(load: Load, address: str, broker_url: str) -> None:
    loaded = load(DEVELOPMENT="1", REDIS_URL=address)

    assert loaded["CELERY_BROKER_URL"] == broker_url
    assert loaded["CELERY_REDBEAT_REDIS_URL"] == address
    # A Unix socket knows no such option and refuses it.
    keeps_alive = "socket_keepalive" in loaded["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert keeps_alive == address.startswith("redis://")


@pytest.mark.parametrize(
    ("broker", "queues"),
    [
        ("", "redis://redis.example.org:6379/3"),
        ("redis://broker.example.org/0", "redis://broker.example.org/0"),
    ],
)
def test_broker_may_be_apart_from_the_cache(load: Load, broker: str, queues: str) -> None:
    loaded = load(**PRODUCTION, BROKER_URL=broker)

    assert loaded["CACHES"]["default"]["LOCATION"] == PRODUCTION["REDIS_URL"]
    assert {loaded[name] for name in ("BROKER_URL", "CELERY_BROKER_URL", "CELERY_REDBEAT_REDIS_URL")} == {
        queues
    }


def test_beat_is_as_impatient_with_redis_as_workers_are() -> None:
    beat, broker = settings.CELERY_REDBEAT_REDIS_OPTIONS, settings.CELERY_BROKER_TRANSPORT_OPTIONS

    for name in ("socket_timeout", "socket_connect_timeout", "socket_keepalive", "health_check_interval"):
        assert beat.get(name) == broker.get(name)


def test_lock_of_beat_outlasts_several_of_its_rounds() -> None:
    procfile = (ROOT / "Procfile").read_text()
    (seconds,) = re.findall(r"--max-interval (\d+)", procfile)

    assert 5 * int(seconds) <= settings.CELERY_REDBEAT_LOCK_TIMEOUT


def test_procfile_serves_every_queue() -> None:
    served = re.findall(r"--queues (\S+)", (ROOT / "Procfile").read_text())

    assert sorted(",".join(served).split(",")) == sorted(settings.QUEUES)


def test_mail_server_that_does_not_answer_is_given_up_before_the_task_is() -> None:
    assert 0 < settings.EMAIL_TIMEOUT < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_message_to_a_worker_is_not_delivered_again_while_its_task_may_run() -> None:
    visible_again = settings.CELERY_VISIBILITY_TIMEOUT
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS, settings.CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS

    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < visible_again
    assert [place["visibility_timeout"] for place in options] == [visible_again] * 2


def test_production_keeps_cookies_to_itself(load: Load) -> None:
    loaded = load(**PRODUCTION)

    for cookie in ("SESSION", "CSRF"):
        assert loaded[f"{cookie}_COOKIE_SECURE"] is True
        assert loaded[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert loaded[f"{cookie}_COOKIE_SAMESITE"] == "Lax"


def test_production_asks_moderators_for_a_second_factor(load: Load) -> None:
    assert load(**PRODUCTION)["ADMIN_SECOND_FACTOR"] is True
    assert load(**PRODUCTION, ADMIN_SECOND_FACTOR="0")["ADMIN_SECOND_FACTOR"] is False


def test_limits_of_signing_in_can_be_lifted_in_development_only(load: Load) -> None:
    limits = "ACCOUNT_RATE_LIMITS"

    assert load(**PRODUCTION, SIGN_IN_LIMITS="0")[limits]["login_failed"] == "10/5m/key"
    assert load(DEVELOPMENT="1")[limits]["login_failed_address"] == "10/5m/ip"
    assert load(DEVELOPMENT="1", SIGN_IN_LIMITS="0")[limits]["login_failed"] == ""


def test_forms_may_lead_to_configured_providers_only(load: Load) -> None:
    providers = {
        "GITHUB_CLIENT_ID": "id",
        "GITHUB_SECRET": "secret",
        "OIDC_CLIENT_ID": "id",
        "OIDC_SECRET": "secret",
        "OIDC_URL": "https://id.example.org/realms/x",
    }

    plain, with_providers = load(**PRODUCTION), load(**PRODUCTION, **providers)

    def form_action(loaded: dict[str, Any]) -> list[str]:
        return list(loaded["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["form-action"])

    assert form_action(plain) == ["'self'"]
    assert form_action(with_providers) == ["'self'", "https://github.com", "https://id.example.org"]
    assert set(with_providers["SOCIALACCOUNT_PROVIDERS"]) == {"github", "openid_connect"}


def test_every_variable_is_documented() -> None:
    """Those of signing in elsewhere are named by their prefix."""
    source = (ROOT / "stackshare/settings.py").read_text()
    read = set(re.findall(r'(?:env(?:\.\w+)?|required)\(\s*"([A-Z_]+)"', source))
    read |= {
        f"{prefix}_{end}"
        for prefix in ("GITHUB", "GITLAB", "GOOGLE", "OIDC")
        for end in ("CLIENT_ID", "SECRET")
    }

    documented = set(re.findall(r"`([A-Z_]+)[`=]", (ROOT / "docs/running.md").read_text()))

    assert len(read) > 30
    assert read <= documented, read - documented
