"""A GitHub that runs here: a real HTTP server that answers, counts, refuses and fails as GitHub does."""

from tests.github.fake.repositories import FakeRepository
from tests.github.fake.server import FakeGitHub, FakeRequest

__all__ = ["FakeGitHub", "FakeRepository", "FakeRequest"]
