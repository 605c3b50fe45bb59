"""The files of the demo content: what is checked, and that those of the project are in order."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.pages.demo import demo_digest, read_demo
from apps.tools.entries import CatalogueError
from tests.factories.demo import NAMES, TOOLS, write_demo


@pytest.fixture
def demo_dir(tmp_path: Path) -> Path:
    return write_demo(tmp_path / "demo")


def test_demo_is_read_in_the_order_of_time(demo_dir: Path) -> None:
    (demo_dir / "threads/00-late.toml").write_text(
        (demo_dir / "threads/01-python.toml").read_text().split("[[threads]]")[2].join(["[[threads]]", ""])
    )
    demo = read_demo(demo_dir, TOOLS)
    assert [person.username for person in demo.people] == list(NAMES)
    assert [len(stack.items) for stack in demo.stacks] == [9]
    assert [thread.at.month for thread in demo.threads] == [4, 9, 9]
    assert demo.threads[1].roles == [("valkey", "chosen", ""), ("redis", "rejected", "The licence.")]


def test_digest_changes_with_the_files(demo_dir: Path) -> None:
    before = demo_digest(demo_dir)
    assert demo_digest(demo_dir) == before
    (demo_dir / "stacks.toml").write_text("")
    assert demo_digest(demo_dir) != before


# File, what is written in it, what in its place, and what is said of it.
BROKEN = {
    "unknown tool followed": (
        "people.toml",
        '"flask", "postgresql"',
        '"flasc", "postgresql"',
        "people.toml: ada-demo: tools: the catalogue has no tool 'flasc'.",
    ),
    "tool followed twice": (
        "people.toml",
        '"celery", "django"',
        '"celery", "celery"',
        "ada-demo: tools: 'celery'",
    ),
    "username": (
        "people.toml",
        'username = "ada-demo"',
        'username = "Ada"',
        "people.toml: people 1 (Ada): username:",
    ),
    "two of a name": (
        "people.toml",
        'username = "ben-demo"',
        'username = "ada-demo"',
        "stands there 2 times",
    ),
    "nobody followed": ("people.toml", '["ben-demo",', '["zoe",', "people: 'zoe' is nobody here."),
    "follows themselves": ("people.toml", '["ben-demo",', '["ada-demo",', "nobody follows themselves"),
    "joined late": ("people.toml", "2024-12-01", "2025-12-01", "ada-demo: joined: must be before 2025-02-01"),
    "unknown field": (
        "people.toml",
        'bio = "',
        'boi = "',
        "ada-demo): boi: is not a field",
    ),
    "owner": ("stacks.toml", 'owner = "ada-demo"', 'owner = "zoe"', "owner: 'zoe' is nobody here."),
    "unknown tool": (
        "stacks.toml",
        '"postgresql"',
        '"postgres"',
        "ada-demo/shop, postgres: tool: the catalogue",
    ),
    "tool twice": (
        "stacks.toml",
        '"postgresql"',
        '"celery"',
        "ada-demo/shop: items: 'celery' stands there 2 times.",
    ),
    "no day": ("stacks.toml", 'since = "2021"', 'since = "2021-13"', "items 3: since: '2021-13': Write"),
    "no since": ("stacks.toml", 'since = "2021"', 'since = ""', "items 3: since: is too short"),
    "tomorrow": ("stacks.toml", 'since = "2021"', 'since = "2027"', "Write a date between 1950 and today."),
    "ends first": ("stacks.toml", 'until = "2016"', 'until = "2014"', "until: it ended before it began."),
    "no end": ("stacks.toml", 'until = "2025-08", ', "", "until: say when it ended."),
    "half an upgrade": ("stacks.toml", 'was = "4.2", ', "", "give version, was and upgraded together"),
    "upgraded first": (
        "stacks.toml",
        'upgraded = "2025-06"',
        'upgraded = "2019"',
        "upgraded before it began",
    ),
    "replaced by itself": (
        "stacks.toml",
        'replaced_by = "valkey"',
        'replaced_by = "redis"',
        "is the tool itself",
    ),
    "replaced by none": (
        "stacks.toml",
        '{tool = "valkey", since = "2025-08"},',
        "",
        "the stack has no 'valkey'",
    ),
    "replaced late": (
        "stacks.toml",
        '"valkey", since = "2025-08"',
        '"valkey", since = "2025-09"',
        "only after",
    ),
    "author": ("threads", 'author = "ben-demo"', 'author = "zoe"', "replies 1: 'zoe' is nobody here."),
    "asker": (
        "threads",
        'author = "ada-demo"\nat = 2025-04-01',
        'author = "zoe"\nat = 2025-04-01',
        "author: 'zoe'",
    ),
    "unknown option": (
        "threads",
        '"flask", "django"',
        '"flasc", "django"',
        "the catalogue has no tool 'flasc'.",
    ),
    "two roles": (
        "threads",
        'about = ["celery"]',
        'about = ["flask"]',
        "tools: 'flask' stands there 2 times.",
    ),
    "no tool": (
        "threads",
        'about = ["celery"]\noptions = ["flask", "django"]',
        "",
        "name a tool that it is about",
    ),
    "no choice": ("threads", 'chosen = ["valkey"]', "", "chosen: name what was chosen."),
    "choice of a question": ("threads", 'stage = "idea"', 'again = "yes"', "kind: chosen, rejected, since"),
    "stage of a decision": ("threads", 'again = "yes"', 'stage = "live"', "kind: about, options"),
    "scale of a decision": ("threads", 'again = "yes"', 'scale = "big"', "kind: scale and constraints"),
    "stack of another": ("threads", '"ada-demo/shop"', '"ben-demo/shop"', "is no stack of the author."),
    "too early": (
        "threads",
        "at = 2025-04-01T09",
        "at = 2025-01-01T09",
        "is not between 2025-02-01 and 2026-11-15",
    ),
    "reply before": ("threads", "at = 2025-04-03", "at = 2025-04-02", "replies 2: must be later than"),
    "comment before": ("threads", "2025-04-01T10", "2025-04-01T08", "comments: a comment must be later"),
    "comment of nobody": (
        "threads",
        'author = "cleo-demo"',
        'author = "zoe"',
        "'zoe' is nobody here, who comments.",
    ),
    "two accepted": (
        "threads",
        'body = "Whatever',
        'accepted = true\nbody = "Whatever',
        "one reply can be accepted",
    ),
    "too many votes": ("threads", "up = 2\ndown = 1", "up = 20\ndown = 11", "31 votes: at most 30 together"),
    "outcome early": ("threads", "at = 2025-05-03", "at = 2025-04-20", "before 30 days were over"),
    "outcome of no tool": (
        "threads",
        'chosen = "django"',
        'chosen = "jango"',
        "outcomes: the catalogue has no tool",
    ),
    "short title": ("threads", "Flask or Django for a first API?", "Flask?", "title: is too short"),
}


@pytest.mark.parametrize(("file", "old", "new", "said"), BROKEN.values(), ids=list(BROKEN))
def test_problem_names_file_entry_and_field(demo_dir: Path, file: str, old: str, new: str, said: str) -> None:
    path = demo_dir / ("threads/01-python.toml" if file == "threads" else file)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError) as caught:
        read_demo(demo_dir, TOOLS)
    problems = [str(problem) for problem in caught.value.problems]
    name = str(path.relative_to(demo_dir))
    assert any(problem.startswith(name) and said in problem for problem in problems), problems


def test_all_broken_files_are_told_at_once(demo_dir: Path) -> None:
    (demo_dir / "threads/02-no.toml").write_text("[[threads]")
    path = demo_dir / "threads/01-python.toml"
    path.write_text(path.read_text().replace('"ben-demo"', '"zoe"'))
    with pytest.raises(CatalogueError) as caught:
        read_demo(demo_dir, TOOLS)
    assert {problem.file for problem in caught.value.problems} == {
        "threads/01-python.toml",
        "threads/02-no.toml",
    }


def test_demo_of_the_project_is_in_order() -> None:
    text = "".join(
        path.read_text() for path in sorted((settings.BASE_DIR / "catalogue/tools").glob("*.toml"))
    )
    demo = read_demo(settings.BASE_DIR / "demo", set(re.findall(r'^slug = "(.+)"', text, re.MULTILINE)))
    moves = [item for stack in demo.stacks for item in stack.items if item.replaced_by]
    assert len(demo.people) == 40
    assert len(demo.stacks) == 30
    assert len(demo.threads) >= 60
    assert len(moves) >= 40
    assert all(8 <= sum(not item.until for item in stack.items) <= 25 for stack in demo.stacks)
    assert {person.login: person.username for person in demo.people if person.login} == {
        "member": "maya-okafor",
        "moderator": "robin-castel",
    }
