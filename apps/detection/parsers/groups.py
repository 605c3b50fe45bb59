"""What a group of dependencies, or the file that holds one, is for, by the name people gave it."""

import re

from apps.detection.sights import Scope

# Words in names of groups, extras and files whose packages do not run with the product. Tests are development.
_DEVELOPMENT = re.compile(
    r"(?:^|[^a-z])(?:dev|devel|develop|development|tests?|testing|spec|lint(?:s|er|ers|ing)?|docs?|documentation|types?|typing"
    r"|typecheck(?:ing)?|mypy|format(?:ting)?|style|ci|qa|quality|checks?|debug|bench(?:marks?)?|examples?|samples?"
    r"|demos?|cov|coverage|local|tools?|pre-?commit|release|profiling|e2e|integration|unit|nox|tox)(?![a-z])"
)
_BUILD = re.compile(r"(?:^|[^a-z])(?:build|packaging|bundle|compile|installer)(?![a-z])")


def scope_of(name: str) -> Scope:
    """The scope of a group called `name` ("dev", "test-unit", "docs/lint"): runtime if no word says otherwise."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name[:200]).lower()
    if _DEVELOPMENT.search(name):
        return Scope.DEVELOPMENT
    return Scope.BUILD if _BUILD.search(name) else Scope.RUNTIME
