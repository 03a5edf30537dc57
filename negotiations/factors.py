"""Who has a second factor, and who has to have one. The pages are in `second_factor`."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from negotiations.models import Negotiation, SecurityEvent, User
from negotiations.services import note

# Codes on paper alone are no factor: they exist beside one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    """Whether `user` has an app that shows codes, or a passkey."""
    return Authenticator.objects.filter(user=user.pk, type__in=FACTORS).exists()


def staff_lacks_one(user: User) -> bool:
    """Whether the site asks staff for a second factor that this person has not set up."""
    return settings.PARLEY_STAFF_2FA and user.is_staff and not has_second_factor(user)


def desk_lacks_one(user: User) -> bool:
    """Whether the admin would show this person a negotiation that asks for a second factor."""
    seen = Q() if user.is_superuser else Q(memberships__user=user.pk)
    asking = Negotiation.objects.filter(seen, second_factor=True).exists()
    return asking and not has_second_factor(user)


def remove_factors(user: User, *, by: User) -> None:
    """Take a lost device and its recovery codes away; an administrator made sure who asks."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user.pk).delete()
        note(SecurityEvent.Kind.FACTOR_REMOVED, by=by, about=user, detail="by an administrator")
