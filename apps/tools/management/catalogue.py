"""The catalogue for commands that need it as it is in the files."""

from django.core.management.base import CommandError

from apps.tools.entries import CatalogueError
from apps.tools.services.catalogue import Catalogue, read_catalogue


def checked_catalogue() -> Catalogue:
    """The catalogue; a bad entry ends the command with what to mend."""
    try:
        return read_catalogue()
    except CatalogueError as error:
        raise CommandError(f"Mend the catalogue first:\n{error}") from None
