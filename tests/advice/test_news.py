from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.news import new_advice_for
from apps.core.models import OutgoingMail
from apps.notifications.models import Digest
from apps.notifications.services.digests import mail_digests
from apps.tools.models import ToolFollow
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory
from tests.factories.stacks import ItemFactory, StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def followed(alice: User) -> Any:
    """A tool that alice follows."""
    return ToolFollow.objects.create(person=alice, tool=ToolFactory()).tool


def titles(person: User) -> list[str]:
    return [text for text, _ in new_advice_for(person, timezone.now() - WEEK)]


def test_news_are_of_tools_that_one_follows_or_runs(alice: User, followed: Any) -> None:
    item = ItemFactory(stack=StackFactory(person=alice, visibility="private"))
    past = ItemFactory(stack=item.stack, until="2025")
    PostFactory(tools=[ToolFactory(), followed], title="On what I follow")
    decision = PostFactory(tools=[item.tool, followed], title="On what I run", kind="decision")
    PostFactory(tool=past.tool, title="On what I ran")
    PostFactory(title="On what is nothing to me")

    assert titles(alice) == ["Decision: On what I run", "Needs advice: On what I follow"]
    assert new_advice_for(alice, timezone.now() - WEEK)[0][1] == decision.get_absolute_url()
    assert titles(UserFactory()) == []


def test_news_are_new_shown_and_of_others(alice: User, followed: Any) -> None:
    PostFactory(tool=followed, title="Mine", author=alice)
    PostFactory(tool=followed, title="Old", created_at=timezone.now() - 2 * WEEK)
    PostFactory(tool=followed, title="Removed", removed_at=timezone.now())
    PostFactory(tool=followed, title="Of who is locked out", author__is_active=False)
    PostFactory(tool=followed, title="Made up", author__is_demo=True)
    PostFactory(tool=followed, title="Of who left", author=None)

    assert titles(alice) == ["Needs advice: Of who left"]


def test_news_cost_one_query(alice: User, followed: Any, count_queries: Any) -> None:
    PostFactory.create_batch(3, tool=followed)

    with count_queries(at_most=1):
        assert len(titles(alice)) == 3


def test_weekly_mail_has_the_news(alice: User, followed: Any) -> None:
    PostFactory(tool=followed, title="Which of the two?")
    Digest.objects.create(person=alice, since=timezone.now() - WEEK)

    assert mail_digests() == 1

    body = OutgoingMail.objects.get().body
    assert "Advice on your tools\n--------------------\n\n- Needs advice: Which of the two?\n" in body
