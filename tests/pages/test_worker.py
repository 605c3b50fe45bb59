"""A real Celery worker in a process of its own, on the database of this test."""

import email
import email.policy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.github.services.refresh import ask_for_refresh
from apps.pages.models import ContactMessage, SocialCard
from apps.pages.services.cards import mark_due_cards
from tests.factories.tools import RepositoryFactory, ToolFactory, ToolRepositoryFactory
from tests.github.fake import FakeGitHub

pytestmark = pytest.mark.django_db(transaction=True)


# One test: to start a worker costs more than all that it does here.
def test_worker_sends_the_mail_of_the_form_draws_cards_and_asks_github(
    client: Client,
    celery_worker: Callable[..., Any],
    contact_data: dict[str, str],
    tmp_path: Path,
    github: FakeGitHub,
) -> None:
    with celery_worker() as wait_for:
        client.post("/contact/", contact_data)
        wait_for("send_due_messages[")
        wait_for("succeeded")

        github.add("pallets/flask", stars=71_234, forks=17_000)
        repository = RepositoryFactory(full_name="pallets/flask")
        ToolRepositoryFactory(tool=ToolFactory(name="Flask"), repository=repository, is_primary=True)
        ask_for_refresh(repository=repository)
        wait_for("refresh_due_repositories[")
        wait_for("succeeded")

        mark_due_cards()
        wait_for("draw_due_cards[")
        wait_for("succeeded")

    (file,) = (tmp_path / "mail").iterdir()
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "operator@localhost"
    assert mail["Reply-To"] == "alice@example.org"
    assert mail["Subject"] == "[StackShare] A wrong licence"
    assert "Flask is under BSD-3-Clause.\nSee its LICENSE.txt." in mail.get_content()
    assert ContactMessage.objects.get().sent_at is not None
    assert "71.2K" in client.get("/tools/flask/").text
    assert client.get("/cards/tools/flask.png").headers["Content-Type"] == "image/png"
    assert not SocialCard.objects.filter(image=None).exists()
