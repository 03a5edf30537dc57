"""How long a sign-in lasts: so long at most, and so long without a request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from negotiations.models import User

BEGAN, SEEN = "parley_began", "parley_seen"
# Not with every request: reading would otherwise write.
NOTED_EVERY = 5 * 60


@receiver(user_logged_in, dispatch_uid="parley.sessions")
def begin(request: HttpRequest, **_kwargs: Any) -> None:
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def is_over(session: SessionBase) -> bool:
    """Whether a signed-in session is too old, or nothing was asked for too long."""
    now = time.time()
    too_old = now - session.get(BEGAN, 0) > settings.SESSION_COOKIE_AGE
    return too_old or now - session.get(SEEN, 0) > settings.PARLEY_IDLE_MINUTES * 60


def note_seen(session: SessionBase, user: User) -> None:
    """Remember that this person was here just now."""
    if time.time() - session[SEEN] < NOTED_EVERY:
        return
    session[SEEN] = int(time.time())
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(last_seen=now)
    UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=now)


@dataclass(frozen=True)
class SessionRow:
    """One place where a person is signed in."""

    session: UserSession
    here: bool

    @property
    def browser(self) -> str:
        """The browser and the system in a few words, as far as the browser says."""
        told = self.session.user_agent
        browser = next((name for sign, name in BROWSERS if sign in told), "Unknown browser")
        system = next((name for sign, name in SYSTEMS if sign in told), "")
        return f"{browser} on {system}" if system else browser


# The first sign that fits: Edge calls itself Chrome as well, and Chrome Safari.
BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)


def rows_of(user: User, session: SessionBase) -> list[SessionRow]:
    """Every place where this person is signed in: this one first, then the latest."""
    found: list[UserSession] = UserSession.objects.purge_and_list(user)
    rows = [SessionRow(one, one.session_key == session.session_key) for one in found]
    return sorted(rows, key=lambda row: (not row.here, -row.session.last_seen_at.timestamp()))


def others_of(user: User, session: SessionBase) -> list[UserSession]:
    """Where else this person is signed in."""
    return [row.session for row in rows_of(user, session) if not row.here]


def end_all(user: User) -> int:
    """Sign a person out everywhere; how many sign-ins that ended."""
    found: list[UserSession] = UserSession.objects.purge_and_list(user)
    for one in found:
        one.end()
    return len(found)
