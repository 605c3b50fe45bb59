"""The catalogue for commands that need it as it is in the files."""

from pathlib import Path

from django.core.management.base import CommandError

from apps.tools.catalogue import Catalogue, read_catalogue
from apps.tools.entries import CatalogueError


def checked_catalogue(root: Path) -> Catalogue:
    """The catalogue below `root`; a bad entry ends the command with what to mend."""
    try:
        return read_catalogue(root)
    except CatalogueError as error:
        raise CommandError(f"Mend the catalogue first:\n{error}") from None
