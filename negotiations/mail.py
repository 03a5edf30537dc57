"""Sending mail: by a thread of each process, from the queue in the database.

A page that has a mail sent leaves it there and answers. So a mail server that is slow or away
keeps nobody waiting, how long a page takes does not tell whether an address is known, and a
process that is killed loses no mail; what it had in hand may be sent twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from smtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from threading import Lock, Thread
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import Error, connections
from django.urls import reverse

from negotiations import services
from negotiations.accounts import people_with_address, set_password_link
from negotiations.models import Invitation, Mail, User

WATCH_SECONDS = 15
REFUSED, ADDRESS = "the mail server refuses it", "the mail server does not take this address"
AWAY, NO_SERVER = "the mail server cannot be reached", "no mail server is set"
OTHER_KEY = "the secret key has changed"
BROKEN = "it could not be written"
PERMANENT = 500
logger = logging.getLogger(__name__)
_sending = Lock()


class Unsent(Exception):
    """Why a mail was not sent, in words without an address, and whether it never will be."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.for_good = reason, for_good


# --- Beside the requests ------------------------------------------------------------------------


def wake() -> None:
    """Has a thread of this process send what is due, unless one is at it."""
    if _sending.acquire(blocking=False):
        Thread(target=_run, name="mail", daemon=True).start()


def watch() -> None:
    """Keeps looking for mails that are due, for as long as this process lives."""
    Thread(target=_look_around, name="mail-watch", daemon=True).start()


def _look_around() -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        wake()


def _run() -> None:
    try:
        send_waiting()
    except Error as error:
        # The database is away. What waits there is found again by the next who looks.
        logger.warning("Mails have to wait: %s", type(error).__name__)
    finally:
        connections.close_all()
        _sending.release()


# --- Sending ------------------------------------------------------------------------------------


def send_waiting() -> None:
    """Sends one mail after the other until none is due."""
    while mail := services.claim_mail():
        try:
            _send(list(_letters(mail)))
            services.settle_mail(mail)
        except Unsent as error:
            _put_back(mail, error)
        except Error:
            raise
        except Exception:
            logger.exception("A mail could not be written.")
            services.put_mail_back(mail, BROKEN, for_good=True)


def _put_back(mail: Mail, error: Unsent) -> None:
    if services.put_mail_back(mail, error.reason, for_good=error.for_good):
        logger.warning("A mail has to wait: %s.", error.reason)
    else:
        logger.error("A mail is given up: %s.", error.reason)


def _send(letters: list[EmailMessage]) -> None:
    """Raises Unsent. What the server answers is not told: it repeats the address."""
    if not settings.PARLEY_MAIL:
        raise Unsent(NO_SERVER)
    try:
        get_connection().send_messages(letters)
    except SMTPRecipientsRefused as error:
        codes = [code for code, _said in error.recipients.values()]
        raise Unsent(ADDRESS, for_good=min(codes) >= PERMANENT) from error
    except SMTPAuthenticationError as error:
        raise Unsent(REFUSED) from error  # whoever runs the site mends it
    except SMTPResponseException as error:
        raise Unsent(REFUSED, for_good=error.smtp_code >= PERMANENT) from error
    except (OSError, SMTPException) as error:
        raise Unsent(AWAY) from error


# --- What they say ------------------------------------------------------------------------------


def _letters(mail: Mail) -> Iterator[EmailMessage]:
    """None when it has come too late: used or withdrawn, or nobody has the address."""
    if mail.invitation:
        if services.is_usable(mail.invitation):
            text = _invitation(mail.invitation, mail.site)
            yield EmailMessage("You are invited to Parley", text, to=[mail.address])
        return
    for person in people_with_address(mail.address):
        text = _new_password(person, mail.site)
        yield EmailMessage("Set a new password for Parley", text, to=[person.email])


def _invitation(invitation: Invitation, site: str) -> str:
    """Without the title of the negotiation: a mail is read by more than its addressee."""
    token = services.token_of(invitation)
    if not token:
        raise Unsent(OTHER_KEY, for_good=True)
    link = urljoin(site, reverse("invitation", args=[token]))
    return (
        f"{invitation.made_by} invites you to a negotiation in Parley.\n\n"
        f"Open this link within seven days; it works once:\n{link}\n"
    )


def _new_password(person: User, site: str) -> str:
    return (
        f"Somebody, probably you, asked for a new password for “{person.username}”.\n\n"
        f"Set it here, once and within three days:\n{urljoin(site, set_password_link(person))}\n\n"
        "If it was not you, do nothing: the password stays as it is.\n"
    )
