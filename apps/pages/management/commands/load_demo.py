from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from apps.core.locks import hold_lock
from apps.pages.demo import DEMO_DIR, demo_digest, read_demo
from apps.pages.models import DemoLoad
from apps.pages.services.demo import DemoError, catch_up, demo_people, load, losses, remove, step_count
from apps.tools.entries import CatalogueError
from apps.tools.models import Tool


class Command(BaseCommand):
    help = (
        "Loads the demo content (demo/): people, stacks and threads that are made up, marked as such. All or nothing. "
        "What was loaded before is replaced, unless people have answered in it. remove_demo takes it away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="check the files and change nothing")
        parser.add_argument(
            "--if-changed",
            action="store_true",
            help="do nothing if these very files were loaded last, or the demo content was removed",
        )
        parser.add_argument("--from", dest="root", type=Path, default=DEMO_DIR, metavar="DIR")

    def handle(self, *, check: bool, if_changed: bool, root: Path, **options: Any) -> None:
        try:
            if check:
                demo = read_demo(root, _slugs())
                self.stdout.write(
                    f"The demo content is in order: {len(demo.people)} people, {len(demo.stacks)} stacks, "
                    f"{len(demo.threads)} threads."
                )
                return
            with transaction.atomic(), hold_lock("demo"):
                is_loaded = self._load(root, if_changed=if_changed)
            if is_loaded:
                catch_up()
        except CatalogueError as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            raise CommandError(
                f"No demo content was loaded. {len(error.problems)} things to mend in {root}:\n{problems}"
            ) from None
        except DemoError as error:
            raise CommandError(f"No demo content was loaded. {error}") from None

    def _load(self, root: Path, *, if_changed: bool) -> bool:
        """Whether anything was loaded."""
        digest = demo_digest(root)
        last = DemoLoad.objects.first()
        if if_changed and last and last.removed_at:
            self.stdout.write("The demo content was removed; load_demo brings it back.")
            return False
        if if_changed and last and last.digest == digest:
            self.stdout.write("The demo content has not changed since it was loaded.")
            return False
        is_there = demo_people().exists()
        if is_there and (words := losses().words):
            # What somebody wrote is worth more than a newer demo.
            kept = (
                f"The demo content that is here stays, as people have answered {words} times in it. "
                "remove_demo deletes it with their answers."
            )
            if not if_changed:
                raise CommandError(kept)
            self.stdout.write(kept)
            return False
        demo = read_demo(root, _slugs())
        if is_there:
            remove()
        with tqdm(total=step_count(demo), unit=" rows", desc="Demo", disable=None, leave=False) as bar:
            load(demo, digest=digest, tick=bar.update)
        self.stdout.write(
            f"Demo content: {len(demo.people)} people, {len(demo.stacks)} stacks, {len(demo.threads)} threads with "
            f"{sum(len(thread.replies) for thread in demo.threads)} replies."
        )
        return True


def _slugs() -> set[str]:
    return set(Tool.objects.listed().values_list("slug", flat=True))
