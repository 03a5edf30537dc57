"""Django admin for repairs: the frame of a negotiation and the people."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin

from . import frame, overrides, people, statuses

__all__ = ["allauth", "frame", "overrides", "people", "statuses"]

# Addresses are given with the account, providers by the environment; the rest are secrets.
# Their pages were registered by the imports above; later than this module they would come back.
SECRETS = [Authenticator, UserSession, SocialAccount, SocialApp, SocialToken]
admin.site.unregister([EmailAddress, *SECRETS])

admin.site.site_header = "Parley administration"
admin.site.site_title = "Parley administration"
admin.site.index_title = "Repair and set up"
