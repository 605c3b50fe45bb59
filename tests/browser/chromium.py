"""Tests marked `browser` need a Chromium. Without one they are left out, which the summary says in one line;
in CI they fail instead."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_IT = "no Chromium found; on Debian: apt-get install chromium"
LEFT_OUT = pytest.StashKey[bool]()


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


# Last, so that only what the command line asked for is left out.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if find_chromium() or os.environ.get("CI") == "true":
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
        config.stash[LEFT_OUT] = True
        if hasattr(config, "workeroutput"):
            config.workeroutput["browser_left_out"] = True


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker of xdist left out, for its controller, which prints the summary."""
    if getattr(node, "workeroutput", {}).get("browser_left_out"):
        node.config.stash[LEFT_OUT] = True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(LEFT_OUT, False):
        terminalreporter.write_line(f"Browser tests left out: {HOW_TO_GET_IT}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    path = find_chromium()
    if path is None:
        pytest.fail(HOW_TO_GET_IT, pytrace=False)
    # From here on Playwright's event loop runs in this thread, and Django would refuse to query beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path)
        yield chromium
        chromium.close()
