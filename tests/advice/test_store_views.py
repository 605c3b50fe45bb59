from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.advice import tasks
from apps.advice.models import Post, ViewBatch
from apps.advice.services import views
from apps.advice.services.views import add_batch, cut_batch, store_batch, store_views
from tests.factories.advice import PostFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


class KilledError(Exception):
    """Where a worker dies."""


def send(client: redis.Redis, post: int, number: int = 1) -> None:
    """What `count_view` leaves in Redis."""
    client.hincrby(views._COUNTS, str(post), number)


def stored(*posts: Post) -> list[int]:
    found = Post.objects.in_bulk([post.pk for post in posts])
    return [found[post.pk].view_count for post in posts]


def test_views_are_added_to_their_threads(redis_client: redis.Redis) -> None:
    posts = PostFactory.create_batch(3, tool=ToolFactory(), view_count=10)
    send(redis_client, posts[0].pk, 5)
    send(redis_client, posts[2].pk, 2)

    assert store_views() == 7

    assert stored(*posts) == [15, 10, 12]
    assert not redis_client.keys("stackshare:views:*")
    assert ViewBatch.objects.count() == 1


def test_nothing_counted_is_nothing_stored() -> None:
    assert store_views() == 0

    assert not ViewBatch.objects.exists()


def test_views_are_stored_in_few_statements(redis_client: redis.Redis, count_queries: Any) -> None:
    for post in PostFactory.create_batch(20, tool=ToolFactory()):
        send(redis_client, post.pk)

    # Savepoints among them.
    with count_queries(at_most=10):
        assert store_views() == 20


def test_views_of_a_thread_that_is_gone_are_nobodys(redis_client: redis.Redis) -> None:
    post = PostFactory()
    send(redis_client, post.pk)
    send(redis_client, post.pk + 1, 8)

    assert store_views() == 1

    assert stored(post) == [1]
    assert not redis_client.keys("stackshare:views:*")


def test_batch_of_a_run_that_died_is_stored_by_the_next(redis_client: redis.Redis) -> None:
    post = PostFactory()
    send(redis_client, post.pk, 3)
    [left] = cut_batch(redis_client)
    send(redis_client, post.pk, 4)

    assert len(cut_batch(redis_client)) == 2
    assert store_views() == 7

    assert stored(post) == [7]
    assert ViewBatch.objects.filter(pk=left).exists()
    assert not redis_client.keys("stackshare:views:*")


def test_batch_is_added_once_when_its_run_died_before_it_was_forgotten(redis_client: redis.Redis) -> None:
    post = PostFactory()
    send(redis_client, post.pk, 3)
    [batch] = cut_batch(redis_client)
    assert add_batch(batch, {post.pk: 3}) == 3

    assert store_views() == 0

    assert stored(post) == [3]
    assert not redis_client.keys("stackshare:views:*")


def test_batch_whose_end_was_forgotten_already_is_none(redis_client: redis.Redis) -> None:
    post = PostFactory()
    send(redis_client, post.pk, 3)
    [batch] = cut_batch(redis_client)

    assert [store_batch(redis_client, batch) for _ in range(2)] == [3, 0]

    assert stored(post) == [3]


# What happens to the worker after some views: it runs, or dies after one of its steps.
FATES = st.sampled_from(["runs", "dies with a batch", "dies while adding", "dies after adding"])
STORIES = st.lists(st.tuples(st.lists(st.integers(0, 2), max_size=8), FATES), max_size=12)


def meet(fate: str, client: redis.Redis) -> None:
    if fate == "runs":
        store_views()
        return
    batches = cut_batch(client)
    if fate == "dies with a batch" or not batches:
        return
    counts = {int(post): int(n) for post, n in client.hgetall(views._key(batches[0])).items()}
    if fate == "dies after adding":
        add_batch(batches[0], counts)
    else:
        with pytest.raises(KilledError):
            add_and_die(batches[0], counts)


@transaction.atomic
def add_and_die(batch: UUID, counts: dict[int, int]) -> None:
    add_batch(batch, counts)
    raise KilledError


@given(STORIES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_view_is_stored_once_wherever_the_worker_dies(
    three_posts: list[Post], redis_client: redis.Redis, story: list[tuple[list[int], str]]
) -> None:
    before, sent = stored(*three_posts), [0, 0, 0]
    for seen, fate in story:
        for index in seen:
            send(redis_client, three_posts[index].pk)
            sent[index] += 1
        meet(fate, redis_client)

    store_views()

    assert [now - then for now, then in zip(stored(*three_posts), before, strict=True)] == sent
    assert not redis_client.keys("stackshare:views:*")


@pytest.fixture
def three_posts() -> list[Post]:
    return PostFactory.create_batch(3, tool=ToolFactory())


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_store_each_view_once(
    redis_client: redis.Redis, in_two_threads: Callable[[Callable[[], Any]], list[Any]]
) -> None:
    posts = PostFactory.create_batch(5, tool=ToolFactory())
    for _ in range(5):
        for post in posts:
            send(redis_client, post.pk, 3)
        # One that both of them find, beside what is new.
        batches = cut_batch(redis_client)
        send(redis_client, posts[0].pk)

        assert sum(in_two_threads(store_views)) == 16
        assert in_two_threads(partial(store_batch, redis_client, batches[0])) == [0, 0]

    assert stored(*posts) == [20, 15, 15, 15, 15]


def test_old_batches_are_forgotten(redis_client: redis.Redis) -> None:
    now = timezone.now()
    for age in (views.BATCHES_KEPT + timedelta(hours=1), views.BATCHES_KEPT - timedelta(hours=1)):
        batch = ViewBatch.objects.create(pk=uuid4())
        ViewBatch.objects.filter(pk=batch.pk).update(stored_at=now - age)

    store_views()

    assert ViewBatch.objects.get() == batch


def test_old_batch_that_redis_still_holds_is_not_added_again(redis_client: redis.Redis) -> None:
    post = PostFactory()
    send(redis_client, post.pk, 3)
    [batch] = cut_batch(redis_client)
    add_batch(batch, {post.pk: 3})
    ViewBatch.objects.update(stored_at=timezone.now() - 2 * views.BATCHES_KEPT)

    store_views()

    assert stored(post) == [3]
    assert not ViewBatch.objects.exists()


def test_views_wait_while_redis_is_away(redis_away: None, caplog: pytest.LogCaptureFixture) -> None:
    tasks.store_views()

    assert "Views are not stored" in caplog.text
