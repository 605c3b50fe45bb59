import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

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
