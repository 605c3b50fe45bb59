"""Texts as they compare: two that fold to the same say the same."""

import re
import unicodedata


def fold(text: str) -> str:
    """`text` without case, accents, punctuation and doubled spaces: "Fast, tiny CORE!" and "fast tiny core" are one."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
    # Signs that make a name another one stay: C, C++, C#.
    # A text of signs alone stays itself, so that no text folds to nothing.
    return " ".join(re.findall(r"[\w+#]+", bare)) or bare
