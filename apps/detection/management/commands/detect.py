import json
import os
import stat
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from apps.detection.detect import DEFAULT_LIMITS, MAX_PATHS, detect, is_wanted
from apps.detection.knowledge import Knowledge
from apps.detection.paths import is_left_out
from apps.detection.sights import File, Report
from apps.detection.sources import from_database, from_files
from apps.tools.entries import CatalogueError


class Command(BaseCommand):
    help = "Says which tools the files of a folder show to be in use, and by what. Publishes nothing."
    # Works without a database, too.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--json", action="store_true", help="print JSON: tools, findings, unread")
        parser.add_argument(
            "--catalogue",
            choices=["database", "files"],
            help="where tools come from; without it the database, or the files of catalogue/ if it has none",
        )

    def handle(self, *, folder: Path, catalogue: str | None, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        report = detect(read_folder(folder), self.knowledge(catalogue))
        self.stdout.write(_as_json(report) if options["json"] else _as_text(report))

    def knowledge(self, catalogue: str | None) -> Knowledge:
        """Of the database, or of the catalogue's files if that is asked for or it has none."""
        if catalogue != "files":
            try:
                knowledge = from_database()
            except DatabaseError as error:
                if catalogue == "database":
                    raise CommandError(f"The database can't be read: {error}") from None
                self.stderr.write("No database: tools come from the files of catalogue/.")
            else:
                if knowledge.tools or catalogue == "database":
                    return knowledge
                self.stderr.write("The database holds no tools: they come from the files of catalogue/.")
        try:
            return from_files()
        except CatalogueError as error:
            raise CommandError(str(error)) from None


def read_folder(root: Path) -> Iterator[File]:
    """The files below `root`, contents of those that detection reads only. Symbolic links are not followed."""
    count = 0
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        relative = here.relative_to(root)
        folders[:] = sorted(
            name for name in folders if not is_left_out((relative / name / "any.yml").as_posix())
        )
        for name in sorted(names):
            count += 1
            if count > MAX_PATHS + 1:
                return
            path = (relative / name).as_posix()
            yield File(path, _content(here / name) if is_wanted(path) else b"")


def _content(path: Path) -> bytes:
    """At most a byte more than may be read; nothing of what is no ordinary file or can't be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        return file.read(DEFAULT_LIMITS.long_file_bytes + 1)


def _as_json(report: Report) -> str:
    document = {
        "tools": report.tools,
        "findings": [asdict(finding) for finding in report.findings],
        "unread": [asdict(unread) for unread in report.unread],
    }
    return json.dumps(document, indent=1)


def _as_text(report: Report) -> str:
    lines = [f"{len(report.tools)} tools"]
    for slug in report.tools:
        best = next(finding for finding in report.findings if finding.tool == slug)
        place = f"{best.path}:{best.line}" if best.line else best.path
        lines.append(f"  {slug}{f' {best.version}' if best.version else ''}  ({place}, {best.scope})")
    if report.unread:
        lines += ["Could not be read:", *(f"  {unread.path}: {unread.reason}" for unread in report.unread)]
    return "\n".join(lines)
