"""Who may see the page: requests to the middleware, without a server."""

from __future__ import annotations

import asyncio

import pytest

from perfsheet.app.access import Access, new_token

TOKEN = "right-token"
HERE = b"127.0.0.1:8501"


class Asked:
    """A request, and what came back: the application answers 200 and accepts every connection."""

    def __init__(self, kind="http", path=f"/{TOKEN}/", headers=(), host=HERE, token=TOKEN):
        self.sent = []
        self.reached = False
        scope = {
            "type": kind,
            "path": path,
            "query_string": b"",
            "headers": [(b"host", host), *headers],
        }
        asyncio.run(Access(self._application, token)(scope, self._receive, self._send))

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
    for path in ("/", "", "/_stcore/health", "/static/js/index.js", "/wrong/", "/right-token2/", "/right-toke", "/ü/"):
        asked = Asked(path=path)
        assert (asked.status, asked.reached) == (403, False), path
        assert b"open the address" in asked.sent[1]["body"]
    for path in ("//right-token/", "/x/right-token/", "/?right-token"):
        assert Asked(path=path).status == 403


def test_whoever_has_the_address_is_served_under_a_policy():
    for path in ("/right-token", "/right-token/", "/right-token/models", "/right-token/_stcore/health"):
        assert Asked(path=path).status == 200, path
    asked = Asked()
    assert asked.header(b"x-own") == "1"
    assert asked.header(b"referrer-policy") == "no-referrer"  # the token goes nowhere with a link
    policy = asked.header(b"content-security-policy")
    assert "default-src 'self'" in policy
    assert "http" not in policy  # nothing from elsewhere
    assert asked.header(b"set-cookie") == ""  # browsers send cookies to the ports of other users, too


def test_a_connection_needs_the_token_and_a_page_of_this_server():
    own = (b"origin", b"http://127.0.0.1:8501")
    assert Asked("websocket", headers=[own]).reached
    for path, origin in (
        ("/_stcore/stream", own),
        ("/right-token/_stcore/stream", (b"origin", b"http://evil.example")),
        ("/right-token/_stcore/stream", (b"origin", b"http://127.0.0.1:9")),
    ):
        asked = Asked("websocket", path=path, headers=[origin])
        assert not asked.reached
        assert asked.sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example:8501", b"192.168.0.5:8501"])
def test_a_name_of_elsewhere_that_leads_here_is_refused(host):
    assert Asked(host=host).status == 403
    assert Asked(host=host, token="").status == 403


def test_without_a_token_this_machine_is_served():
    assert Asked(token="", path="/").status == 200
    assert Asked(token="", host=b"localhost:8501").status == 200
    assert Asked("lifespan").reached


def test_tokens_differ_and_are_long():
    assert len({new_token() for _ in range(100)}) == 100
    assert min(len(new_token()) for _ in range(100)) >= 32
