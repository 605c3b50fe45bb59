"""Files of hosting platforms, Procfiles and Makefiles, and settings."""

import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read


@pytest.mark.parametrize(
    ("path", "text", "kind", "found"),
    [
        (
            "Procfile",
            "web: bundle exec puma -C x\n# clock: celery\nworker: sidekiq\n",
            Kind.COMMAND,
            ["bundle", "puma", "sidekiq"],
        ),
        (
            "app.json",
            (
                '{"addons": ["heroku-redis:mini", {"plan": "heroku-postgresql'
                '"}, 3], "buildpacks": [{"url": "heroku/nodejs"}]}'
            ),
            Kind.RESOURCE,
            ["heroku", "heroku-redis", "heroku-postgresql", "heroku/nodejs"],
        ),
        (
            "app.json",
            '{"stack": "x", "scripts": {"postdeploy": "yarn sequelize x", "a": 1}}',
            Kind.COMMAND,
            ["yarn", "sequelize"],
        ),
        ("app.json", '{"expo": {"plugins": ["x"]}, "addons": ["heroku-redis"]}', Kind.RESOURCE, []),
        ("app.json", '{"expo": {"plugins": ["x"]}}', Kind.PACKAGE, ["expo"]),
        (
            "heroku.yml",
            "setup: {addons: [{plan: heroku-postgresql}]}\nrun: {web: gunicorn x, w: {command: [celery x]}}",
            Kind.COMMAND,
            ["gunicorn", "celery"],
        ),
        ("heroku.yml", "setup: {addons: [{plan: heroku-postgresql}]}", Kind.RESOURCE, ["heroku-postgresql"]),
        (
            "fly.toml",
            (
                '[build]\nimage = "flyio/hellofly:1"\n[processes]\n'
                'web = "uvicorn x"\n[deploy]\nrelease_command = "alembic upgrade"\n'
            ),
            Kind.COMMAND,
            ["uvicorn", "alembic"],
        ),
        (
            "fly.toml",
            '[build]\nbuildpacks = ["gcr.io/buildpacks/nodejs"]\n',
            Kind.RESOURCE,
            ["gcr.io/buildpacks/nodejs"],
        ),
        ("fly.toml", '[build]\nimage = "redis:7"\n', Kind.PACKAGE, ["library/redis"]),
        (
            "render.yaml",
            (
                "databases: [{name: db}]\n"
                "services: [{type: redis}, {type: web, runtime: python, startCommand: gunicorn x}, 3]"
            ),
            Kind.SCHEME,
            ["postgres", "redis"],
        ),
        (
            "render.yaml",
            "services: [{type: web, env: node, buildCommand: npx vite build}]",
            Kind.RUNTIME,
            ["node"],
        ),
        (
            "render.yaml",
            "services: [{type: web, runtime: image, image: {url: 'nginx:1'}}]",
            Kind.PACKAGE,
            ["library/nginx"],
        ),
        (
            "vercel.json",
            '{"framework": "nextjs", "buildCommand": "turbo build"}',
            Kind.COMMAND,
            ["next", "turbo"],
        ),
        (
            "vercel.json",
            '{"builds": [{"use": "@vercel/python@3.0"}], "functions": {"a": {"runtime": "vercel-php@0.7"}}}',
            Kind.PACKAGE,
            ["@vercel/python", "vercel-php"],
        ),
        (
            "netlify.toml",
            '[build]\ncommand = "hugo --minify"\n[build.environment]\nHUGO_VERSION = "0.140"\nOTHER = "x"\n',
            Kind.RUNTIME,
            ["hugo"],
        ),
        (
            "netlify.toml",
            '[build]\ncommand = "hugo"\n[[plugins]]\npackage = "@netlify/plugin-nextjs"\n',
            Kind.PACKAGE,
            ["@netlify/plugin-nextjs"],
        ),
        (
            "wrangler.toml",
            'name = "x"\n[[r2_buckets]]\nbinding = "B"\n[env.prod]\nkv_namespaces = []\n',
            Kind.RESOURCE,
            ["r2_buckets", "kv_namespaces"],
        ),
        (
            "wrangler.jsonc",
            '{// a remark\n"d1_databases": [],\n"build": {"command": "worker-build"},}',
            Kind.RESOURCE,
            ["d1_databases"],
        ),
        (
            "railway.json",
            '{"build": {"builder": "NIXPACKS", "buildCommand": "tsc"}, "deploy": {"startCommand": "daphne x"}}',
            Kind.COMMAND,
            ["nixpacks", "daphne", "tsc"],
        ),
        ("railway.toml", '[deploy]\nstartCommand = "daphne x"\n', Kind.COMMAND, ["daphne"]),
        (
            "nixpacks.toml",
            '[phases.setup]\nnixPkgs = ["python311", "ffmpeg"]\ncmds = ["make x"]\n[start]\ncmd = "gunicorn"\n',
            Kind.RUNTIME,
            ["python", "ffmpeg"],
        ),
        (
            "firebase.json",
            '{"hosting": {}, "firestore": {}, "x": 1}',
            Kind.RESOURCE,
            ["firebase.hosting", "firebase.firestore"],
        ),
        ("app.yaml", "runtime: python312\nentrypoint: gunicorn main:app\n", Kind.RUNTIME, ["python"]),
        ("app.yaml", "runtime: [x]\n", Kind.RUNTIME, []),
        (
            "Makefile",
            "PY := python\n# x\ntest:\n\t@$(PY) -m pytest && golangci-lint run\n\techo $$(git log)\nnginx:\n",
            Kind.COMMAND,
            ["pytest", "golangci-lint", "echo", "git"],
        ),
        (
            "Makefile",
            "buf:\n\t$(call go-install-tool,$(BUF),github.com/bufbuild/buf/cmd/buf,$(V))\n",
            Kind.PACKAGE,
            ["github.com/bufbuild/buf"],
        ),
        ("justfile", "test:\n    @cargo nextest run\n", Kind.COMMAND, ["cargo"]),
        ("Taskfile.yml", "tasks: {a: {cmds: [go build, {cmd: ko apply}]}}", Kind.COMMAND, ["go", "ko"]),
        (
            "deploy/supervisord.conf",
            "[program:x]\ncommand = /usr/bin/uwsgi --ini x\n; command=php\n",
            Kind.COMMAND,
            ["uwsgi"],
        ),
        (
            ".env.example",
            "# STRIPE_KEY=x\nSENTRY_DSN=https://x\nexport DB=postgres://x\nlower=1\nSENTRY_DSN=\n",
            Kind.RESOURCE,
            ["SENTRY_DSN"],
        ),
        (".env.example", 'DB_CONNECTION="mysql"\nDB_CONNECTION=sqlite\n', Kind.SCHEME, ["mysql"]),
        (".env.example", "DB_CONNECTION=${X}\n", Kind.SCHEME, []),
        (".env.example", "DATABASE=postgres://x\nDATABASE_TWO=postgres://y\n", Kind.SCHEME, ["postgres"]),
        (
            "config/database.yml",
            "default: &default\n  adapter: postgresql\n  # adapter: mysql2\n  url: <%= ENV['X'] || 'redis://x' %>\n",
            Kind.SCHEME,
            ["postgresql", "redis"],
        ),
        (
            "config/storage.yml",
            "amazon:\n  service: S3\nlocal:\n  service: Disk\n",
            Kind.RESOURCE,
            ["storage.s3", "storage.disk"],
        ),
    ],
)
def test_file_of_a_platform_tells(path: str, text: str, kind: Kind, found: list[str]) -> None:
    assert names(read(path, text), kind) == found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *(
            (path, text)
            for path in ("app.json", "vercel.json", "wrangler.json", "railway.json", "firebase.json")
            for text in ("[]", "{}", '"x"')
        ),
        *(
            (path, text)
            for path in ("heroku.yml", "render.yaml", "app.yaml", "Taskfile.yml")
            for text in ("", "[]", "a", "services: {a: b}", "setup: []", "run: x")
        ),
        ("fly.toml", "build = 3"),
        ("netlify.toml", "plugins = 3\ncontext = 4"),
        ("Procfile", ": x\nweb:\n"),
        ("Makefile", ""),
    ],
)
def test_file_of_a_platform_with_odd_forms_tells_nothing(path: str, text: str) -> None:
    assert read(path, text) == []


def test_examples_of_settings_are_mere_mentions() -> None:
    sights = read(".env.sample", "MYSQL_URL=mysql://x\nAWS_REGION=x\n")

    assert len(sights) == 3
    assert max(sight.confidence for sight in sights) == 0.3


def test_what_makes_the_documentation_is_a_mention() -> None:
    assert [sight.confidence for sight in read("docs/Makefile", "x:\n\tsphinx-build x\n")] == [0.4]
    assert [sight.confidence for sight in read("Makefile", "x:\n\tsphinx-build x\n")] == [0.5]
