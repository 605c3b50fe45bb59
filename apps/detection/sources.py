"""Where knowledge comes from: the database, or the files of the starter catalogue."""

from pathlib import Path

from apps.detection.knowledge import Knowledge


def from_database() -> Knowledge:
    """Of the listed tools. Kept in the process for a minute, and longer while no tool changed."""
    raise NotImplementedError


def from_files(folder: Path) -> Knowledge:
    """Of the catalogue's files, for where no database is. Raises `CatalogueError`."""
    raise NotImplementedError
