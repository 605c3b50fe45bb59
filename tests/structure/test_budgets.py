"""What the pages may weigh: all style sheets and all scripts that any template loads, compressed one by one."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines

BYTES = {"css": 15_000, "js": 30_000}

STATIC_TAG = re.compile(r"""\{% static ["']([^"']+)["'] %\}""")
STATIC_ADDRESS = re.compile(rf'(?:href|src)="{settings.STATIC_URL}([^"?]+)"')


def loaded_files(suffix: str) -> set[str]:
    """The static files of a kind that templates name, and those of htmx's own tag."""
    sources = [path.read_text() for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")]
    names = {name for source in sources for name in STATIC_TAG.findall(source)}
    if any("{% htmx_script %}" in source for source in sources):
        tags = engines["django"].from_string("{% load django_htmx %}{% htmx_script %}").render()
        names.update(STATIC_ADDRESS.findall(tags))
    return {name for name in names if name.endswith(f".{suffix}")}


def compressed_size(name: str) -> int:
    found = finders.find(name)
    assert found, name
    return len(gzip.compress(Path(found).read_bytes(), compresslevel=9))


@pytest.mark.parametrize("suffix", BYTES)
def test_files_that_pages_load_keep_within_their_budget(suffix: str) -> None:
    sizes = {name: compressed_size(name) for name in loaded_files(suffix)}

    assert 0 < sum(sizes.values()) <= BYTES[suffix], sizes


def test_every_style_sheet_and_script_of_ours_is_loaded_by_a_template() -> None:
    ours = {
        path.relative_to(settings.BASE_DIR / "static").as_posix()
        for pattern in ("css/*.css", "js/*.js")
        for path in (settings.BASE_DIR / "static").glob(pattern)
    }

    assert ours <= loaded_files("css") | loaded_files("js")
    assert "django_htmx/htmx-2.min.js" in loaded_files("js")
