import re
from html.parser import HTMLParser

import pytest
from django.template import Context, Template
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.highlighting import CLASSES, LANGUAGES
from apps.core.markdown import MAX_CHARACTERS, render_markdown
from tests.payloads import PAYLOADS

TAGS = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "span", "strong", "ul")
}
ATTRIBUTES = {
    ("pre", "tabindex"),
    *(("a", "href"), ("a", "title"), ("a", "rel"), ("code", "class"), ("ol", "start"), ("span", "class")),
}


class Elements(HTMLParser):
    """Every element of a page with its attributes, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_inert(html: str, payload: str = "") -> None:
    page = Elements(html)
    assert page.others == [], payload
    for tag, attributes in page.found:
        assert tag in TAGS, payload
        assert {(tag, name) for name in attributes} <= ATTRIBUTES, payload
        if tag == "a":
            assert attributes["rel"] == "nofollow ugc noopener", payload
        if "class" in attributes:
            assert attributes["class"] in CLASSES | {f"language-{name}" for name in LANGUAGES}, payload
        # Browsers leave these out of an address before they read its scheme.
        target = re.sub(r"[\x00-\x20]", "", attributes.get("href") or "").lower()
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", target)
        assert scheme is None or scheme[1] in {"http", "https", "mailto"}, payload


def test_markdown_is_never_active() -> None:
    for payload in PAYLOADS:
        html = render_markdown(payload)

        assert_inert(html, payload)
        assert isinstance(html, SafeString)


def test_markdown_is_never_active_inside_other_markup() -> None:
    for payload in PAYLOADS:
        html = render_markdown(f"**a** [b](https://b.example)\n\n> - {payload}\n\n{payload} *c*")

        assert_inert(html, payload)


pieces = st.lists(
    st.sampled_from([*PAYLOADS, *"<>[]()`*_\"'\\&#!:/\n\t =-\0", "javascript:", "onload="]), max_size=8
)


@given(pieces.map("".join) | st.text(max_size=200))
@settings(deadline=None, max_examples=250)
def test_markdown_is_never_active_whatever_is_written(text: str) -> None:
    assert_inert(render_markdown(text))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=100))
@settings(deadline=None, max_examples=100)
def test_markdown_keeps_code_to_the_letter(text: str) -> None:
    page = Elements(render_markdown(f"~~~~\n{text}\n~~~~"))

    assert page.text.removesuffix("\n").removesuffix("\n") == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>\n"),
        ("**b** *i*  \n`c`", "<p><strong>b</strong> <em>i</em><br>\n<code>c</code></p>\n"),
        ("### T\n\n#### U", "<h3>T</h3>\n<h4>U</h4>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>\n'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("a\n\n---", "<p>a</p>\n<hr>\n"),
        ("```py\nx\n```", '<pre tabindex="0"><code class="language-py">x\n</code></pre>\n'),
        ("```PY title\nx\n```", '<pre tabindex="0"><code class="language-py">x\n</code></pre>\n'),
        ("```btn\nx\n```", '<pre tabindex="0"><code>x\n</code></pre>\n'),
        ("```\n<b>\n```", '<pre tabindex="0"><code>&lt;b&gt;\n</code></pre>\n'),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("", ""),
    ],
)
def test_markdown_renders_what_authors_write(text: str, html: str) -> None:
    assert render_markdown(text) == html


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/b?c=d",
        "http://a.example",
        "mailto:a@b.example",
        "/tools/flask/",
        "#top",
        "//a.example",
    ],
)
def test_markdown_link_is_not_endorsed(address: str) -> None:
    (tag, attributes) = Elements(render_markdown(f'[x]({address} "t")')).found[1]

    assert (tag, attributes) == ("a", {"href": address, "title": "t", "rel": "nofollow ugc noopener"})


def test_markdown_autolink_is_not_endorsed() -> None:
    html = render_markdown("<https://a.example>")

    assert html == '<p><a href="https://a.example" rel="nofollow ugc noopener">https://a.example</a></p>\n'


def test_markdown_shows_no_pictures_of_other_servers() -> None:
    assert "evil.example" not in render_markdown("![a picture](https://evil.example/pixel.png)")


def test_markdown_takes_the_longest_text() -> None:
    assert len(render_markdown("a" * MAX_CHARACTERS)) > MAX_CHARACTERS


def test_markdown_refuses_a_text_that_is_longer() -> None:
    with pytest.raises(ValueError, match="more than 100000 characters"):
        render_markdown("a" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize("deep", ["> " * 5000, "- " * 5000, "[" * 5000, "*a **b " * 2000, "<" * 5000])
def test_markdown_survives_deep_nesting(deep: str) -> None:
    assert_inert(render_markdown(deep + "x"))


def test_markdown_filter_is_safe_in_a_template() -> None:
    html = Template("{{ text|markdown }}").render(Context({"text": "**a** <script>"}))

    assert html == "<p><strong>a</strong> &lt;script&gt;</p>\n"
