"""Who may see the page: requests to the middleware, without a server."""

from __future__ import annotations

import asyncio

import pytest

from perfsheet.app.access import Access, new_token

TOKEN, PORT = "right-token", 8501
HERE = b"127.0.0.1:8501"
COOKIE = (b"cookie", b"other=1; perfsheet_8501=right-token")


class Asked:
    """A request, and what came back: the application answers 200 and accepts every connection."""

    def __init__(self, kind="http", path="/", query=b"", headers=(), host=HERE, token=TOKEN):
        self.sent = []
        self.reached = False
        scope = {
            "type": kind,
            "path": path,
            "query_string": query,
            "headers": [(b"host", host), *headers],
        }
        asyncio.run(Access(self._application, token, PORT)(scope, self._receive, self._send))

    async def _application(self, scope, receive, send):
        self.reached = True
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
            await send({"type": "http.response.body", "body": b"page"})

    async def _receive(self):
        return {}

    async def _send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"]

    def header(self, name):
        return dict(self.sent[0]["headers"]).get(name, b"").decode()


def test_without_the_token_nothing_is_served():
    for path in ("/", "/_stcore/health", "/static/js/index.js", "/_stcore/upload_file/1/2"):
        asked = Asked(path=path)
        assert (asked.status, asked.reached) == (403, False)
        assert b"open the address" in asked.sent[1]["body"]
    for query in (b"token=wrong", b"token=", b"token=right-token2", "token=ü".encode()):
        assert Asked(query=query).status == 403
    for cookie in (b"perfsheet_8501=wrong", b"perfsheet_8502=right-token", b"perfsheet_8501", b"\xff;=;;="):
        assert Asked(headers=[(b"cookie", cookie)]).status == 403


def test_the_token_becomes_a_cookie_and_leaves_the_address():
    asked = Asked(path="/models", query=b"model=a%20b&token=right-token&x=")
    assert (asked.status, asked.reached) == (303, False)
    assert asked.header(b"location") == "/models?model=a+b&x="
    cookie = asked.header(b"set-cookie")
    assert cookie.startswith("perfsheet_8501=right-token;")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert asked.header(b"referrer-policy") == "no-referrer"


def test_the_address_cannot_lead_elsewhere():
    assert Asked(path="//evil.example/x", query=b"token=right-token").header(b"location") == "/evil.example/x"


def test_whoever_has_the_cookie_is_served_under_a_policy():
    asked = Asked(headers=[COOKIE])
    assert (asked.status, asked.reached) == (200, True)
    assert asked.header(b"x-own") == "1"
    policy = asked.header(b"content-security-policy")
    assert "default-src 'self'" in policy
    assert "http" not in policy  # nothing from elsewhere


def test_a_connection_needs_the_cookie_and_a_page_of_this_server():
    own = (b"origin", b"http://127.0.0.1:8501")
    assert Asked("websocket", headers=[COOKIE, own]).reached
    for headers in ([own], [COOKIE, (b"origin", b"http://evil.example")], [COOKIE, (b"origin", b"http://127.0.0.1:9")]):
        asked = Asked("websocket", headers=headers)
        assert not asked.reached
        assert asked.sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example:8501", b"192.168.0.5:8501"])
def test_a_name_of_elsewhere_that_leads_here_is_refused(host):
    assert Asked(host=host, headers=[COOKIE]).status == 403
    assert Asked(host=host, token=None).status == 403


def test_without_a_token_this_machine_is_served():
    assert Asked(token=None).status == 200
    assert Asked(token=None, host=b"localhost:8501").status == 200
    assert Asked("lifespan").reached


def test_tokens_differ_and_are_long():
    assert len({new_token() for _ in range(100)}) == 100
    assert min(len(new_token()) for _ in range(100)) >= 32
