"""JSON in and out by orjson; NaN and infinity are refused on the way in and never leave."""

from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    """`application/json`; errors leave as `application/problem+json`."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """UTF-8 JSON; nothing for an empty answer."""
        return b"" if data is None else orjson.dumps(data, default=str)


class OrjsonParser(BaseParser):
    """Strict JSON bodies."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The decoded body; a ParseError names the place that cannot be read."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"the body is not JSON: {error}") from error
