"""Terraform, Kubernetes, CloudFormation and the like."""

import pytest

from apps.detection.sights import Kind, Scope, Sight
from tests.detection.reading import names, read, told


def resources(sights: list[Sight]) -> list[str]:
    return [f"{sight.line} {sight.name}" for sight in sights if sight.kind == Kind.RESOURCE]


TERRAFORM = """\
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.40"
    }
    google = { source = "registry.terraform.io/hashicorp/google", version = ">= 4, < 6" }
    odd = "~> 1.0"
  }
  backend "s3" {
    bucket = "x"
  }
}
# resource "aws_lambda_function" "off" {}
/* resource "aws_sqs_queue" "off" {} */
resource "aws_s3_bucket" "b" {
  bucket = "a // b # c { "
  policy = <<-EOT
    resource "aws_ecs_cluster" "text" {
  EOT
}
resource "aws_s3_bucket" "again" {}
data "aws_caller_identity" "me" {}
module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.1.0"
  tags = { source = "x" }
}
module "own" {
  source = "./modules/own"
}
provider "cloudflare" {}
"""


def test_terraform_tells_providers_resources_and_modules() -> None:
    sights = read("infra/main.tf", TERRAFORM)

    assert told(sights) == [
        "4 hashicorp/aws 5.40 deployment",
        "8 hashicorp/google deployment",
        "25 terraform-aws-modules/vpc/aws 5.1.0 deployment",
    ]
    assert resources(sights) == [
        "11 backend.s3",
        "17 aws_s3_bucket",
        "24 aws_caller_identity",
        "25 aws",
        "33 cloudflare",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "}}}}", '"', "required_providers {", 'module "x" {', "resource", "x = <<A\n" * 50, '"\\' * 500],
)
def test_terraform_of_odd_forms_tells_nothing(text: str) -> None:
    assert read("x.tf", text) == []


def test_terraform_lock_tells_versions() -> None:
    text = 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.40.0"\n  constraints = "~> 5"\n}\n'

    assert told(read(".terraform.lock.hcl", text)) == ["1 hashicorp/aws 5.40.0 deployment"]


def test_chart_tells_dependencies_and_what_they_run() -> None:
    text = """\
dependencies:
  - name: postgresql
    version: 15.x.x
    repository: https://charts.bitnami.com/bitnami
  - {name: own, repository: "file://../own"}
  - {name: [odd]}
  - odd
"""
    sights = read("chart/Chart.yaml", text)

    assert [(sight.type, sight.name, sight.scope) for sight in sights] == [
        ("helm", "postgresql", Scope.DEPLOYMENT),
        ("docker", "library/postgres", Scope.RUNTIME),
    ]


def test_values_tell_images_of_either_form() -> None:
    text = (
        "image: {repository: grafana/loki, tag: 3.0.0}\ncache:\n  image: redis:7\n"
        "db: {image: {registry: docker.io, repository: bitnami/mysql}}\nx: {image: {tag: 1}}\n"
    )

    assert told(read("chart/values.yaml", text)) == [
        "1 grafana/loki 3.0.0 runtime",
        "3 library/redis 7 runtime",
        "4 library/mysql runtime",
    ]


def test_kustomization_tells_images_and_charts() -> None:
    text = (
        "images: [{name: app, newName: nginx, newTag: '1.27'}, {name: redis}, odd]\n"
        "helmCharts: [{name: traefik, repo: x, version: 1.0.0}]\n"
    )

    assert told(read("kustomization.yaml", text)) == [
        "1 library/nginx 1.27 runtime",
        "1 library/redis runtime",
        "2 traefik 1.0.0 deployment",
    ]


def test_manifests_tell_kinds_and_images_of_each_document() -> None:
    text = """\
apiVersion: apps/v1
kind: Deployment
spec: {template: {spec: {containers: [{name: a, image: "nginx:1.27"}], initContainers: [{image: busybox}]}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
spec: {source: {chart: grafana, repoURL: x}}
---
kind: [odd]
---
just text
"""
    sights = read("k8s/base/all.yaml", text)

    assert resources(sights) == ["2 apps/v1/Deployment", "6 argoproj.io/v1alpha1/Application"]
    assert names(sights) == ["library/nginx", "library/busybox", "grafana"]


def test_templates_tell_only_images_that_stand_there() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\n{{- if .x }}\nspec:\n"
        '  - image: "redis:7"\n  - image: {{ .Values.image }}\n{{- end }}\n'
    )

    assert told(read("chart/templates/pod.yaml", text)) == ["5 library/redis 7 runtime"]
    assert read("deploy/other.yml", "a: b") == []


CLOUDFORMATION = """\
Parameters: {Name: {Type: String}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${Name}-x"}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs20.x
      Table: !Ref Table
      Role: !GetAtt [Role, Arn]
  # Queue: {Type: AWS::SQS::Queue}
  Odd: [1]
"""


@pytest.mark.parametrize("path", ["template.yaml", "cloudformation/app.yml", "deploy/stack.yaml"])
def test_cloudformation_with_its_tags_tells_resources_and_runtimes(path: str) -> None:
    sights = read(path, CLOUDFORMATION)

    assert resources(sights) == ["4 AWS::S3::Bucket", "7 AWS::Serverless::Function"]
    assert told(sights, Kind.RUNTIME) == ["9 node 20 runtime"]


def test_cloudformation_as_json_is_read_as_well() -> None:
    sights = read("template.json", '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}, "B": 3}}')

    assert resources(sights) == ["1 AWS::SNS::Topic"]
    assert read("template.json", "[]") == []


def test_serverless_tells_provider_runtime_plugins_and_resources() -> None:
    text = """\
provider: {name: aws, runtime: python3.12}
plugins: [serverless-offline, "./own", "@a/b"]
functions: {a: {handler: x, runtime: python3.12}}
resources: {Resources: {T: {Type: AWS::DynamoDB::Table}}}
"""
    sights = read("serverless.yml", text)

    assert resources(sights) == ["1 aws", "1 AWS::Lambda::Function", "4 AWS::DynamoDB::Table"]
    assert told(sights, Kind.RUNTIME) == ["1 python 3.12 runtime"]
    assert names(sights) == ["serverless-offline", "@a/b"]
    assert resources(read("serverless.yml", "provider: google")) == ["1 google"]


@pytest.mark.parametrize(
    ("path", "text", "kind", "found"),
    [
        ("Pulumi.yaml", "runtime: {name: nodejs}", Kind.RUNTIME, ["node"]),
        (
            "Pulumi.yaml",
            "runtime: yaml\nresources: {b: {type: 'aws:s3:Bucket'}}",
            Kind.RESOURCE,
            ["aws:s3:Bucket"],
        ),
        (
            "requirements.yml",
            "collections: [community.postgresql, {name: a.b}]\nroles: [{src: geerlingguy.docker}]",
            Kind.RESOURCE,
            ["geerlingguy.docker", "community.postgresql", "a.b"],
        ),
        ("requirements.yml", "- geerlingguy.nginx\n- src: https://x", Kind.RESOURCE, ["geerlingguy.nginx"]),
        (
            "task-definition.json",
            '{"containerDefinitions": [{"image": "redis:7"}, 1]}',
            Kind.PACKAGE,
            ["library/redis"],
        ),
        (
            "Vagrantfile",
            "config.vm.provision 'shell', inline: <<-SHELL\n  apt-get update\nSHELL\n",
            Kind.COMMAND,
            ["apt-get"],
        ),
    ],
)
def test_other_files_of_infrastructure(path: str, text: str, kind: Kind, found: list[str]) -> None:
    assert names(read(path, text), kind) == found
