"""The command line: its own tests, run by node against a real server, and its rules beside those of detection."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import User
from apps.accounts.services.tokens import create_token
from apps.api.parsers import MAX_FILES_BYTES
from apps.detection.detect import is_wanted
from apps.detection.management.commands.write_cli_rules import FILE, SENT_BYTES, rules
from apps.stacks.models import Evidence, Item, Stack
from tests.factories.stacks import StackFactory
from tests.factories.tools import PackageFactory, ToolFactory

FOLDER: Path = settings.BASE_DIR / "cli"


def node_version() -> tuple[int, ...]:
    node = shutil.which("node")
    if node is None:
        return (0,)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.strip().lstrip("v").split("."))


needs_node = pytest.mark.skipif(
    node_version() < (18, 3), reason="no node of version 18.3 or newer is installed"
)


def node(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", *arguments],
        cwd=FOLDER,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "NODE_NO_WARNINGS": "1", **environment},
    )


def test_rules_are_those_of_detection() -> None:
    assert json.loads(FILE.read_text()) == rules(), "Run manage.py write_cli_rules."


def test_what_is_sent_at_once_fits_into_a_request() -> None:
    # Base64 makes a third more of it, and so does escaping at its usual worst.
    assert SENT_BYTES * 4 / 3 < MAX_FILES_BYTES


def paths() -> list[str]:
    """Paths that each pattern matches, and nearly, in folders that count and that do not."""
    names = {
        pattern.replace("**/", "a/b/").replace("*", "x").replace("?", "y") for pattern in rules()["patterns"]
    }
    folders = [
        "",
        "a/",
        "Web/App/",
        "node_modules/a/",
        "vendor/",
        "apps/vendor/",
        "templates/",
        "x/examples/",
        "a.egg-info/",
    ]
    return [
        *(folder + name for folder in folders for name in sorted(names)),
        *(f"{name}.orig" for name in names),
        *(f"x{name}" for name in names),
        *(name.upper() for name in names),
        "a\u202e/package.json",
        "a\u00a0b/package.json",
        "C:/package.json",
        "x" * 290 + "/package.json",
        "x" * 280 + "/package.json",
        "\U0001f600" * 280 + "/package.json",
    ]


@needs_node
def test_files_that_are_sent_are_those_that_the_server_reads() -> None:
    script = (
        'import { isWanted } from "./lib/rules.js"; import { readFileSync } from "node:fs";'
        'console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(isWanted)));'
    )

    answer = node("--input-type=module", "--eval", script, stdin=json.dumps(paths()))

    said = dict(zip(paths(), json.loads(answer.stdout), strict=True))
    assert said == {path: is_wanted(path) for path in paths()}


@needs_node
@pytest.mark.django_db(transaction=True)
def test_command_line_against_this_server(live_server: Any, alice: User, mallory: User) -> None:
    for name, kind, package in (("Flask", "pypi", "flask"), ("React", "npm", "react")):
        PackageFactory(tool=ToolFactory(name=name), type=kind, name=package)
    StackFactory(person=mallory, name="Other")
    tokens = [create_token(person=alice, name="x", scope=scope, days=1)[1] for scope in ("write", "read")]

    answer = node(
        "--test",
        "test",
        STACKSHARE_TEST_URL=live_server.url,
        STACKSHARE_TEST_TOKEN=tokens[0],
        STACKSHARE_TEST_READ_TOKEN=tokens[1],
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "# skipped 0" in answer.stdout
    stack = Stack.objects.get(slug="shop")
    assert stack.owner == alice
    assert [item.tool.slug for item in Item.objects.current()] == ["flask"]
    assert {one.source for one in Evidence.objects.all()} == {"cli"}
