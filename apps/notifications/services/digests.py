"""The weekly mail of what is new; upper apps fill its sections."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.mail import mail_link, post_mail
from apps.notifications.models import Digest
from apps.notifications.selectors import mail_address
from apps.notifications.services.unsubscribing import DIGEST, unsubscribe_headers, unsubscribe_link

logger = logging.getLogger(__name__)

PAUSE = timedelta(days=7)
# People in one run, far below a task's time limit.
BATCH = 1000
# Of one section in one mail: more than that nobody reads.
MAX_LINES = 30

# What is new for a person since then, in order: texts of one line and the paths they lead to.
Lines = Callable[[User, datetime], list[tuple[str, str]]]

_sections: dict[str, Lines] = {}


def register_digest_section(title: str, lines: Lines) -> None:
    """Have each weekly mail say under `title` what `lines` finds for the person since the last mail."""
    _sections[title] = lines


def mail_digests() -> int:
    """Mail what is new to those whose last mail was a week ago; answers how many mails. Nothing new is no mail."""
    due = Digest.objects.filter(since__lte=timezone.now() - PAUSE).order_by("since")
    mailed = 0
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        try:
            mailed += _mail_person(pk)
        except Exception:
            # A section that fails for one person must not hold up the others.
            logger.exception("The weekly mail of person %s could not be written.", pk)
    return mailed


@transaction.atomic
def _mail_person(pk: int) -> bool:
    now = timezone.now()
    # The condition again: another worker may have been here since.
    digest = (
        Digest.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("person")
        .filter(pk=pk, since__lte=now - PAUSE)
        .first()
    )
    if digest is None:
        return False
    person, since = digest.person, digest.since
    digest.since = now
    digest.save(update_fields=["since"])
    address = mail_address(person)
    if not address:
        return False
    sections = {title: found for title, lines in _sections.items() if (found := lines(person, since))}
    if not sections:
        return False
    post_mail(
        to=[address],
        subject=f"New at {settings.PRODUCT_NAME} since {since:%-d %B}",
        body=_body(person, sections),
        headers=unsubscribe_headers(person, DIGEST),
    )
    return True


def _body(person: User, sections: dict[str, list[tuple[str, str]]]) -> str:
    lines = [f"Hello {person.get_full_name()},", ""]
    for title, found in sections.items():
        lines += [title, "-" * len(title), ""]
        for text, path in found[:MAX_LINES]:
            lines += [f"- {' '.join(text.split())}", f"  {mail_link(path)}"]
        if len(found) > MAX_LINES:
            lines.append(f"And {len(found) - MAX_LINES} more.")
        lines.append("")
    lines += [
        "-- ",
        f"Your settings: {mail_link(reverse('notifications:settings'))}",
        f"Stop this weekly mail: {unsubscribe_link(person, DIGEST)}",
    ]
    return "\n".join(lines) + "\n"
