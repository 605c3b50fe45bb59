from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from apps.core.locks import hold_lock
from apps.pages.services.demo import catch_up, demo_people, losses, remove


class Command(BaseCommand):
    help = (
        "Deletes the demo people with all that is theirs: stacks, follows, votes, and their threads with all that "
        "others said in them. Says first how much of that real people wrote."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, dry_run: bool, yes: bool, **options: Any) -> None:
        with transaction.atomic(), hold_lock("demo"):
            count = demo_people().count()
            if not count:
                self.stdout.write("There is no demo content.")
                return
            lost = losses()
            self.stdout.write(
                f"{count} demo people go with all that is theirs. Of real people go with it: replies {lost.replies}, "
                f"comments {lost.comments}, votes {lost.votes}, follows {lost.follows}."
            )
            if dry_run:
                return
            if not yes and input("Delete all of it? [y/N] ").strip().lower() not in ("y", "yes"):
                raise CommandError("Nothing was deleted.")
            with tqdm(total=count, unit=" people", disable=None, leave=False) as bar:
                remove(tick=bar.update)
        catch_up()
        self.stdout.write("The demo content is gone.")
