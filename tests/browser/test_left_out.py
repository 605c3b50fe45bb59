"""What becomes of browser tests on a machine without a Chromium."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ONE_LINE = "Browser tests left out: no Chromium found; on Debian: apt-get install chromium"

A_BROWSER_TEST_AND_ANOTHER = """
import pytest

@pytest.mark.browser
def test_page(browser):
    pass

def test_sum():
    assert 1 + 1 == 2
"""


def run_pytest(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run in `folder` of the tests above, with nothing on PATH."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = browser: needs a Chromium\n")
    (folder / "test_some.py").write_text(A_BROWSER_TEST_AND_ANOTHER)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.browser.chromium", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={
            "PATH": str(folder),
            "PYTHONPATH": str(settings.BASE_DIR),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [[], ["-p", "xdist", "-n", "2"]], ids=["one process", "two processes"])
def test_one_line_says_what_was_left_out_and_how_to_get_it(tmp_path: Path, options: list[str]) -> None:
    run = run_pytest(tmp_path, *options)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines().count(ONE_LINE) == 1
    assert "1 passed" in run.stdout
    assert "skipped" not in run.stdout


def test_nothing_is_said_where_no_browser_test_was_asked_for(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "-m", "not browser")

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Browser tests" not in run.stdout


def test_browser_tests_fail_in_ci(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, CI="true")

    assert run.returncode == 1
    assert "1 passed, 1 error" in run.stdout
    assert "no Chromium found; on Debian: apt-get install chromium" in run.stdout
