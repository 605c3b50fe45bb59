"""Code in colours."""

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.highlighting import CLASSES, LANGUAGES, MAX_BLOCK_CHARACTERS, MAX_TEXT_CHARACTERS, highlight
from apps.core.markdown import render_markdown

_PIECE = re.compile(r'<span class="([a-z])">([^<>]*)</span>|([^<>]+)')


def text_of(html: str) -> str:
    """The text of what `highlight` answers, which has no other markup than it may have."""
    pieces = list(_PIECE.finditer(html))
    assert "".join(piece[0] for piece in pieces) == html
    assert {piece[1] for piece in pieces if piece[1]} <= CLASSES
    return unescape("".join(piece[2] or piece[3] for piece in pieces))


@pytest.mark.parametrize(
    ("language", "code", "html"),
    [
        (
            "python",
            "def f(x):  # <c>\n    return 'a' + 1\n",
            (
                '<span class="k">def</span> <span class="f">f</span>(x):  <span class="c"># &lt;c&gt;</span>\n'
                '    <span class="k">return</span> <span class="s">&#x27;a&#x27;</span> + <span class="n">1</span>\n'
            ),
        ),
        ("diff", "-a\n+b\n", '<span class="d">-a</span>\n<span class="i">+b</span>\n'),
        ("json", '{"a": true}', '{<span class="k">&quot;a&quot;</span>: <span class="n">true</span>}'),
        ("", "a < b", "a &lt; b"),
        ("no-such", "1", "1"),
    ],
)
def test_highlight_marks_kinds_of_words(language: str, code: str, html: str) -> None:
    assert highlight(code, language) == html


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_highlight_keeps_code_to_the_letter(language: str) -> None:
    code = '\n\n\ta = \'b\' /* <c> */ "d" # e & f\n<a b="c">1</a>\n  def f(x): return {x}; // é\r\n\n'

    assert text_of(highlight(code, language)) == code


@given(st.sampled_from(sorted(LANGUAGES)), st.text(max_size=60))
@settings(max_examples=150)
def test_highlight_keeps_any_text_to_the_letter(language: str, code: str) -> None:
    assert text_of(highlight(code, language)) == code


def test_highlight_leaves_long_code_plain() -> None:
    code = "x = 1\n" * (MAX_BLOCK_CHARACTERS // 6)

    assert "<span" in highlight(code, "py")
    assert highlight(code + "x = 1\n", "py") == code + "x = 1\n"


def test_markdown_colours_so_much_code_of_a_text() -> None:
    block = f"```py\n{'1' * (MAX_TEXT_CHARACTERS // 3 - 1)}\n```\n\n"

    assert render_markdown(block * 4).count('<span class="n">') == 3
