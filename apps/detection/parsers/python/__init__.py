"""Python: pip, the managers of pyproject.toml, Pipenv, setuptools, lock files, tox, nox, conda."""

from apps.detection.parsers.base import Parser
from apps.detection.parsers.python.environments import parse_conda, parse_lock
from apps.detection.parsers.python.pyproject import parse_pipfile, parse_pipfile_lock, parse_pyproject
from apps.detection.parsers.python.requirements import parse_requirements
from apps.detection.parsers.python.setuptools import parse_noxfile, parse_setup_cfg, parse_setup_py, parse_tox

PARSERS = (
    Parser(
        (
            "requirements*.txt",
            "requirements*.in",
            "*[-_.]requirements.txt",
            "*[-_.]requirements.in",
            "requirements/*.txt",
            "requirements/*.in",
            "requirements/**/*.txt",
            "constraints*.txt",
        ),
        parse_requirements,
    ),
    Parser(("pyproject.toml",), parse_pyproject),
    Parser(("Pipfile",), parse_pipfile),
    Parser(("Pipfile.lock",), parse_pipfile_lock, is_lock=True),
    Parser(("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"), parse_lock, is_lock=True),
    Parser(("setup.cfg",), parse_setup_cfg),
    Parser(("setup.py",), parse_setup_py),
    Parser(("tox.ini",), parse_tox),
    Parser(("noxfile.py",), parse_noxfile),
    Parser(("environment.yml", "environment.yaml", "environment-*.yml", "environment.*.yml"), parse_conda),
)
