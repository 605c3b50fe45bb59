"""The catalogue for commands that need it as it is in the files."""

from django.core.management.base import CommandError

from apps.tools.catalogue import Catalogue, read_catalogue
from apps.tools.entries import CatalogueError


def checked_catalogue() -> Catalogue:
    """The catalogue; a bad entry ends the command with what to mend."""
    try:
        return read_catalogue()
    except CatalogueError as error:
        raise CommandError(f"Mend the catalogue first:\n{error}") from None
