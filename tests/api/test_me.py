import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from apps.accounts.models import ApiToken, User
from apps.accounts.services.follows import follow_person
from apps.accounts.services.tokens import create_token, new_token, revoke_token
from apps.api import access

pytestmark = pytest.mark.django_db

URL = "/api/v1/me/"


def make(person: User, scope: str = "read", days: int | None = 30) -> tuple[ApiToken, dict[str, str]]:
    key, token = create_token(person=person, name="Mine", scope=scope, days=days)
    return key, {"Authorization": f"Bearer {token}"}


def test_me_says_who_it_is(client: Client, alice: User, mallory: User, count_queries: Any) -> None:
    User.objects.filter(pk=alice.pk).update(
        name="Älice", bio="I *like* it.", links=["https://a.example"], reputation=4
    )
    follow_person(follower=mallory, person=alice)
    key, headers = make(alice)

    # The token with its person, that it was used, and whom the person follows.
    with count_queries(at_most=3):
        answer = client.get(URL, headers=headers)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "private, no-store"
    assert "Älice".encode() in answer.content
    data = answer.json()
    assert data == {
        "username": "alice",
        "name": "Älice",
        "title": "",
        "company": "",
        "place": "",
        "bio": "I *like* it.",
        "links": ["https://a.example"],
        "date_joined": alice.date_joined.isoformat().replace("+00:00", "Z"),
        "follower_count": 1,
        "following_count": 0,
        "reputation": 4,
        "token": {
            "name": "Mine",
            "scope": "read",
            "expires_at": key.expires_at.isoformat().replace("+00:00", "Z"),
        },
    }


def test_me_says_null_of_a_token_without_end(client: Client, alice: User) -> None:
    _, headers = make(alice, days=None)

    assert client.get(URL, headers=headers).json()["token"]["expires_at"] is None


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "Send a token of yours: Authorization: Bearer sst_..."),
        ("", "Send a token of yours: Authorization: Bearer sst_..."),
        ("Basic YWxpY2U6c2VjcmV0", "Send your token as: Authorization: Bearer sst_..."),
        ("Bearer", "This token is not one of ours, has expired or was revoked."),
        ("Bearer nonsense", "This token is not one of ours, has expired or was revoked."),
        ("Bearer " + "x" * 5000, "This token is not one of ours, has expired or was revoked."),
        pytest.param(
            f"Bearer {new_token()}",
            "This token is not one of ours, has expired or was revoked.",
            id="unknown",
        ),
    ],
)
def test_me_answers_401_without_a_token_that_works(client: Client, header: str | None, words: str) -> None:
    answer = client.get(URL, headers={} if header is None else {"Authorization": header})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json() == {"detail": words}


def test_me_knows_no_session(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get(URL).status_code == 401


@pytest.mark.parametrize("state", [{"is_active": False}, {"closed_at": timezone.now()}])
def test_me_is_closed_to_those_who_left(client: Client, alice: User, state: dict[str, Any]) -> None:
    _, headers = make(alice)
    User.objects.filter(pk=alice.pk).update(**state)

    assert client.get(URL, headers=headers).status_code == 401


def test_me_is_closed_to_tokens_that_are_over(client: Client, alice: User) -> None:
    revoked, expired = make(alice), make(alice)
    revoke_token(token=revoked[0])
    ApiToken.objects.filter(pk=expired[0].pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert [client.get(URL, headers=headers).status_code for _, headers in (revoked, expired)] == [401, 401]


def test_me_takes_the_kind_of_header_in_whatever_case(client: Client, alice: User) -> None:
    _, headers = make(alice)

    assert (
        client.get(
            URL,
            headers={"Authorization": headers["Authorization"].lower()[:6] + headers["Authorization"][6:]},
        ).status_code
        == 200
    )


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_me_answers_403_to_a_token_that_may_only_read(client: Client, alice: User, method: str) -> None:
    _, headers = make(alice)

    answer = getattr(client, method)(URL, headers=headers)

    assert answer.status_code == 403
    assert answer.json() == {"detail": "This token may only read. Create one that may write, too."}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_me_answers_405_to_other_methods(client: Client, alice: User, method: str) -> None:
    _, headers = make(alice, "write")

    answer = getattr(client, method)(URL, headers=headers)

    assert answer.status_code == 405
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.json() == {"detail": f"{method.upper()} is not possible here. Try GET, HEAD, OPTIONS."}


def test_address_that_is_none_answers_404_as_json(client: Client, alice: User) -> None:
    _, headers = make(alice)

    answer = client.get("/api/v1/nothing/here/", headers=headers)

    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing at this address."}


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 200)])
def test_token_changes_something_by_its_scope(alice: User, scope: str, status: int) -> None:
    @api_view(["POST"])
    def change(request: Request) -> Response:
        return Response({"by": request.user.username})

    _, headers = make(alice, scope)

    answer = change(APIRequestFactory().post("/", headers=headers))

    assert answer.status_code == status


def test_fault_of_ours_is_not_hidden(alice: User) -> None:
    @api_view(["GET"])
    def broken(request: Request) -> Response:
        raise RuntimeError("broken")

    _, headers = make(alice)

    with pytest.raises(RuntimeError, match="broken"):
        broken(APIRequestFactory().get("/", headers=headers))


def test_body_that_is_no_json_is_answered_with_400(alice: User) -> None:
    @api_view(["POST"])
    def change(request: Request) -> Response:
        return Response(request.data)

    _, headers = make(alice, "write")

    answer = change(
        APIRequestFactory().post("/", "{nonsense", content_type="application/json", headers=headers)
    )

    assert answer.status_code == 400
    assert "JSON parse error" in answer.data["detail"]


def test_too_many_requests_of_a_token_are_answered_with_429(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "LIMIT", "3/hour")
    _, headers = make(alice)
    _, others = make(alice)

    statuses = [client.get(URL, headers=headers).status_code for _ in range(4)]
    answer = client.get(URL, headers=headers)

    assert statuses == [200, 200, 200, 429]
    assert 1 <= int(answer["Retry-After"]) <= 3600
    assert answer.json() == {
        "detail": f"Too many requests with this token. Try again in {answer['Retry-After']} seconds."
    }
    assert client.get(URL, headers=others).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_limit_holds_with_many_requests_at_once(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LIMIT", "10/hour")
    _, headers = make(alice)

    def act(_: int) -> int:
        status = Client().get(URL, headers=headers).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(act, range(60)))

    assert (statuses.count(200), statuses.count(429)) == (10, 50)


def test_limit_is_that_of_the_documentation(settings: Any) -> None:
    text = (settings.BASE_DIR / "docs/api.md").read_text()
    limits = [access.LIMIT, access.ADDRESS_LIMIT, access.DETECTION_LIMIT, access.ADDRESS_DETECTION_LIMIT]

    any_, address, files, files_of_address = (limit.removesuffix("/hour") for limit in limits)

    assert f"| any | {any_} | {address} |" in text
    assert f"all tokens of a person together | {files} | {files_of_address} |" in text


def test_documentation_shows_what_the_api_answers(client: Client, alice: User, settings: Any) -> None:
    _, headers = make(alice)
    text = (settings.BASE_DIR / "docs/api.md").read_text()

    shown = json.loads(text.split("```json\n")[1].split("```")[0])

    answer = client.get(URL, headers=headers).json()
    assert list(shown) == list(answer)
    assert list(shown["token"]) == list(answer["token"])
