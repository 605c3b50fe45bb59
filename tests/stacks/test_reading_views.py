"""Import: what is sent, the review of what was found, and publishing it."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import User
from apps.stacks.models import Evidence, Item, Reading, Stack
from apps.stacks.views import readings
from apps.tools.models import Tool
from tests.factories.stacks import EvidenceFactory, ItemFactory, ReadingFactory, StackFactory
from tests.factories.tools import PackageFactory, ToolFactory

pytestmark = pytest.mark.django_db

IMPORT = "/stacks/new/import/"
HOSTILE = "<script>alert(1)</script>"
NEW = {"stack": "", "new-name": "Rider", "new-kind": "product", "new-visibility": "public"}


@pytest.fixture
def flask() -> Tool:
    tool: Tool = ToolFactory(name="Flask")
    PackageFactory(tool=tool, type="pypi", name="flask")
    return tool


@pytest.fixture
def lodash() -> Tool:
    tool: Tool = ToolFactory(name="Lodash", is_minor=True)
    PackageFactory(tool=tool, type="npm", name="lodash")
    return tool


def send(client: Client, *files: tuple[str, bytes], **fields: str) -> Any:
    """Post `files` with their paths, as a browser does for a folder: Django's test client would cut these off."""
    boundary = "boundary"
    body = b"".join(
        b'--boundary\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, rest, content)
        for name, rest, content in (
            *((name.encode(), b"", value.encode()) for name, value in fields.items()),
            *((b"files", b'; filename="%s"' % path.encode(), content) for path, content in files),
        )
    )
    return client.post(
        IMPORT, body + b"--boundary--\r\n", content_type=f"multipart/form-data; boundary={boundary}"
    )


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


# --- Sending ---


def test_files_lead_to_their_review(alice_client: Client, alice: User, flask: Tool) -> None:
    response = send(
        alice_client, ("rider/api/requirements.txt", b"# ours\nflask==3.1\n"), ("rider/api/app.py", b"secret")
    )

    reading = Reading.objects.get(person=alice)
    page = alice_client.get(response.headers["Location"]).content.decode()
    assert response.headers["Location"] == f"/stacks/new/{reading.pk}/"
    assert reading.source == Reading.Source.UPLOAD
    assert "secret" not in json.dumps(reading.findings)
    assert "requirements.txt:2" in page
    assert re.search(r'name="tool" value="flask" checked', page)


def test_archive_is_opened(alice_client: Client, flask: Tool) -> None:
    response = send(alice_client, ("rider.zip", zipped({"rider-main/requirements.txt": b"flask==3.1\n"})))

    assert b'value="flask" checked' in alice_client.get(response.headers["Location"]).content


def test_bill_of_materials_is_known_by_what_it_holds(alice_client: Client, flask: Tool) -> None:
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [{"type": "library", "name": "flask", "purl": "pkg:pypi/flask@3.1.0"}],
    }

    response = send(alice_client, ("what-we-ship.json", json.dumps(bill).encode()))

    assert Reading.objects.get().source == Reading.Source.SBOM
    assert b'value="flask"' in alice_client.get(response.headers["Location"]).content


def test_techstack_yml_is_known_by_its_name(alice_client: Client, flask: Tool) -> None:
    listed = (
        b"repo_name: example/rider\ntools:\n- name: Flask\n  package_url: https://pypi.org/project/flask\n"
    )

    response = send(alice_client, ("techstack.yml", listed))

    assert Reading.objects.get().source == Reading.Source.TECHSTACK
    assert b'value="flask"' in alice_client.get(response.headers["Location"]).content


def test_files_of_one_name_are_all_read(alice_client: Client, flask: Tool, lodash: Tool) -> None:
    package = json.dumps({"dependencies": {"lodash": "4"}}).encode()

    response = send(
        alice_client,
        ("requirements.txt", b"flask\n"),
        ("requirements.txt", b"x\n"),
        ("package.json", package),
    )

    page = alice_client.get(response.headers["Location"]).content
    assert b'value="flask"' in page
    assert b'value="lodash"' in page


def test_what_can_t_be_read_is_said(alice_client: Client) -> None:
    response = send(
        alice_client, ("package.json", b"{"), ("x.zip", b"PK\3\4 broken"), (f"{HOSTILE}/package.json", b"{")
    )

    page = alice_client.get(response.headers["Location"]).content.decode()
    assert "Could not be read" in page
    assert "Nothing that we know was found" in page
    assert HOSTILE not in page


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/package.json",
        "/etc/passwd",
        "a\\b\\package.json",
        "..",
        "package.json\x01",
        "p\udcffackage.json",
        "x" * 900,
    ],
)
def test_hostile_paths_do_no_harm(alice_client: Client, path: str) -> None:
    body = b'{"dependencies": {}}'

    response = send(alice_client, (path.encode("utf-8", "surrogateescape").decode("latin-1"), body))

    assert response.status_code in (302, 422)
    if response.status_code == 302:
        assert alice_client.get(response.headers["Location"]).status_code == 200


def test_five_hundred_files_are_read(alice_client: Client, flask: Tool) -> None:
    files = [(f"part-{number}/requirements.txt", b"flask==3.1\n") for number in range(500)]

    response = send(alice_client, *files)

    assert alice_client.get(response.headers["Location"]).status_code == 200
    assert len(Reading.objects.get().findings) > 1


def test_request_that_says_it_is_too_large_is_told_so(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MAX_REQUEST_BYTES", 1000)

    response = send(alice_client, ("package.json", b" " * 2000))

    assert response.status_code == 413
    assert b"Leave some out." in response.content
    assert not Reading.objects.exists()


def test_request_that_is_too_large_is_not_read(alice_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.stacks.uploads.MAX_REQUEST_BYTES", 1000)

    assert send(alice_client, ("package.json", b" " * 2000)).status_code == 400
    assert not Reading.objects.exists()


def test_other_forms_take_no_project(alice_client: Client) -> None:
    files = {f"file-{number}": SimpleUploadedFile("x.json", b"{}") for number in range(11)}

    response = alice_client.post("/stacks/new/", files)

    assert response.status_code == 400


def test_form_needs_its_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    response = send(client, ("package.json", b"{}"))

    assert response.status_code == 403
    assert not Reading.objects.exists()


def test_token_in_the_body_is_found(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(IMPORT).content.decode())
    assert token

    assert send(client, ("package.json", b"{}"), csrfmiddlewaretoken=token[1]).status_code == 302


def test_names_lead_to_a_review_with_what_may_be_meant(alice_client: Client, flask: Tool) -> None:
    response = alice_client.post(IMPORT, {"names": f"- [Flask](https://example.org)\n- Flsk\n- {HOSTILE}\n"})

    page = alice_client.get(response.headers["Location"]).content.decode()
    assert 'value="flask" checked' in page
    assert re.search(
        r"<code>Flsk</code> <span [^>]*>Did you mean <label [^>]*><input [^>]*value=.flask.>Flask\?", page
    )
    assert HOSTILE not in page


def test_what_was_meant_by_a_name_is_published_with_the_rest(alice_client: Client, flask: Tool) -> None:
    ToolFactory(name="Django")
    ToolFactory(name="Junk", slug="junk", is_listed=False)
    address = alice_client.post(IMPORT, {"names": "Djngo"}).headers["Location"]

    wrong = alice_client.post(address, NEW | {"new-name": "", "meant": "django"})
    alice_client.post(address, NEW | {"meant": ["django", "junk", "nothing"]})

    assert 'value="django" checked' in wrong.content.decode()
    assert [item.tool.slug for item in Item.objects.all()] == ["django"]
    assert Stack.objects.get().item_count == 1


def test_repository_is_asked_for_and_its_progress_shown(alice_client: Client, alice: User) -> None:
    response = alice_client.post(IMPORT, {"repository": "https://github.com/Example/rider.git"})

    page = alice_client.get(response.headers["Location"]).content.decode()
    assert Reading.objects.get(person=alice).repository == "Example/rider"
    assert "Waits for its turn." in page
    assert 'hx-trigger="every 2s"' in page
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in page


def test_progress_is_counted(alice_client: Client, alice: User) -> None:
    reading = ReadingFactory(person=alice, state=Reading.State.READING, done=3, total=12, repository="a/b")

    page = alice_client.get(f"/stacks/new/{reading.pk}/").content.decode()

    assert "3 of 12 files." in page
    assert 'value="3" max="12"' in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose files, name a repository or paste a list."),
        ({"repository": "https://gitlab.com/x/y"}, "Write owner/name as on GitHub"),
        ({"repository": "nonsense"}, "Write owner/name as on GitHub"),
        ({"names": "x" * 20_001}, "This list is too long"),
        ({"stack": "999999", "names": "Flask"}, "Choose one of your stacks."),
    ],
)
def test_import_with_an_error_keeps_what_was_typed(
    alice_client: Client, fields: dict[str, str], words: str
) -> None:
    response = alice_client.post(IMPORT, fields)

    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert fields.get("repository", "") in page
    assert not Reading.objects.exists()


def test_import_into_a_stack_of_others_is_refused(alice_client: Client) -> None:
    response = alice_client.post(IMPORT, {"names": "Flask", "stack": StackFactory().pk})

    assert response.status_code == 422


def test_imports_are_limited(alice_client: Client, flask: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "IMPORT_LIMIT", "1/hour")
    alice_client.post(IMPORT, {"names": "Flask"})

    response = alice_client.post(IMPORT, {"names": "Flask"})

    assert response.status_code == 422
    assert b"That is a lot within an hour." in response.content


@pytest.mark.parametrize("fields", [{"repository": "example/rider"}, {"names": "Flask"}])
def test_readings_of_a_day_are_limited(
    alice_client: Client, flask: Tool, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]
) -> None:
    monkeypatch.setattr("apps.stacks.services.readings.READINGS_A_DAY", 0)

    response = alice_client.post(IMPORT, fields)

    assert response.status_code == 422
    assert b"readings in a day are enough" in response.content


def test_import_page_leads_back_to_what_is_open(alice_client: Client, alice: User) -> None:
    reading = ReadingFactory(person=alice)
    done = ReadingFactory(person=alice, state=Reading.State.PUBLISHED)
    other = ReadingFactory()

    page = alice_client.get(IMPORT).content.decode()

    assert f"/stacks/new/{reading.pk}/" in page
    assert f"/stacks/new/{done.pk}/" not in page
    assert f"/stacks/new/{other.pk}/" not in page


# --- The review ---


def reading_of(client: Client, content: bytes = b"flask==3.1\n", **fields: str) -> str:
    address: str = send(client, ("requirements.txt", content), **fields).headers["Location"]
    return address


def test_review_is_published_as_a_new_stack(alice_client: Client, alice: User, flask: Tool) -> None:
    address = reading_of(alice_client)

    response = alice_client.post(address, NEW | {"tool": "flask"})

    stack = Stack.objects.get(person=alice)
    item = stack.items.get()
    assert response.headers["Location"] == stack.get_absolute_url()
    assert (item.tool, item.version, item.tier) == (flask, "3.1", "verified")
    assert item.evidence.get().path == "requirements.txt"
    assert "This is published" in alice_client.get(address).content.decode()


def test_version_is_corrected_before_it_is_published(alice_client: Client, flask: Tool) -> None:
    address = reading_of(alice_client)

    again = alice_client.post(address, NEW | {"new-name": "", "tool": "flask", "version-flask": "3.2"})
    alice_client.post(address, NEW | {"tool": "flask", "version-flask": " 3.1.2\0" + "x" * 90})

    assert 'name="version-flask" value="3.2"' in again.content.decode()
    assert Item.objects.get().version == "3.1.2" + "x" * 55


def test_review_of_a_new_stack_can_be_published_from_its_head(alice_client: Client, flask: Tool) -> None:
    address = reading_of(alice_client)

    page = alice_client.get(address).content.decode()
    again = alice_client.post(address, {"new-name": "", "new-link": "nowhere", "tool": "flask"})
    words = again.content.decode()

    assert '<form class="with-aside" id="review" method="post"' in page
    assert re.search(r'<header class="page-head">.*<button type="submit" [^>]*form="review"', page)
    assert "Nothing was published yet." not in page
    assert again.status_code == 422
    assert "Nothing was published yet." in words
    # What is wrong is not folded.
    assert re.search(r'<details class="data-table" open><summary>[^W]*What it does', words)


def test_review_keeps_a_version_that_the_stack_knows_better(
    alice_client: Client, alice: User, flask: Tool
) -> None:
    stack = StackFactory(person=alice, name="Rider", slug="rider")
    ItemFactory(stack=stack, tool=flask, version="3.1.4")
    address = reading_of(alice_client, stack=str(stack.pk))

    page = alice_client.get(address).content.decode()

    assert re.search(r'<input [^>]*name="version-flask" value="3.1.4"', page)
    assert "→" not in page


def test_published_twice_is_published_once(alice_client: Client, alice: User, flask: Tool) -> None:
    address = reading_of(alice_client)
    for _ in range(2):
        assert alice_client.post(address, NEW | {"tool": "flask"}).status_code in (200, 302)

    assert Stack.objects.count() == 1


def test_what_is_unticked_is_left_out(alice_client: Client, flask: Tool, lodash: Tool) -> None:
    package = json.dumps({"dependencies": {"lodash": "4"}}).encode()
    address = send(alice_client, ("requirements.txt", b"flask\n"), ("package.json", package)).headers[
        "Location"
    ]
    page = alice_client.get(address).content.decode()

    alice_client.post(address, NEW | {"tool": "lodash"})

    assert re.search(r'value="flask" checked', page)
    assert re.search(r'value="lodash">', page)
    assert [item.tool for item in Item.objects.all()] == [lodash]


def test_review_for_a_stack_shows_what_differs(alice_client: Client, alice: User, flask: Tool) -> None:
    stack = StackFactory(person=alice, name="Rider", slug="rider")
    item = ItemFactory(stack=stack, tool=flask, version="2.0")
    gone = ItemFactory(stack=stack, tool=ToolFactory(name="Redis"), tier="verified")
    EvidenceFactory(item=gone, source=Evidence.Source.UPLOAD, path="requirements.txt", purl="pkg:pypi/redis")
    address = reading_of(alice_client, stack=str(stack.pk))

    page = alice_client.get(address).content.decode()
    alice_client.post(address, {"stack": stack.pk, "tool": ["flask", "redis"]})

    assert re.search(r'2.0 →<input [^>]*name="version-flask" value="3.1"', page)
    assert page.index("Other versions") < page.index("Gone")
    item.refresh_from_db()
    gone.refresh_from_db()
    assert item.version == "3.1"
    assert not gone.is_current


def test_stack_of_the_review_can_be_chosen(alice_client: Client, alice: User, flask: Tool) -> None:
    stack = StackFactory(person=alice, name="Rider", slug="rider")
    ItemFactory(stack=stack, tool=flask, version="3.1")
    address = reading_of(alice_client)

    assert "As before" in alice_client.get(f"{address}?stack={stack.pk}").content.decode()
    assert "As before" not in alice_client.get(f"{address}?stack=").content.decode()
    for wrong in (StackFactory().pk, "x", "9" * 30):
        assert alice_client.get(f"{address}?stack={wrong}").status_code == 404


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (NEW | {"new-name": "", "tool": "flask"}, "Give it a name."),
        (NEW, "Choose at least one tool."),
    ],
)
def test_review_with_an_error_keeps_what_was_chosen(
    alice_client: Client, flask: Tool, values: dict[str, str], words: str
) -> None:
    address = reading_of(alice_client)

    response = alice_client.post(address, values)

    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert ('value="flask" checked' in page) is ("tool" in values)
    assert not Stack.objects.exists()


def test_review_names_the_new_stack_after_the_repository(alice_client: Client, alice: User) -> None:
    reading = ReadingFactory(person=alice, source=Reading.Source.REPOSITORY, repository="example/rider")

    page = alice_client.get(f"/stacks/new/{reading.pk}/").content.decode()

    assert 'value="rider"' in page
    assert 'value="example/rider"' in page


def test_failed_reading_says_why(alice_client: Client, alice: User) -> None:
    reading = ReadingFactory(
        person=alice, state=Reading.State.FAILED, error=f"There is no {HOSTILE} repository."
    )

    page = alice_client.get(f"/stacks/new/{reading.pk}/").content.decode()

    assert "There is no &lt;script&gt;" in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_review_is_its_person_s_alone(client: Client, mallory: User, alice: User, method: str) -> None:
    address = f"/stacks/new/{ReadingFactory(person=alice).pk}/"

    assert getattr(client, method)(address).headers["Location"].startswith("/accounts/login/")
    client.force_login(mallory)
    assert getattr(client, method)(address).status_code == 404


def test_import_asks_the_anonymous_to_sign_in(client: Client) -> None:
    assert client.get(IMPORT).headers["Location"] == f"/accounts/login/?next={IMPORT}"
    answer = send(client, ("package.json", b"{}"))
    assert answer.headers["Location"] == f"/accounts/login/?next={IMPORT}"
    # What they sent was not even parsed.
    assert not hasattr(answer.wsgi_request, "_files")
    assert not Reading.objects.exists()


def test_import_takes_no_other_methods(alice_client: Client, alice: User) -> None:
    assert alice_client.put(IMPORT).status_code == 405
    assert alice_client.put(f"/stacks/new/{ReadingFactory(person=alice).pk}/").status_code == 405


def test_review_costs_few_queries(
    alice_client: Client, alice: User, count_queries: Callable[..., Any]
) -> None:
    tools = ToolFactory.create_batch(20)
    stack = StackFactory(person=alice)
    for tool in tools[:10]:
        ItemFactory(stack=stack, tool=tool)
    address = alice_client.post(
        IMPORT, {"names": "\n".join([*(tool.name for tool in tools), "nonsense"]), "stack": stack.pk}
    ).headers["Location"]

    with count_queries(at_most=11):
        response = alice_client.get(address)

    assert response.status_code == 200
