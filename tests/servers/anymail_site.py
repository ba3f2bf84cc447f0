"""A Django site with django-anymail's inbound views, run by the interpreter of their own environment: see anymail.py.

Usage: anymail_site.py FOLDER USERNAME:PASSWORD SIGNING_KEY; prints its port, and writes each mail it got into FOLDER.
"""

import base64
import itertools
import json
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

folder, webhook_secret, signing_key = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
numbers = itertools.count(1)
urlpatterns = [path("anymail/", include("anymail.urls"))]


def _file(part):
    return {
        "name": part.get_filename(),
        "type": part.get_content_type(),
        "content": base64.b64encode(part.get_content_bytes()).decode(),
    }


def _of_the_request(event):
    """What a receiver of Postmark's JSON, or of Mailgun's form, sees beside the message."""
    if isinstance(event.esp_event, dict):
        return event.esp_event
    return {name: values[-1] for name, values in event.esp_event.POST.lists()}


def keep(sender, event, esp_name, **kwargs):
    """Writes down what anymail understood."""
    message = event.message
    said = {
        "esp": esp_name,
        "event_id": event.event_id,
        "from": str(message.from_email or ""),
        "to": [str(each) for each in message.to],
        "cc": [str(each) for each in message.cc],
        "bcc": [str(each) for each in message.bcc],
        "subject": message.subject,
        "date": message.date.isoformat() if message.date else None,
        "text": message.text,
        "html": message.html,
        "stripped_text": message.stripped_text,
        "stripped_html": message.stripped_html,
        "envelope_sender": message.envelope_sender,
        "envelope_recipient": message.envelope_recipient,
        "attachments": [_file(part) for part in message.attachments],
        "inlines": {content_id: _file(part) for content_id, part in message.content_id_map.items()},
        "headers": [[name, str(value)] for name, value in message.items()],
        "request": _of_the_request(event),
    }
    place = folder / f"{next(numbers):04}.json"
    place.with_suffix(".new").write_text(json.dumps(said))
    place.with_suffix(".new").rename(place)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Says nothing: Django logs what goes wrong."""


settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    SECRET_KEY="of a test",
    INSTALLED_APPS=["anymail"],
    ANYMAIL={"WEBHOOK_SECRET": webhook_secret, "MAILGUN_WEBHOOK_SIGNING_KEY": signing_key},
    DATA_UPLOAD_MAX_MEMORY_SIZE=40_000_000,
)
django.setup()

from anymail.signals import inbound  # noqa: E402 - only once Django is set up

inbound.connect(keep)
server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
