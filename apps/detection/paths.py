"""Paths: which are safe, and which show what a project runs."""

import re

from apps.detection.sights import Scope

# As much as the evidence on a page can hold.
MAX_PATH = 300
# Folders in each other. Java's have some 15.
MAX_FOLDERS = 40

# Brought in from elsewhere, or made by a build.
_VENDORED = """
    node_modules bower_components jspm_packages web_modules third_party third-party thirdparty 3rdparty 3rd_party
    3rd-party .venv venv virtualenv .virtualenv site-packages dist-packages __pycache__ __pypackages__ .tox .nox .eggs
    .bundle pods carthage .build deps.bundled bundled vendored _vendor godeps .gradle .m2 .cargo .dart_tool .pub-cache
    dist target obj out .next .nuxt .output .svelte-kit .turbo .cache .parcel-cache .yarn .pnpm-store .git .hg .svn
    .terraform .serverless .aws-sam cdk.out coverage htmlcov _build
"""
# A shop of many sellers has its own folder of that name beside its others.
_VENDOR = frozenset({"vendor", "vendors"})
_OWN_PARENTS = frozenset({"apps", "packages", "services", "modules", "projects", "pages", "features"})

# Shown to others, or fed to tests: says nothing of what the project itself runs.
_SAMPLES = """
    example examples sample samples demo demos fixture fixtures __fixtures__ testdata test-data test_data
    test-fixtures test_fixtures testfixtures test-projects __tests__ __mocks__ __snapshots__ __testfixtures__
    playground playgrounds tutorial tutorials snippets benchmark benchmarks boilerplate boilerplates
    quickstart quickstarts starters scaffold scaffolds skeleton skeletons archived
"""
# One of a whole project has manifests; those of an infrastructure, or of pipelines, are in use.
_TEMPLATES = frozenset({"template", "templates"})
_IN_USE_AS_TEMPLATE = (".yml", ".yaml", ".tf", ".hcl", ".tpl")

# Tests and documentation.
_ASIDE = """
    test tests spec specs e2e testing integration-tests integration_tests acceptance cypress qa
    doc docs documentation website
"""

_vendored, _samples, _aside = (frozenset(names.split()) for names in (_VENDORED, _SAMPLES, _ASIDE))


def clean_path(path: str) -> str | None:
    """`path` with slashes and without "." and empty parts; None if it is not a safe one below the root."""
    path = path.replace("\\", "/")
    if not path.isprintable() or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    clean = "/".join(parts)
    is_safe = parts and ".." not in parts and len(clean) <= MAX_PATH and len(parts) <= MAX_FOLDERS
    return clean if is_safe else None


def shown_path(path: str) -> str:
    """Any path as it can be printed and kept."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in path[:MAX_PATH])


def is_left_out(path: str) -> bool:
    """Whether a clean path is of a vendored, built or sample folder."""
    *folders, name = path.lower().split("/")
    for at, folder in enumerate(folders):
        if (
            folder in _vendored
            or folder in _samples
            or "{{" in folder
            or folder.endswith((".egg-info", ".dist-info"))
        ):
            return True
        if folder in _VENDOR and not (at and folders[at - 1] in _OWN_PARENTS):
            return True
        if folder in _TEMPLATES and not name.endswith(_IN_USE_AS_TEMPLATE):
            return True
    return False


def scope_at(path: str, scope: Scope) -> Scope:
    """The scope of something seen at `path`: what tests and documentation run on is not what the product runs on."""
    if scope == Scope.RUNTIME and not {*path.lower().split("/")[:-1]}.isdisjoint(_aside):
        return Scope.DEVELOPMENT
    return scope
