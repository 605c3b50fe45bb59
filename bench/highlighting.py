"""How long hostile code takes to be coloured, by lexer, as CPU time of the longest block that is (no database needed):

    DEVELOPMENT=1 python bench/highlighting.py [--lexer javascript] [--all]

Each block repeats what makes expressions of lexers go back and forth: openings without an end, quotes, escapes, long
words, numbers, blanks, and pairs of them. `--all` tries the other lexers of Pygments. Prints the worst block of each.
"""

import argparse
import itertools
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")

from pygments.lexers import get_all_lexers

from apps.core import highlighting

SIZE = highlighting.MAX_BLOCK_CHARACTERS
PIECES = [
    *"\"'`\\/{}()[]<>#@$%&*-+=:;,.!?|^~_a0 \n\t",
    "\r\n", "''", '""', '"""', "'''", "\\\\", '\\"', "//", "/*", "*/", "/**", "<!--", "-->", "<?",
    "?>", "<%", "%>", "{{", "}}",
    "{%", "%}", "${", "$(", "#{", "#[", "@@", "--", "---", "+++", "::", "=>", "->", "<<", "<<<",
    "<<EOF\n", "<<-E\n", "r#", "r\"", "f\"{",
    "a.", "a-", "a,", "a:", "a=", "a(", "a<", "a ", "a\n", " a", "\na", "0x", "1e", "1.", "1_",
    "0.0", "aA", "a_",
    "if ", "def ", "class ", "function ", "import ", "package ", "struct ", "enum ", "let ", "var ",
    "fn ", "type ", "for ",
    "select ", "from ", "sub ", "end", "begin", "do ", "=begin\n", "=cut\n", "<a ", "</a", "<a b=",
    "<script>", "<style>", "&a", "&a;",
    "a: ", "- ", "? ", "| ", "> ", "[a]", "a=b\n", "a:\n\t", "$a", "@a", "#a", "%a", "!a", "s/",
    "m/", "qw(", "q{", "y/", "tr/", "%w(", "%q(", "%(",
    "public ", "static ", "void ", "int a(", "a a(", "a* a", "template<", "operator ", "A::",
    "ns::", "a<a<", "a[", "a?", "a ? ",
]  # fmt: skip


def blocks() -> Iterator[str]:
    for piece in PIECES:
        yield (piece * SIZE)[:SIZE]
    for one, other in itertools.product(PIECES, PIECES):
        yield one + (other * SIZE)[: SIZE - len(one)]
    for one, other in itertools.combinations(PIECES, 2):
        yield ((one + other) * SIZE)[:SIZE]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lexer")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=10, help="At most, of each lexer.")
    chosen = parser.parse_args()
    names = sorted({*highlighting.LANGUAGES.values()})
    if chosen.all:
        names = sorted({aliases[0] for _, aliases, *_ in get_all_lexers() if aliases} - {*names})
    for name in [chosen.lexer] if chosen.lexer else names:
        highlighting.LANGUAGES["bench"] = name
        worst, text, tried, begun = 0.0, "", 0, time.process_time()
        for block in blocks():
            started = time.process_time()
            highlighting.highlight(block, "bench")
            took = time.process_time() - started
            tried += 1
            if took > worst:
                worst, text = took, block
            if time.process_time() - begun > chosen.seconds:
                break
        print(f"{name}: {worst:.3f} s, of {tried} blocks: {text[:40]!r}", flush=True)


if __name__ == "__main__":
    main()
