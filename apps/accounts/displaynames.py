"""What a name that is shown may be. Pure: knows no database."""

import re
import unicodedata

from django.conf import settings

from apps.core.folding import fold, names_address

# Letters of living languages carry two at most; a pile of them covers the lines above and below.
MAX_MARKS = 2


def problem_of_name(name: str) -> str:
    """What is wrong with a name on one line, in words for its owner; empty: nothing, as with no name."""
    composed = unicodedata.normalize("NFKC", name)
    if name and not any(letter.isalnum() for letter in composed):
        return "Write a name with a letter or digit in it."
    marks = "".join("m" if unicodedata.category(letter) in ("Mn", "Me") else " " for letter in composed)
    if "m" * (MAX_MARKS + 1) in marks:
        return "Write a name without piles of accents."
    if _bare(settings.PRODUCT_NAME) in _bare(name):
        return (
            f"A name with {settings.PRODUCT_NAME} in it would pass for the site itself. Choose another one."
        )
    if names_address(composed):
        return "Write no link or e-mail address in your name: links have a field of their own."
    return ""


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))
