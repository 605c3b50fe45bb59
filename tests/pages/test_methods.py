"""Which methods the addresses of this app take."""

import pytest
from django.test import Client

READ_ONLY = [
    "/",
    "/search/",
    "/feed/",
    "/advice/",
    "/docs/sharing/",
    "/about/",
    "/privacy/",
    "/terms/",
    "/cards/site.png",
    "/robots.txt",
    "/healthz",
    "/status/",
    "/metrics",
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", READ_ONLY)
def test_page_that_is_read_refuses_other_methods(client: Client, path: str, method: str) -> None:
    response = client.generic(method, path)

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_contact_refuses_methods_of_no_form(client: Client, method: str) -> None:
    response = client.generic(method, "/contact/")

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_theme_takes_a_form_only(client: Client, method: str) -> None:
    response = client.generic(method, "/preferences/theme/")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
