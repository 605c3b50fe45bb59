"""Code in colours: its pieces in elements of a few classes, which static/css/components.css colours."""

from functools import cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Literal, Name, Operator, _TokenType

# Longer code is shown plain: some sixty lines are as many as anybody reads in a thread, and lexers are not made for
# hostile texts, which take them a time that grows with the square of the length, or its cube.
MAX_BLOCK_CHARACTERS = 2000
# Of all the code of one text.
MAX_TEXT_CHARACTERS = 4000

# What authors write behind the fence, and the lexer of Pygments. Others took too long: bench/highlighting.py.
_LEXERS = {
    "bash": "bash sh shell zsh console",
    "c": "c h",
    "clojure": "clojure clj",
    "cpp": "cpp c++ hpp",
    "css": "css",
    "dart": "dart",
    "diff": "diff patch",
    "docker": "dockerfile docker",
    "elixir": "elixir ex exs",
    "erlang": "erlang erl",
    "fsharp": "fsharp fs f#",
    "go": "go golang",
    "graphql": "graphql gql",
    "groovy": "groovy gradle",
    "haskell": "haskell hs",
    "hcl": "hcl terraform tf",
    "html": "html vue svelte",
    "html+django": "django jinja jinja2",
    "ini": "ini cfg dotenv env",
    # Its own lexer takes a second for hostile code; most words are the same.
    "java": "java csharp cs c#",
    "javascript": "javascript js jsx mjs",
    "json": "json jsonc",
    "julia": "julia jl",
    "kotlin": "kotlin kt",
    "lua": "lua",
    "make": "makefile make",
    "nginx": "nginx",
    "perl": "perl pl",
    "php": "php",
    "postgresql": "sql postgresql postgres",
    "powershell": "powershell ps1",
    "properties": "properties",
    "protobuf": "protobuf proto",
    "python": "python py python3 pycon",
    "r": "r",
    "ruby": "ruby rb",
    "rust": "rust rs",
    "scala": "scala",
    "scss": "scss sass",
    "swift": "swift",
    "toml": "toml",
    "typescript": "typescript ts tsx",
    "xml": "xml svg",
    "yaml": "yaml yml",
    "zig": "zig",
}
LANGUAGES = {name: lexer for lexer, names in _LEXERS.items() for name in names.split()}

# The class of each kind of token, or of the nearest kind above it; all others stay plain.
_CLASSES: dict[_TokenType, str] = {
    Comment: "c",
    Comment.Preproc: "k",
    Keyword: "k",
    Keyword.Constant: "n",
    Operator.Word: "k",
    Name.Tag: "k",
    Name.Attribute: "f",
    Name.Builtin: "f",
    Name.Class: "f",
    Name.Decorator: "f",
    Name.Function: "f",
    Literal: "s",
    Literal.Number: "n",
    Generic.Deleted: "d",
    Generic.Heading: "k",
    Generic.Inserted: "i",
    Generic.Output: "c",
    Generic.Prompt: "c",
    Generic.Subheading: "k",
}
CLASSES = frozenset(_CLASSES.values())


@cache
def _lexer(name: str) -> Lexer:
    # The code stays as it is, to the last line break.
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)


@cache
def _class(kind: _TokenType) -> str:
    return next((_CLASSES[above] for above in reversed(kind.split()) if above in _CLASSES), "")


def highlight(code: str, language: str) -> str:
    """The HTML of `code`: pieces in `<span class="...">` of `CLASSES`, if the language is one of `LANGUAGES`."""
    lexer = LANGUAGES.get(language)
    if lexer is None or len(code) > MAX_BLOCK_CHARACTERS:
        return escape(code)
    tokens = list(_lexer(lexer).get_tokens(code))
    if "".join(text for _, text in tokens) != code:
        # A lexer leaves out what it takes for a mark of the encoding, for one.
        return escape(code)
    pieces = []
    for css, group in groupby(tokens, key=lambda token: _class(token[0])):
        text = escape("".join(text for _, text in group))
        pieces.append(f'<span class="{css}">{text}</span>' if css and not text.isspace() else text)
    return "".join(pieces)
