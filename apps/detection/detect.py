"""Files in, evidence out."""

from collections.abc import Iterable

from apps.detection.knowledge import Knowledge
from apps.detection.sights import File, Limits, Report

DEFAULT_LIMITS = Limits()


def detect(files: Iterable[File], knowledge: Knowledge, *, limits: Limits = DEFAULT_LIMITS) -> Report:
    """The tools that `files` show to be in use, with evidence. Never raises on what the files hold.

    What is not of interest (source code, images) costs nothing but its path. What could not be read stands in
    `Report.unread`.
    """
    raise NotImplementedError


def is_wanted(path: str) -> bool:
    """Whether the file of this path is one that detection reads: what the command line and the GitHub reading send or fetch.

    Source files are not: of those only the path counts, for languages.
    """
    raise NotImplementedError
