import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.comparisons.models import Comparison
from apps.core.locks import hold_lock
from apps.pages import tasks
from apps.pages.models import SocialCard
from apps.pages.services import cards
from apps.tools.models import Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory
from tests.pages.conftest import make_catalogue


def make_card(path: str = "tools/flask", **fields: Any) -> SocialCard:
    return SocialCard.objects.create(**({"path": path, "title": "Flask", "digest": f"of {path}"} | fields))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def gap_of(data: bytes) -> Image.Image:
    """The strip between the line of the foot and the mark and name, which is empty."""
    return opened(data).convert("L").crop((0, cards.FOOT + 4, cards.SIZE[0], cards.FOOT + 30))


def marked_elsewhere() -> None:
    try:
        cards.mark_due_cards()
    finally:
        connection.close()


# --- Which are due --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_mark_makes_a_due_card_for_the_site_and_all_that_is_listed() -> None:
    flask, hidden = ToolFactory(name="Flask"), ToolFactory(name="Hidden", is_listed=False)
    make_comparison(flask, ToolFactory(name="Actix"))
    make_comparison(flask, hidden)

    due = cards.mark_due_cards()

    paths = ["site", "stackups/actix-vs-flask", "tools/actix", "tools/flask"]
    assert list(SocialCard.objects.values_list("path", flat=True)) == paths
    assert due == 4


@pytest.mark.django_db
def test_mark_notes_what_the_card_of_a_tool_says() -> None:
    ToolFactory(
        name="Flask", tagline="A microframework", language="Python", license="BSD-3-Clause", stars=72014
    )

    cards.mark_due_cards()

    card = SocialCard.objects.get(path="tools/flask")
    facts = "72K GitHub stars · Python · BSD-3-Clause · Microframeworks"
    assert (card.title, card.lines) == ("Flask", ["A microframework", facts])


@pytest.mark.django_db
def test_mark_leaves_out_what_is_unknown_of_a_tool() -> None:
    ToolFactory(name="Flask", tagline="")

    cards.mark_due_cards()

    assert SocialCard.objects.get(path="tools/flask").lines == ["", "Microframeworks"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("differences", "line"),
    [
        (0, "facts side by side, pros and cons, alternatives"),
        (1, "1 difference, facts side by side, pros and cons, alternatives"),
        (2, "2 differences, facts side by side, pros and cons, alternatives"),
    ],
)
def test_mark_notes_what_the_card_of_a_comparison_says(differences: int, line: str) -> None:
    tools = [ToolFactory(name=name) for name in ("Flask", "Actix", "Rails")]
    make_comparison(*tools, differences=differences)

    cards.mark_due_cards()

    card = SocialCard.objects.get(path="stackups/actix-vs-flask-vs-rails")
    assert (card.title, card.lines) == ("Actix vs Flask vs Rails", [line])


@pytest.mark.django_db
def test_mark_finds_nothing_due_when_all_are_drawn() -> None:
    ToolFactory()
    cards.mark_due_cards()
    cards.draw_due_cards()

    assert cards.mark_due_cards() == 0


@pytest.mark.django_db
def test_mark_finds_a_card_due_again_after_a_change() -> None:
    tool = ToolFactory(name="Flask")
    cards.mark_due_cards()
    cards.draw_due_cards()
    Tool.objects.filter(pk=tool.pk).update(tagline="A smaller microframework")

    due = cards.mark_due_cards()

    card = SocialCard.objects.get(path="tools/flask")
    assert due == 1
    assert card.lines[0] == "A smaller microframework"
    assert card.digest != card.drawn_digest
    assert card.image is not None


@pytest.mark.django_db
def test_mark_finds_all_due_again_when_the_product_is_renamed(settings: Any) -> None:
    ToolFactory()
    cards.mark_due_cards()
    cards.draw_due_cards()
    settings.PRODUCT_NAME = "Strata"

    assert cards.mark_due_cards() == 2


@pytest.mark.django_db
def test_mark_deletes_the_cards_of_what_is_gone() -> None:
    tool, other = ToolFactory(name="Flask"), ToolFactory(name="Actix")
    make_comparison(tool, other)
    cards.mark_due_cards()
    Comparison.objects.all().delete()
    Tool.objects.filter(pk=tool.pk).update(is_listed=False)

    cards.mark_due_cards()

    assert set(SocialCard.objects.values_list("path", flat=True)) == {"site", "tools/actix"}


@pytest.mark.django_db
def test_mark_wakes_a_worker_when_cards_are_due(
    queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cards.mark_due_cards()

    assert queued_tasks() == ["apps.pages.tasks.draw_due_cards"]


@pytest.mark.django_db
def test_mark_wakes_nobody_when_no_card_is_due(
    queued_tasks: Callable[[], list[str]], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    cards.mark_due_cards()
    cards.draw_due_cards()

    with django_capture_on_commit_callbacks(execute=True):
        cards.mark_due_cards()

    assert queued_tasks() == []


@pytest.mark.django_db
def test_mark_needs_as_many_queries_for_more_rows(count_queries: Callable[..., Any]) -> None:
    make_catalogue(tools=3)
    with count_queries(at_most=12) as few:
        cards.mark_due_cards()
    make_catalogue(tools=20)

    with count_queries(at_most=len(few)) as many:
        cards.mark_due_cards()

    assert len(many) == len(few)


@pytest.mark.django_db(transaction=True)
def test_mark_waits_for_another_worker_that_marks() -> None:
    worker = threading.Thread(target=marked_elsewhere, daemon=True)
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database"
        " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )
    waits = 0

    with transaction.atomic(), hold_lock("cards"), connection.cursor() as cursor:
        worker.start()
        while worker.is_alive() and not waits:
            worker.join(timeout=0.02)
            (waits,) = cursor.execute(waiting).fetchone()
        SocialCard.objects.create(path="site", title="Marked meanwhile", digest="other")
    worker.join(timeout=30)

    assert waits == 1
    assert SocialCard.objects.get().title == django_settings.PRODUCT_NAME


# --- Drawing them ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_draw_due_cards_draws_and_notes_what_was_drawn() -> None:
    card = make_card()

    drawn = cards.draw_due_cards()

    card.refresh_from_db()
    assert drawn == 1
    assert card.drawn_digest == card.digest
    assert card.drawn_at is not None
    assert opened(bytes(card.image or b"")).size == (1200, 630)


@pytest.mark.django_db
def test_draw_due_cards_draws_nothing_twice() -> None:
    make_card()

    assert [cards.draw_due_cards() for _ in range(2)] == [1, 0]


@pytest.mark.django_db
def test_draw_due_cards_draws_anew_what_changed() -> None:
    card = make_card()
    cards.draw_due_cards()
    before = SocialCard.objects.get().image
    SocialCard.objects.filter(pk=card.pk).update(title="Quart", digest="of something else")

    drawn = cards.draw_due_cards()

    card.refresh_from_db()
    assert drawn == 1
    assert card.image != before
    assert card.drawn_digest == "of something else"


@pytest.mark.django_db
def test_draw_due_cards_leaves_more_than_a_batch_for_the_next_run(
    monkeypatch: pytest.MonkeyPatch, queued_tasks: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(cards, "BATCH", 2)
    for number in range(3):
        make_card(f"tools/{number}")

    drawn = cards.draw_due_cards()

    assert drawn == 2
    assert queued_tasks() == ["apps.pages.tasks.draw_due_cards"]
    assert cards.draw_due_cards() == 1


@pytest.mark.django_db(transaction=True)
def test_draw_due_cards_leaves_a_card_to_the_worker_that_has_it(in_two_threads: Any) -> None:
    make_card()

    with transaction.atomic():
        SocialCard.objects.select_for_update().get()
        drawn = in_two_threads(cards.draw_due_cards)

    assert drawn == [0, 0]


@pytest.mark.django_db(transaction=True)
def test_draw_due_cards_draws_each_card_once_when_two_workers_run(in_two_threads: Any) -> None:
    for number in range(12):
        make_card(f"tools/{number}")

    drawn = in_two_threads(cards.draw_due_cards)

    assert sum(drawn) == 12
    assert not SocialCard.objects.filter(image=None).exists()


@pytest.mark.django_db(transaction=True)
def test_card_that_changes_while_it_is_drawn_stays_due(in_two_threads: Any) -> None:
    tool = ToolFactory(name="Flask")
    cards.mark_due_cards()
    Tool.objects.filter(pk=tool.pk).update(tagline="Changed while others draw")
    first = threading.Lock()

    in_two_threads(
        lambda: cards.mark_due_cards() if first.acquire(blocking=False) else cards.draw_due_cards()
    )
    cards.draw_due_cards()

    card = SocialCard.objects.get(path="tools/flask")
    assert card.lines[0] == "Changed while others draw"
    assert card.drawn_digest == card.digest


@pytest.mark.django_db
def test_tasks_mark_and_draw() -> None:
    ToolFactory()

    tasks.mark_due_cards()
    tasks.draw_due_cards()

    assert SocialCard.objects.exclude(image=None).count() == 2


# --- What they look like --------------------------------------------------------------------------


def test_draw_makes_a_png_of_the_size_that_link_previews_want() -> None:
    picture = opened(cards.draw("Flask", ["A microframework"]))

    assert (picture.format, picture.size) == ("PNG", (1200, 630))


def test_draw_shows_the_title_and_each_line() -> None:
    pictures = [
        cards.draw("Flask", ["A microframework"]),
        cards.draw("Quart", ["A microframework"]),
        cards.draw("Flask", ["A framework"]),
        cards.draw("Flask", ["A microframework", "72K GitHub stars"]),
    ]

    assert len(set(pictures)) == 4


def test_draw_skips_a_line_that_is_empty() -> None:
    assert cards.draw("Flask", ["", "Python"]) == cards.draw("Flask", ["Python"])


words = st.text(st.sampled_from("aWi .·ä-"), max_size=140)


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=260), st.lists(words, max_size=2))
@example(
    "Amazon Elastic Container Service", ["Runs containers on machines of others " * 4, "TypeScript · " * 9]
)
@example("W" * 60, ["W" * 140])
@example("", [])
def test_draw_keeps_what_is_said_off_the_foot(title: str, lines: list[str]) -> None:
    darkest, _ = gap_of(cards.draw(title, lines)).getextrema()

    assert darkest > 220
