"""How a request is refused before the dashboard sees it."""

import json

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engine.sentences import Sentence

API = "/api/"
_POLICY_VIOLATION = 1008


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: Sentence, **headers: str) -> None:
    """Answer with a sentence: JSON below `/api/`, plain text elsewhere. A websocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": str(sentence)[:100]})
        return
    headers |= {"Cache-Control": "no-store", "Connection": "close"}  # what is left of the body is not read
    below_api = API in scope["path"]
    # escaped, since a sentence may quote half a character, which UTF-8 has no bytes for
    content = json.dumps({"error": sentence}) if below_api else sentence.encode("utf-8", "replace")
    kind = "application/json" if below_api else "text/plain"
    await Response(content, status, headers, media_type=kind)(scope, receive, send)
