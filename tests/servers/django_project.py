"""Runs a Django project, by the interpreter of django-anymail's environment: see anymail.py.

Usage: django_project.py FOLDER; FOLDER/project/settings.py is its settings. Prints its port, then what its code prints.
"""

import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.wsgi import get_wsgi_application


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Says nothing: Django logs what goes wrong."""


sys.path.insert(0, sys.argv[1])
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
