"""The fake GitHub for every test that asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.github.fake import FakeGitHub
from tests.github.fake.server import TOKEN


@pytest.fixture
def github(settings: Any) -> Iterator[FakeGitHub]:
    """A GitHub of this test's own, to which the site has a token."""
    with FakeGitHub() as running:
        settings.GITHUB_API_URL = running.url
        settings.GITHUB_TOKEN = TOKEN
        settings.GITHUB_APP_ID = settings.GITHUB_APP_INSTALLATION_ID = settings.GITHUB_APP_PRIVATE_KEY = ""
        yield running
