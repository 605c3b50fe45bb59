"""Mail to the operator. A message is a row that is due until it is sent."""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from apps.core.jobs import ring_on_commit
from apps.pages.models import ContactMessage

logger = logging.getLogger(__name__)

# A message that could not be sent so often waits for a moderator.
MAX_ATTEMPTS = 20

# Sent in one go, so that a run stays far below a task's time limit.
BATCH = 50


def receive_message(*, name: str, email: str, subject: str, text: str) -> ContactMessage:
    """Keep a message; a worker sends it to the operator soon."""
    with transaction.atomic():
        message = ContactMessage.objects.create(name=name, email=email, subject=subject, text=text)
        ring_on_commit("apps.pages.tasks.send_due_messages")
    return message


def send_due_messages() -> int:
    """Send the messages that wait; answers how many were sent. Two workers never send the same one."""
    sent = 0
    for _ in range(BATCH):
        with transaction.atomic():
            due = ContactMessage.objects.filter(sent_at=None, attempts__lt=MAX_ATTEMPTS)
            # Those that failed come last, so that one bad message holds up no other.
            message = due.select_for_update(skip_locked=True).order_by("attempts", "created_at").first()
            if message is None:
                break
            try:
                _mail(message).send()
            except Exception as error:
                # Of whatever kind: an address that no header can hold must not hold up the others either.
                logger.warning("Message %s could not be sent: %s", message.pk, error)
                message.attempts += 1
                message.last_error = str(error)[:300]
                message.save(update_fields=["attempts", "last_error"])
                break
            message.sent_at = timezone.now()
            message.save(update_fields=["sent_at"])
            sent += 1
    return sent


def _mail(message: ContactMessage) -> EmailMessage:
    return EmailMessage(
        subject=f"[{settings.PRODUCT_NAME}] {message.subject}",
        body=f"{message.text}\n\n-- \n{message.name} <{message.email}>\n",
        to=[settings.OPERATOR_EMAIL],
        reply_to=[message.email],
    )
