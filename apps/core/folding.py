"""Texts as they compare: two that fold to the same say the same."""

import re
import unicodedata


def fold(text: str) -> str:
    """`text` without case, accents, punctuation and doubled spaces: "Fast, tiny CORE!" and "fast tiny core" are one."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
    # Signs that make a name another one stay: C, C++, C#.
    words = re.findall(r"[\w+#]+", bare)
    # A text of signs or accents alone stays itself, so that none folds to nothing.
    return " ".join(words or bare.split() or text.split())
