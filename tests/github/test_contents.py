"""Reading the files of a repository, over HTTP from the fake GitHub."""

import pytest

from apps.github.client import Entry, GitHub, Listing, Missed, Trouble, UnavailableError
from tests.github.fake import FakeGitHub
from tests.github.fake.repositories import blob_id

FILES = {"package.json": b'{"name": "a"}', "apps/web/Dockerfile": b"FROM node:22\n"}


def listing(github: FakeGitHub, name: str = "acme/a") -> Listing | Missed:
    with GitHub() as client:
        return client.listing(name)[0]


def test_listing_has_commit_and_regular_files(github: FakeGitHub):
    repository = github.add("acme/a", files=FILES | {"link": b"package.json"}, links={"link"})
    told = listing(github)
    assert isinstance(told, Listing)
    assert told.commit == repository.commit
    assert {entry.path for entry in told.entries} == set(FILES)
    assert Entry("package.json", blob_id(FILES["package.json"]), 13) in told.entries
    assert not told.is_truncated


def test_listing_follows_a_renamed_repository(github: FakeGitHub):
    github.add("acme/a", files=FILES)
    github.rename("acme/a", "acme/b")
    told = listing(github)
    assert isinstance(told, Listing)
    assert len(told.entries) == 2


def test_listing_of_an_empty_repository_has_no_files(github: FakeGitHub):
    github.add("acme/a")
    assert listing(github) == Listing("", [], is_truncated=False)


@pytest.mark.parametrize(
    ("prepare", "trouble"),
    [
        ("remove", Trouble.NOT_FOUND),
        ("block", Trouble.BLOCKED),
        ("forbid", Trouble.FORBIDDEN),
        ("poison", Trouble.BROKEN),
    ],
)
def test_listing_says_why_it_tells_nothing(github: FakeGitHub, prepare: str, trouble: Trouble):
    github.add("acme/a", files=FILES)
    getattr(github, prepare)("acme/a")
    told = listing(github)
    assert isinstance(told, Missed)
    assert told.trouble == trouble


@pytest.mark.parametrize("rest", [{"tree": 3}, {"tree": [{"path": 1}]}, {"truncated": "no"}])
def test_tree_that_is_none_is_no_listing(github: FakeGitHub, rest: dict[str, object]):
    github.add("acme/a", files=FILES, rest=rest)
    told = listing(github)
    assert isinstance(told, Missed)
    assert told.trouble == Trouble.BROKEN


def test_texts_are_what_files_hold_but_for_long_and_binary_ones(github: FakeGitHub):
    contents = [b"one", b"caf\xc3\xa9", b"\xff\xfe", b"x" * 600_000]
    github.add("acme/a", files={str(index): content for index, content in enumerate(contents)})
    oids = [blob_id(content) for content in contents]
    with GitHub() as client:
        texts, rate = client.texts("acme/a", [*oids, "0" * 40])
    assert texts == dict(zip(oids[:2], contents[:2], strict=True))
    assert rate
    assert rate.cost == 1


def test_texts_of_a_repository_that_has_gone_raise(github: FakeGitHub):
    with GitHub() as client, pytest.raises(UnavailableError):
        client.texts("acme/a", ["0" * 40])


def test_blob_is_what_the_file_holds(github: FakeGitHub):
    content = b"\xff" * 700_000
    github.add("acme/a", files={"a": content})
    with GitHub() as client:
        told, rate = client.blob("acme/a", blob_id(content))
        gone, _ = client.blob("acme/a", "0" * 40)
    assert told == content
    assert rate
    assert isinstance(gone, Missed)
    assert gone.trouble == Trouble.NOT_FOUND


def test_file_is_what_stands_at_its_path(github: FakeGitHub):
    github.add("acme/a", files={".well-known/proof": b"token"})
    with GitHub() as client:
        assert client.file("acme/a", ".well-known/proof")[0] == b"token"
        gone = client.file("acme/a", "nothing")[0]
    assert isinstance(gone, Missed)
    assert gone.trouble == Trouble.NOT_FOUND


@pytest.mark.parametrize("rest", [{"encoding": "none"}, {"content": "not base 64"}, {"content": 3}])
def test_file_without_content_that_can_be_read_is_missed(github: FakeGitHub, rest: dict[str, object]):
    # Of a file that is too long GitHub tells no content.
    github.add("acme/a", files=FILES, rest=rest)
    with GitHub() as client:
        told = client.file("acme/a", "package.json")[0]
    assert isinstance(told, Missed)
    assert told.trouble == Trouble.BROKEN
