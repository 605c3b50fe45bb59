"""The WSGI entry point, for Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")

application = get_wsgi_application()
