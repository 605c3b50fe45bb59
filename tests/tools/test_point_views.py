"""Pages on which people read, add, edit and remove pros and cons."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.tools import selectors
from apps.tools.models import Point, Tool
from apps.tools.points import FIRST_DAY_POINTS, MAX_POINTS_EACH, SHOWN_POINTS
from apps.tools.views import points as views
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointAnswerFactory, PointFactory, ToolAliasFactory, ToolFactory

ALL = "/tools/flask/pros-and-cons/"
ADD = f"{ALL}add/"
SIMILAR = f"{ALL}similar/"

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)> is what it says",
    "{{ settings.SECRET_KEY }} {% debug %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.fixture
def flask(db: None) -> Tool:
    tool: Tool = ToolFactory(name="Flask", stars=5)
    return tool


def words(**changes: str) -> dict[str, str]:
    return {"kind": "pro", "text": "One file is a working application", "about": "3.1", **changes}


def make_old(point: Point) -> None:
    Point.objects.filter(pk=point.pk).update(created_at=timezone.now() - timedelta(minutes=16))


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["form"].errors
    return found


# All of them


def test_page_lists_all_in_their_order(client: Client, flask: Tool) -> None:
    old = PointFactory(tool=flask, text="An old one that many liked", about="2019", up_count=50)
    liked = PointFactory(tool=flask, text="A liked one", up_count=5)
    PointFactory.create_batch(SHOWN_POINTS + 2, tool=flask)
    con = PointFactory(tool=flask, text="What speaks against it", kind="con")

    response = client.get(ALL)

    points = response.context["points"]
    assert (points.pros[0], points.pros[-1], points.cons) == (liked, old, [con])
    assert all(point.text in response.text for point in Point.objects.all())
    assert f'<li id="point-{old.pk}" class="old">' in response.text
    assert f'<li id="point-{liked.pk}">' in response.text
    assert "years old</span>" in response.text


def test_page_says_who_wrote_it(client: Client, flask: Tool) -> None:
    PointFactory(tool=flask, author=UserFactory(username="ann", name="Ann <b>Lee</b>"))
    assert "somebody who is no longer here" not in client.get(ALL).text

    text = client.get(ALL).text
    assert 'href="/@ann/"' in text
    assert "Ann &lt;b&gt;Lee&lt;/b&gt;</a>" in text

    User.objects.update(closed_at=timezone.now())
    text = client.get(ALL).text
    assert "Ann" not in text
    assert "<span>somebody who is no longer here</span>" in text

    User.objects.update(closed_at=None, is_active=False)
    text = client.get(ALL).text
    assert "Ann" not in text
    assert "<span>somebody who is no longer here</span>" in text

    User.objects.all().delete()
    assert "<span>somebody who is no longer here</span>" in client.get(ALL).text


def test_page_is_empty_without_any(client: Client, flask: Tool) -> None:
    response = client.get(ALL)

    assert response.text.count("None yet.") == 2
    assert '<meta name="robots" content="noindex, follow">' in response.text


def test_page_shows_the_reader_what_they_can_do(
    client: Client, alice_client: Client, alice: User, flask: Tool
) -> None:
    mine, old = PointFactory(tool=flask, author=alice), PointFactory(tool=flask, author=alice)
    other = PointFactory(tool=flask)
    make_old(old)
    PointAnswerFactory(point=other, person=alice, is_true=False)

    text, anonymous = alice_client.get(ALL).text, client.get(ALL).text

    assert set(re.findall(r"/tools/points/(\d+)/edit/", text)) == {str(mine.pk)}
    assert set(re.findall(r"/tools/points/(\d+)/remove/", text)) == {str(mine.pk), str(old.pk)}
    assert set(re.findall(r"/tools/points/(\d+)/answer/", text)) == {str(other.pk)}
    assert 'value="none" aria-pressed="true"' in text
    assert "/tools/points/" not in anonymous
    assert f'href="{ADD}?kind=con"' in anonymous


@pytest.mark.parametrize("page", [ALL, ADD])
def test_other_slug_of_the_tool_leads_there(alice_client: Client, flask: Tool, page: str) -> None:
    ToolAliasFactory(tool=flask, slug="flask-python")

    response = alice_client.get(page.replace("flask", "flask-python"))

    assert (response.status_code, response["Location"]) == (301, page)


@pytest.mark.parametrize("page", [ALL, ADD, SIMILAR])
@pytest.mark.parametrize("slug", ["nowhere", "hidden", "x" * 3000, "%00"])
def test_tool_that_is_none_is_not_found(alice_client: Client, flask: Tool, page: str, slug: str) -> None:
    ToolFactory(name="Hidden", is_listed=False)

    assert alice_client.get(page.replace("flask", slug)).status_code == 404


def test_page_takes_no_writes(client: Client, flask: Tool) -> None:
    assert client.post(ALL).status_code == client.post(SIMILAR).status_code == 405


def test_page_costs_the_same_for_2_and_40(
    client: Client, alice_client: Client, flask: Tool, count_queries: Callable[..., Any]
) -> None:
    for at in range(20):
        author = UserFactory(username=f"author-{at}")
        PointFactory(tool=flask, author=author)
        PointFactory(tool=flask, kind="con")

    # Tool; points with authors and releases.
    with count_queries(at_most=2):
        assert client.get(ALL).status_code == 200
    # Session, person, answers, votes, and what the header asks.
    with count_queries(at_most=8):
        assert alice_client.get(ALL).status_code == 200


def test_pages_lead_from_one_to_the_next(
    client: Client, flask: Tool, monkeypatch: pytest.MonkeyPatch, count_queries: Callable[..., Any]
) -> None:
    monkeypatch.setattr(selectors, "POINTS_PAGE", 2)
    monkeypatch.setattr(views, "POINTS_PAGE", 2)
    rows = PointFactory.create_batch(5, tool=flask)
    PointFactory(tool=flask, kind="con")

    pages = []
    for query in ("", "?page=2", "?page=3"):
        with count_queries(at_most=2):
            pages.append(client.get(ALL + query).text)

    shown = [[row.pk for row in rows if f'id="point-{row.pk}"' in page] for page in pages]
    assert shown == [[row.pk for row in rows[at : at + 2]] for at in (0, 2, 4)]
    assert all('Pros <span class="count">5</span>' in page for page in pages)
    assert all('Cons <span class="count">1</span>' in page for page in pages)
    assert [re.findall(r'href="([^"]*)" rel="(prev|next)"', page) for page in pages] == [
        [(f"{ALL}?page=2", "next")],
        [(ALL, "prev"), (f"{ALL}?page=3", "next")],
        [(f"{ALL}?page=2", "prev")],
    ]
    assert "No more on this page." in pages[1]
    assert "None yet." not in pages[1]


@pytest.mark.parametrize("page", ["2", "999999", "0", "-1", "x", "", "9" * 5000, "1.5"])
def test_page_that_is_none_leads_to_the_first(client: Client, flask: Tool, page: str) -> None:
    PointFactory(tool=flask)

    response = client.get(ALL, {"page": page})

    assert (response.status_code, response["Location"]) == (302, ALL)


def test_address_of_a_point_leads_to_its_page(
    client: Client, flask: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "POINTS_PAGE", 2)
    first, _, third = PointFactory.create_batch(3, tool=flask)

    assert client.get(first.get_absolute_url())["Location"] == f"{ALL}#point-{first.pk}"
    assert client.get(third.get_absolute_url())["Location"] == f"{ALL}?page=2#point-{third.pk}"
    assert client.post(first.get_absolute_url()).status_code == 405
    assert client.get("/tools/points/999999/").status_code == 404
    Tool.objects.update(is_listed=False)
    assert client.get(first.get_absolute_url()).status_code == 404


# Adding


def test_form_has_the_kind_that_the_link_names(alice_client: Client, flask: Tool) -> None:
    text = alice_client.get(f"{ADD}?kind=con").text

    assert re.search(r'value="con"[^>]* checked', text)
    assert not re.search(r'value="pro"[^>]* checked', text)
    assert f'hx-get="{SIMILAR}"' in text
    assert 'hx-trigger="input changed delay:300ms"' in text
    assert '<div id="similar" aria-live="polite">' in text


def test_person_adds_one(alice_client: Client, alice: User, flask: Tool) -> None:
    response = alice_client.post(ADD, words(text="  One file\nis   enough "))

    point = Point.objects.get()
    assert (point.text, point.about, point.kind, point.author) == ("One file is enough", "3.1", "pro", alice)
    assert (response.status_code, response["Location"]) == (302, f"{ALL}#point-{point.pk}")
    assert "Your pro stands here now." in alice_client.get(ALL).text


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"text": ""}, "text", "Write what speaks for it or against it."),
        ({"text": "It's nice"}, "text", "Write at least 10 characters"),
        ({"text": "a\u200b" * 9}, "text", "Write at least 10 characters"),
        ({"text": "x" * 141}, "text", "Write at most 140 characters; these are 141."),
        ({"text": "Cheaper at https://example.net"}, "text", "Leave links and addresses out."),
        ({"text": "\ufdfa" * 20}, "text", "Write it with common letters."),
        ({"text": "One file\0 is enough"}, "text", "Null characters"),
        ({"about": ""}, "about", "Write the version or the year"),
        ({"about": "latest"}, "about", "Write the version or the year"),
        ({"about": "1969"}, "about", "Write a year from 1970"),
        ({"about": "1" * 21}, "about", "at most 20 characters"),
        ({"kind": ""}, "kind", "Choose one of the two."),
        ({"kind": "maybe"}, "kind", "Choose one of the two."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    alice_client: Client, flask: Tool, changes: dict[str, str], field: str, message: str
) -> None:
    response = alice_client.post(ADD, words(**changes))

    assert list(errors(response)) == [field]
    assert message in str(errors(response)[field])
    assert f'id="id_{field}_error"' in response.text
    assert not Point.objects.exists()


@pytest.mark.parametrize("text", ["x" * 10, "y" * 140])
def test_text_of_the_least_and_most_length_is_taken(alice_client: Client, flask: Tool, text: str) -> None:
    assert alice_client.post(ADD, words(text=text)).status_code == 302


def test_equal_one_is_refused_with_a_link_to_it(alice_client: Client, flask: Tool) -> None:
    there = PointFactory(tool=flask, text="One file is a working application")

    for anyway in ({}, {"anyway": "1"}):
        response = alice_client.post(ADD, words(text="ONE file is a working application!", **anyway))

        assert list(errors(response)) == ["text"]
        assert f'<a class="link" href="{ALL}#point-{there.pk}">Vote for it</a>' in response.text
    assert Point.objects.count() == 1


def test_similar_one_is_shown_once_before_it_is_taken(alice_client: Client, flask: Tool) -> None:
    there = PointFactory(tool=flask, text="A working application is one file")

    asked = alice_client.post(ADD, words())

    assert errors(asked) == {}
    assert f'href="/tools/points/{there.pk}/"' in asked.text
    assert (
        '<button type="submit" class="btn btn-primary" name="anyway" value="1">Add it all the same'
        in asked.text
    )
    assert Point.objects.count() == 1

    assert alice_client.post(ADD, words(anyway="1")).status_code == 302
    assert Point.objects.count() == 2


def test_similar_one_of_the_other_kind_is_no_matter(alice_client: Client, flask: Tool) -> None:
    PointFactory(tool=flask, text="A working application is one file", kind="con")

    assert alice_client.post(ADD, words()).status_code == 302


def test_sixth_of_a_kind_is_refused(alice_client: Client, alice: User, flask: Tool) -> None:
    PointFactory.create_batch(MAX_POINTS_EACH, tool=flask, author=alice)

    response = alice_client.post(ADD, words())

    assert "You have written 5 of them on Flask" in str(errors(response)["kind"])
    assert alice_client.post(ADD, words(kind="con")).status_code == 302


def test_eleventh_of_the_first_day_is_refused_with_words(
    alice_client: Client, alice: User, flask: Tool
) -> None:
    PointFactory.create_batch(FIRST_DAY_POINTS, author=alice)

    response = alice_client.post(ADD, words())

    assert errors(response)["kind"] == [
        "On its first day an account can write 10 pros and cons. Go on with it tomorrow."
    ]


def test_more_than_one_may_in_an_hour_are_refused_with_words(
    alice_client: Client, alice: User, mallory: User, flask: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "POINT_LIMIT", "2/hour")
    texts = ["One file is a working application", "Handlers are found by decorators", "No ORM is in it"]

    *taken, refused = [alice_client.post(ADD, words(text=text)) for text in texts]

    assert [response.status_code for response in taken] == [302, 302]
    assert re.search(r"within an hour\. Go on in \d+ minutes\.", str(errors(refused)["kind"]))
    assert 'value="No ORM is in it"' in refused.text
    assert Point.objects.count() == 2

    alice_client.force_login(mallory)
    assert alice_client.post(ADD, words(text=texts[2])).status_code == 302


@pytest.mark.parametrize("text", EVIL)
@pytest.mark.parametrize("page", [ALL, "/tools/flask/", SIMILAR])
def test_text_is_shown_as_it_was_typed(alice_client: Client, flask: Tool, text: str, page: str) -> None:
    alice_client.post(ADD, words(text=text))
    assert Point.objects.get().text == text

    shown = alice_client.get(page, {"kind": "pro", "text": text}).text

    assert text not in shown or "<" not in text
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "<svg onload" not in shown
    assert "SECRET_KEY" in shown or "SECRET_KEY" not in text


@pytest.mark.parametrize("text", EVIL)
def test_refused_text_is_shown_as_it_was_typed(alice_client: Client, flask: Tool, text: str) -> None:
    shown = alice_client.post(ADD, words(text=f"{text} www.example.net", about=text[:20])).text

    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "<svg onload" not in shown


def test_anonymous_reader_is_led_through_the_sign_in(client: Client, flask: Tool) -> None:
    response = client.get(f"{ADD}?kind=con")

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={ADD}%3Fkind%3Dcon"
    assert client.post(ADD, words())["Location"].startswith("/accounts/login/")
    assert not Point.objects.exists()


def test_person_who_is_not_verified_is_told(client: Client, flask: Tool) -> None:
    client.force_login(UserFactory(verified=False))

    response = client.post(ADD, words())

    assert response.status_code == 403
    assert "Verify your e-mail address first" in response.text
    assert not Point.objects.exists()


def test_adding_keeps_to_its_queries(
    alice_client: Client, flask: Tool, count_queries: Callable[..., Any]
) -> None:
    PointFactory.create_batch(20, tool=flask)

    with count_queries(at_most=16):
        assert alice_client.post(ADD, words()).status_code == 302


# Similar ones, while one types


def test_similar_ones_are_shown_to_htmx(alice_client: Client, flask: Tool) -> None:
    there = PointFactory(tool=flask, text="A working application is one file")
    PointFactory(tool=flask, text="Handlers are looked up by a decorator")

    text = alice_client.get(SIMILAR, {"kind": "pro", "text": "One file is a working application"}).text

    assert "A working application is one file" in text
    assert f'href="/tools/points/{there.pk}/"' in text
    assert "Handlers" not in text
    assert "<html" not in text


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"kind": "pro"},
        {"kind": "con", "text": "A working application is one file"},
        {"kind": "maybe", "text": "A working application is one file"},
        {"kind": "pro", "text": "A w"},
        {"kind": "pro", "text": "\0"},
    ],
)
def test_nothing_is_shown_where_nothing_is_similar(
    alice_client: Client, flask: Tool, query: dict[str, str]
) -> None:
    PointFactory(tool=flask, text="A working application is one file")

    response = alice_client.get(SIMILAR, query)

    assert response.status_code == 200
    assert response.text.strip() == ""


@pytest.mark.parametrize("but", ["x", "-1", "²", "9" * 40, "9" * 5000])
def test_number_that_is_none_leaves_nothing_out(alice_client: Client, flask: Tool, but: str) -> None:
    text = "A working application is one file"
    PointFactory(tool=flask, text=text)

    assert text in alice_client.get(SIMILAR, {"kind": "pro", "text": text, "but": but}).text


def test_similar_ones_cost_the_same_for_30(
    alice_client: Client, flask: Tool, count_queries: Callable[..., Any]
) -> None:
    PointFactory.create_batch(30, tool=flask)

    # Session, person, verified address, tool; those compared.
    with count_queries(at_most=6):
        alice_client.get(SIMILAR, {"kind": "pro", "text": "Statement that can be checked"})


@pytest.mark.parametrize("query", ["", "?kind=pro&text=One+file+is+a+working+application"])
def test_similar_ones_are_for_people_who_take_part(client: Client, flask: Tool, query: str) -> None:
    there = PointFactory(tool=flask, text="A working application is one file")

    anonymous = client.get(SIMILAR + query)
    client.force_login(UserFactory(verified=False))
    stranger = client.get(SIMILAR + query)

    assert anonymous["Location"].startswith("/accounts/login/")
    assert stranger.status_code == 403
    assert there.text not in anonymous.text + stranger.text


# Editing


def test_author_edits_a_fresh_one(alice_client: Client, alice: User, flask: Tool) -> None:
    point = PointFactory(tool=flask, author=alice, text="One file is a working application", kind="con")
    edit = f"/tools/points/{point.pk}/edit/"

    form = alice_client.get(edit).text
    response = alice_client.post(edit, {"kind": "pro", "text": "ONE file is an application", "about": "2025"})

    point.refresh_from_db()
    assert 'value="One file is a working application"' in form
    assert 'name="kind"' not in form
    assert f'hx-get="{SIMILAR}?kind=con&amp;but={point.pk}"' in form
    assert (response.status_code, response["Location"]) == (302, f"{ALL}#point-{point.pk}")
    assert (point.text, point.about, point.kind) == ("ONE file is an application", "2025", "con")
    assert point.edited_at is not None


def test_edited_text_is_checked_like_a_new_one(alice_client: Client, alice: User, flask: Tool) -> None:
    there = PointFactory(tool=flask, text="Handlers are found by a decorator")
    point = PointFactory(tool=flask, author=alice, text="One file is a working application")
    edit = f"/tools/points/{point.pk}/edit/"

    short = alice_client.post(edit, words(text="Short"))
    equal = alice_client.post(edit, words(text="HANDLERS are found by a decorator"))
    similar = alice_client.post(edit, words(text="A decorator: handlers are found by it"))

    assert "Write at least" in str(errors(short)["text"])
    assert f"#point-{there.pk}" in str(errors(equal)["text"])
    assert errors(similar) == {}
    assert "Save it all the same" in similar.text
    point.refresh_from_db()
    assert point.text == "One file is a working application"


def test_version_alone_is_edited_without_a_question(alice_client: Client, alice: User, flask: Tool) -> None:
    PointFactory(tool=flask, text="A working application is one file")
    point = PointFactory(tool=flask, author=alice, text="One file is a working application")

    response = alice_client.post(f"/tools/points/{point.pk}/edit/", words(about="3.2"))

    assert response.status_code == 302
    point.refresh_from_db()
    assert point.about == "3.2"


@pytest.mark.parametrize("method", ["get", "post"])
def test_edit_comes_too_late_after_fifteen_minutes(
    alice_client: Client, alice: User, flask: Tool, method: str
) -> None:
    point = PointFactory(tool=flask, author=alice)
    make_old(point)

    response = getattr(alice_client, method)(f"/tools/points/{point.pk}/edit/", words())

    assert response.status_code == 403
    assert "It can be edited for 15 minutes" in response.text


# Removing


def test_author_is_asked_and_then_removes_it(alice_client: Client, alice: User, flask: Tool) -> None:
    point = PointFactory(tool=flask, author=alice, text="<b>One file</b> is enough")
    make_old(point)
    remove = f"/tools/points/{point.pk}/remove/"

    asked = alice_client.get(remove)
    assert "&lt;b&gt;One file&lt;/b&gt; is enough" in asked.text
    assert Point.objects.exists()

    response = alice_client.post(remove)
    assert (response.status_code, response["Location"]) == (302, ALL)
    assert not Point.objects.exists()
    assert alice_client.post(remove).status_code == 404


# Both


@pytest.mark.parametrize("action", ["edit", "remove"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_stranger_is_told_that_only_the_author_can(
    alice_client: Client, flask: Tool, action: str, method: str
) -> None:
    point = PointFactory(tool=flask, author=UserFactory())

    response = getattr(alice_client, method)(f"/tools/points/{point.pk}/{action}/", words())

    assert response.status_code == 403
    assert "Only its author can do that." in response.text
    assert Point.objects.filter(text=point.text).exists()


@pytest.mark.parametrize("action", ["edit", "remove"])
def test_anonymous_reader_is_led_to_the_sign_in(client: Client, flask: Tool, action: str) -> None:
    point = PointFactory(tool=flask, author=UserFactory())

    response = client.post(f"/tools/points/{point.pk}/{action}/", words())

    assert response["Location"].startswith("/accounts/login/")
    assert Point.objects.filter(text=point.text).exists()


@pytest.mark.parametrize("action", ["edit", "remove"])
@pytest.mark.parametrize("pk", [0, 999_999, 2**63, 10**40])
def test_one_that_is_none_is_not_found(alice_client: Client, action: str, pk: int) -> None:
    assert alice_client.get(f"/tools/points/{pk}/{action}/").status_code == 404


@pytest.mark.parametrize("action", ["edit", "remove"])
def test_one_of_an_unlisted_tool_is_not_found(alice_client: Client, alice: User, action: str) -> None:
    point = PointFactory(tool=ToolFactory(is_listed=False), author=alice)

    assert alice_client.get(f"/tools/points/{point.pk}/{action}/").status_code == 404


@pytest.mark.parametrize("action", ["edit", "remove"])
def test_views_take_no_other_method(alice_client: Client, alice: User, flask: Tool, action: str) -> None:
    point = PointFactory(tool=flask, author=alice)

    assert alice_client.put(f"/tools/points/{point.pk}/{action}/").status_code == 405
    assert alice_client.put(ADD).status_code == 405


# On the tool's page


def test_tool_page_shows_ten_of_each_and_leads_to_all(client: Client, flask: Tool) -> None:
    PointFactory.create_batch(SHOWN_POINTS + 3, tool=flask)
    PointFactory.create_batch(SHOWN_POINTS, tool=flask, kind="con")

    text = client.get("/tools/flask/").text

    assert len(re.findall(r'<li id="point-', text)) == 2 * SHOWN_POINTS
    assert re.search(rf'<a class="more" href="{ALL}">All 23 pros and cons<', text)


def test_tool_page_leads_to_no_other_where_it_shows_all(client: Client, flask: Tool) -> None:
    PointFactory.create_batch(SHOWN_POINTS, tool=flask)

    assert "pros and cons<span" not in client.get("/tools/flask/").text


def test_tool_page_asks_whether_it_is_still_true(client: Client, alice_client: Client, flask: Tool) -> None:
    PointFactory(tool=flask)

    assert "Still true?" in alice_client.get("/tools/flask/").text
    assert "Still true?" not in client.get("/tools/flask/").text


def test_slug_of_no_tool_leads_to_points(alice_client: Client) -> None:
    assert alice_client.get("/tools/points/").status_code == 404
