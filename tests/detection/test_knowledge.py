import pytest

from apps.detection.knowledge import Knowledge, KnownTool, fold_package
from apps.detection.sights import Kind, Sight
from tests.detection.known import KNOWN


@pytest.mark.parametrize(
    ("type_", "name", "folded"),
    [
        ("pypi", "Sentry_SDK", "sentry-sdk"),
        ("pypi", "zope.interface", "zope-interface"),
        ("npm", "@Angular/Core", "@angular/core"),
        ("cargo", "serde_json", "serde-json"),
        ("golang", "github.com/go-chi/chi/v5", "github.com/go-chi/chi"),
        ("golang", "gopkg.in/yaml.v3", "gopkg.in/yaml"),
        ("golang", "github.com/gin-gonic/gin", "github.com/gin-gonic/gin"),
        ("docker", "postgres", "library/postgres"),
        ("docker", "docker.io/library/postgres", "library/postgres"),
        ("docker", "ghcr.io/owner/name", "ghcr.io/owner/name"),
        ("maven", "org.springframework.boot:spring-boot", "org.springframework.boot/spring-boot"),
        ("githubactions", "actions/cache/restore", "actions/cache"),
        ("terraform", "registry.terraform.io/hashicorp/aws", "hashicorp/aws"),
        ("swift", "https://github.com/Vapor/vapor.git", "github.com/vapor/vapor"),
        ("composer", " Laravel/Framework ", "laravel/framework"),
    ],
)
def test_fold_package_spells_as_the_ecosystem_compares(type_: str, name: str, folded: str) -> None:
    assert fold_package(type_, name) == folded


@pytest.mark.parametrize(
    ("kind", "type_", "name", "slugs"),
    [
        (Kind.PACKAGE, "npm", "react", ["react"]),
        (Kind.PACKAGE, "pypi", "react", []),
        (Kind.PACKAGE, "pypi", "sentry_sdk", ["sentry"]),
        (Kind.PACKAGE, "npm", "@aws-sdk/client-s3", ["amazon-s3", "aws"]),
        (Kind.PACKAGE, "npm", "@aws-sdk/client-ec2", ["aws"]),
        (Kind.PACKAGE, "pypi", "boto3-stubs", ["aws"]),
        (Kind.PACKAGE, "npm", "boto3", []),
        (Kind.RESOURCE, "", "aws_s3_bucket", ["amazon-s3"]),
        (Kind.RESOURCE, "", "aws::s3::bucket", ["amazon-s3"]),
        (Kind.RESOURCE, "", "aws_ec2", []),
        (Kind.RUNTIME, "", "Node", ["nodejs"]),
        (Kind.COMMAND, "", "docker", ["docker"]),
        (Kind.SCHEME, "", "postgres", ["postgresql"]),
        (Kind.COMMAND, "", "postgres", []),
        (Kind.EXTENSION, "", "ts", ["typescript"]),
        (Kind.FILE, "", "web/next.config.mjs", ["nextjs"]),
        (Kind.FILE, "", "web/.github/workflows/ci.yml", []),
    ],
)
def test_tools_for_looks_up_by_kind_and_ecosystem(
    kind: Kind, type_: str, name: str, slugs: list[str]
) -> None:
    assert sorted(KNOWN.tools_for(Sight(kind, name, name, type=type_))) == slugs


def test_implied_follows_the_chain_to_its_end() -> None:
    knowledge = Knowledge.of(
        [
            KnownTool("a", "A"),
            KnownTool("b", "B", implied_by=("a",)),
            KnownTool("c", "C", implied_by=("b", "d")),
        ]
    )
    assert knowledge.implied(["a"]) == {"b", "c"}
    assert knowledge.implied(["c"]) == set()


def test_implied_ends_when_tools_imply_each_other() -> None:
    knowledge = Knowledge.of([KnownTool("a", "A", implied_by=("b",)), KnownTool("b", "B", implied_by=("a",))])
    assert knowledge.implied(["a"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("React", "react"),
        ("React.js", "react"),
        ("react js", "react"),
        ("NextJS", "nextjs"),
        ("Next", "nextjs"),
        ("node.js", "nodejs"),
        ("Amazon web services", "aws"),
        ("ruby-on-rails", "rails"),
        ("C++", "c-plus-plus"),
        ("C#", "csharp"),
        ("C", None),
        ("!", None),
        ("", None),
        ("no such tool", None),
    ],
)
def test_named_reads_names_as_people_write_them(name: str, slug: str | None) -> None:
    assert KNOWN.named(name) == slug


def test_named_prefers_a_name_to_another_tools_alias() -> None:
    knowledge = Knowledge.of([KnownTool("a", "First", aliases=("second",)), KnownTool("b", "Second")])
    assert knowledge.named("second") == "b"
