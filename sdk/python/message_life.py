"""The whole life of a message through the Python SDK: python message_life.py http://127.0.0.1:8080 [key]

The SDK is generated into ./zoogate, by: openapi-python-client generate --path openapi.json --meta none
--output-path zoogate
"""

import base64
import io
import sys
from http import HTTPStatus
from typing import TypeVar
from uuid import uuid4

from zoogate import AuthenticatedClient
from zoogate.api.messages_of_a_queue import (
    ack_queue_messages,
    delete_queue_message,
    extend_queue_messages,
    nack_queue_messages,
    peek_queue_messages,
    publish_to_queue,
    receive_from_queue,
    redrive_queue,
    reject_queue_messages,
)
from zoogate.api.messages_of_a_subscription import receive_from_subscription
from zoogate.api.messages_of_a_topic import publish_to_topic
from zoogate.api.queues import delete_queue, get_queue, list_queues, patch_queue, put_queue
from zoogate.api.subscriptions import put_subscription
from zoogate.api.topics import delete_topic, put_topic
from zoogate.api.transactions import transact
from zoogate.models import (
    AckRequest,
    Attributes,
    CloudEvent,
    DeadLetter,
    DeadLetterOfQueue,
    ExtendRequest,
    Filter,
    Message,
    NackRequest,
    Outcomes,
    PeekedList,
    Problem,
    Published,
    PublishRequest,
    Queue,
    QueueConfigInput,
    QueueConfigPatch,
    QueueList,
    Received,
    ReceivedList,
    ReceiveRequest,
    Redriven,
    RedriveRequest,
    RejectRequest,
    SubscriptionConfigInput,
    TopicConfigInput,
    TransactionAck,
    TransactionPublish,
    TransactionRequest,
    TransactionResult,
)
from zoogate.types import File

T = TypeVar("T")

server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
key = sys.argv[2] if len(sys.argv) > 2 else ""
client = AuthenticatedClient(base_url=server, token=key)


def answer(parsed: object, kind: type[T]) -> T:
    """The answer, which must be of this kind."""
    assert isinstance(parsed, kind), parsed
    return parsed


def step(what: str) -> None:
    print(f"ok: {what}")


def receive(**fields: object) -> list[Received]:
    body = ReceiveRequest.from_dict(fields)
    return answer(receive_from_queue.sync("orders", client=client, body=body), ReceivedList).messages


def outcomes(parsed: object) -> list[str]:
    return [str(result.outcome) for result in answer(parsed, Outcomes).results]


put_queue.sync("dead", client=client, body=QueueConfigInput())
config = QueueConfigInput(lease_seconds=60, max_deliveries=5, dead_letter_queue="dead")
created = put_queue.sync_detailed("orders", client=client, body=config)
assert created.status_code == HTTPStatus.CREATED
assert answer(created.parsed, Queue).config.lease_seconds == 60
patch_queue.sync("orders", client=client, body=QueueConfigPatch(max_deliveries=None))
step("a queue is created and changed")

# Python's integers are as long as they need to be, and so are those of the stored text.
exact = {"order": 9007199254740993}
attributes = Attributes.from_dict({"kind": "created"})
picture = base64.b64encode(bytes([0, 255, 128])).decode()
messages = [
    Message(body=exact, attributes=attributes, group="customer-7"),
    Message(body_base_64=picture, content_type="image/png"),
]
published = publish_to_queue.sync("orders", client=client, body=PublishRequest(messages=messages))
assert len(answer(published, Published).messages) == 2
step("JSON and bytes are published in one request")

first, second = receive(max=2, waitSeconds=5)
assert first.body == exact
assert first.attributes.to_dict() == {"kind": "created"}
assert second.body_base_64 == picture
step("they are received as they were sent")

extend = ExtendRequest(receipts=[first.receipt, second.receipt], lease_seconds=120)
assert outcomes(extend_queue_messages.sync("orders", client=client, body=extend)) == ["ok", "ok"]
nack = NackRequest(receipts=[first.receipt])
assert outcomes(nack_queue_messages.sync("orders", client=client, body=nack)) == ["ok"]
(again,) = receive(waitSeconds=5, ack=[second.receipt])
assert (again.id, again.deliveries) == (first.id, 2)
step("a lease is extended, and a message given back and received again")

reject = RejectRequest(receipts=[again.receipt], reason="unknown customer")
assert outcomes(reject_queue_messages.sync("orders", client=client, body=reject)) == ["ok"]
(peeked,) = answer(peek_queue_messages.sync("dead", client=client), PeekedList).messages
letter = answer(peeked.dead_letter, DeadLetter)
assert (str(letter.reason), letter.detail) == ("rejected", "unknown customer")
assert letter.source == DeadLetterOfQueue(queue="orders")
assert answer(redrive_queue.sync("dead", client=client, body=RedriveRequest(max_=10)), Redriven).moved == 1
(revived,) = receive(waitSeconds=5)
assert revived.deliveries == 1
step("a message goes to the dead letters, and is redriven")

ack = AckRequest(receipts=[revived.receipt])
assert outcomes(ack_queue_messages.sync("orders", client=client, body=ack)) == ["ok"]
assert answer(get_queue.sync("orders", client=client), Queue).stats.messages == 0
step("it is acked, and the queue is empty")

put_topic.sync("events", client=client, body=TopicConfigInput())
paid = SubscriptionConfigInput(filter_=Filter.from_dict({"kind": ["paid"]}))
put_subscription.sync("events", "paid", client=client, body=paid)
by_kind = [
    Message(body=f"order {kind}", content_type="text/plain", attributes=Attributes.from_dict({"kind": kind}))
    for kind in ("created", "paid")
]
publish_to_topic.sync("events", client=client, body=PublishRequest(messages=by_kind))
taken = receive_from_subscription.sync("events", "paid", client=client, max_=10, auto_ack=True)
assert [message.body for message in answer(taken, ReceivedList).messages] == ["order paid"]
step("a subscription receives what its filter matches")

publish_to_queue.sync("orders", client=client, body=PublishRequest(messages=[Message(body="work")]))
(work,) = receive(waitSeconds=5)
transaction = TransactionRequest(
    transaction_id=str(uuid4()),
    acks=[TransactionAck(queue="orders", receipts=[work.receipt])],
    publishes=[TransactionPublish(topic="events", messages=[Message(body="done")])],
)
done = answer(transact.sync(client=client, body=transaction), TransactionResult)
repeated = answer(transact.sync(client=client, body=transaction), TransactionResult)
assert not done.duplicate
assert repeated.publishes == done.publishes and repeated.duplicate
step("an ack and a publish take effect together, once")

payload = File(payload=io.BytesIO(b"\x00\xff\x80"))
publish_to_queue.sync("orders", client=client, body=payload, group="customer-7")
(message,) = receive(waitSeconds=5, autoAck=True)
assert (message.content_type, message.group) == ("application/octet-stream", "customer-7")
assert base64.b64decode(str(message.body_base_64)) == b"\x00\xff\x80"
event = CloudEvent(specversion="1.0", id="1", source="/shop", type_="com.example.sold")
event["partitionkey"] = "customer-7"
publish_to_queue.sync("orders", client=client, body=event)
path = "/v1/queues/orders/messages/receive"
accept = {"Accept": "application/cloudevents+json"}
as_event = client.get_httpx_client().post(path, headers=accept, params={"autoAck": "true"})
assert CloudEvent.from_dict(as_event.json()) == event
step("bytes and an event are published as they are")

missing = get_queue.sync("nowhere", client=client)
assert str(answer(missing, Problem).code) == "not-found"
invalid = put_queue.sync_detailed("orders", client=client, body=QueueConfigInput(lease_seconds=0))
assert invalid.status_code == HTTPStatus.BAD_REQUEST
(error,) = answer(answer(invalid.parsed, Problem).errors, list)
assert error.path == "leaseSeconds"
never = delete_queue_message.sync("orders", "never-a-receipt", client=client)
assert str(answer(never, Problem).code) == "validation"
acks = [TransactionAck(queue="orders", receipts=[work.receipt])]
aborted = transact.sync(client=client, body=TransactionRequest(acks=acks))
assert str(answer(aborted, Problem).code) == "transaction-aborted"
if key:
    refused = get_queue.sync("orders", client=AuthenticatedClient(base_url=server, token="no key"))
    assert str(answer(refused, Problem).code) == "unauthorized"
step("errors are problems with a code")

for name in ("orders", "dead"):
    delete_queue.sync_detailed(name, client=client)
delete_topic.sync_detailed("events", client=client)
assert answer(list_queues.sync(client=client), QueueList).queues == []
step("everything is deleted")
