from typing import Any

import pytest
from django.test import Client

from apps.accounts.forms import ProfileForm
from apps.accounts.models import BIO_CHARACTERS, User
from tests.accounts.clients import client_of

pytestmark = pytest.mark.django_db

URL = "/settings/profile/"

ALL = {
    "name": "Alice Liddell",
    "title": "Staff engineer",
    "company": "Example",
    "place": "Oxford",
    "bio": "I *like* databases.",
    "links": "https://alice.example.org\nhttp://example.com/alice",
}


def test_profile_shows_what_is_saved(alice: User, count_queries: Any) -> None:
    alice.links = ["https://a.example", "https://b.example"]
    alice.bio = "Mine."
    alice.save()
    client = client_of(alice)

    with count_queries(at_most=5):
        answer = client.get(URL)

    assert answer.status_code == 200
    assert b"https://a.example\nhttps://b.example</textarea>" in answer.content
    assert b"Mine.</textarea>" in answer.content
    assert answer["Cache-Control"] == "private"


def test_profile_saves_what_was_sent(alice: User) -> None:
    answer = client_of(alice).post(URL, ALL)

    alice.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert {field: getattr(alice, field) for field in ALL} == ALL | {
        "links": ["https://alice.example.org", "http://example.com/alice"]
    }


def test_profile_may_be_empty(alice: User) -> None:
    client = client_of(alice)
    client.post(URL, ALL)

    client.post(URL, dict.fromkeys(ALL, ""))

    alice.refresh_from_db()
    assert (alice.name, alice.bio, alice.links) == ("", "", [])


def test_profile_changes_nobody_else_and_nothing_else(alice: User, mallory: User) -> None:
    client_of(mallory).post(
        URL, {"name": "M", "pk": alice.pk, "username": "alice2", "is_staff": "on", "reputation": "900"}
    )

    alice.refresh_from_db()
    mallory.refresh_from_db()
    assert alice.name == ""
    assert (mallory.username, mallory.is_staff, mallory.reputation) == ("mallory", False, 0)


@pytest.mark.parametrize("method", ["get", "post"])
def test_profile_sends_strangers_to_the_sign_in(client: Client, method: str) -> None:
    answer = getattr(client, method)(URL)

    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/login/?next={URL}")


def test_profile_answers_no_other_methods(alice: User) -> None:
    assert client_of(alice).put(URL).status_code == 405


def test_profile_needs_the_token_of_its_form(alice: User) -> None:
    answer = client_of(alice, enforce_csrf_checks=True).post(URL, ALL)

    alice.refresh_from_db()
    assert answer.status_code == 403
    assert alice.name == ""


def test_profile_with_errors_is_not_saved_and_keeps_what_was_typed(alice: User) -> None:
    answer = client_of(alice).post(URL, ALL | {"links": "nonsense", "name": "Somebody"})

    alice.refresh_from_db()
    assert answer.status_code == 422
    assert b'value="Somebody"' in answer.content
    assert b'aria-invalid="true"' in answer.content
    assert alice.name == ""
    # The header says what is saved.
    assert answer.wsgi_request.user.name == ""


def test_profile_shows_how_the_text_will_look_and_saves_nothing(alice: User) -> None:
    answer = client_of(alice).post(URL, {"bio": "I *like* <script>", "preview": "1"})

    alice.refresh_from_db()
    assert answer.status_code == 200
    assert b"I <em>like</em> &lt;script&gt;" in answer.content
    assert alice.bio == ""


def test_profile_shows_no_text_that_is_too_long(alice: User) -> None:
    answer = client_of(alice).post(URL, {"bio": "x" * 1001, "preview": "1"})

    assert answer.status_code == 422
    assert b'id="preview"' not in answer.content


def form(**fields: str) -> ProfileForm:
    return ProfileForm(fields, instance=User(username="alice"))


def test_bio_counts_line_ends_once() -> None:
    assert form(bio="\r\n".join(["x" * 9] * 100)).is_valid()


@pytest.mark.parametrize("text", ["x" * (BIO_CHARACTERS + 1), "nul \0 nul"])
def test_bio_that_cannot_be_kept_is_refused(text: str) -> None:
    assert "bio" in form(bio=text).errors


def test_lines_of_a_profile_are_one_line_and_run_one_way() -> None:
    profile = form(name="  Alice \n Liddell\u202e ", title="\u2066x")

    assert profile.is_valid()
    assert (profile.cleaned_data["name"], profile.cleaned_data["title"]) == ("Alice Liddell", "x")


@pytest.mark.parametrize("field", ["name", "title", "company", "place"])
def test_line_of_a_profile_that_is_too_long_is_refused(field: str) -> None:
    assert form(**{field: "x" * 80}).is_valid()
    assert field in form(**{field: "x" * 81}).errors


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("javascript:alert(1)", "not a web address"),
        ("ftp://example.org", "not a web address"),
        ("example.org", "not a web address"),
        ("https://", "not a web address"),
        ("https://[::1", "not a web address"),
        ("https://exa mple.org", "not a web address"),
        ("https://example.org/<script>\x01", "not a web address"),
        ("https://alice:secret@example.org", "name or password"),
        ("https://alice@example.org/", "name or password"),
        ("https://example.org/" + "x" * 200, "longer than 200"),
    ],
)
def test_links_name_the_line_that_is_wrong(line: str, words: str) -> None:
    errors = form(links=f"https://example.org\r\n\r\n{line}\r\nhttps://example.com").errors["links"]

    assert len(errors) == 1
    assert errors[0].startswith("Line 3 ")
    assert words in errors[0]


def test_links_name_every_line_that_is_wrong() -> None:
    errors = form(links="a\nhttps://example.org\nb").errors["links"]

    assert [error[:7] for error in errors] == ["Line 1 ", "Line 3 "]


def test_links_leave_out_empty_lines_and_repetitions() -> None:
    profile = form(links="\n https://a.example/ \n\nhttps://a.example/\nhttps://münchen.example/\n")

    assert profile.is_valid()
    assert profile.cleaned_data["links"] == ["https://a.example/", "https://münchen.example/"]


def test_links_are_five_at_most() -> None:
    lines = [f"https://example.org/{number}" for number in range(6)]

    assert form(links="\n".join(lines[:5])).is_valid()
    assert form(links="\n".join(lines)).errors["links"] == ["At most 5 links; these are 6."]
