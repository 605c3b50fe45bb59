"""Loading the demo content and removing it: a small one in most tests, that of the project once."""

import re
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db.models import Count, Q
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply
from apps.advice.services.posts import Named, publish_post
from apps.advice.services.replies import add_comment, add_reply
from apps.core.counters import recount
from apps.core.models import OutgoingMail
from apps.notifications.models import Notification
from apps.notifications.services.mailing import mail_notifications
from apps.pages.models import DemoLoad, Event
from apps.stacks.models import Change, Stack
from apps.stacks.services.stacks import copy_stack
from apps.tools.models import Point, Tool
from apps.tools.services.follows import follow_tool
from apps.tools.services.points import answer_point
from apps.votes.models import Reputation, Vote
from apps.votes.rings import find_rings
from apps.votes.services.casting import cast_vote
from apps.votes.services.rings import _edges
from tests.factories.accounts import UserFactory
from tests.factories.demo import NAMES, TOOLS, write_demo
from tests.factories.tools import FunctionFactory, PointFactory
from tests.factories.votes import make_voter

pytestmark = pytest.mark.django_db


def make_tools(slugs: Iterable[str]) -> None:
    function = FunctionFactory()
    Tool.objects.bulk_create(
        Tool(name=slug.title(), slug=slug, function=function, is_listed=True) for slug in slugs
    )


@pytest.fixture
def demo_dir(tmp_path: Path) -> Path:
    make_tools(TOOLS)
    return write_demo(tmp_path / "demo")


def run(command: str, *options: Any) -> str:
    out = StringIO()
    call_command(command, *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def loaded(demo_dir: Path) -> Path:
    run("load_demo", "--from", demo_dir)
    return demo_dir


def row_counts() -> dict[str, int]:
    """How many rows each table has, but for those that stay for good: which demo content was loaded."""
    kept = (ContentType, Permission, DemoLoad)
    return {
        model._meta.label: model._base_manager.count() for model in apps.get_models() if model not in kept
    }


def test_people_can_be_seen_and_are_marked(loaded: Path) -> None:
    people = User.objects.shown().filter(is_demo=True).order_by("username")
    assert [person.username for person in people] == list(NAMES)
    assert {person.email.partition("@")[2] for person in people} == {"demo.invalid"}
    ada, ben, cleo, _ = people
    assert ada.check_password(settings.DEMO_PASSWORD)
    assert not cleo.has_usable_password()
    assert [person.is_staff for person in (ada, ben)] == [False, True]
    assert ben.has_perm("tools.change_tool")
    assert not ben.is_superuser
    assert ada.follower_count == 3
    assert Tool.objects.get(slug="flask").follower_count == 4


def test_stack_has_the_history_of_its_file(loaded: Path) -> None:
    stack = Stack.objects.get(slug="shop")
    assert (stack.item_count, stack.is_counted, stack.created_at.isoformat()) == (
        4,
        True,
        "2025-03-01T09:00:00+00:00",
    )
    changes = stack.changes.order_by("created_at", "id")
    assert [
        (change.kind, change.tool.slug, change.on)
        for change in changes
        if change.created_at > stack.created_at
    ] == [
        ("upgraded", "django", "2025-06"),
        ("added", "valkey", "2025-08"),
        ("replaced", "redis", "2025-08"),
    ]
    assert stack.changed_at == changes.last().created_at
    assert Tool.objects.get(slug="valkey").stack_count == 1


def test_thread_is_what_its_file_says(loaded: Path) -> None:
    post = Post.objects.get(kind="advice")
    assert post.slug == "flask-or-django-for-a-first-api"
    assert 'href="/@ben-demo/"' in post.html
    assert 'href="/tools/django/"' in post.html
    assert post.created_at.isoformat() == "2025-04-01T09:00:00+00:00"
    assert (post.up_count, post.down_count, post.reply_count) == (2, 1, 2)
    assert post.accepted is not None
    assert post.accepted.author.username == "ben-demo"
    assert (post.outcome_due_at, post.is_telling_due) == (None, False)
    outcome = post.outcomes.get()
    assert "<strong>runs</strong>" in outcome.html
    assert (outcome.asked_at.day, outcome.answered_at.day) == (1, 3)
    assert Post.objects.get(kind="decision").stack == Stack.objects.get(slug="shop")
    # What is newer has the greater number, whichever thread it is in.
    for model in (Post, Reply, Comment):
        moments = list(model.objects.order_by("pk").values_list("created_at", flat=True))
        assert moments == sorted(moments)


def test_the_same_files_make_the_same_votes(loaded: Path) -> None:
    def votes() -> list[tuple[str, int]]:
        return sorted(Vote.objects.values_list("voter__username", "value"))

    before = votes()
    run("load_demo", "--from", loaded)
    assert votes() == before
    assert len(before) == 7


def test_feed_tells_it_in_the_order_of_time(loaded: Path) -> None:
    events = Event.objects.order_by("pk")
    assert [event.kind for event in events] == ["stack", "post", "reply", "reply", "stack", "move", "post"]
    assert [event.created_at for event in events] == sorted(event.created_at for event in events)
    # What had ended before it was shared is no news.
    shared = Change.objects.filter(pk__in=events[0].changes)
    assert {change.tool.slug for change in shared} == {"celery", "django", "postgresql"}


def test_nobody_is_mailed_but_who_signs_in_finds_something_new(loaded: Path) -> None:
    told = Notification.objects.all()
    assert {row.person.username for row in told} == {"ada-demo"}
    assert [row.created_at.day for row in told.order_by("pk")] == [2, 3]
    assert not told.filter(is_mail_due=True).exists()
    assert not OutgoingMail.objects.exists()


def test_demo_people_are_never_mailed_whatever_is_told_them(loaded: Path) -> None:
    make_voter(username="bob")
    bob = User.objects.get(username="bob")
    add_reply(author=bob, post=Post.objects.get(kind="advice"), body="Flask, @cleo-demo.")
    Notification.objects.update(created_at="2026-01-01T00:00:00Z")
    assert Notification.objects.filter(actor=bob, is_mail_due=True).exists()
    mail_notifications()
    assert not OutgoingMail.objects.exists()


def test_second_load_does_nothing_for_the_same_files(loaded: Path, count_queries: Callable[..., Any]) -> None:
    with count_queries(at_most=6):
        assert "has not changed" in run("load_demo", "--if-changed", "--from", loaded)
    assert DemoLoad.objects.count() == 1


def test_changed_files_are_loaded_in_place_of_the_old_ones(loaded: Path) -> None:
    path = loaded / "people.toml"
    path.write_text(path.read_text().replace('"Made up."', '"Made up anew."'))
    assert "4 people" in run("load_demo", "--if-changed", "--from", loaded)
    assert User.objects.filter(is_demo=True, bio="Made up anew.").count() == 4
    assert recount(dry_run=True) == []


def test_changed_files_wait_where_people_have_answered(loaded: Path, alice: Any) -> None:
    add_reply(author=alice, post=Post.objects.get(kind="advice"), body="Flask.")
    (loaded / "people.toml").write_text((loaded / "people.toml").read_text() + "\n# Changed.\n")
    assert "people have answered 1 times" in run("load_demo", "--if-changed", "--from", loaded)
    with pytest.raises(CommandError, match="remove_demo deletes it with their answers"):
        run("load_demo", "--from", loaded)
    assert Reply.objects.filter(author=alice).exists()


def test_what_was_removed_comes_back_only_when_asked_for(loaded: Path) -> None:
    run("remove_demo", "--yes")
    assert "load_demo brings it back" in run("load_demo", "--if-changed", "--from", loaded)
    assert not User.objects.exists()
    run("load_demo", "--from", loaded)
    assert User.objects.count() == 4


def test_taken_name_stops_all_of_it(demo_dir: Path) -> None:
    UserFactory(username="dora-demo")
    with pytest.raises(CommandError, match="@dora-demo is somebody already"):
        run("load_demo", "--from", demo_dir)
    assert User.objects.count() == 1


def test_broken_files_are_told_and_nothing_is_loaded(demo_dir: Path) -> None:
    Tool.objects.filter(slug="valkey").update(is_listed=False)
    with pytest.raises(
        CommandError, match=r"(?s)things to mend in .*ada-demo/shop, valkey: tool: the catalogue"
    ):
        run("load_demo", "--from", demo_dir)
    assert not User.objects.exists()


def test_check_loads_nothing(demo_dir: Path) -> None:
    assert "in order: 4 people, 1 stacks, 2 threads" in run("load_demo", "--check", "--from", demo_dir)
    assert not User.objects.exists()


def test_production_has_no_demo_password_and_no_moderator(demo_dir: Path, settings: Any) -> None:
    settings.DEMO_PASSWORD = ""
    run("load_demo", "--from", demo_dir)
    people = User.objects.filter(is_demo=True)
    assert [person.has_usable_password() for person in people] == [False] * 4
    assert not people.filter(is_staff=True).exists()


def test_removal_leaves_nothing(demo_dir: Path) -> None:
    before = row_counts()
    run("load_demo", "--from", demo_dir)
    assert "4 demo people go" in run("remove_demo", "--yes")
    assert row_counts() == before
    assert recount(dry_run=True) == []
    assert "There is no demo content." in run("remove_demo")


def test_removal_says_what_of_real_people_goes_and_leaves_their_own_right(loaded: Path) -> None:
    alice, bob = make_voter(username="alice"), make_voter(username="bob")
    ada, cleo = User.objects.get(username="ada-demo"), User.objects.get(username="cleo-demo")
    asked = Post.objects.get(kind="advice")
    flask = Tool.objects.get(slug="flask")
    # What real people did with it.
    answer = add_reply(author=alice, post=asked, body="Flask.", tools=[flask])
    add_comment(author=alice, post=asked, reply=Reply.objects.filter(author=cleo).first(), body="Yes.")
    for voter in (bob, cleo):
        cast_vote(voter=voter, target=answer, value=1)
    cast_vote(voter=alice, target=asked, value=1)
    copy = copy_stack(person=alice, stack=Stack.objects.get(slug="shop"))
    # What the demo people, as whom anybody may sign in, did elsewhere.
    own = publish_post(
        author=alice,
        kind="advice",
        title="Which of the two for a shop?",
        body="One.",
        tools=[Named(flask, "about")],
    )
    add_reply(author=ada, post=own, body="Neither.")
    kept = add_reply(author=bob, post=own, body="Both.")
    point = PointFactory(tool=flask, author=alice)
    for target in (own, kept, point, flask):
        cast_vote(voter=ada, target=target, value=1)
    answer_point(person=ada, point=point, is_true=True)
    PointFactory(tool=flask, author=ada)
    follow_tool(person=bob, tool=flask)

    said = run("remove_demo", "--dry-run")
    assert "replies 1, comments 1, votes 2, follows 0" in said
    assert User.objects.filter(is_demo=True).count() == 4
    run("remove_demo", "--yes")

    assert list(Post.objects.all()) == [own]
    assert list(Reply.objects.all()) == [kept]
    assert list(Point.objects.all()) == [point]
    assert list(Stack.objects.all()) == [copy]
    own.refresh_from_db()
    flask.refresh_from_db()
    assert (own.reply_count, own.up_count, flask.follower_count, flask.vote_count) == (1, 0, 1, 0)
    assert not Vote.objects.exists()
    assert not Reputation.objects.exists()
    assert recount(dry_run=True) == []


def test_removal_asks_first(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    with pytest.raises(CommandError, match="Nothing was deleted"):
        run("remove_demo")
    assert User.objects.filter(is_demo=True).count() == 4
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    assert "gone" in run("remove_demo")
    assert not User.objects.exists()


def test_pages_are_marked_and_kept_from_search_engines(loaded: Path, client: Client) -> None:
    ada = User.objects.get(username="ada-demo")
    stack = Stack.objects.get(slug="shop")
    for page in (ada, stack, Post.objects.get(kind="advice")):
        text = client.get(page.get_absolute_url()).content.decode()
        assert 'title="Made up, to show what the site looks like"' in text
        assert '<meta name="robots" content="noindex' in text
    followers = client.get(reverse("pages:profile-followers", args=["ada-demo"])).content.decode()
    assert followers.count("Made up, to show") == 3
    for part in ("people", "stacks", "advice"):
        assert b"demo" not in client.get(f"/sitemap-{part}.xml").content


def test_demo_of_the_project_is_loaded_whole(client: Client) -> None:
    texts = [path.read_text() for path in (settings.BASE_DIR / "demo").rglob("*.toml")]
    named = set(re.findall(r'"([a-z0-9-]+)"', "".join(texts)))
    catalogue = "".join(path.read_text() for path in (settings.BASE_DIR / "catalogue/tools").glob("*.toml"))
    make_tools(named & set(re.findall(r'^slug = "(.+)"', catalogue, re.MULTILINE)))
    run("load_demo")
    assert recount(dry_run=True) == []
    # Some hundred votes among forty people are no ring to the search that runs every night.
    assert find_rings(_edges()) == []
    assert not OutgoingMail.objects.exists()
    assert not Post.objects.filter(Q(html="") | ~Q(outcome_due_at=None)).exists()
    assert Change.objects.filter(kind="replaced").count() >= 40
    people = User.objects.filter(is_demo=True).annotate(tools=Count("tool_follows"))
    assert all(5 <= person.tools <= 25 for person in people)
