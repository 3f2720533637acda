"""Who may see the page: whoever has its address, on this machine only.

The address begins with a token as its first folder, and everything the page asks for lies below that. A cookie would do
less: browsers send those of a machine to all of its ports, and so to servers of other users.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOSTS = ("127.0.0.1", "localhost")
_REFUSED = b"perfsheet app: open the address that `perfsheet app` has printed; it has a token in it.\n"
# Nothing comes from elsewhere and nothing goes there. Streamlit's charts compile their expressions.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def new_token() -> str:
    """A token that nobody can guess, of characters that an address takes as they are."""
    return secrets.token_urlsafe(24)


class Access:
    """Lets requests through to the application whose path begins with the token; without a token all from here."""

    def __init__(self, app: Application, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):  # the start and the end of the server
            await self._app(scope, receive, send)
        elif _is_from_here(scope) and self._has_token(scope["path"]):
            await self._app(scope, receive, _with_headers(send))
        else:
            await _refuse(scope, send)

    def _has_token(self, path: str) -> bool:
        first = path.removeprefix("/").partition("/")[0]
        return not self._token or hmac.compare_digest(first.encode(errors="replace"), self._token.encode())


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _is_from_here(scope: Scope) -> bool:
    """Whether the address names this machine, and a page of this server asks, if it is a page that asks.

    A name of elsewhere may lead here (DNS rebinding); browsers say truly which address and which page it was.
    """
    hosts = _headers(scope, b"host")
    named = all(host in _HOSTS or host.rpartition(":")[0] in _HOSTS for host in hosts)
    return named and all(origin.partition("://")[2] in hosts for origin in _headers(scope, b"origin"))


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    about = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(_REFUSED)).encode())]
    headers = [*about, (b"cache-control", b"no-store"), *_HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSED})
