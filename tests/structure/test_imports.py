"""Rules of the house that a tool can check: who may import whom, and what is nowhere to be found."""

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)

# An app may import those named before it. docs/architecture.md has the reasons.
ORDER = [
    "core",
    "accounts",
    "notifications",
    "github",
    "tools",
    "detection",
    "stacks",
    "advice",
    "votes",
    "comparisons",
    "moderation",
    "pages",
    "api",
]


# What the content security policy would block, or would have to be weakened for.
INLINE = ("style=", "<style", "<script>", "javascript:", " onclick=", "hx-on")


def python_files() -> list[Path]:
    return sorted(path for path in (ROOT / "apps").rglob("*.py") if "migrations" not in path.parts)


@cache
def imported_apps(path: Path) -> Sequence[tuple[str, int, bool]]:
    """Each import of one of our apps in a file: the app, the line, and whether it stands in a function."""
    found = []
    tree = ast.parse(path.read_text())
    functions = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            modules = (
                [node.module or ""]
                if node.module != "apps"
                else [f"apps.{alias.name}" for alias in node.names]
            )
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            parts = module.split(".")
            if parts[0] == "apps" and len(parts) > 1:
                is_inside = any(node.lineno in lines for lines in functions)
                found.append((parts[1], node.lineno, is_inside))
    return found


def test_apps_stand_in_the_order() -> None:
    apps = {path.name for path in (ROOT / "apps").iterdir() if (path / "apps.py").exists()}

    assert apps <= set(ORDER)


# All files in one test: as one for each, a thousand of them would take longer to start than to run.
def test_files_import_only_apps_named_before_their_own() -> None:
    wrong = []
    for path in python_files():
        own, *below = path.relative_to(ROOT / "apps").parts
        if below:
            allowed = ORDER[: ORDER.index(own) + 1]
            wrong += [
                f"{path}:{line}: apps.{app}" for app, line, _ in imported_apps(path) if app not in allowed
            ]

    assert wrong == []


def test_files_import_no_app_inside_a_function() -> None:
    hidden = [
        f"{path}:{line}: apps.{app}"
        for path in python_files()
        for app, line, is_inside in imported_apps(path)
        if is_inside
    ]

    assert hidden == []


def test_apps_have_no_module_for_leftovers() -> None:
    names = {path.stem for path in python_files()}

    assert names & {"utils", "helpers", "signals", "misc"} == set()


def test_templates_have_no_inline_script_or_style() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if any(
            part in path.read_text()
            for part in ("style=", "<style", "<script>", "javascript:", " onclick=", "hx-on")
        )
    ]

    assert found == []
