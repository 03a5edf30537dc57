"""Django admin for repairs: the frame of a negotiation and the people."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin

from . import frame, people, statuses

__all__ = ["allauth", "frame", "people", "statuses"]

# Nobody signs in by an address here and none is ever confirmed; factors and sign-ins are secrets.
# Their pages were registered by the imports above; later than this module they would come back.
admin.site.unregister([EmailAddress, Authenticator, UserSession])

admin.site.site_header = "Parley administration"
admin.site.site_title = "Parley administration"
admin.site.index_title = "Repair and set up"
