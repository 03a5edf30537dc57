"""The queue of mails: written with what they tell of, taken by one process at a time."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from negotiations.models import Invitation, Mail

# Longer than a mail server is waited for, so that a mail in hand is not taken twice.
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(minutes=3), dt.timedelta(hours=1)
# After so long it is given up, and kept for as long again for whoever looks.
TRIED_FOR = dt.timedelta(days=1)
KEPT = dt.timedelta(days=7)


def post_mail(kind: str, address: str, site: str, invitation: Invitation | None = None) -> Mail:
    """Leaves a mail to be sent, in the caller's transaction; `site` is where its link leads."""
    mail: Mail = Mail.objects.create(kind=kind, address=address, site=site, invitation=invitation)
    return mail


def claim_mail() -> Mail | None:
    """The mail that is due, now the caller's to send; None when there is none."""
    now = timezone.now()
    for mail in Mail.objects.filter(failed_at=None, due_at__lte=now).select_related("invitation"):
        seen, mail.tries = mail.due_at, mail.tries + 1
        mail.due_at = now + min(FIRST_WAIT * 3 ** (mail.tries - 1), LONGEST_WAIT)
        rows = Mail.objects.filter(pk=mail.pk, due_at=seen, failed_at=None)
        if rows.update(due_at=mail.due_at, tries=mail.tries):
            return mail
    return None


def settle_mail(mail: Mail) -> None:
    """It is sent, or nobody needs it any more."""
    Mail.objects.filter(pk=mail.pk).delete()


def put_mail_back(mail: Mail, reason: str, *, for_good: bool = False) -> bool:
    """It was not sent, for this reason. True where it is tried again at `due_at`."""
    now = timezone.now()
    if mail.due_at >= mail.made_at + TRIED_FOR:
        for_good = True
    failed_at = now if for_good else None
    Mail.objects.filter(pk=mail.pk).update(reason=reason, failed_at=failed_at)
    return not for_good


def sweep_mails() -> int:
    """Drops the mails that were given up a week ago; how many these were."""
    count, _each = Mail.objects.filter(failed_at__lt=timezone.now() - KEPT).delete()
    return count
