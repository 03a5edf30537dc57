"""Switching the public edition on and off, and links for people without an account."""

from __future__ import annotations

import datetime as dt
import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from negotiations.models import Negotiation, Round, SecurityEvent, User
from negotiations.services import note

from ..access import link_makers
from ..models import Edition, Issue, ShareLink

Kind = SecurityEvent.Kind


def publish(negotiation: Negotiation, *, may_be_indexed: bool, by: User) -> Edition:
    """Switch the public edition on, or change whether search engines may list it."""
    with transaction.atomic():
        edition = _edition(negotiation, by)
        edition.is_on, edition.may_be_indexed = True, may_be_indexed
        _keep(edition, by)
        listed = "search engines may list it" if may_be_indexed else "not for search engines"
        note(Kind.PUBLISHED, by=by, negotiation=negotiation, detail=listed)
    return edition


def take_down(negotiation: Negotiation, *, by: User) -> None:
    """Switch it off: from the next request on its addresses answer like any that never were.

    Share links are each their own and stay. Switching off twice changes nothing.
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().filter(negotiation=negotiation).first()
        if edition and edition.is_on:
            edition.is_on = False
            _keep(edition, by)
            note(Kind.UNPUBLISHED, by=by, negotiation=negotiation)


def _edition(negotiation: Negotiation, by: User) -> Edition:
    """The row of this negotiation, locked; made with the first edition or share link."""
    Edition.objects.get_or_create(negotiation=negotiation, defaults={"changed_by": by})
    return Edition.objects.select_for_update().get(negotiation=negotiation)


def _keep(edition: Edition, by: User) -> None:
    edition.changed_by, edition.changed_at = by, timezone.now()
    edition.save()


def share(
    negotiation: Negotiation,
    *,
    by: User,
    lasts: dt.timedelta,
    issue: Issue | None = None,
    round_: Round | None = None,
    day: dt.date | None = None,
) -> tuple[ShareLink, str]:
    """Make a link; returns it with its secret, kept nowhere.

    `issue` or `round_`: it shows that page alone. `day`: as it was then, by what was known then.
    """
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        _edition(negotiation, by)
        link = ShareLink.objects.create(
            negotiation=negotiation,
            sha256=ShareLink.hash_of(secret),
            issue=issue,
            round=round_,
            day=day,
            made_by=by,
            made_at=now,
            expires_at=now + lasts,
        )
        note(Kind.SHARED, by=by, negotiation=negotiation, detail=_until(link))
    return link, secret


def withdraw_share(link: ShareLink, *, by: User | None) -> None:
    """From now on the link is dead. Withdrawing twice changes nothing."""
    rows = ShareLink.objects.filter(pk=link.pk, withdrawn_at=None)
    with transaction.atomic():
        if rows.update(withdrawn_at=timezone.now()):
            note(Kind.SHARE_ENDED, by=by, negotiation=link.negotiation, detail=_until(link))


def let_round_go(round_: Round, *, by: User | None) -> None:
    """What links have to say to the removal of a round, in its transaction.

    Raises ValidationError while one that works leads there. Of the others those that could work
    again, should their maker be a head again, are withdrawn.
    """
    links = ShareLink.objects.select_for_update(of=("self",)).filter(round=round_)
    now, makers = timezone.now(), link_makers(round_.negotiation)
    waiting = [link for link in links if not link.ended(now, {link.made_by_id})]
    if any(not link.ended(now, makers) for link in waiting):
        raise ValidationError(
            f"A share link leads to “{round_}”. Withdraw it first, under “Public edition”."
        )
    for link in waiting:
        withdraw_share(link, by=by)


def note_opened(link: ShareLink) -> None:
    """Count that somebody looked: when last, and how often."""
    rows = ShareLink.objects.filter(pk=link.pk)
    rows.update(opened=F("opened") + 1, last_opened_at=timezone.now())


def _until(link: ShareLink) -> str:
    """For the log: no title, for its readers may be tied to another side by then."""
    what = "one item" if link.issue_id else "one round" if link.round_id else "whole edition"
    return f"{what}, until {timezone.localtime(link.expires_at):%Y-%m-%d %H:%M}"
