"""A small catalogue, made by hand."""

from apps.detection.detect import detect
from apps.detection.knowledge import Knowledge, KnownTool
from apps.detection.sights import File, Report


def npm(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset(("npm", name) for name in names)


KNOWN = Knowledge.of(
    [
        KnownTool("react", "React", aliases=("reactjs",), packages=npm("react", "react-dom")),
        KnownTool("nextjs", "Next.js", packages=npm("next"), files=("next.config.*",)),
        KnownTool("lodash", "Lodash", packages=npm("lodash"), is_minor=True),
        KnownTool("aws", "Amazon Web Services", prefixes=("pkg:npm/%40aws-sdk/*", "pkg:pypi/boto3*")),
        KnownTool(
            "amazon-s3", "Amazon S3", packages=npm("@aws-sdk/client-s3"), resources=("aws_s3_*", "AWS::S3::*")
        ),
        KnownTool("nodejs", "Node.js", runtimes=("node", "nodejs"), implied_by=("nextjs",)),
        KnownTool("javascript", "JavaScript", runtimes=("javascript",), extensions=("js", "mjs")),
        KnownTool(
            "typescript",
            "TypeScript",
            packages=npm("typescript"),
            extensions=("ts",),
            files=("tsconfig*.json",),
        ),
        KnownTool("python", "Python", extensions=("py",), runtimes=("python",)),
        KnownTool("shell", "Shell", extensions=("sh",)),
        KnownTool("php", "PHP", extensions=("php",)),
        KnownTool("blade", "Blade", extensions=("blade.php",)),
        KnownTool("sentry", "Sentry", packages=frozenset({("pypi", "sentry-sdk"), ("npm", "@sentry/node")})),
        KnownTool("django", "Django", packages=frozenset({("pypi", "django")})),
        KnownTool("rails", "Ruby on Rails", packages=frozenset({("gem", "rails")})),
        KnownTool("ruby", "Ruby", runtimes=("ruby",), implied_by=("rails",)),
        KnownTool(
            "postgresql",
            "PostgreSQL",
            packages=frozenset({("docker", "library/postgres")}),
            schemes=("postgres",),
        ),
        KnownTool("github-actions", "GitHub Actions", files=(".github/workflows/*.yml",), scope="build"),
        KnownTool(
            "docker", "Docker", files=("Dockerfile", "Dockerfile.*", "*.Dockerfile"), commands=("docker",)
        ),
        KnownTool(
            "heroku", "Heroku", files=("heroku.yml",), implied_by=("rails-on-heroku",), scope="deployment"
        ),
        KnownTool("pnpm", "pnpm", runtimes=("pnpm",), files=("pnpm-lock.yaml",)),
        KnownTool("c-plus-plus", "C++", extensions=("cpp",)),
        KnownTool("csharp", "C#", extensions=("cs",)),
    ]
)


def report_of(files: dict[str, str | bytes]) -> Report:
    return detect(
        [File(path, text.encode() if isinstance(text, str) else text) for path, text in files.items()], KNOWN
    )


def tools_of(files: dict[str, str | bytes]) -> tuple[str, ...]:
    return report_of(files).tools
