"""What shell scripts start and install."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.detection.parsers.commands import installed_by, read_commands, sights_of
from apps.detection.sights import Kind, Scope


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("npx prettier --check . && bundle exec rspec", ["npx", "prettier", "bundle", "rspec"]),
        ("uv run --python 3.12 --dev pytest -x | tee log", ["uv", "pytest", "tee"]),
        ("sudo -u app env FOO=bar python -m gunicorn", ["sudo", "env", "python", "gunicorn"]),
        ("FOO=bar BAR='x y' make", ["make"]),
        ("if [ -f x ]; then\n  aws s3 cp x y\nfi", ["aws"]),
        ("sh -c 'celery -A shop & redis-server'", ["sh", "celery", "redis-server"]),
        ('bash -lc "sh -c \\"psql\\""', ["bash", "sh", "psql"]),
        ("# docker run x\nnginx # mysql", ["nginx"]),
        ("cat <<EOF\nmysql\nEOF\npsql", ["cat", "psql"]),
        ("./node_modules/.bin/ng build", ["ng"]),
        ("yarn vite build; pnpm run lint; npm ci", ["yarn", "vite", "pnpm", "lint", "npm"]),
        ("gosu app php artisan serve", ["gosu", "php", "artisan"]),
        ("timeout 30 curl x > y 2>&1", ["timeout", "curl"]),
        ("kill $(pgrep nginx)", ["kill", "pgrep"]),
        ('exec "$@"', ["exec"]),
        ("$PYTHON manage.py; ${X} y", ["manage.py", "y"]),
        ("", []),
        ("'", []),
    ],
)
def test_read_commands_finds_programs_and_what_they_start(script: str, names: list[str]) -> None:
    assert [command.name for command in read_commands(script)] == names


def test_read_commands_counts_lines_over_continued_ones() -> None:
    script = "set -e\napt-get install \\\n  # a remark\n  curl\nmake"

    assert [(command.name, command.line) for command in read_commands(script)] == [
        ("set", 0),
        ("apt-get", 1),
        ("make", 4),
    ]


@pytest.mark.parametrize(
    ("script", "packages"),
    [
        (
            "pip install -r req.txt 'uvicorn[standard]>=0.1' gunicorn==20 ./local",
            ["pypi/uvicorn", "pypi/gunicorn"],
        ),
        ("uv pip install --system ruff; uv tool install pre-commit", ["pypi/ruff", "pypi/pre-commit"]),
        ("npm i -g @angular/cli@17 pm2", ["npm/@angular/cli", "npm/pm2"]),
        ("gem install bundler -v 2.4", ["gem/bundler"]),
        (
            "go install github.com/a/b/cmd/c@latest mvdan.cc/x/cmd/y",
            ["golang/github.com/a/b", "golang/mvdan.cc/x"],
        ),
        ("apk add --no-cache --virtual .deps nginx=1.2", ["/nginx"]),
        ("docker-php-ext-install -j$(nproc) intl pdo_mysql", ["php/intl", "php/pdo_mysql"]),
        ("pecl install redis-5.3.7", ["php/redis"]),
        ("npm ci; npm run build; pip list", []),
    ],
)
def test_installed_by_names_packages_of_their_ecosystems(script: str, packages: list[str]) -> None:
    found = [one for command in read_commands(script) for one in installed_by(command)]

    assert [f"{type_}/{name}" for type_, name in found] == packages


def test_sights_of_a_script_tell_each_name_once_and_the_images_it_runs() -> None:
    script = (
        "docker run --rm -v a:b postgres:16 psql\ndocker pull redis\nnginx\nnginx\ndotnet ef database update"
    )

    sights = list(sights_of(script, "x", 10, scope=Scope.BUILD, confidence=0.5))

    assert [(sight.name, sight.line) for sight in sights if sight.kind == Kind.COMMAND] == [
        ("docker", 10),
        ("docker-run", 10),
        ("docker-pull", 11),
        ("nginx", 12),
        ("dotnet", 14),
        ("dotnet-ef", 14),
    ]
    assert [(sight.name, sight.version) for sight in sights if sight.type == "docker"] == [
        ("library/postgres", "16"),
        ("library/redis", ""),
    ]


def test_what_the_system_installs_is_a_mere_hint() -> None:
    sights = {
        sight.name: sight.confidence
        for sight in sights_of("apt-get install -y nginx", "x", None, scope=Scope.BUILD, confidence=0.5)
    }

    assert sights["nginx"] < 0.5 <= sights["apt-get"]


@pytest.mark.parametrize("text", ['sh -c "', "npx ", "uv run ", "$(", "${", "<<a\n", "\\\n", "'", 'A="x'])
def test_read_commands_of_very_long_scripts_ends(text: str) -> None:
    assert len(list(read_commands(text * 20_000))) < 100


@given(st.text(alphabet="ab \n\\'\"$(){}&|;<>#-=", max_size=80))
def test_read_commands_takes_whatever_comes(script: str) -> None:
    lines = script.count("\n")

    assert all(0 <= command.line <= lines for command in read_commands(script))
