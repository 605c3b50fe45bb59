"""A stack elsewhere: badge, embed, files, and the page about them. What may not be seen leaks by none of them."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date

from apps.accounts.models import User
from apps.stacks.exports import EXPORTS
from apps.stacks.models import Stack
from apps.stacks.services.items import add_items
from apps.stacks.views import sharing
from apps.tools.models import Tool
from tests.factories.stacks import CompanyFactory, EvidenceFactory, ItemFactory, StackFactory
from tests.factories.tools import PackageFactory, ToolFactory

pytestmark = pytest.mark.django_db

HOSTILE = '"><script>alert(1)</script>'
CACHED = ["badge.svg", "badge.svg?show=tools", "embed/", *(f"export/{name}/" for name in EXPORTS)]
PAGES = ["badge.svg", "embed/", "share/", "export/stack.json/"]


@pytest.fixture
def stack(alice: User) -> Stack:
    made: Stack = StackFactory(person=alice, name="Rider", item_count=3)
    item = ItemFactory(stack=made, tool=ToolFactory(name="Terraform"), scope="deployment", version="1.9")
    EvidenceFactory(item=item, path="main.tf")
    PackageFactory(tool=item.tool, type="npm", name="@acme/terraform")
    ItemFactory(stack=made, tool=ToolFactory(name="Flask"))
    ItemFactory(stack=made, tool=ToolFactory(name="Lodash", is_minor=True))
    ItemFactory(stack=made, tool=ToolFactory(name="Perl"), until="2020")
    return made


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(f"/stacks/alice/rider/{path}", headers=headers)


# --- Badge ---


def test_badge_shows_the_number_of_tools(client: Client, stack: Stack, count_queries: Any) -> None:
    with count_queries(at_most=1):
        answer = get(client, "badge.svg")

    text = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/svg+xml"
    assert ">3 tools</text>" in text
    assert "<title>Rider by alice: 3 tools</title>" in text


def test_badge_shows_the_main_tools(client: Client, stack: Stack, count_queries: Any) -> None:
    with count_queries(at_most=2):
        answer = get(client, "badge.svg?show=tools")

    # What runs goes before what deploys; what is minor or past is not named.
    assert ">Flask · Terraform +1</text>" in answer.content.decode()


def test_badge_has_no_use_for_anything_but_its_own_style(client: Client, stack: Stack) -> None:
    policy = get(client, "badge.svg")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "sha256-" in policy


@pytest.mark.parametrize(
    ("query", "has_style", "fill"),
    [
        ("", True, "#e6ebf0"),
        ("theme=light", False, "#e6ebf0"),
        ("theme=dark", False, "#27313c"),
        ("theme=%3Cscript%3E&show=x", True, "#e6ebf0"),
    ],
)
def test_badge_has_a_theme(client: Client, stack: Stack, query: str, has_style: bool, fill: str) -> None:
    text = get(client, f"badge.svg?{query}").content.decode()

    assert ("<style>" in text) is has_style
    assert f'class="a" width="86" height="20" fill="{fill}"' in text
    assert "<script" not in text


def test_hostile_names_are_text_everywhere(client: Client, stack: Stack) -> None:
    Stack.objects.filter(pk=stack.pk).update(name=HOSTILE)
    Tool.objects.filter(name="Flask").update(name=HOSTILE, slug="hostile", tagline=HOSTILE)

    for path in ("badge.svg?show=tools", "embed/", "share/"):
        assert "<script>alert" not in get(client, path).content.decode()
    # What is copied is text for the page, and still text where it is pasted.
    shown = get(client, "share/").content.decode()
    assert "Tech stack of &amp;quot;&amp;gt;&amp;lt;script&amp;gt;" in shown


# --- Caches ---


@pytest.mark.parametrize("path", CACHED)
def test_answer_is_kept_by_caches_until_the_stack_changes(
    client: Client, stack: Stack, alice: User, path: str
) -> None:
    first = get(client, path)
    assert first["Cache-Control"] == "public, max-age=300"
    assert first["Last-Modified"] == http_date(int(stack.changed_at.timestamp()))
    assert not first.cookies
    assert "Cookie" not in first.get("Vary", "")

    for headers in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        again = get(client, path, **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]

    add_items(person=alice, stack=stack, tools=[ToolFactory(name="Redis")])
    changed = get(client, path, **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert {answer["X-Robots-Tag"] for answer in (first, changed)} == {"noindex"}


@pytest.mark.parametrize("path", CACHED)
def test_unchanged_answer_costs_one_query(
    client: Client, stack: Stack, count_queries: Any, path: str
) -> None:
    tag = get(client, path)["ETag"]

    with count_queries(at_most=1):
        assert get(client, path, **{"If-None-Match": tag}).status_code == 304


def test_forms_of_a_badge_have_tags_of_their_own(client: Client, stack: Stack) -> None:
    paths = ["badge.svg", "badge.svg?theme=dark", "badge.svg?show=tools", "embed/", "export/stack.json/"]

    assert len({get(client, path)["ETag"] for path in paths}) == len(paths)


def test_signed_in_reader_gets_what_all_get(alice_client: Client, client: Client, stack: Stack) -> None:
    answer = get(alice_client, "badge.svg")

    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer.content == get(client, "badge.svg").content


# --- Embed ---


def test_embed_shows_the_tools_by_layer(client: Client, stack: Stack, count_queries: Any) -> None:
    with count_queries(at_most=2):
        answer = get(client, "embed/?theme=dark")

    text = answer.content.decode()
    assert 'data-theme="dark"' in text
    assert [name for name in ("Flask", "Terraform", "Lodash", "Perl") if f">{name}</a>" in text] == [
        "Flask",
        "Terraform",
    ]
    assert "with 1 more tool<" in text
    assert "<script" not in text


def test_embed_alone_may_be_framed(client: Client, stack: Stack) -> None:
    answer = get(client, "embed/")

    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    for path in ("badge.svg", "share/", ""):
        other = get(client, path)
        assert other["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in other["Content-Security-Policy"]


def test_embed_shows_only_so_many_tools(
    client: Client, stack: Stack, count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "EMBEDDED_TOOLS", 4)
    ItemFactory.create_batch(10, stack=stack)
    Stack.objects.filter(pk=stack.pk).update(item_count=13)

    with count_queries(at_most=2):
        text = get(client, "embed/").content.decode()

    assert text.count('class="hd"') == 4
    assert "with 9 more tools<" in text


# --- Files ---


@pytest.mark.parametrize("name", EXPORTS)
def test_stack_is_exported(client: Client, stack: Stack, count_queries: Any, name: str) -> None:
    with count_queries(at_most=4):
        answer = get(client, f"export/{name}/")

    assert answer.status_code == 200
    assert answer["Content-Type"] == EXPORTS[name].content_type
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "Terraform" in answer.content.decode()
    assert "Perl" not in answer.content.decode()


@pytest.mark.parametrize("version", ["1.4", "1.7"])
def test_bill_is_exported_in_other_versions(client: Client, stack: Stack, version: str) -> None:
    path = f"export/cyclonedx.json/?version={version}"
    usual, other = get(client, "export/cyclonedx.json/"), get(client, path)

    assert json.loads(other.content)["specVersion"] == version
    assert usual["ETag"] != other["ETag"]
    assert path in get(client, "share/").content.decode()


@pytest.mark.parametrize("path", ["cyclonedx.json/?version=2", "spdx.json/?version=1.4"])
def test_export_in_a_version_that_is_none_is_not_there(client: Client, stack: Stack, path: str) -> None:
    assert get(client, f"export/{path}").status_code == 404


def test_exports_of_an_address_are_limited(
    client: Client, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.stacks.views.sharing.EXPORT_LIMIT", "1/hour")

    first, second = (get(client, "export/stack.json/") for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second["Retry-After"]) > 0
    assert second["Cache-Control"] == "private, no-store"


def test_export_says_what_is_known_of_an_item(client: Client, stack: Stack) -> None:
    document = json.loads(get(client, "export/stack.json/").content)

    assert document["address"] == "http://testserver/stacks/alice/rider/"
    assert document["items"][0] | {"website": ""} == {
        "name": "Terraform",
        "slug": "terraform",
        "website": "",
        "layer": "Application And Data",
        "category": "Languages And Frameworks",
        "function": "Microframeworks",
        "version": "1.9",
        "license": "",
        "packages": ["pkg:npm/%40acme/terraform"],
        "scope": "deployment",
        "since": "",
        "tier": "claimed",
        "evidence": ["main.tf"],
    }


def test_export_names_no_packages_that_nothing_shows(client: Client, stack: Stack) -> None:
    shown, guessed = (ItemFactory(stack=stack, tool=ToolFactory(name=name)) for name in ("Redis", "Sentry"))
    for item in (shown, guessed):
        for name in ("one", "two"):
            PackageFactory(tool=item.tool, type="npm", name=f"{item.tool.slug}-{name}")
    EvidenceFactory(item=shown, purl="pkg:npm/redis-two")

    items = json.loads(get(client, "export/stack.json/").content)["items"]

    packages = {item["name"]: item["packages"] for item in items}
    assert (packages["Redis"], packages["Sentry"]) == (["pkg:npm/redis-two"], [])


@pytest.mark.parametrize("name", ["nothing", "..", "stack.xml", "STACK.JSON"])
def test_export_in_another_format_is_not_there(client: Client, stack: Stack, name: str) -> None:
    assert get(client, f"export/{name}/").status_code == 404


# --- The page ---


def test_share_page_has_what_to_copy(client: Client, stack: Stack, count_queries: Any) -> None:
    with count_queries(at_most=3):
        answer = get(client, "share/")

    text = answer.content.decode()
    address = "http://testserver/stacks/alice/rider/"
    assert f"[![Tech stack]({address}badge.svg)]({address})" in text
    assert f"&lt;iframe src=&quot;{address}embed/&quot;" in text
    assert '<img src="/stacks/alice/rider/badge.svg"' in text
    assert re.search(r'<iframe[^>]+src="/stacks/alice/rider/embed/"', text)
    assert "frame-src 'self'" in answer["Content-Security-Policy"]
    assert all(f"/export/{name}/" in text for name in EXPORTS)


def test_owner_of_a_private_stack_gets_files_and_an_explanation(alice_client: Client, stack: Stack) -> None:
    Stack.objects.filter(pk=stack.pk).update(visibility="private")

    page = get(alice_client, "share/")
    file = get(alice_client, "export/stack.json/")

    assert "This stack is private" in page.content.decode()
    assert "<iframe" not in page.content.decode()
    assert (file.status_code, file["Cache-Control"]) == (200, "private, no-store")
    assert "ETag" not in file
    assert get(alice_client, "badge.svg").status_code == 404
    assert get(alice_client, "embed/").status_code == 404


# --- What leaks to nobody ---


def hide(stack: Stack, how: str) -> None:
    if how == "hidden":
        Stack.objects.filter(pk=stack.pk).update(is_hidden=True)
    elif how == "closed":
        User.objects.filter(pk=stack.person_id).update(is_active=False, closed_at=timezone.now())
    elif how == "unproved":
        company = CompanyFactory(is_proved=False, slug="alice-company")
        Stack.objects.filter(pk=stack.pk).update(person=None, company=company)
    else:
        Stack.objects.filter(pk=stack.pk).update(visibility=how)


@pytest.mark.parametrize("how", ["private", "hidden", "closed", "unproved", "unlisted"])
def test_stack_that_one_may_not_see_leaks_nowhere(stack: Stack, mallory: User, how: str) -> None:
    hide(stack, how)
    owner = "alice-company" if how == "unproved" else "alice"
    expected = 200 if how == "unlisted" else 404
    stranger = Client()
    stranger.force_login(mallory)

    for path in PAGES:
        for client in (Client(), stranger):
            answer = client.get(f"/stacks/{owner}/rider/{path}")
            # Nor does an answer of before say that it is still there.
            again = client.get(f"/stacks/{owner}/rider/{path}", headers={"If-None-Match": "*"})
            assert answer.status_code == expected
            assert how == "unlisted" or (again.status_code == 404 and b"Flask" not in answer.content)


def test_stack_that_is_none_is_not_there(client: Client, db: None) -> None:
    assert {client.get(f"/stacks/nobody/nothing/{path}").status_code for path in PAGES} == {404}


@pytest.mark.parametrize("path", PAGES)
def test_sharing_is_read_only(client: Client, stack: Stack, path: str) -> None:
    for method in (client.post, client.put, client.patch, client.delete):
        assert method(f"/stacks/alice/rider/{path}").status_code == 405
