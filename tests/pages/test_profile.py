"""The public pages of a person."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import FormerUsername, PersonFollow, User
from apps.tools.models import ToolFollow
from apps.votes.models import Reputation
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory, ReplyFactory
from tests.factories.tools import PointFactory, ToolFactory

pytestmark = pytest.mark.django_db

LISTS = ["pros-and-cons/", "advice/", "replies/", "tools/", "following/", "followers/"]
PAGES = ["", *LISTS]

# The person with counts, whether the reader follows, stacks and their tools, companies, tools, people, points,
# reputation, posts and their tools, replies; session, reader, bell, votes.
PROFILE_QUERIES = 16


@pytest.fixture
def ada() -> User:
    return UserFactory(
        username="ada", name="Ada Example", title="Staff engineer", company="Ferries", place="Hamburg"
    )


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_profile_shows_the_person(client: Client, ada: User) -> None:
    ada.bio = "Runs **Flask**."
    ada.links = ["https://ada.example.org/me"]
    ada.save()

    answer = client.get("/@ada/")

    assert answer.status_code == 200
    html = answer.content.decode()
    assert "Ada Example" in html
    for word in ("Staff engineer", "Ferries", "Hamburg", "<strong>Flask</strong>"):
        assert word in html
    assert 'href="https://ada.example.org/me" rel="me nofollow ugc noopener">ada.example.org</a>' in html


def test_profile_shows_what_the_person_follows_wrote_and_earned(client: Client, ada: User) -> None:
    flask = ToolFactory(name="Flask")
    bob = UserFactory(username="bob")
    ToolFollow.objects.create(person=ada, tool=flask)
    PersonFollow.objects.create(follower=ada, person=bob)
    PointFactory(tool=flask, author=ada, text="The debugger runs in the browser")
    Reputation.objects.create(person=ada, tool=flask, score=17)

    text = text_of(client.get("/@ada/"))

    assert "The debugger runs in the browser" in text
    assert "1 following" in text or "following 1" in text
    assert "bob" in text
    assert "17" in text


def test_profile_without_anything_says_so(client: Client, ada: User) -> None:
    text = text_of(client.get("/@ada/"))

    assert "Ada Example has shared no stack yet." in text
    assert "None written yet." in text
    assert "Nobody yet." in text


def test_own_profile_leads_to_its_settings(client: Client, ada: User) -> None:
    client.force_login(ada)

    html = client.get("/@ada/").content.decode()

    assert "Edit your profile" in html
    assert "You have shared no stack yet." in html


def test_unlisted_tools_stay_hidden(client: Client, ada: User) -> None:
    hidden = ToolFactory(name="Hidden", is_listed=False)
    ToolFollow.objects.create(person=ada, tool=hidden)
    PointFactory(tool=hidden, author=ada, text="Nobody shall read this yet")
    Reputation.objects.create(person=ada, tool=hidden, score=17)

    for page in PAGES:
        html = client.get(f"/@ada/{page}").content.decode()
        assert "Hidden" not in html
        assert "Nobody shall read this yet" not in html


def test_markup_in_what_people_say_of_themselves_is_text(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    UserFactory(
        username="eve",
        name=evil,
        title=evil,
        company=evil,
        place=evil,
        bio=f"{evil} [x](javascript:alert(1))",
    )

    html = client.get("/@eve/").content.decode()

    assert evil not in html
    assert 'href="javascript' not in html


@pytest.mark.parametrize("page", PAGES)
def test_person_who_left_or_never_verified_is_not_found(client: Client, page: str) -> None:
    UserFactory(username="closed", closed_at=timezone.now())
    UserFactory(username="locked", is_active=False)
    UserFactory(username="unverified", verified=False)

    for username in ("closed", "locked", "unverified", "nobody", "%00", "x" * 2000):
        assert client.get(f"/@{username}/{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_people_who_left_are_in_no_list(client: Client, ada: User, page: str) -> None:
    gone = UserFactory(username="long-gone", closed_at=timezone.now())
    PersonFollow.objects.create(follower=ada, person=gone)
    PersonFollow.objects.create(follower=gone, person=ada)

    assert "long-gone" not in client.get(f"/@ada/{page}").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_other_case_and_former_name_lead_to_the_present_one(client: Client, ada: User, page: str) -> None:
    FormerUsername.objects.create(person=ada, username="countess")

    for username in ("ADA", "countess", "Countess"):
        answer = client.get(f"/@{username}/{page}")
        assert (answer.status_code, answer["Location"]) == (302, f"/@ada/{page}")


def test_former_name_of_somebody_who_left_is_not_found(client: Client) -> None:
    gone = UserFactory(username="gone", closed_at=timezone.now())
    FormerUsername.objects.create(person=gone, username="countess")

    assert client.get("/@countess/").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_only_read(client: Client, ada: User, page: str) -> None:
    assert client.post(f"/@ada/{page}").status_code == 405


@pytest.mark.parametrize(
    ("page", "empty"),
    [
        ("pros-and-cons/", "None written yet."),
        ("tools/", "None yet."),
        ("following/", "Nobody yet."),
        ("followers/", "Nobody yet."),
    ],
)
def test_empty_list_says_so(client: Client, ada: User, page: str, empty: str) -> None:
    assert empty in text_of(client.get(f"/@ada/{page}"))


def fill(ada: User, count: int) -> None:
    """`count` rows in each list of `ada`."""
    for tool in ToolFactory.create_batch(count):
        ToolFollow.objects.create(person=ada, tool=tool)
        PointFactory(tool=tool, author=ada)
        ReplyFactory(post=PostFactory(tool=tool, author=ada), author=ada)
    for person in UserFactory.create_batch(count):
        PersonFollow.objects.create(follower=ada, person=person)
        PersonFollow.objects.create(follower=person, person=ada)


@pytest.mark.parametrize("page", LISTS)
def test_list_goes_on_and_back(client: Client, ada: User, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.pages.views.people.PAGE_SIZE", 2)
    fill(ada, 3)

    first = client.get(f"/@ada/{page}")
    following = re.search(r'href="([^"]+)" rel="next"', first.content.decode())
    assert following
    second = client.get(following[1])

    assert len(first.context["page"].rows) == 2
    assert len(second.context["page"].rows) == 1
    assert "Next page" not in text_of(second)
    assert f'href="/@ada/{page}"' in second.content.decode()


@pytest.mark.parametrize("cursor", ["x", "W10", "%00"])
def test_bad_cursor_leads_to_the_first_page(client: Client, ada: User, cursor: str) -> None:
    answer = client.get(f"/@ada/tools/?after={cursor}")

    assert (answer.status_code, answer["Location"]) == (302, "/@ada/tools/")


@pytest.mark.parametrize("page", PAGES)
def test_pages_cost_the_same_however_much_they_show(
    client: Client, ada: User, alice: User, page: str, count_queries: Callable[..., Any]
) -> None:
    fill(ada, 12)
    client.force_login(alice)

    with count_queries(at_most=PROFILE_QUERIES):
        assert client.get(f"/@ada/{page}").status_code == 200


def test_thin_profile_is_kept_from_search_engines(client: Client, ada: User) -> None:
    assert "noindex" in client.get("/@ada/").content.decode()
    ada.bio = "Runs Flask."
    ada.save()

    assert "noindex" not in client.get("/@ada/").content.decode()


def test_profile_tells_search_engines_of_the_person(client: Client, ada: User) -> None:
    html = client.get("/@ada/").content.decode()

    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)[0])
    about = data["@graph"][0]["mainEntity"]
    assert data["@graph"][0]["@type"] == "ProfilePage"
    assert (about["name"], about["alternateName"]) == ("Ada Example", "ada")
    assert (about["jobTitle"], about["worksFor"]["name"]) == ("Staff engineer", "Ferries")


def test_sitemap_names_people_who_say_something_of_themselves(client: Client, ada: User) -> None:
    UserFactory(username="thin")
    ada.bio = "Runs Flask."
    ada.save()

    xml = client.get("/sitemap-people.xml").content.decode()

    assert "/@ada/</loc>" in xml
    assert "thin" not in xml
