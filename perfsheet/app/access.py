"""Who may see the page: whoever has the token, on this machine only.

The first request carries the token in its address; it is kept in a cookie of this port and taken out of the address, so
that it stands neither in the history nor in what is shared. Everything else is refused, the page's own files included.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN = "token"
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
    """A token that nobody can guess."""
    return secrets.token_urlsafe(24)


class Access:
    """Lets requests through to the application that have the token; without a token all that name this machine."""

    def __init__(self, app: Application, token: str | None, port: int) -> None:
        self._app, self._token = app, token
        self._cookie = f"perfsheet_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):  # the start and the end of the server
            await self._app(scope, receive, send)
        elif not _is_from_here(scope):
            await _refuse(scope, send)
        elif self._is_known(scope):
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "http" and self._is_right(_query(scope).get(TOKEN, "")):
            await self._welcome(scope, send)
        else:
            await _refuse(scope, send)

    def _is_known(self, scope: Scope) -> bool:
        if self._token is None:
            return True
        for header in _headers(scope, b"cookie"):
            try:
                morsel = SimpleCookie(header).get(self._cookie)
            except CookieError:
                continue
            if morsel is not None and self._is_right(morsel.value):
                return TOKEN not in _query(scope)
        return False

    def _is_right(self, given: str) -> bool:
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())

    async def _welcome(self, scope: Scope, send: Send) -> None:
        """Keep the token in a cookie, and lead to the same address without it."""
        rest = urlencode([(name, value) for name, value in _pairs(scope) if name != TOKEN])
        path = "/" + scope["path"].lstrip("/\\")  # `//name` would lead elsewhere
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        headers = [(b"location", f"{path}?{rest}".rstrip("?").encode()), (b"set-cookie", cookie.encode())]
        await _answer(send, 303, headers, b"")


def _pairs(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _query(scope: Scope) -> dict[str, str]:
    return dict(_pairs(scope))


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
    else:
        await _answer(send, 403, [(b"content-type", b"text/plain; charset=utf-8")], _REFUSED)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    more = [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})
