"""What the fuzzer has to know beside the OpenAPI document; its manual explains hooks.

A document says of each value what is allowed, but little of how one goes with another or with what is stored. Requests
that should succeed are therefore mended where they contradict themselves, and the refusals that are left are listed one
by one. Everything else that is refused although the document allows it is a failure, and so is every answer that the
document does not describe.
"""

import re
from typing import Any

import schemathesis
from schemathesis import GenerationMode

QUEUE = "orders"
WAIT_SECONDS_MAX = 0.1
EVENTS = "application/cloudevents-batch+json"
PARSED = ("application/json", "application/cloudevents+json", EVENTS)
EVENT_HEADERS = ("ce-id", "ce-source", "ce-type")

# The path of a field, and what is said of it.
EXPLAINED = [
    # Values that one can only have from an answer before.
    (r"cursor|receipt", r".*"),
    # One field with another.
    (r"attemptId", r"cannot be combined with autoAck"),
    (r"delaySeconds", r"cannot be combined with deliverAt"),
    (r"dedupId", r"belongs to one event, not to a batch"),
    (r"(.*\.)?body", r"must be a string when contentType is text/\*"),
    (r"acks\..*", r"is given more than once"),
    (r"acks", r"must have at most \d+ receipts in all"),
    (r"data", r"cannot be combined with data_base64"),
    # A field with the path, or with what is stored.
    (r"deadLetterQueue|to", r"cannot be the queue itself"),
    (r"(.*\.)?priority", r"must be below \d+, the number of priorities here"),
    (r"(.*\.)?deliverAt", r"must be at most 30 days ahead"),
    # Percent-encoding that is not UTF-8, and days that their months do not have.
    (r"ce-time", r"must be an RFC 3339 instant"),
    (r"ce-.*|zoogate-attribute-.*", r"is not valid percent-encoded UTF-8|must not have control characters"),
    (r"to", r'must be "earliest"'),
]


@schemathesis.hook
def before_call(ctx: Any, case: Any, kwargs: dict[str, Any]) -> None:
    body = case.body if isinstance(case.body, dict) else {}
    for fields in (case.query, body):
        wait = fields.get("waitSeconds")
        if isinstance(wait, (int, float)) and not isinstance(wait, bool) and WAIT_SECONDS_MAX < wait <= 50:
            fields["waitSeconds"] = WAIT_SECONDS_MAX
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    case.query.pop("cursor", None)
    # The fuzzer makes headers of letters and digits alone. Of an entity tag, or a star, an empty text is left.
    for name in ("If-Match", "If-None-Match"):
        if case.headers.get(name) == "":
            case.headers.pop(name)
    if case.path.endswith("/receive"):
        for name in body:
            case.query.pop(name, None)
    if case.path == "/v1/transactions":
        for part in body.get("acks", []) + body.get("publishes", []):
            if "queue" in part:
                part["queue"] = QUEUE
    if is_publish(case):
        mend_publish(case)


def mend_publish(case: Any) -> None:
    """An event is whole, options are where they belong, and what may have any type has one that fits."""
    if not isinstance(case.body, dict) and case.media_type in ("*/*", "application/json"):
        case.media_type = EVENTS if isinstance(case.body, list) else "text/plain"
        case.headers["Content-Type"] = case.media_type
    if not all(name in case.headers for name in EVENT_HEADERS):
        case.headers.pop("ce-specversion", None)
    if case.media_type == "application/json" and "ce-specversion" not in case.headers:
        case.query.clear()
        case.headers.pop("Zoogate-Attribute-NAME", None)


@schemathesis.hook
def filter_failure(ctx: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure is one."""
    if failure.code == "ST201" and is_publish(case) and not is_parsed(case):
        # Bytes are a message, whatever they are.
        return "in body" not in failure.message and case.media_type in PARSED
    if failure.code == "ST202" and response.status_code == 400:
        errors = response.json()["errors"]
        return not errors or not all(is_explained(error) for error in errors)
    return True


def is_parsed(case: Any) -> bool:
    """Whether the body is more than bytes; with a ce-specversion it is the data of an event."""
    if case.media_type == "application/json":
        return "ce-specversion" not in case.headers
    return case.media_type in PARSED


def is_publish(case: Any) -> bool:
    return bool(case.path.endswith("/messages") and case.method.upper() == "POST")


def is_explained(error: dict[str, str]) -> bool:
    return any(
        re.fullmatch(path, error["path"]) and re.match(message, error["message"]) for path, message in EXPLAINED
    )
