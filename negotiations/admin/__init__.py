"""Django admin for repairs: the frame of a negotiation and the people."""

import allauth.account.admin
from allauth.account.models import EmailAddress
from django.contrib import admin

from . import frame, people, statuses

__all__ = ["allauth", "frame", "people", "statuses"]

# Nobody signs in by an address here and none is ever confirmed. Its page was registered by the
# import above; later than this module it would come back.
admin.site.unregister(EmailAddress)

admin.site.site_header = "Parley administration"
admin.site.site_title = "Parley administration"
admin.site.index_title = "Repair and set up"
