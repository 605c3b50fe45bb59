"""Reading public repositories from the fake GitHub, over HTTP."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.models import Notification
from apps.stacks.models import Reading
from apps.stacks.services import repositories
from apps.stacks.services.readings import ask_for_reading
from apps.stacks.services.repositories import read_due_repositories
from apps.tools.models import Package
from tests.factories.tools import ToolFactory
from tests.github.fake import FakeGitHub

# GitHub is asked between transactions.
pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "package.json": b'{"dependencies": {"react": "^19.0.0"}}',
    "src/app.tsx": b"export {}",
    "README.md": b"# A",
}


@pytest.fixture(autouse=True)
def react(db: None) -> None:
    Package.objects.create(tool=ToolFactory(name="React", slug="react"), type="npm", name="react")


def read(person: User, repository: str = "acme/a") -> Reading:
    reading = ask_for_reading(person=person, repository=repository)
    read_due_repositories()
    reading.refresh_from_db()
    return reading


@pytest.mark.parametrize("token", ["ghp_fake", ""])
def test_repository_is_read_at_its_last_commit(github: FakeGitHub, settings: Any, alice: User, token: str):
    settings.GITHUB_TOKEN = token
    repository = github.add("acme/a", files=FILES)
    reading = read(alice)
    assert (reading.state, reading.commit, reading.error) == ("ready", repository.commit, "")
    assert reading.github_id == repository.id
    found = {(one["tool"], one["path"], one["version"]) for one in reading.findings}
    assert ("react", "package.json", "^19.0.0") in found
    assert (reading.done, reading.total) == (1, 1)
    assert Notification.objects.get(person=alice).url == reading.get_absolute_url()


def test_only_manifests_are_fetched(github: FakeGitHub, alice: User):
    github.add("acme/a", files=FILES | {f"src/{index}.py": b"" for index in range(20)})
    read(alice)
    # Whether it is for all, the commit and its listing by REST, all texts by GraphQL in one.
    assert [request.resource for request in github.requests] == ["rest", "rest", "rest", "graphql"]
    assert github.points == 1


def test_long_and_strange_files_are_fetched_one_by_one(github: FakeGitHub, alice: User):
    long = b'{"packages": {"node_modules/x": {"version": "1"}}, "x": "%s"}' % (b"y" * 600_000)
    github.add("acme/a", files=FILES | {"package-lock.json": long, "web/package.json": b"\xff\xfe{\x00}\x00"})
    reading = read(alice)
    assert reading.state == "ready"
    assert [request.resource for request in github.requests].count("rest") == 5


def test_many_files_come_in_batches_and_progress_is_seen(
    github: FakeGitHub, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(repositories, "MAX_BATCH_FILES", 2)
    files = {f"p{index}/package.json": FILES["package.json"] + b" " * index for index in range(5)}
    github.add("acme/a", files=files)
    seen: list[tuple[int, int]] = []
    repositories.fetch("acme/a", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]
    assert github.points == 3


def test_each_file_fetched_by_itself_holds_the_claim(github: FakeGitHub, settings: Any):
    settings.GITHUB_TOKEN = ""
    github.add("acme/a", files={f"p{index}/package.json": b"{}" + b" " * index for index in range(3)})
    seen: list[int] = []
    repositories.fetch("acme/a", progress=lambda done, total: seen.append(done))
    assert seen == [0, 1, 2, 3, 3]


def test_what_is_beyond_the_limits_is_said(github: FakeGitHub, alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repositories, "MAX_FILES", 2)
    monkeypatch.setattr(repositories, "MAX_BLOB_BYTES", 600_000)
    files = {"package-lock.json": b" " * 700_000, "package.json": b"{}", "deep/package.json": b"{}"}
    github.add("acme/a", files=files, rest={"truncated": True})
    reading = read(alice)
    reasons = {one["path"]: one["reason"] for one in reading.unread}
    assert "more files than GitHub lists" in reasons[""]
    assert "first 2 files" in reasons["deep/package.json"]
    assert "larger than" in reasons["package-lock.json"]


def test_file_that_github_does_not_show_is_said(github: FakeGitHub, settings: Any, alice: User):
    settings.GITHUB_TOKEN = ""
    github.add("acme/a", files={"package.json": b"{}"}, rest={"encoding": "none"})
    assert read(alice).unread == [{"path": "package.json", "reason": "GitHub does not show it."}]


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        ("remove", "no public repository acme/a"),
        ("block", "for legal reasons"),
        ("forbid", "does not let us read it"),
        ("poison", "stumbles over"),
    ],
)
def test_repository_that_can_not_be_read_fails_with_words(
    github: FakeGitHub, alice: User, prepare: str, words: str
):
    github.add("acme/a", files=FILES)
    getattr(github, prepare)("acme/a")
    reading = read(alice)
    assert reading.state == "failed"
    assert words in reading.error


def test_private_repository_that_our_token_may_read_is_not_there(github: FakeGitHub, alice: User):
    github.add("acme/a", files=FILES, rest={"private": True})
    reading = read(alice)
    assert (reading.state, reading.findings) == ("failed", [])
    assert "no public repository acme/a" in reading.error
    assert len(github.requests) == 1


def test_empty_repository_fails_with_words(github: FakeGitHub, alice: User):
    github.add("acme/a")
    assert read(alice).error == "acme/a is empty."


def test_site_without_github_says_so(alice: User):
    reading = read(alice)
    assert reading.state == "failed"
    assert "Upload the files instead" in reading.error


def test_reading_waits_as_long_as_github_wants_and_goes_on(github: FakeGitHub, alice: User):
    github.add("acme/a", files=FILES)
    github.fail_next("429", retry_after=50)
    first = read(alice)
    assert first.state == "waiting"
    # The refusal itself says no time to us; the turn that is not given does.
    Reading.objects.update(due_at=timezone.now())
    requests = len(github.requests)
    second = read(alice)
    assert second.pk == first.pk
    assert second.due_at
    assert (second.due_at - timezone.now()).total_seconds() > 30
    assert second.attempts == 1
    assert len(github.requests) == requests


def test_reading_tries_again_when_github_fails_and_then_gives_up(github: FakeGitHub, alice: User):
    github.add("acme/a", files=FILES)
    reading = ask_for_reading(person=alice, repository="acme/a")
    for _ in range(5):
        github.fail_next("500")
        Reading.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        read_due_repositories()
    reading.refresh_from_db()
    assert reading.state == "failed"


def test_reading_that_was_thrown_away_meanwhile_is_dropped(github: FakeGitHub, alice: User):
    github.add("acme/a", files=FILES)
    reading = ask_for_reading(person=alice, repository="acme/a")
    claimed = repositories.claim_reading()
    assert claimed
    reading.delete()
    repositories._read(claimed)
    assert not Reading.objects.exists()
    # It stopped at the first progress.
    assert github.points == 0
