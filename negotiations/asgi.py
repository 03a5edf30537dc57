from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from negotiations.startup import refuse_unfit_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "negotiations.settings")

application = get_asgi_application()
refuse_unfit_database()
