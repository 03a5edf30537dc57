"""Mail, as far as a mail server is configured."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from threading import Thread

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def send(to: str, subject: str, text: str) -> Thread:
    """Send in a thread of its own: how long a page takes must not tell whether mail went out.

    Returns the thread. What the mail server refuses goes to the log, without the address.
    """
    thread = Thread(target=_send, args=(EmailMessage(subject, text, to=[to]),), name="mail")
    thread.start()
    return thread


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (OSError, SMTPException) as error:
        logger.error("A mail could not be sent: %s", type(error).__name__)
