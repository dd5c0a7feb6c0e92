"""Django, with its ORM over tables that asyncmig migrates: models are ``managed = False``.

``DATABASE_URL=postgresql://... uvicorn django_app:application``
"""

import json
import os
from pathlib import Path

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import models
from django.http import HttpRequest, JsonResponse
from django.urls import path
from sqlalchemy import make_url

from asyncmig import Migrator
from asyncmig.integrations.asgi import LifespanMiddleware

URL = os.environ["DATABASE_URL"]
url = make_url(URL)
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.database,
            "USER": url.username,
            "PASSWORD": url.password,
            "HOST": url.host,
            "PORT": url.port,
        }
    },
)
django.setup()


class Note(models.Model):
    id = models.BigAutoField(primary_key=True)
    text = models.TextField()

    class Meta:
        app_label = "notes"
        db_table = "notes"
        managed = False


async def notes(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        note = await Note.objects.acreate(text=json.loads(request.body)["text"])
        return JsonResponse({"id": note.id, "text": note.text}, status=201)
    found = [{"id": note.id, "text": note.text} async for note in Note.objects.order_by("id")]
    return JsonResponse(found, safe=False)


urlpatterns = [path("notes", notes)]

# Django has no lifespan: the middleware answers the server's startup event.
migrator = Migrator.from_config(Path(__file__).with_name("asyncmig.toml"), url=URL)
application = LifespanMiddleware(get_asgi_application(), migrator, mode="upgrade")
