"""What API Gateway's HTTP API sends and takes (payload 2.0), as far as this api looks at it."""

from typing import NotRequired, TypedDict


class HttpPart(TypedDict):
    """The request line, and who sent it."""

    method: str
    path: str
    protocol: NotRequired[str]
    sourceIp: NotRequired[str]
    userAgent: NotRequired[str]


class RequestContext(TypedDict):
    """What the gateway knows of a request."""

    http: HttpPart
    requestId: str
    stage: str
    accountId: NotRequired[str]
    apiId: NotRequired[str]
    domainName: NotRequired[str]
    domainPrefix: NotRequired[str]
    routeKey: NotRequired[str]
    time: NotRequired[str]
    timeEpoch: NotRequired[int]


class HttpEvent(TypedDict):
    """A request. Header names are lower case; repeated ones are joined by commas."""

    version: str
    routeKey: str
    rawPath: str
    rawQueryString: str
    headers: dict[str, str]
    requestContext: RequestContext
    isBase64Encoded: bool
    queryStringParameters: NotRequired[dict[str, str]]
    body: NotRequired[str]


class HttpReply(TypedDict):
    """An answer."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool
    cookies: NotRequired[list[str]]
