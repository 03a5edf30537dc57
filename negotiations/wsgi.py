from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS

from negotiations.limits import limit_statements
from negotiations.server import hold_while_serving, spare_collector
from negotiations.signals import serving
from negotiations.startup import refuse_unfit_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "negotiations.settings")

application = get_wsgi_application()
limit_statements(DEFAULT_DB_ALIAS)
hold_while_serving()
refuse_unfit_database()
serving.send(sender=None)
spare_collector()
