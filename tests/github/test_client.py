"""The client against the fake GitHub, over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.github.client import (
    Answer,
    GitHub,
    GitHubError,
    LimitedError,
    Missed,
    RefusedError,
    Seen,
    TooLargeError,
    Trouble,
    UnavailableError,
    Week,
    Weeks,
)
from apps.github.connection import LONGEST_WAIT, plain, wait_until
from tests.github.fake import FakeGitHub, FakeRepository

SAML = (
    "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this "
    "organization."
)
ADDRESSES = (
    "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list "
    "enabled, and your IP address is not permitted to access this resource."
)
# Each example is a request over HTTP.
with_one_github = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=max(25, settings().max_examples // 4),
)


@pytest.fixture
def client(github: FakeGitHub) -> Iterator[GitHub]:
    with GitHub() as running:
        yield running


@pytest.fixture
def three(github: FakeGitHub) -> list[str]:
    """The node ids of three repositories."""
    return [github.add(f"acme/{name}", stars=stars).node_id for stars, name in enumerate("abc", start=1)]


def stars(answer: Answer) -> list[Any]:
    """The stars of each repository, or why there are none."""
    return [told.stars if isinstance(told, Seen) else told.trouble for told in answer.of.values()]


# --- What it tells ----------------------------------------------------------------------------------


def figures() -> dict[str, Any]:
    return {
        "stars": 71_000,
        "forks": 17_000,
        "watchers": 2_000,
        "open_issues": 5,
        "archived": True,
        "disabled": True,
        "fork": True,
        "mirror": True,
        "license": "BSD-3-Clause",
        "language": "Python",
        "release": "3.1.0",
    }


def seen(repository: FakeRepository, **others: Any) -> Seen:
    told = Seen(
        node_id=repository.node_id,
        database_id=repository.id,
        full_name="pallets/flask",
        stars=71_000,
        forks=17_000,
        watchers=2_000,
        open_issues=5,
        is_archived=True,
        is_disabled=True,
        is_fork=True,
        is_mirror=True,
        began_at=repository.created_at,
        pushed_at=repository.pushed_at,
        license="BSD-3-Clause",
        language="Python",
        latest_release="3.1.0",
        latest_release_at=repository.released_at,
    )
    return Seen(**(asdict(told) | others))


def test_by_name_tells_every_figure(github: FakeGitHub, client: GitHub):
    repository = github.add("pallets/flask", **figures())
    answer = client.by_name(["Pallets/Flask"])
    assert answer.of == {"Pallets/Flask": seen(repository)}
    assert answer.rate
    assert (answer.rate.cost, answer.rate.quota, answer.rate.remaining) == (1, 5000, 4999)
    assert answer.rate.reset_at == github.hours["graphql"].reset_at


def test_by_id_tells_every_figure(github: FakeGitHub, client: GitHub):
    repository = github.add("pallets/flask", **figures())
    assert client.by_id([repository.node_id]).of == {repository.node_id: seen(repository)}


def test_one_tells_what_rest_knows(github: FakeGitHub, client: GitHub):
    repository = github.add("pallets/flask", **figures())
    answer = client.one("pallets/flask")
    unknown = {"open_issues": None, "latest_release": None, "latest_release_at": None}
    assert answer.of == {"pallets/flask": seen(repository, **unknown)}
    assert answer.rate
    assert (answer.rate.cost, answer.rate.quota, answer.rate.remaining) == (1, 5000, 4999)
    assert answer.rate.reset_at == github.hours["rest"].reset_at


@pytest.mark.parametrize("way", ["by_name", "one"])
def test_empty_repository_has_no_license_language_push_or_release(
    github: FakeGitHub, client: GitHub, way: str
):
    github.add("acme/new", license=None, language=None, pushed_at=None, stars=0)
    told = getattr(client, way)(["acme/new"] if way == "by_name" else "acme/new").of["acme/new"]
    assert (told.license, told.language, told.pushed_at, told.stars) == ("", "", None, 0)
    assert told.latest_release == ("" if way == "by_name" else None)
    assert told.latest_release_at is None


@pytest.mark.parametrize("way", ["by_name", "one"])
def test_license_that_github_does_not_recognise_is_none(github: FakeGitHub, client: GitHub, way: str):
    github.add("acme/own", license="NOASSERTION")
    told = getattr(client, way)(["acme/own"] if way == "by_name" else "acme/own").of["acme/own"]
    assert told.license == ""


def test_by_id_answers_each_of_a_hundred_in_one_request_of_one_point(github: FakeGitHub, client: GitHub):
    ids = [github.add(f"acme/{number}", stars=number).node_id for number in range(100)]
    assert stars(client.by_id(ids)) == list(range(100))
    assert (len(github.requests), github.points) == (1, 1)


def test_by_name_answers_each_of_a_hundred_in_one_request(github: FakeGitHub, client: GitHub):
    names = [github.add(f"acme/{number}", stars=number).full_name for number in range(100)]
    assert stars(client.by_name(names)) == list(range(100))
    assert len(github.requests) == 1


def test_rename_is_followed(github: FakeGitHub, client: GitHub):
    repository = github.add("old/name")
    github.rename("old/name", "new/name")
    for told in (client.by_name(["old/name"]), client.one("old/name"), client.by_id([repository.node_id])):
        (only,) = told.of.values()
        assert isinstance(only, Seen)
        assert (only.full_name, only.database_id) == ("new/name", repository.id)


def test_redirect_counts_as_a_request_of_the_rate(github: FakeGitHub, client: GitHub):
    github.add("old/name")
    github.rename("old/name", "new/name")
    rate = client.one("old/name").rate
    assert rate
    assert (rate.cost, rate.remaining) == (2, 4998)


def test_names_are_never_part_of_the_query(github: FakeGitHub, client: GitHub):
    odd = 'acme/x") { id } evil: repository(owner: "acme", name: "y'
    github.add("acme/y")
    assert stars(client.by_name([odd])) == [Trouble.NOT_FOUND]


@pytest.mark.parametrize("count", [0, 101])
def test_batch_of_none_or_too_many_is_a_mistake(github: FakeGitHub, client: GitHub, count: int):
    with pytest.raises(ValueError, match="1 to 100"):
        client.by_id(["R_x"] * count)
    with pytest.raises(ValueError, match="1 to 100"):
        client.by_name(["a/b"] * count)
    assert not github.requests


def test_requests_say_who_asks_and_what_for(github: FakeGitHub, settings: Any):
    settings.PRODUCT_NAME, settings.SITE_URL = "Café", "https://stacks.example.org"
    github.add("acme/a")
    with GitHub() as client:
        client.one("acme/a")
    headers = github.requests[0].headers
    assert headers["user-agent"].encode("latin-1").decode() == "Café https://stacks.example.org"
    assert headers["x-github-api-version"] == "2026-03-10"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["authorization"] == "Bearer ghp_fake"


def test_anonymous_client_shows_no_token(github: FakeGitHub):
    github.add("acme/a", stars=3)
    with GitHub(anonymous=True) as client:
        answer = client.one("acme/a")
    assert stars(answer) == [3]
    assert answer.rate
    assert answer.rate.quota == 60
    assert "authorization" not in github.requests[0].headers


# --- What single repositories lack ------------------------------------------------------------------


def test_trouble_of_one_leaves_the_others(github: FakeGitHub, client: GitHub):
    names = [github.add(f"acme/{name}", stars=7).full_name for name in "abcdef"]
    ids = [github.find(name).node_id for name in names]  # type: ignore[union-attr]
    github.remove("acme/a")
    github.forbid("acme/b")
    github.block("acme/c")
    github.poison("acme/d")
    expected = [Trouble.NOT_FOUND, Trouble.FORBIDDEN, Trouble.BLOCKED, Trouble.BROKEN, 7, 7]
    assert stars(client.by_name(names)) == expected
    assert stars(client.by_id(ids)) == expected
    assert [stars(client.one(name))[0] for name in names] == expected


@pytest.mark.parametrize("message", [SAML, ADDRESSES])
def test_policy_of_an_owner_forbids_the_token_and_nobody_else(github: FakeGitHub, message: str):
    repository = github.add("acme/a", stars=3)
    github.forbid("acme/a", message)
    with GitHub() as client:
        for told in (client.by_id([repository.node_id]), client.one("acme/a")):
            (only,) = told.of.values()
            assert isinstance(only, Missed)
            assert only.trouble == Trouble.FORBIDDEN
            assert message in only.reason
    with GitHub(anonymous=True) as client:
        assert stars(client.one("acme/a")) == [3]


@pytest.mark.parametrize("field", ["watchers", "latestRelease", "stargazerCount"])
def test_field_that_failed_breaks_its_repository_alone(github: FakeGitHub, client: GitHub, field: str):
    ids = [github.add(f"acme/{name}", stars=7).node_id for name in "ab"]
    github.find("acme/a").broken_fields.add(field)  # type: ignore[union-attr]
    assert stars(client.by_id(ids)) == [Trouble.BROKEN, 7]
    assert stars(client.by_name(["acme/a", "acme/b"])) == [Trouble.BROKEN, 7]


def test_partial_answer_tells_of_those_that_it_has(github: FakeGitHub, client: GitHub, three: list[str]):
    github.fail_next("partial", times=2)
    assert stars(client.by_id(three)) == [Trouble.BROKEN, 2, Trouble.BROKEN]
    assert stars(client.by_name(["acme/a", "acme/b", "acme/c"])) == [Trouble.BROKEN, 2, Trouble.BROKEN]


def test_single_repository_beyond_the_limits_is_broken_alone(github: FakeGitHub, client: GitHub):
    github.most_repositories = 0
    repository = github.add("acme/huge")
    assert stars(client.by_id([repository.node_id])) == [Trouble.BROKEN]


def test_blocked_repository_may_come_as_403(github: FakeGitHub, client: GitHub):
    github.fail_next("403", message="Repository access blocked")
    assert stars(client.one("acme/a")) == [Trouble.BLOCKED]


@pytest.mark.parametrize(
    ("status", "trouble"),
    [("404", "not_found"), ("410", "not_found"), ("451", "blocked"), ("403", "forbidden"), ("500", "broken")],
)
def test_status_of_rest_is_trouble_of_the_one(github: FakeGitHub, client: GitHub, status: str, trouble: str):
    github.fail_next(status, times=2)
    told = client.one("acme/a")
    assert told.of["acme/a"] == Missed(Trouble(trouble), f"{status} Failed with {status}")
    assert told.rate
    weeks, rate = client.star_weeks("acme/a")
    assert isinstance(weeks, Missed)
    assert weeks.trouble == trouble
    assert rate


# --- What is no figure ------------------------------------------------------------------------------

GOOD = {
    "id": "R_good",
    "databaseId": 1,
    "nameWithOwner": "acme/good",
    "stargazerCount": 1,
    "forkCount": 2,
    "watchers": {"totalCount": 3},
    "issues": {"totalCount": 4},
    "isArchived": False,
    "isDisabled": False,
    "isFork": False,
    "isMirror": False,
    "pushedAt": "2026-09-01T12:00:00Z",
    "createdAt": "2015-01-04T00:00:00Z",
    "licenseInfo": {"spdxId": "MIT"},
    "primaryLanguage": {"name": "Python"},
    "latestRelease": {"tagName": "v1", "publishedAt": "2026-09-01T12:00:00Z"},
}
MISFITS = [
    ("stargazerCount", None),
    ("stargazerCount", -1),
    ("stargazerCount", True),
    ("stargazerCount", "12"),
    ("stargazerCount", 1.5),
    ("stargazerCount", 2**31),
    ("stargazerCount", 10**400),
    ("forkCount", None),
    ("watchers", None),
    ("watchers", {"totalCount": None}),
    ("issues", {}),
    ("databaseId", None),
    ("databaseId", 0),
    ("id", ""),
    ("nameWithOwner", "no slash"),
    ("nameWithOwner", "acme/" + "x" * 200),
    ("isArchived", None),
    ("createdAt", None),
    ("createdAt", "2015-01-04T00:00:00"),
    ("pushedAt", 1_400_000_000),
    ("pushedAt", "0001-01-01T00:00:00Z"),
    ("pushedAt", "yesterday"),
    ("licenseInfo", {"spdxId": "x" * 61}),
    ("primaryLanguage", {"name": "Py\0thon"}),
    ("latestRelease", {"tagName": "\ud800", "publishedAt": None}),
    ("latestRelease", {"tagName": None, "publishedAt": None}),
]


def test_answers_that_do_not_fit_break_their_repositories_alone(github: FakeGitHub, client: GitHub):
    nodes = [GOOD | {field: value} for field, value in MISFITS]
    github.fail_next("json", content={"data": {"nodes": [*nodes, GOOD]}})
    *bad, good = client.by_id([f"R_{number}" for number in range(len(MISFITS) + 1)]).of.values()
    assert isinstance(good, Seen)
    for told, (field, value) in zip(bad, MISFITS, strict=True):
        assert isinstance(told, Missed), (field, value)
        assert told.trouble == Trouble.BROKEN
        assert field in told.reason


def test_missing_field_breaks_its_repository_alone(github: FakeGitHub, client: GitHub):
    nodes = [{key: value for key, value in GOOD.items() if key != gone} for gone in GOOD]
    github.fail_next("json", content={"data": {"nodes": nodes}})
    assert stars(client.by_id(list(GOOD))) == [Trouble.BROKEN] * len(GOOD)


def test_node_that_is_no_repository_is_broken(github: FakeGitHub, client: GitHub):
    github.fail_next("json", content={"data": {"nodes": [{}, None]}})
    assert stars(client.by_id(["U_1", "U_2"])) == [Trouble.BROKEN] * 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stargazers_count", None),
        ("forks_count", -1),
        ("subscribers_count", None),
        ("mirror_url", 5),
        ("id", "7"),
    ],
)
def test_rest_answer_that_does_not_fit_is_broken(
    github: FakeGitHub, client: GitHub, field: str, value: object
):
    github.add("acme/a", rest={field: value})
    told = client.one("acme/a").of["acme/a"]
    assert isinstance(told, Missed)
    assert (told.trouble, field in told.reason) == (Trouble.BROKEN, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@with_one_github
@given(field=st.sampled_from(sorted(GOOD)), value=JSON)
def test_no_value_of_a_field_makes_a_wrong_figure(github: FakeGitHub, field: str, value: object):
    github.fail_next("json", content={"data": {"nodes": [GOOD | {field: value}, GOOD]}})
    with GitHub() as client:
        bad, good = client.by_id(["R_bad", "R_good"]).of.values()
    assert isinstance(good, Seen)
    if isinstance(bad, Seen):
        changed = {key for key, told in asdict(bad).items() if told != asdict(good)[key]}
        assert len(changed) <= 2
        counts = [bad.stars, bad.forks, bad.watchers, bad.open_issues]
        assert all(isinstance(count, int) and 0 <= count < 2**31 for count in counts)


@with_one_github
@given(
    content=JSON
    | st.fixed_dictionaries({"data": JSON})
    | st.fixed_dictionaries(
        {"errors": JSON | st.lists(st.dictionaries(st.sampled_from(["path", "type"]), JSON))}
    )
    | st.fixed_dictionaries({"data": st.fixed_dictionaries({"nodes": JSON, "rateLimit": JSON})})
)
def test_no_answer_breaks_the_client(github: FakeGitHub, content: object):
    github.fail_next("json", times=3, content=content)
    with GitHub() as client:
        try:
            told: set[Any] = set(client.by_id(["R_1"]).of.values())
        except GitHubError:
            told = set()
        told |= set(client.one("acme/a").of.values())
        weeks, _ = client.star_weeks("acme/a")
    assert all(isinstance(one, Missed) and one.trouble == Trouble.BROKEN for one in told)
    assert isinstance(weeks, Missed) or not weeks.weeks


@pytest.mark.parametrize(
    "rate",
    [
        None,
        {},
        {"cost": 1, "limit": 5000, "remaining": -1, "resetAt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        {"cost": 1, "limit": 5000, "remaining": 1, "resetAt": "2199-01-01T12:00:00Z"},
    ],
)
def test_rate_that_makes_no_sense_is_unknown(github: FakeGitHub, client: GitHub, rate: object):
    github.fail_next("json", content={"data": {"nodes": [GOOD], "rateLimit": rate}})
    answer = client.by_id(["R_good"])
    assert stars(answer) == [1]
    assert answer.rate is None


@pytest.mark.parametrize("header", ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"])
def test_rate_of_rest_without_a_sensible_header_is_unknown(github: FakeGitHub, client: GitHub, header: str):
    github.fail_next("404", headers={header: "1e3"})
    assert client.one("acme/a").rate is None


# --- Asked too much ---------------------------------------------------------------------------------


@pytest.mark.parametrize("as_status", [200, 403, 429])
def test_limit_says_until_when_in_seconds(
    github: FakeGitHub, client: GitHub, three: list[str], as_status: int
):
    before = datetime.now(UTC)
    github.fail_next("limited", as_status=as_status, retry_after=60)
    with pytest.raises(LimitedError, match="secondary rate limit") as caught:
        client.by_id(three)
    assert caught.value.until
    assert not caught.value.is_hour
    assert before + timedelta(seconds=60) <= caught.value.until <= datetime.now(UTC) + timedelta(seconds=60)


@pytest.mark.parametrize("as_status", [200, 403, 429])
def test_limit_of_the_hour_says_when_it_is_over(
    github: FakeGitHub, client: GitHub, three: list[str], as_status: int
):
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=20)
    github.fail_next("limited", as_status=as_status, reset=reset)
    with pytest.raises(LimitedError, match="API rate limit exceeded") as caught:
        client.by_name(["acme/a", "acme/b"])
    assert caught.value.until == reset
    assert caught.value.is_hour


@pytest.mark.parametrize("as_status", [200, 403, 429])
def test_limit_without_a_time_says_none(github: FakeGitHub, client: GitHub, three: list[str], as_status: int):
    github.fail_next("limited", as_status=as_status)
    with pytest.raises(LimitedError) as caught:
        client.by_id(three)
    assert caught.value.until is None


@pytest.mark.parametrize("as_status", [403, 429, 503])
def test_limit_of_rest_says_until_when(github: FakeGitHub, client: GitHub, as_status: int):
    before = datetime.now(UTC)
    github.fail_next("limited", times=2, as_status=as_status, retry_after=60)
    for ask in (client.one, client.star_weeks):
        with pytest.raises(LimitedError) as caught:
            ask("acme/a")
        assert caught.value.until
        assert caught.value.until >= before + timedelta(seconds=60)


def test_limit_may_be_told_by_its_type_alone(github: FakeGitHub, client: GitHub):
    github.fail_next("json", content={"errors": [{"type": "RATE_LIMIT", "message": "Slow down."}]})
    with pytest.raises(LimitedError, match="Slow down"):
        client.by_id(["R_1"])


def test_last_point_of_the_hour_is_no_refusal(github: FakeGitHub, client: GitHub, three: list[str]):
    github.hours["graphql"].quota = 1
    answer = client.by_id(three)
    assert stars(answer) == [1, 2, 3]
    assert answer.rate
    assert answer.rate.remaining == 0
    with pytest.raises(LimitedError) as caught:
        client.by_id(three)
    assert caught.value.until == github.hours["graphql"].reset_at


def test_forbidden_with_points_left_is_no_limit(github: FakeGitHub, client: GitHub):
    github.add("acme/a")
    github.forbid("acme/a")
    assert stars(client.one("acme/a")) == [Trouble.FORBIDDEN]


def test_name_that_speaks_of_a_limit_is_none(github: FakeGitHub, client: GitHub):
    assert stars(client.by_name(["acme/rate limit"])) == [Trouble.NOT_FOUND]


HEADER = (
    st.text(max_size=30)
    | st.integers().map(str)
    | st.integers(-100_000, 100_000).map(str)
    | st.sampled_from(["", "0", "1e3", "٣", "inf", "9" * 5000, "Wed, 21 Oct 2026 07:28:00 GMT", "60, 60"])
)


@given(
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]), HEADER, max_size=3
    ),
    reset_in=st.none() | st.integers(-(10**6), 10**6),
    now=st.integers(1_600_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_wait_is_within_a_day_or_unknown_whatever_the_headers(
    headers: dict[str, str], reset_in: int | None, now: datetime
):
    if reset_in is not None:
        headers["x-ratelimit-reset"] = str(int(now.timestamp()) + reset_in)
        headers["x-ratelimit-remaining"] = "0"
    until = wait_until(headers, now=now)
    assert until is None or now < until <= now + LONGEST_WAIT


# --- Nothing at all ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["502", "503", "504", "too_large"])
def test_query_that_is_too_much_is_too_large(github: FakeGitHub, client: GitHub, three: list[str], kind: str):
    github.fail_next(kind, times=2)
    with pytest.raises(TooLargeError):
        client.by_id(three)
    # For who asks, this tells which one of them it is.
    with pytest.raises(TooLargeError):
        client.by_id(three[:1])
    assert stars(client.by_id(three)) == [1, 2, 3]


def test_partial_answer_for_lack_of_resources_is_too_large(
    github: FakeGitHub, client: GitHub, three: list[str]
):
    github.most_repositories = 2
    with pytest.raises(TooLargeError, match="Resource limits"):
        client.by_id(three)
    assert stars(client.by_id(three[:2])) == [1, 2]


def test_slow_query_is_too_large_and_slow_rest_unavailable(
    github: FakeGitHub, three: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("apps.github.connection.READ_SECONDS", 0.1)
    github.fail_next("slow", times=2)
    with GitHub() as client:
        with pytest.raises(TooLargeError, match="No answer"):
            client.by_id(three)
        with pytest.raises(UnavailableError, match="No answer"):
            client.one("acme/a")


def test_answer_that_trickles_in_is_given_up(
    github: FakeGitHub, client: GitHub, three: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("apps.github.connection.WHOLE_SECONDS", 0.1)
    github.fail_next("slow", dripping=True)
    with pytest.raises(TooLargeError, match="No whole answer"):
        client.by_id(three)


@pytest.mark.parametrize(
    "kind", ["cut", "hung_up", "not_json", "huge", "graphql_error", "500", "404", "451", "400", "301"]
)
def test_answer_that_is_none_is_unavailable(github: FakeGitHub, client: GitHub, three: list[str], kind: str):
    github.fail_next(kind)
    with pytest.raises(UnavailableError):
        client.by_id(three)
    assert stars(client.by_id(three)) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["cut", "hung_up", "huge", "502", "503"])
def test_rest_that_fails_is_unavailable(github: FakeGitHub, client: GitHub, kind: str):
    github.add("acme/a", stars=3)
    github.fail_next(kind, times=2)
    with pytest.raises(UnavailableError):
        client.one("acme/a")
    with pytest.raises(UnavailableError):
        client.star_weeks("acme/a")
    assert stars(client.one("acme/a")) == [3]


@pytest.mark.parametrize("nodes", [None, [], [GOOD]])
def test_answer_for_another_number_of_repositories_is_unavailable(
    github: FakeGitHub, client: GitHub, nodes: object
):
    github.fail_next("json", content={"data": {"nodes": nodes}})
    with pytest.raises(UnavailableError, match="each of the repositories"):
        client.by_id(["R_1", "R_2"])


def test_unreachable_github_is_unavailable(settings: Any, dead_port: int):
    settings.GITHUB_API_URL, settings.GITHUB_TOKEN = f"http://127.0.0.1:{dead_port}", "ghp_x"
    with GitHub() as client, pytest.raises(UnavailableError, match="ConnectError"):
        client.by_id(["R_1", "R_2"])


@pytest.mark.parametrize("kind", ["401", "403"])
def test_refused_token_needs_a_person(github: FakeGitHub, client: GitHub, three: list[str], kind: str):
    github.fail_next(kind)
    with pytest.raises(RefusedError, match=f"{kind} Failed"):
        client.by_id(three)
    assert len(github.requests) == 1


def test_graphql_without_a_token_is_refused(github: FakeGitHub):
    with (
        GitHub(anonymous=True) as client,
        pytest.raises(RefusedError, match="requires you to be authenticated"),
    ):
        client.by_id(["R_1"])


# --- Redirects --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location", ["http://localhost:1/x", "https://example.org/", "https://127.0.0.1/", "//evil.example/"]
)
def test_redirect_to_another_host_is_not_followed(github: FakeGitHub, client: GitHub, location: str):
    github.fail_next("301", headers={"Location": location})
    assert stars(client.one("acme/a")) == [Trouble.BROKEN]
    assert len(github.requests) == 1


@pytest.mark.parametrize("status", ["302", "307", "308"])
def test_redirect_of_any_kind_is_followed_on_the_same_host(github: FakeGitHub, client: GitHub, status: str):
    repository = github.add("acme/a", stars=3)
    github.fail_next(status, headers={"Location": f"/repositories/{repository.id}"})
    assert stars(client.one("acme/b")) == [3]


def test_redirects_share_the_time_of_a_question(
    github: FakeGitHub, client: GitHub, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("apps.github.connection.WHOLE_SECONDS", 0.3)
    github.add("acme/a")
    github.rename("acme/a", "acme/b")
    github.seconds_per_request = 0.2
    with pytest.raises(UnavailableError, match="No whole answer"):
        client.one("acme/a")


def test_redirects_in_a_circle_end(github: FakeGitHub, client: GitHub):
    github.fail_next("301", times=9, headers={"Location": "/repos/acme/a"})
    assert stars(client.one("acme/a")) == [Trouble.BROKEN]
    assert len(github.requests) == 4


# --- The star history -------------------------------------------------------------------------------


def test_star_weeks_come_newest_first_page_by_page(github: FakeGitHub, client: GitHub):
    first = date(2026, 1, 4)
    weeks = [(first + timedelta(weeks=number), number) for number in reversed(range(35))]
    github.add("acme/a", weeks=weeks)
    (newest, rate), (oldest, _) = client.star_weeks("acme/a"), client.star_weeks("acme/a", page=2)
    assert isinstance(newest, Weeks)
    assert isinstance(oldest, Weeks)
    assert [*newest.weeks, *oldest.weeks] == [Week(day, total) for day, total in weeks]
    assert (newest.next_page, oldest.next_page) == (2, None)
    assert rate
    assert rate.remaining == 4999


def test_star_weeks_end_at_the_last_page_that_github_gives(github: FakeGitHub, client: GitHub):
    github.fail_next("json", content=[], headers={"Link": '<https://x/?page=101>; rel="next"'})
    told, _ = client.star_weeks("acme/a", page=100)
    assert isinstance(told, Weeks)
    assert told.next_page is None


@pytest.mark.parametrize("hours", [-11, -7, 0, 8, 11])
def test_star_week_that_begins_at_another_midnight_has_its_day(
    github: FakeGitHub, client: GitHub, hours: int
):
    begins = datetime(2025, 8, 10, tzinfo=UTC) + timedelta(hours=hours)
    week = {"week": int(begins.timestamp()), "total": 19, "days": [0, 12, 7, 0, 0, 0, 0]}
    github.fail_next("json", content=[week])
    told, _ = client.star_weeks("acme/a")
    assert isinstance(told, Weeks)
    assert told.weeks == [Week(date(2025, 8, 10), 19)]


def test_star_weeks_of_a_renamed_one_are_followed(github: FakeGitHub, client: GitHub):
    github.add("old/name", weeks=[(date(2026, 1, 4), 3)])
    github.rename("old/name", "new/name")
    told, rate = client.star_weeks("old/name")
    assert isinstance(told, Weeks)
    assert told.weeks == [Week(date(2026, 1, 4), 3)]
    assert rate
    assert rate.cost == 2


@pytest.mark.parametrize(
    "week", [{"week": 1, "total": -1}, {"week": None, "total": 1}, {"week": 2**40, "total": 1}]
)
def test_star_weeks_that_do_not_fit_are_broken(github: FakeGitHub, client: GitHub, week: object):
    github.fail_next("json", content=[week])
    told, _ = client.star_weeks("acme/a")
    assert isinstance(told, Missed)
    assert told.trouble == Trouble.BROKEN


def test_reasons_can_be_stored(github: FakeGitHub, client: GitHub):
    error = {"message": "\ud800\0" + "x" * 1000, "path": ["nodes", 0]}
    github.fail_next("json", content={"data": {"nodes": [None]}, "errors": [error]})
    told = client.by_id(["R_1"]).of["R_1"]
    assert isinstance(told, Missed)
    assert told.reason == "?" + "x" * 299
    assert json.dumps(told.reason, ensure_ascii=False).encode()


@pytest.mark.parametrize("token", ["ghp_0123456789abcdef", "ghs_x", "github_pat_11AAAA_bbbb"])
def test_token_in_the_words_of_github_is_not_kept(token: str) -> None:
    assert plain(f"Bad credentials: {token}.") == "Bad credentials: (a token)."
