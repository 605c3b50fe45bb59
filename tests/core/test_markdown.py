import re
from html.parser import HTMLParser

import pytest
from django.template import Context, Template
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.markdown import MAX_CHARACTERS, render_markdown

TAGS = {"a", "blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong", "ul"}
ATTRIBUTES = {("a", "href"), ("a", "title"), ("a", "rel"), ("code", "class"), ("ol", "start")}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</ScRiPt>",
    "<script src=//evil.example/x.js></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<script/src=data:,alert(1)>",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=`javascript:alert(1)`>",
    '<img src="x" onerror="alert(1)"',
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text y="9">x</text></a></svg>',
    "<svg><animate onbegin=alert(1) attributeName=x>",
    '<svg><use href="data:image/svg+xml,<svg onload=alert(1)>">',
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>">',
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><input type=submit>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<audio src onloadstart=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<base href=//evil.example/>",
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    '<link rel=stylesheet href="//evil.example/x.css">',
    "<style>@import '//evil.example/x.css';</style>",
    '<div style="background:url(javascript:alert(1))">x</div>',
    "<p style=position:fixed;inset:0>x",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="x" onclick="alert(1)">x</a>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<template><script>alert(1)</script></template>",
    "<xss contenteditable onblur=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
    "</p></div></main><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61&#x76&#x61script:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](javascript://%0aalert(1))",
    "[x]( javascript:alert(1) )",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml;base64,PHN2Zy8+)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://evil.example/1)",
    "[x](ftp://evil.example/x)",
    "[x](intent://evil.example#Intent;end)",
    "[x](feed:javascript:alert(1))",
    "[x](jar:javascript:alert(1)!/)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x][1]\n\n[1]: https://a.example '\"onmouseover=alert(1) x=\"'",
    "<javascript:alert(1)>",
    "<data:text/html,alert(1)>",
    "![x](javascript:alert(1))",
    '![x"onerror="alert(1)](x)',
    "![x](x 'a\" onerror=\"alert(1)')",
    '[x](https://a.example "a\\" onclick=\\"alert(1)")',
    '[x](https://a.example" onclick="alert(1))',
    "[x](https://a.example'onclick='alert(1))",
    "[<img src=x onerror=alert(1)>](https://a.example)",
    "[x](https://a.example/`<script>alert(1)</script>`)",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"onmouseover="alert(1)\nx\n```',
    "```html onload=alert(1)\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "> <img src=x onerror=alert(1)>",
    "1. <svg/onload=alert(1)>",
    "# <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "{{ request.user }}{% csrf_token %}<script>",
    "\0<scr\0ipt>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    '<a href="https://a.example" target=_blank rel=opener>x</a>',
]


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


def assert_inert(html: str) -> None:
    page = Elements(html)
    assert page.others == []
    for tag, attributes in page.found:
        assert tag in TAGS
        assert {(tag, name) for name in attributes} <= ATTRIBUTES
        if tag == "a":
            assert attributes["rel"] == "nofollow ugc noopener"
        # Browsers leave these out of an address before they read its scheme.
        target = re.sub(r"[\x00-\x20]", "", attributes.get("href") or "").lower()
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", target)
        assert scheme is None or scheme[1] in {"http", "https", "mailto"}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_is_never_active(payload: str) -> None:
    html = render_markdown(payload)

    assert_inert(html)
    assert isinstance(html, SafeString)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_is_never_active_inside_other_markup(payload: str) -> None:
    assert_inert(render_markdown(f"**a** [b](https://b.example)\n\n> - {payload}\n\n{payload} *c*"))


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
        ("```py\nx = 1\n```", '<pre><code class="language-py">x = 1\n</code></pre>\n'),
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
