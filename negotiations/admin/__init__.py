"""Django admin for repairs: the frame of a negotiation and the people."""

from django.contrib import admin

from . import frame, people, statuses

__all__ = ["frame", "people", "statuses"]

admin.site.site_header = "Parley administration"
admin.site.site_title = "Parley administration"
admin.site.index_title = "Repair and set up"
