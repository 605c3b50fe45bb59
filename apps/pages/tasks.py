"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.pages.services import cards, feed, messages


@shared_task
def send_due_messages() -> None:
    """Mail what the contact form took to the operator."""
    messages.send_due_messages()


@shared_task
def mark_due_cards() -> None:
    """Notice which pages' pictures say something old."""
    cards.mark_due_cards()


@shared_task
def draw_due_cards() -> None:
    """Draw the pictures that are due, some at a time."""
    cards.draw_due_cards()


@shared_task
def gather_feed() -> None:
    """Add to the feed what happened."""
    feed.gather()
