"""Thin shells over the services; each does what is due and is harmless to repeat."""

from celery import shared_task

from apps.notifications.services import digests, mailing


@shared_task
def mail_notifications() -> None:
    """Mail what people want to be told of by mail."""
    mailing.mail_notifications()


@shared_task
def mail_digests() -> None:
    """Mail what is new to those whose last weekly mail was a week ago."""
    digests.mail_digests()
