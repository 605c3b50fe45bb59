"""Pictures that links to pages carry: which are due, and the drawing of those."""

import hashlib
import io
import json
import textwrap
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F
from django.template.defaultfilters import pluralize
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from apps.comparisons.models import Comparison
from apps.core.jobs import ring, ring_on_commit
from apps.core.locks import hold_lock
from apps.core.templatetags.ui import compact, license_name
from apps.pages.models import SocialCard
from apps.tools.models import Tool

SIZE = (1200, 630)
MARGIN = 80
# The line above our mark and name.
FOOT = SIZE[1] - MARGIN - 78

# Drawn in one run of the task; one takes about a sixth of a second, so the run ends far below its time limit.
BATCH = 20

# The picture of pages that have none of their own.
SITE_CARD = "site"

# Raised where the drawing itself changes, so that all are drawn anew.
DESIGN = 1

_FONT = Path(settings.BASE_DIR) / "static/vendor/instrument-sans/instrument-sans-latin-wght-normal.woff2"
_PAPER, _INK, _QUIET, _LINE = "#f6fafb", "#16212e", "#556273", "#d5dee3"
# The four layers, as in the mark.
_STRATA = (("#b15a9b", 4, 16), ("#2f8f60", 1, 14), ("#c08a22", 7, 16), ("#4d7acb", 2, 20))


def mark_due_cards() -> int:
    """Note for every listed tool and comparison what its picture says; answers how many are due.

    A picture is due when it says something else than it was last drawn with.
    """
    site = _card(
        SITE_CARD,
        settings.PRODUCT_NAME,
        ["See what teams build with, compare it fact by fact, ask before you choose"],
    )
    with transaction.atomic(), hold_lock("cards"):
        # Under the lock: what was read before waiting for it might be older than what is stored.
        wanted = {card.path: card for card in (site, *_tool_cards(), *_comparison_cards())}
        existing = {card.path: card for card in SocialCard.objects.defer("image")}
        new = [card for path, card in wanted.items() if path not in existing]
        changed = []
        for path, card in wanted.items():
            old = existing.get(path)
            if old and old.digest != card.digest:
                old.title, old.lines, old.digest = card.title, card.lines, card.digest
                changed.append(old)
        SocialCard.objects.filter(path__in=existing.keys() - wanted.keys()).delete()
        SocialCard.objects.bulk_create(new, batch_size=1000)
        SocialCard.objects.bulk_update(changed, ["title", "lines", "digest"], batch_size=1000)
        due = SocialCard.objects.exclude(drawn_digest=F("digest")).count()
        if due:
            ring_on_commit("apps.pages.tasks.draw_due_cards")
    return due


def _tool_cards() -> Iterable[SocialCard]:
    for tool in Tool.objects.listed().with_function().with_stars():
        stars = getattr(tool, "stars", None)
        facts = [
            f"{compact(stars)} GitHub stars" if stars is not None else "",
            tool.language,
            license_name(tool.license),
            tool.function.name,
        ]
        yield _card(f"tools/{tool.slug}", tool.name, [tool.tagline, " · ".join(filter(None, facts))])


def _comparison_cards() -> Iterable[SocialCard]:
    rows = Comparison.objects.listed().annotate(count=Count("differences", distinct=True))
    for row in rows.prefetch_related("sides__tool"):
        names = [side.tool.name for side in row.sides.all()]
        count: int = row.count
        said = f"{count} difference{pluralize(count)}, " if count else ""
        line = f"{said}facts side by side, pros and cons, alternatives"
        yield _card(f"stackups/{row.slug}", " vs ".join(names), [line])


def _card(path: str, title: str, lines: list[str]) -> SocialCard:
    said = json.dumps([DESIGN, settings.PRODUCT_NAME, title, lines])
    return SocialCard(path=path, title=title, lines=lines, digest=hashlib.sha256(said.encode()).hexdigest())


def draw_due_cards() -> int:
    """Draw at most `BATCH` of the pictures that are due; answers how many. Several workers share the work."""
    drawn = 0
    for _ in range(BATCH):
        with transaction.atomic():
            due = SocialCard.objects.defer("image").exclude(drawn_digest=F("digest")).order_by("id")
            card = due.select_for_update(skip_locked=True).first()
            if card is None:
                return drawn
            card.image = draw(card.title, card.lines)
            card.drawn_digest, card.drawn_at = card.digest, timezone.now()
            card.save(update_fields=["image", "drawn_digest", "drawn_at"])
        drawn += 1
    ring("apps.pages.tasks.draw_due_cards")
    return drawn


def draw(title: str, lines: list[str]) -> bytes:
    """A PNG of 1200 by 630: the title as large as fits, the lines below it, our mark and name at the foot."""
    image = Image.new("RGB", SIZE, _PAPER)
    pen = ImageDraw.Draw(image)
    _draw_mark(pen, MARGIN, FOOT + 34, scale=2)
    pen.text((MARGIN + 64, FOOT + 56), settings.PRODUCT_NAME, _INK, _font(34, 680), anchor="lm")
    pen.line((MARGIN, FOOT, SIZE[0] - MARGIN, FOOT), _LINE, 2)
    texts = [textwrap.wrap(line, 58, max_lines=2, placeholder=" …") for line in lines if line]
    y = _draw_title(pen, title, room=FOOT - MARGIN - sum(48 * len(parts) + 16 for parts in texts))
    for parts in texts:
        for part in parts:
            pen.text((MARGIN, y), part, _QUIET, _font(36, 450))
            y += 48
        y += 16
    file = io.BytesIO()
    image.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_title(pen: ImageDraw.ImageDraw, title: str, *, room: int) -> int:
    """Draw the title in at most two lines and `room` pixels; answers where the next text goes."""
    width = SIZE[0] - 2 * MARGIN
    for size in (104, 84, 68, 54, 44):
        font = _font(size, 660)
        lines = _broken(pen, title, font, width)
        if len(lines) <= 2 and round(size * 1.18) * len(lines) + 24 <= room:
            break
    y = MARGIN
    for line in lines[:2]:
        pen.text((MARGIN, y), line, _INK, font)
        y += round(size * 1.18)
    return y + 24


def _broken(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    # One word that is too wide needs a smaller font, as much as a third line does.
    return lines if all(pen.textlength(line, font) <= width for line in lines) else [*lines, "", ""]


def _draw_mark(pen: ImageDraw.ImageDraw, x: int, y: int, *, scale: int) -> None:
    for at, (colour, left, width) in enumerate(_STRATA):
        top = y + at * 6 * scale
        pen.rounded_rectangle(
            (x + left * scale, top, x + (left + width) * scale, top + 4 * scale), scale, colour
        )


@cache
def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_FONT, size)
    font.set_variation_by_axes([weight])
    return font
