import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from apps.accounts.models import User
from apps.core.middleware import PERMISSIONS_POLICY, permissions_policy


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/nothing/here/", "/tools"])
def test_every_answer_forbids_what_nothing_uses(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer["Permissions-Policy"] == PERMISSIONS_POLICY
    assert "camera=()" in PERMISSIONS_POLICY


def test_policy_of_a_view_stays(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Permissions-Policy": "camera=(self)"})

    answer = permissions_policy(view)(rf.get("/"))

    assert answer["Permissions-Policy"] == "camera=(self)"


@pytest.mark.parametrize("path", ["/%00", "/tools/a%00b/", "/@%00/", "/accounts/login/%00"])
def test_address_with_a_nul_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_answer_to_a_session_is_kept_by_no_cache(client: Client, alice: User) -> None:
    assert "Cache-Control" not in client.get("/about/")

    client.force_login(alice)

    assert client.get("/about/")["Cache-Control"] == "private"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/contact/", "/accounts/login/", "/accounts/password/reset/"])
def test_page_that_sets_a_cookie_is_kept_by_no_cache(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.cookies
    assert {"private", "no-store"} & set(answer["Cache-Control"].split(", "))


@pytest.mark.django_db
def test_page_with_a_message_is_kept_by_no_cache(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post("/accounts/logout/")

    answer = client.get("/")

    assert b"signed out" in answer.content
    assert answer["Cache-Control"] == "private"
