"""Notifications by mail."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.mail import mail_link, post_mail
from apps.notifications.models import Notification
from apps.notifications.selectors import mail_address
from apps.notifications.services.unsubscribing import ALL, unsubscribe_headers, unsubscribe_link

logger = logging.getLogger(__name__)

# So long the oldest waits for others to come with it: nobody gets two mails within this time.
PAUSE = timedelta(hours=1)
# People in one run, far below a task's time limit.
BATCH = 1000
# In one mail; the others are on the site.
MAX_LINES = 30


def mail_notifications() -> int:
    """Mail each person what has waited for `PAUSE`, and what came since, in one mail; answers how many mails."""
    waiting = (
        Notification.objects.filter(is_mail_due=True)
        .values("person")
        .annotate(oldest=Min("created_at"))
        .filter(oldest__lte=timezone.now() - PAUSE)
        .order_by("oldest")
    )
    mailed = 0
    for row in waiting[:BATCH]:
        try:
            mailed += _mail_person(row["person"])
        except Exception:
            # Of whatever kind: one person's mail shall not hold up the others'.
            logger.exception("The notifications of person %s could not be mailed.", row["person"])
    return mailed


@transaction.atomic
def _mail_person(pk: int) -> bool:
    # The person's row stands for all that waits for them, so that two workers do not share it between them.
    person = User.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
    if person is None:
        return False
    due = list(
        Notification.objects.filter(person=person, is_mail_due=True).select_related("actor").order_by("id")
    )
    # Another worker may have been here since.
    if not due or min(row.created_at for row in due) > timezone.now() - PAUSE:
        return False
    Notification.objects.filter(pk__in=[row.pk for row in due]).update(is_mail_due=False)
    address = mail_address(person)
    # Who was locked out or left in the meantime mails nobody.
    told = [row for row in due if row.actor is None or row.actor.is_active]
    if not address or not told:
        return False
    kinds = {row.kind for row in told}
    what = kinds.pop() if len(kinds) == 1 else ALL
    post_mail(
        to=[address],
        subject=told[0].text if len(told) == 1 else f"{len(told)} notifications at {settings.PRODUCT_NAME}",
        body=_body(person, told, what),
        headers=unsubscribe_headers(person, what),
    )
    return True


def _body(person: User, told: list[Notification], what: str) -> str:
    lines = [f"Hello {person.get_full_name()},", ""]
    for row in told[:MAX_LINES]:
        lines += [f"- {row.text}", f"  {mail_link(row.url)}", ""]
    if len(told) > MAX_LINES:
        lines += [f"And {len(told) - MAX_LINES} more.", ""]
    lines += [
        "-- ",
        f"All notifications: {mail_link(reverse('notifications:index'))}",
        f"How you are told of what: {mail_link(reverse('notifications:settings'))}",
        f"Stop these mails: {unsubscribe_link(person, what)}",
    ]
    return "\n".join(lines) + "\n"
