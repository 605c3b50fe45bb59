"""What the nightly computations over many stacks cost, and publishing one of them: seconds and memory.

Needs a PostgreSQL where it may make a database of its own, which it drops in the end (some two minutes):

    DATABASE_URL=... DEVELOPMENT=1 python bench/stacks.py [--stacks 10000] [--tools 1000]

Tools are as popular as words are frequent (Zipf): a few are in nearly every stack. Prints figures; the bar of a task is
240 seconds (CELERY_TASK_SOFT_TIME_LIMIT).
"""

import argparse
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.accounts.models import User  # noqa: E402
from apps.core.counters import recount  # noqa: E402
from apps.stacks.models import Item, Stack  # noqa: E402
from apps.stacks.services.adoption import find_companions, measure_adoption  # noqa: E402
from apps.stacks.services.items import add_items  # noqa: E402
from apps.stacks.services.likeness import rank_all_stacks, rank_due_stacks  # noqa: E402
from apps.stacks.services.stacks import create_stack  # noqa: E402
from apps.tools.models import Category, Tool  # noqa: E402

DATABASE = "bench_stacks"
TOOLS_OF_A_STACK = (5, 45)


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def timed(what: str, function: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = function()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what}: {time.perf_counter() - started:,.2f} s, {megabytes} MB so far ({result})", flush=True)
    return result


def fill(stacks: int, tools: int) -> None:
    """A stack for each person; of the items one in ten is history."""
    chance = random.Random(5)  # noqa: S311 - the same each time
    layer = Category.objects.create(level="layer", slug="layer", name="Layer")
    category = Category.objects.create(level="category", slug="category", name="Category", parent=layer)
    function = Category.objects.create(level="function", slug="function", name="Function", parent=category)
    made = Tool.objects.bulk_create(
        Tool(name=f"Tool {number}", slug=f"tool-{number}", function=function) for number in range(tools)
    )
    weights = [1 / (rank + 3) for rank in range(tools)]
    people = User.objects.bulk_create(
        User(username=f"person-{number}", email=f"{number}@example.org") for number in range(stacks)
    )
    EmailAddress.objects.bulk_create(EmailAddress(user=one, email=one.email, verified=True) for one in people)
    rows = Stack.objects.bulk_create(Stack(person=one, name="Site", slug="site") for one in people)
    for start in range(0, stacks, 1000):
        Item.objects.bulk_create(
            Item(
                stack=stack,
                tool=tool,
                since=f"{chance.randint(2016, 2025)}-{chance.randint(1, 12):02}",
                until="2026-03" if chance.random() < 0.1 else "",
            )
            for stack in rows[start : start + 1000]
            for tool in set(chance.choices(made, weights, k=chance.randint(*TOOLS_OF_A_STACK)))
        )
    execute(
        "UPDATE stacks_stack SET is_counted = true, item_count ="
        " (SELECT count(*) FROM stacks_item WHERE stack_id = stacks_stack.id AND until = '')"
    )
    execute("ANALYZE")
    print(f"{Item.objects.count():,} items of {stacks:,} stacks", flush=True)


def publish() -> str:
    """Ten stacks with 40 tools each, one after the other."""
    person = User.objects.order_by("pk")[0]
    tools = list(Tool.objects.order_by("pk")[:40])
    for number in range(10):
        add_items(person=person, stack=create_stack(person=person, name=f"New {number}"), tools=tools)
    return "10 stacks of 40 tools"


def rank_due() -> int:
    Stack.objects.filter(name__startswith="New").update(likeness_due_at=timezone.now())
    return rank_due_stacks()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--stacks", type=int, default=10_000)
    parser.add_argument("--tools", type=int, default=1_000)
    options = parser.parse_args()
    execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    former, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], DATABASE
    try:
        call_command("migrate", verbosity=0)
        fill(options.stacks, options.tools)
        timed("counting all tools anew", lambda: len(recount()))
        timed("publishing", publish)
        timed("similar stacks of those that changed", rank_due)
        timed("similar stacks of all", rank_all_stacks)
        timed("adoption", measure_adoption)
        timed("used with", find_companions)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = former
        execute(f"DROP DATABASE IF EXISTS {DATABASE}")


if __name__ == "__main__":
    main()
