"""Where WebSub hubs call: one path for each subscription, which nobody can guess."""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


class Door(Protocol):
    """What takes what hubs say; see `aggregator.push.Push`."""

    async def verify(self, token: str, query: dict[str, str]) -> str | None:
        """What to answer a hub's question; None: we did not ask for that."""

    async def refusal(self, token: str) -> str:
        """Why nothing may come in there now: `unknown`, `too_many`; "" where it may."""

    async def receive(self, token: str, body: bytes, *, content_type: str, signature: str) -> str:
        """Take a document: `filed`, `unknown` or `forged`."""


# A forged one is answered like a good one, so that nobody learns how near a guess was
# (section 8), and an unknown one with "gone", so that its hub stops.
_STATUSES = {"filed": 202, "forged": 202, "unknown": 410, "too_many": 429}


def push_routes(door: Door, max_bytes: int) -> list[Route]:
    """The callback: GET verifies a subscription, POST brings content of at most `max_bytes`."""

    async def verify(request: Request) -> Response:
        answer = await door.verify(request.path_params["token"], dict(request.query_params))
        if answer is None:
            return PlainTextResponse("not asked for", 404)
        # Plain text, never sniffed: what is echoed is another's.
        return PlainTextResponse(answer)

    async def receive(request: Request) -> Response:
        refused = await door.refusal(request.path_params["token"])
        if refused:  # before anything is read
            return PlainTextResponse("", _STATUSES[refused])
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                return PlainTextResponse("too long", 413)
        came = await door.receive(
            request.path_params["token"],
            bytes(body),
            content_type=request.headers.get("content-type", ""),
            signature=request.headers.get("x-hub-signature", ""),
        )
        return PlainTextResponse("", _STATUSES[came])

    return [
        Route("/push/{token}", verify, methods=["GET"]),
        Route("/push/{token}", receive, methods=["POST"]),
    ]
