import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from apps.pages.models import SocialCard
from apps.pages.services import cards
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def _drawn(db: None) -> None:
    ToolFactory(name="Flask")
    cards.mark_due_cards()
    cards.draw_due_cards()


@pytest.mark.usefixtures("_drawn")
@pytest.mark.parametrize("path", ["tools/flask", "site"])
def test_card_is_a_picture_that_may_be_kept_for_a_day(client: Client, path: str) -> None:
    response = client.get(f"/cards/{path}.png")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert Image.open(io.BytesIO(response.content)).size == (1200, 630)


@pytest.mark.usefixtures("_drawn")
def test_card_is_not_sent_again_when_it_is_the_same(client: Client) -> None:
    etag = client.get("/cards/tools/flask.png").headers["ETag"]

    response = client.get("/cards/tools/flask.png", headers={"if-none-match": etag})

    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["ETag"] == etag


@pytest.mark.usefixtures("_drawn")
def test_card_is_sent_again_when_it_was_drawn_anew(client: Client) -> None:
    etag = client.get("/cards/tools/flask.png").headers["ETag"]
    SocialCard.objects.filter(path="tools/flask").update(title="Quart", digest="of something else")
    cards.draw_due_cards()

    response = client.get("/cards/tools/flask.png", headers={"if-none-match": etag})

    assert response.status_code == 200
    assert response.headers["ETag"] != etag


@pytest.mark.usefixtures("_drawn")
def test_card_stays_the_old_one_until_it_is_drawn_anew(client: Client) -> None:
    before = client.get("/cards/tools/flask.png")
    SocialCard.objects.filter(path="tools/flask").update(title="Quart", digest="of something else")

    response = client.get("/cards/tools/flask.png")

    assert response.content == before.content
    assert response.headers["ETag"] == before.headers["ETag"]


def test_card_leads_to_the_one_of_the_site_when_it_is_not_drawn_yet(client: Client) -> None:
    ToolFactory(name="Flask")
    cards.mark_due_cards()

    response = client.get("/cards/tools/flask.png")

    assert (response.status_code, response.headers["Location"]) == (302, "/cards/site.png")


@pytest.mark.parametrize("path", ["tools/unknown", "../settings", "x" * 400, "tools/flask.png"])
def test_card_leads_to_the_one_of_the_site_when_there_is_no_such_page(client: Client, path: str) -> None:
    response = client.get(f"/cards/{path}.png")

    assert (response.status_code, response.headers["Location"]) == (302, "/cards/site.png")


def test_card_of_the_site_is_missing_until_it_is_drawn(client: Client) -> None:
    cards.mark_due_cards()

    response = client.get("/cards/site.png")

    assert response.status_code == 404
    assert b"The picture has not been drawn yet." in response.content


@pytest.mark.usefixtures("_drawn")
def test_card_answers_to_head(client: Client) -> None:
    response = client.head("/cards/site.png")

    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.usefixtures("_drawn")
def test_card_needs_two_queries_and_one_when_it_is_the_same(
    client: Client, count_queries: Callable[..., Any]
) -> None:
    with count_queries(at_most=2):
        etag = client.get("/cards/site.png").headers["ETag"]

    with count_queries(at_most=1):
        response = client.get("/cards/site.png", headers={"if-none-match": etag})

    assert response.status_code == 304
