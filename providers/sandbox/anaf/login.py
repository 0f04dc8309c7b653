"""The OAuth server of the stand-in: no certificate is asked for, any client is good, codes and refresh tokens are spent by their use."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

from providers.sandbox.anaf.world import World
from providers.sandbox.http.exchange import Reply, Request, json_reply


class Login:
    """`authorize` and `token`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Reply:
        """One request."""
        if request.method == "GET" and request.path.endswith("/authorize"):
            asked = dict(request.query)
            return Reply(302, b"", {"Location": f"{asked.get('redirect_uri', '')}?{urlencode({'code': self.code()})}"})
        if request.method == "POST" and request.path.endswith("/token"):
            return self._token(request)
        return json_reply(404, {"error": "not_found"})

    def code(self) -> str:
        """As the browser shows it after the login."""
        made = secrets.token_hex(16)
        self._world.codes.add(made)
        return made

    def _token(self, request: Request) -> Reply:
        world, form = self._world, dict(parse_qsl(request.body.decode()))
        given = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if not given.partition(":")[2]:
            return json_reply(401, {"error": "invalid_client"})
        if form.get("grant_type") == "authorization_code" and form.get("code") in world.codes:
            world.codes.discard(form["code"])
            return self._tokens(None)
        held = form.get("refresh_token", "")
        if form.get("grant_type") == "refresh_token" and world.refresh.get(held, world.now()) > world.now():
            return self._tokens(held)
        return json_reply(400, {"error": "invalid_grant", "error_description": "Provided Authorization Grant is invalid"})

    def _tokens(self, held: str | None) -> Reply:
        world = self._world
        access, now = f"eyJhbGciOiJSUzUxMiJ9.{secrets.token_hex(24)}.{secrets.token_hex(8)}", world.now()
        world.access[access] = now + timedelta(days=world.config.access_days)
        refresh = held
        if held is None or world.config.rotate:
            refresh = secrets.token_hex(32)
            world.refresh[refresh] = now + timedelta(days=world.config.refresh_days)
            world.refresh.pop(held or "", None)
        told = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": world.config.access_days * 86400}
        return json_reply(200, told | {"scope": "clientappid issuer role serial"})
