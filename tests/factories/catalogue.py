from pathlib import Path

TAXONOMY = """
[[layer]]
slug = "application-and-data"
name = "Application & Data"
text = "What the product is written in."

[[layer.category]]
slug = "languages-and-frameworks"
name = "Languages & Frameworks"
[layer.category.functions]
languages = "Languages"
microframeworks = "Microframeworks"

[[layer.category]]
slug = "data-stores"
name = "Data Stores"
[layer.category.functions]
relational-databases = "Relational Databases"
"""

TOOLS = """
as_of = 2026-11-22

[[tool]]
name = "Flask"
slug = "flask"
function = "microframeworks"
tagline = "A small Python web framework: routing, templates and a test client"
description = "Flask maps URLs to Python functions."
website = "https://flask.palletsprojects.com"
license = "BSD-3-Clause"
language = "Python"
first_release = "2010-04-01"
features = ["Routing by decorator"]
aliases = ["flask-python"]
packages = ["pkg:pypi/flask"]
repositories = ["pallets/flask"]
integrations = [{ tool = "python", kind = "built_with" }]
pros = [{ text = "One file with a dozen lines is a working application", about = "3.1" }]
cons = [{ text = "No ORM, forms or admin come with it", about = "3.1" }]

[[tool]]
name = "Python"
slug = "python"
function = "languages"
tagline = "A dynamically typed general-purpose programming language"
"""

COMPARISON = """
as_of = 2026-11-22
tools = ["flask", "python"]
summary = "One is a framework and one the language it is written in; this pair exists for tests only."

[pick]
flask = ["you need a small web application"]
python = ["you need no web at all"]

[[difference]]
topic = "Kind"
about = "2026"
flask = "Flask is a web framework of a few thousand lines."
python = "Python is a language with a large standard library."
"""


def write_catalogue(root: Path) -> Path:
    """Write a small catalogue that is in order below `root`."""
    (root / "tools").mkdir(parents=True)
    (root / "comparisons").mkdir()
    (root / "taxonomy.toml").write_text(TAXONOMY)
    (root / "tools/languages-and-frameworks.toml").write_text(TOOLS)
    (root / "comparisons/flask-vs-python.toml").write_text(COMPARISON)
    return root
