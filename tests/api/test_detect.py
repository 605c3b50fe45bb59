"""POST /api/v1/detect: files in, evidence out, nothing kept."""

import base64
import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.api import access
from apps.api.parsers import FilesJSONParser
from apps.stacks import uploads
from apps.stacks.models import Reading
from apps.tools.models import Tool
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

REQUIREMENTS = {"path": "api/requirements.txt", "content": "# ours\nflask==3.1\nnobody-knows==1\n"}


def test_detect_answers_what_files_show(flask: Tool, count_queries: Any) -> None:
    with count_queries(at_most=6):
        answer = Api().post("detect", {"files": [REQUIREMENTS, {"path": "package.json", "content": "{"}]})

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    data = answer.json()
    assert data["tools"] == ["flask"]
    assert data["findings"] == [
        {
            "tool": "flask",
            "kind": "package",
            "name": "flask",
            "path": "api/requirements.txt",
            "line": 2,
            "purl": "pkg:pypi/flask",
            "version": data["findings"][0]["version"],
            "scope": "runtime",
            "confidence": 1.0,
            "is_direct": True,
        }
    ]
    assert "3.1" in data["findings"][0]["version"]
    assert [one["path"] for one in data["unread"]] == ["package.json"]
    assert data["unknown"] == ["pkg:pypi/nobody-knows"]
    assert not Reading.objects.exists()


@pytest.mark.parametrize("scope", ["read", "write"])
def test_detect_takes_any_token(alice: User, flask: Tool, scope: str) -> None:
    assert Api(alice, scope).post("detect/", {"files": [REQUIREMENTS]}).json()["tools"] == ["flask"]


def test_detect_refuses_a_token_that_is_none() -> None:
    api = Api()
    api.headers = {"Authorization": "Bearer nonsense"}

    assert api.post("detect", {"files": [REQUIREMENTS]}).status_code == 401


def test_detect_takes_base64_and_archives(flask: Tool) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("requirements.txt", "flask")
    files = [{"path": "x.zip", "content": base64.b64encode(buffer.getvalue()).decode(), "encoding": "base64"}]

    assert Api().post("detect", {"files": files}).json()["tools"] == ["flask"]


def test_detect_takes_a_form_as_curl_sends_it(flask: Tool) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="api/requirements.txt"\r\n\r\nflask\r\n--x--\r\n'

    answer = Client().post("/api/v1/detect", body, content_type="multipart/form-data; boundary=x")

    assert answer.json()["findings"][0]["path"] == "api/requirements.txt"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "files"),
        ({"files": []}, "files"),
        ({"files": "x"}, "files"),
        ({"files": [{"content": "x"}]}, "files"),
        ({"files": [{"path": "a\0", "content": "x"}]}, "files"),
        ({"files": [{"path": "a", "content": "%", "encoding": "base64"}]}, "files"),
        ({"files": [{"path": "a", "content": "ä", "encoding": "base64"}]}, "files"),
        ({"files": [{"path": "a", "content": "", "encoding": "rot13"}]}, "files"),
        ({"files": [{"path": "x" * 1001}]}, "files"),
        ([], "non_field_errors"),
        ("x", "non_field_errors"),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
def test_detect_says_at_the_field_what_is_wrong(data: Any, field: str) -> None:
    answer = Api().post("detect", data)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{nonsense", "application/json"),
        (b"[" * 200_000, "application/json"),
        (b'{"files": NaN}', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"files": [{"path": "\\ud800"}]}', "application/json"),
        (b"{}", "application/json; charset=nonsense"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="publish"\r\n\r\nx\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_detect_answers_400_to_a_body_that_is_none(body: bytes, kind: str) -> None:
    answer = Client().generic("POST", "/api/v1/detect", body, content_type=kind)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"


def test_detect_answers_415_to_another_kind_of_body() -> None:
    assert Client().post("/api/v1/detect", b"x", content_type="text/plain").status_code == 415


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\u202eb/package.json", ""])
def test_detect_survives_hostile_paths(path: str) -> None:
    answer = Api().post("detect", {"files": [{"path": path, "content": "{}"}]})

    assert answer.status_code in (200, 400)
    assert answer.json().get("tools", []) == []


def test_detect_reads_no_more_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilesJSONParser, "max_bytes", 100)

    small, large = (
        Api().post("detect", {"files": [{"path": "a", "content": "x" * size}]}) for size in (10, 100)
    )

    assert (small.status_code, large.status_code) == (200, 413)
    assert large.json() == {"detail": "The request is larger than what is read here."}


def test_detect_reads_no_more_of_a_form_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_REQUEST_BYTES", 10)
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="package.json"\r\n\r\n{}\r\n--x--\r\n'

    answer = Client().generic("POST", "/api/v1/detect", body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 413


def test_detect_refuses_a_form_of_fields_without_end(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    body = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\na\r\n' * 5 + b"--x--\r\n"

    answer = Client().generic("POST", "/api/v1/detect", body, content_type="multipart/form-data; boundary=x")

    assert (answer.status_code, answer.json()) == (400, {"detail": "The request could not be read."})


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_detect_knows_post_alone(method: str) -> None:
    assert Api()(method, "detect").status_code == 405


def test_detect_without_a_token_is_limited_by_address(
    alice: User, flask: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "ADDRESS_DETECTION_LIMIT", "2/hour")
    files = {"files": [REQUIREMENTS]}

    statuses = [Api().post("detect", files).status_code for _ in range(3)]
    answer = Api().post("detect", files)

    assert statuses == [200, 200, 429]
    assert answer.json()["detail"].startswith("Too many requests from this address.")
    assert Api(alice).post("detect", files).status_code == 200


def test_detection_of_a_person_is_limited_over_all_tokens(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "DETECTION_LIMIT", "2/hour")

    statuses = [Api(alice).post("detect", {"files": [REQUIREMENTS]}).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_documentation_shows_what_detect_answers(flask: Tool, settings: Any) -> None:
    text = (settings.BASE_DIR / "docs/api.md").read_text()
    sent = json.loads(re.search(r"-d '(\{\"files\".*?)'", text)[1])  # type: ignore[index]
    shown = json.loads(text.split("```json\n")[2].split("```")[0])

    answer = Api().post("detect", sent).json()

    # A version stands as the file writes it.
    assert answer["findings"][0].pop("version").endswith(shown["findings"][0].pop("version"))
    assert answer == shown
