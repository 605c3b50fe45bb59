"""Texts of one line as they are kept, and as they compare: two that fold to the same say the same."""

import re
import unicodedata

# A scheme, www, a mail address; a domain by itself where no tool is called so (as socket.io is), or with a path.
_ADDRESS = re.compile(
    r"://|\bwww\.|\bmailto:|\w@[\w-]+\.[a-z]"
    r"|\b[\w-]+\.(?:com|org|info|biz|shop|xyz|online|site|store|click|top)\b"
    r"|\b[\w-]+\.(?:io|dev|ai|app|co|me|ly|gg|sh|to|gl|cc|de|uk|ru|cn)/\w",
    re.IGNORECASE,
)


# Of Unicode they are letters, and nobody sees them: half of a syllable that is not there.
_FILLERS = "\u115f\u1160\u3164\uffa0"


def one_line(text: str) -> str:
    """`text` on one line, without control characters, what nobody sees, and what turns or hides what others read."""
    seen = (
        letter
        for letter in text
        if letter.isspace() or not (letter in _FILLERS or unicodedata.category(letter) in ("Cc", "Cf", "Cs"))
    )
    return " ".join("".join(seen).split())


def names_address(text: str) -> bool:
    """Whether a link or mail address stands in `text`."""
    return bool(_ADDRESS.search(text))


def fold(text: str) -> str:
    """`text` without case, accents, punctuation and doubled spaces: "Fast, tiny CORE!" and "fast tiny core" are one."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
    # Signs that make a name another one stay: C, C++, C#. By themselves they say nothing.
    words = [word for word in re.findall(r"[\w+#]+", bare) if word.strip("_+#")]
    # A text of signs or accents alone stays itself, so that none folds to nothing.
    return " ".join(words or bare.split() or text.split())
