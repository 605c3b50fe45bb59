from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend
from django.test import Client
from django.urls import reverse

from apps.pages import mail_folder

pytestmark = pytest.mark.django_db

LIST = "/development/mail/"


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return tmp_path


def write(folder: Path, name: str, *mails: EmailMessage) -> str:
    """A file as Django's backend writes it; answers the address of its page."""
    backend = EmailBackend(file_path=str(folder))
    backend._fname = str(folder / name)  # type: ignore[attr-defined]
    backend.send_messages(list(mails))
    return reverse("pages:development-mail", args=[name])


def mail(subject: str = "Your code", body: str = "It is 1234.", **headers: str) -> EmailMessage:
    return EmailMessage(subject, body, "site@example.org", ["alice@example.org"], headers=headers)


def test_list_shows_mails_newest_first(client: Client, folder: Path) -> None:
    write(folder, "20261122-100000-1.log", mail("First"), mail("Second"))
    url = write(folder, "20261123-100000-1.log", mail("Grüße & <b>"))
    (folder / "notes.txt").write_text("no mail")

    page = client.get(LIST).content.decode()

    assert page.index("Grüße &amp; &lt;b&gt;") < page.index("Second") < page.index("First")
    assert page.count("To alice@example.org") == 3
    assert f'href="{url}"' in page
    assert "no mail" not in page


def test_list_ends_somewhere(client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_folder, "SHOWN", 2)
    write(folder, "20261122-100000-1.log", *(mail(f"Number {n}") for n in range(3)))

    assert client.get(LIST).content.decode().count("Number") == 2


@pytest.mark.parametrize("is_there", [True, False])
def test_list_has_words_when_there_is_nothing(client: Client, folder: Path, is_there: bool) -> None:
    if not is_there:
        folder.rmdir()

    assert "No mail yet." in client.get(LIST).content.decode()


def test_mail_is_shown_with_headers_and_links(client: Client, folder: Path) -> None:
    body = "Hello ä,\n\nyours: https://stacks.example.org/x?a=1&b=2\n<script>alert(1)</script>\njavascript:alert(1)"
    url = write(
        folder, "20261122-100000-1.log", mail("A & B", body, **{"List-Unsubscribe": "<https://x.example/u>"})
    )

    answer = client.get(url)

    page = answer.content.decode()
    assert "A &amp; B</h1>" in page
    assert "Hello ä," in page
    assert 'href="https://stacks.example.org/x?a=1&amp;b=2" rel="nofollow"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="javascript' not in page
    assert "<dt>List-Unsubscribe</dt>" in page
    assert '<meta name="robots" content="noindex">' in page
    assert "no-store" in answer.headers["Cache-Control"]


def test_mail_without_text_is_shown_too(client: Client, folder: Path) -> None:
    (folder / "20261122-100000-1.log").write_bytes(b"Content-Type: image/png\n\n\x89PNG\n")

    assert "No subject" in client.get(LIST).content.decode()
    assert client.get(f"{LIST}20261122-100000-1.log/").status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.log", "..", "%2e%2e%2fsecret.log", "..%2Fsecret.log", "secret.txt", "*.log", "x\\y.log"]
)
def test_mail_is_of_the_folder_or_not_there(client: Client, folder: Path, settings: Any, name: str) -> None:
    settings.EMAIL_FILE_PATH = str(folder / "mail")
    (folder / "mail").mkdir()
    (folder / "secret.log").write_text("Subject: secret\n\nsecret")
    (folder / "mail" / "secret.txt").write_text("Subject: secret\n\nsecret")

    answer = client.get(f"{LIST}{name}/", follow=True)

    assert b"Subject" not in answer.content
    assert answer.status_code == 404 or answer.redirect_chain


@pytest.mark.parametrize(
    "header",
    ["To: <", "To: <a@[", "Subject: =?x?b?!!!?=", "Content-Type: text/plain; charset=unicode_escape"],
)
def test_malformed_mail_hides_no_other(client: Client, folder: Path, header: str) -> None:
    write(folder, "20261122-100000-1.log", mail("Well formed"))
    (folder / "20261123-100000-1.log").write_text(f"{header}\n\n\\ud800 words")

    assert "Well formed" in client.get(LIST).content.decode()
    assert "words" in client.get(f"{LIST}20261123-100000-1.log/").content.decode()


@pytest.mark.parametrize("change", [{"DEVELOPMENT": False}, {"EMAIL_BACKEND": "other.EmailBackend"}])
def test_mails_are_nowhere_but_in_development(
    client: Client, folder: Path, settings: Any, change: dict[str, Any]
) -> None:
    url = write(folder, "20261122-100000-1.log", mail())
    assert LIST in client.get("/about/").content.decode()
    for name, value in change.items():
        setattr(settings, name, value)

    assert [client.get(address).status_code for address in (LIST, url)] == [404, 404]
    assert LIST not in client.get("/about/").content.decode()


def test_mails_are_there_to_be_read_only(client: Client, folder: Path) -> None:
    url = write(folder, "20261122-100000-1.log", mail())

    for address in (LIST, url):
        assert client.head(address).status_code == 200
        assert client.post(address).status_code == 405
