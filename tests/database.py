"""The test database of several processes: one beside them runs all migrations while they collect their tests; each
then copies what that made, as to run them takes longer than to collect seven thousand tests.

One process alone (`-n 0`), and `--reuse-db`, do without.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

# What one process alone would have, until the last of those that copy it is done. Its argument is a file that it holds
# locked while it is not ready.
MAKE = """
import os, sys, django
django.setup()
from django.db import connection
name = connection.settings_dict["NAME"]
connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
connection.close()
os.close(int(sys.argv[1]))
sys.stdin.read()
connection.creation.destroy_test_db(name, verbosity=0)
"""
MAKER = pytest.StashKey["subprocess.Popen[bytes]"]()
LOCK = pytest.StashKey[Path]()


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if not config.pluginmanager.hasplugin("dsession") or config.getoption("reuse_db"):
        return
    lock, path = tempfile.mkstemp(prefix="stackshare-tests-")
    fcntl.flock(lock, fcntl.LOCK_EX)
    config.stash[LOCK] = Path(path)
    # Out of reach of Ctrl-C, so that it takes its database away then, too.
    config.stash[MAKER] = subprocess.Popen(
        [sys.executable, "-c", MAKE, str(lock)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=(lock,),
        start_new_session=True,
    )
    os.close(lock)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    if LOCK in node.config.stash:
        node.workerinput["database_lock"] = str(node.config.stash[LOCK])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, request: pytest.FixtureRequest) -> None:
    """As pytest-django's; the database of this process begins as a copy, once there is what to copy."""
    path = getattr(request.config, "workerinput", {}).get("database_lock")
    if path:
        with Path(path).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
        connection.settings_dict["TEST"]["TEMPLATE"] = f"test_{settings.DATABASES['default']['NAME']}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if MAKER not in config.stash:
        return
    maker, path = config.stash[MAKER], config.stash[LOCK]
    assert maker.stdin
    maker.stdin.close()
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            # No test needed it. The next run drops what is there of it.
            maker.terminate()
    maker.wait()
    path.unlink()
