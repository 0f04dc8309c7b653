"""A Django site with dj-stripe and nothing else: its own webhook view stores each event.

Store only: the documented `DJSTRIPE_WEBHOOK_EVENT_CALLBACK` takes the place of processing, and does nothing.
Run as a program it migrates, makes the endpoint and ends; gunicorn serves `application`.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from django.conf import settings  # type: ignore[import-not-found]  # only in the peers' environment
from django.core.management import call_command  # type: ignore[import-not-found]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found]
from django.urls import include, path  # type: ignore[import-not-found]

from benchmarks.peers.paths import DJSTRIPE_ENDPOINT

_DATABASE = urlsplit(os.environ["PEER_DATABASE"])

settings.configure(
    DEBUG=False,
    SECRET_KEY="only-for-measuring",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "djstripe"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _DATABASE.path.lstrip("/"),
            "USER": _DATABASE.username,
            "PASSWORD": _DATABASE.password or "",
            "HOST": _DATABASE.hostname,
            "PORT": _DATABASE.port,
            "CONN_MAX_AGE": None,
        }
    },
    # The tables as the models have them, at once: the migrations of a decade make the same in a minute and a half.
    MIGRATION_MODULES=dict.fromkeys(("auth", "contenttypes", "sessions", "djstripe")),
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    STRIPE_LIVE_MODE=False,
    STRIPE_TEST_SECRET_KEY="sk_test_only_for_measuring",
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    DJSTRIPE_WEBHOOK_EVENT_CALLBACK=lambda _event, **_: None,
)
application = get_wsgi_application()

# Models can be imported only when Django is set up, which the line above has done.
from djstripe.models import WebhookEndpoint  # type: ignore[import-not-found]  # noqa: E402

urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]


def prepare() -> None:
    """Tables and the endpoint's row."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    WebhookEndpoint.objects.create(
        id="we_1", djstripe_uuid=DJSTRIPE_ENDPOINT, secret=os.environ["PEER_SECRET"], url="https://localhost/", enabled_events=["*"],
        livemode=False, status="enabled",
    )


if __name__ == "__main__":
    prepare()
