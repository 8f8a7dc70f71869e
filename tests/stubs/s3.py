"""S3's door for uploads at signed addresses, as far as S3 documents it: CORS, Signature Version 4, If-None-Match.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html and RESTOPTIONSobject.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.stubs.clients import SECRET
from tests.stubs.web import Answer, Request


@dataclass
class S3Door:
    """Takes uploads whose signature fits. `objects` by host and path; `cors`: methods and headers for any origin."""

    cors: Mapping[str, list[str]]
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __call__(self, request: Request) -> Answer:
        """One request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "OPTIONS":
            return self._preflight(headers)
        allowed = {"Access-Control-Allow-Origin": "*"} if "origin" in headers else {}
        where = headers["host"], request.path
        if request.method not in self.cors["methods"] or not _is_signed(request, headers):
            return Answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>", allowed)
        if headers.get("if-none-match") == "*" and where in self.objects:
            return Answer(412, b"<Error><Code>PreconditionFailed</Code></Error>", allowed)
        self.objects[where] = request.body
        return Answer(200, b"", allowed)

    def _preflight(self, headers: Mapping[str, str]) -> Answer:
        wanted = {name.strip() for name in headers.get("access-control-request-headers", "").split(",") if name}
        if headers["access-control-request-method"] not in self.cors["methods"] or wanted - {*self.cors["headers"]}:
            return Answer(403, b"<Error><Code>AccessForbidden</Code></Error>")
        return Answer(
            200,
            headers={
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": ", ".join(self.cors["methods"]),
                "Access-Control-Allow-Headers": ", ".join(sorted(wanted)),
                "Access-Control-Max-Age": "3600",
            },
        )


def _is_signed(request: Request, headers: Mapping[str, str]) -> bool:
    asked = dict(request.query)
    signature = asked.pop("X-Amz-Signature", "")
    _, day, region, service, end = asked["X-Amz-Credential"].split("/")
    signed = asked["X-Amz-SignedHeaders"].split(";")
    canonical = "\n".join(
        [
            request.method,
            quote(request.path, safe="/-_.~%"),
            "&".join(
                f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(asked.items())
            ),
            *(f"{name}:{headers.get(name, '')}" for name in signed),
            "",
            ";".join(signed),
            "UNSIGNED-PAYLOAD",
        ]
    )
    scope = "/".join((day, region, service, end))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", asked["X-Amz-Date"], scope, digest))
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)
