"""A small demo content that is in order, for tests to load and to break: four people, a stack, two threads."""

from pathlib import Path

TOOLS = ("celery", "django", "flask", "postgresql", "redis", "valkey")
NAMES = ("ada-demo", "ben-demo", "cleo-demo", "dora-demo")

STACKS = """
[[stacks]]
owner = "ada-demo"
slug = "shop"
name = "Shop"
kind = "product"
description = "Sells *lamps*."
at = 2025-03-01T09:00:00Z
items = [
  {tool = "django", since = "2020", version = "5.2", was = "4.2", upgraded = "2025-06", why = "Forms."},
  {tool = "postgresql", since = "2020"},
  {tool = "celery", since = "2021"},
  {tool = "valkey", since = "2025-08"},
  {tool = "redis", since = "2020", until = "2025-08", replaced_by = "valkey", why_not = "The licence."},
  {tool = "flask", since = "2018", until = "2020", replaced_by = "django"},
  {tool = "redis", since = "2015", until = "2016"},
  {tool = "celery", since = "2016", until = "2017"},
  {tool = "flask", since = "2014", until = "2016"},
]
"""

THREADS = """
[[threads]]
kind = "advice"
author = "ada-demo"
at = 2025-04-01T09:00:00Z
title = "Flask or Django for a first API?"
body = "I know **Python**. Ask @ben-demo about #django."
about = ["celery"]
options = ["flask", "django"]
team_size = "2-5"
stage = "idea"
up = 2
down = 1

[[threads.comments]]
author = "cleo-demo"
at = 2025-04-01T10:00:00Z
body = "How many tables?"

[[threads.replies]]
author = "ben-demo"
at = 2025-04-02T09:00:00Z
body = "Django, for the admin."
recommends = ["django"]
up = 3
accepted = true

[[threads.replies.comments]]
author = "ada-demo"
at = 2025-04-02T11:00:00Z
body = "Thank you."

[[threads.replies]]
author = "dora-demo"
at = 2025-04-03T09:00:00Z
body = "Whatever you know."

[[threads.outcomes]]
after_days = 30
at = 2025-05-03T09:00:00Z
verdict = "good"
chosen = "django"
text = "It **runs**."

[[threads]]
kind = "decision"
author = "ada-demo"
at = 2025-09-01T09:00:00Z
title = "We moved from Redis to Valkey"
body = "It was one line."
chosen = ["valkey"]
rejected = [{tool = "redis", why = "The licence."}]
since = "2025-08"
again = "yes"
stack = "ada-demo/shop"
up = 1
"""


def write_demo(root: Path) -> Path:
    (root / "threads").mkdir(parents=True)
    people = []
    for name in NAMES:
        others = ", ".join(f'"{other}"' for other in NAMES if other != name)
        login = {"ada-demo": "member", "ben-demo": "moderator"}.get(name, "")
        people.append(
            f'[[people]]\nusername = "{name}"\nname = "{name.title()}"\nbio = "Made up."\n'
            f'joined = 2024-12-01T09:00:00Z\nlogin = "{login}"\n'
            f'tools = ["celery", "django", "flask", "postgresql", "redis"]\npeople = [{others}]\n'
        )
    (root / "people.toml").write_text("\n".join(people))
    (root / "stacks.toml").write_text(STACKS)
    (root / "threads/01-python.toml").write_text(THREADS)
    return root
