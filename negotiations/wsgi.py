from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from negotiations.signals import serving
from negotiations.startup import refuse_unfit_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "negotiations.settings")

application = get_wsgi_application()
refuse_unfit_database()
serving.send(sender=None)
