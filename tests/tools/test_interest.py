from collections.abc import Callable
from typing import Any

import pytest

from apps.github.models import Repository
from apps.tools import tasks
from apps.tools.models import Tool
from apps.tools.services.interest import FOLLOWER_WEIGHT, STACK_WEIGHT, VOTE_WEIGHT, weigh_interest
from tests.factories.tools import RepositoryFactory, ToolFactory, ToolRepositoryFactory

pytestmark = pytest.mark.django_db


def tool_of(repository: Repository, *, is_primary: bool = True, **counts: Any) -> Tool:
    return ToolRepositoryFactory(
        repository=repository, is_primary=is_primary, tool=ToolFactory(**counts)
    ).tool


def interest_of(repository: Repository) -> int:
    repository.refresh_from_db()
    return repository.interest


def test_interest_is_the_weighted_sum_of_what_people_do() -> None:
    repository = RepositoryFactory()
    tool_of(repository, stack_count=10, follower_count=200, vote_count=3000)

    tasks.weigh_interest()

    assert interest_of(repository) == 10 * STACK_WEIGHT + 200 * FOLLOWER_WEIGHT + 3000 * VOTE_WEIGHT


def test_interest_is_of_all_tools_whose_primary_or_other_repository_it_is() -> None:
    repository = RepositoryFactory()
    tool_of(repository, vote_count=4)
    tool_of(repository, vote_count=5, is_primary=False)

    weigh_interest()

    assert interest_of(repository) == 9 * VOTE_WEIGHT


def test_interest_leaves_out_tools_that_are_not_listed() -> None:
    repository = RepositoryFactory(interest=5)
    tool_of(repository, vote_count=4, is_listed=False)

    weigh_interest()

    assert interest_of(repository) == 0


def test_interest_ends_when_no_tool_has_the_repository_any_more() -> None:
    repository = RepositoryFactory(interest=7)

    assert weigh_interest() == 1
    assert interest_of(repository) == 0


def test_weigh_interest_changes_nothing_the_second_time(count_queries: Callable[..., Any]) -> None:
    for _ in range(8):
        tool_of(RepositoryFactory(), vote_count=2)
    RepositoryFactory()

    # What changed, the change, and a savepoint around them.
    with count_queries(at_most=4):
        changed = [weigh_interest()]
    changed.append(weigh_interest())

    assert changed == [8, 0]
