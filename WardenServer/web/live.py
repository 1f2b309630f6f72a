"""What stands now, and what changes: snapshot, stream, documents, single values."""

from anyio import CapacityLimiter
from starlette.responses import Response

from WardenServer.web.follow import Follow
from WardenServer.web.paths import LONGEST, Asked, Parameter, Path, Refused, as_json
from WardenServer.web.stream import Stream

_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST}
KEY = Parameter("key", "Key of a document, without prefix.", _NAME, required=True)
FIELD = Parameter("field", "Field of the document; that of a plain key is value.", _NAME, required=True)
_OBJECT = {"type": "object"}


class Live:
    """Answers from the newest view."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow

    def paths(self) -> list[Path]:
        """The paths of this module."""
        turn = CapacityLimiter(2)
        return [
            Path("GET", "/api/snapshot", "All that the hub publishes now.", self.snapshot, schema=_OBJECT, turn=turn),
            Path("GET", "/api/stream", "A snapshot, then changes, as server-sent events.", self.stream,
                 media_type="text/event-stream"),
            Path("GET", "/api/documents", "All documents, by key.", self.documents, schema=_OBJECT, turn=turn),
            Path("GET", "/api/documents/{key:path}", "One document; of a plain key, its value.", self.document),
            Path("GET", "/api/value", "The newest value of a field.", self.value, parameters=(KEY, FIELD)),
        ]  # fmt: skip

    def snapshot(self, asked: Asked) -> Response:
        """All, with the number from which the stream goes on."""
        return Response(self._follow.snapshot()[1], media_type="application/json")

    def stream(self, asked: Asked) -> Response:
        """The stream; a browser that comes back says what it has seen last."""
        last = asked.request.headers.get("last-event-id", "")
        return Stream(self._follow, int(last) if last.isascii() and last.isdigit() and len(last) < 20 else None)

    def documents(self, asked: Asked) -> Response:
        """All documents."""
        return as_json(self._follow.view.documents)

    def document(self, asked: Asked) -> Response:
        """One document."""
        return as_json(self._document(asked.place["key"]))

    def value(self, asked: Asked) -> Response:
        """One field, bare."""
        return as_json(self.newest(asked.get("key"), asked.get("field")))

    def newest(self, key: str, field: str) -> object:
        """The newest value of a field; raises Refused where there is none."""
        document = self._document(key)
        if not isinstance(document, dict):
            document = {"value": document}
        if field not in document:
            raise Refused(404, f'document "{key}" has no field "{field}"; it has: {", ".join(document)[:500]}')
        return document[field]

    def _document(self, key: str) -> object:
        view = self._follow.view
        if key not in view.documents:
            why = view.problem or "GET /api/documents shows all"
            raise Refused(404, f'there is no document "{key}" now ({why})')
        return view.documents[key]
