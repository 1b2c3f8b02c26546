// The whole life of a message through the Go SDK: go run . http://127.0.0.1:8080 [key]
//
// The SDK is generated into ./zoogate, by: go tool oapi-codegen -config oapi-codegen.yaml openapi.json
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"reflect"
	"time"

	"example.com/message-life/zoogate"
)

var ctx = context.Background()

func main() {
	server, key := "http://127.0.0.1:8080", ""
	if len(os.Args) > 1 {
		server = os.Args[1]
	}
	if len(os.Args) > 2 {
		key = os.Args[2]
	}
	client := must(zoogate.NewClientWithResponses(server, zoogate.WithRequestEditorFn(bearer(key))))

	must(client.PutQueueWithResponse(ctx, "dead", nil, zoogate.QueueConfigInput{}))
	created := must(client.PutQueueWithResponse(ctx, "orders", nil, zoogate.QueueConfigInput{
		LeaseSeconds: to(60.0), MaxDeliveries: to(int32(5)), DeadLetterQueue: to("dead"),
	}))
	equal(created.StatusCode(), http.StatusCreated)
	equal(created.JSON201.Config.LeaseSeconds, 60.0)
	change := bytes.NewReader([]byte(`{"maxDeliveries": null}`))
	patched := must(client.PatchQueueWithBodyWithResponse(ctx, "orders", nil, "application/merge-patch+json", change))
	equal(patched.JSON200.Config.MaxDeliveries, nil)
	step("a queue is created and changed")

	// More digits than a float64 has: the body is the text as it was published.
	exact := json.RawMessage(`{"order":9007199254740993,"total":12.50}`)
	published := must(client.PublishToQueueWithResponse(ctx, "orders", nil, zoogate.PublishRequest{
		Messages: []zoogate.Message{
			{Body: exact, Attributes: &zoogate.Attributes{"kind": "created"}, Group: to("customer-7")},
			{BodyBase64: &[]byte{0, 255, 128}, ContentType: to("image/png")},
		},
	}))
	equal(len(published.JSON201.Messages), 2)
	step("JSON and bytes are published in one request")

	received := receive(client, zoogate.ReceiveRequest{Max: to(int32(2)), WaitSeconds: to(5.0)})
	first, second := received[0], received[1]
	equal(string(first.Body), string(exact))
	equal(first.Attributes, zoogate.Attributes{"kind": "created"})
	equal(*second.BodyBase64, []byte{0, 255, 128})
	step("they are received as they were sent")

	extended := must(client.ExtendQueueMessagesWithResponse(ctx, "orders", zoogate.ExtendRequest{
		Receipts: []string{first.Receipt, second.Receipt}, LeaseSeconds: 120,
	}))
	equal(outcomes(extended.JSON200), []zoogate.OutcomeCode{"ok", "ok"})
	nacked := must(client.NackQueueMessagesWithResponse(ctx, "orders", zoogate.NackRequest{Receipts: []string{first.Receipt}}))
	equal(outcomes(nacked.JSON200), []zoogate.OutcomeCode{"ok"})
	again := receive(client, zoogate.ReceiveRequest{WaitSeconds: to(5.0), Ack: &[]string{second.Receipt}})[0]
	equal(again.Id, first.Id)
	equal(again.Deliveries, int64(2))
	step("a lease is extended, and a message given back and received again")

	rejected := must(client.RejectQueueMessagesWithResponse(ctx, "orders", zoogate.RejectRequest{
		Receipts: []string{again.Receipt}, Reason: to("unknown customer"),
	}))
	equal(outcomes(rejected.JSON200), []zoogate.OutcomeCode{"ok"})
	letter := must(client.PeekQueueMessagesWithResponse(ctx, "dead", nil)).JSON200.Messages[0].DeadLetter
	equal(letter.Reason, zoogate.DeadLetterReason("rejected"))
	equal(*letter.Detail, "unknown customer")
	equal(must(letter.Source.AsDeadLetterOfQueue()).Queue, "orders")
	redriven := must(client.RedriveQueueWithResponse(ctx, "dead", zoogate.RedriveRequest{Max: to(int32(10))}))
	equal(redriven.JSON200.Moved, int64(1))
	revived := receive(client, zoogate.ReceiveRequest{WaitSeconds: to(5.0)})[0]
	equal(revived.Deliveries, int64(1))
	step("a message goes to the dead letters, and is redriven")

	acked := must(client.AckQueueMessagesWithResponse(ctx, "orders", zoogate.AckRequest{Receipts: []string{revived.Receipt}}))
	equal(outcomes(acked.JSON200), []zoogate.OutcomeCode{"ok"})
	equal(must(client.GetQueueWithResponse(ctx, "orders")).JSON200.Stats.Messages, int64(0))
	step("it is acked, and the queue is empty")

	must(client.PutTopicWithResponse(ctx, "events", nil, zoogate.TopicConfigInput{}))
	must(client.PutSubscriptionWithResponse(ctx, "events", "paid", nil, zoogate.SubscriptionConfigInput{
		Filter: &zoogate.Filter{"kind": {"paid"}},
	}))
	var byKind []zoogate.Message
	for _, kind := range []string{"created", "paid"} {
		byKind = append(byKind, zoogate.Message{
			Body: must(json.Marshal("order " + kind)), ContentType: to("text/plain"), Attributes: &zoogate.Attributes{"kind": kind},
		})
	}
	must(client.PublishToTopicWithResponse(ctx, "events", nil, zoogate.PublishRequest{Messages: byKind}))
	taken := must(client.ReceiveFromSubscriptionWithResponse(ctx, "events", "paid", nil, zoogate.ReceiveRequest{
		Max: to(int32(10)), WaitSeconds: to(5.0), AutoAck: to(true),
	})).JSON200.Messages
	equal(len(taken), 1)
	equal(string(taken[0].Body), `"order paid"`)
	step("a subscription receives what its filter matches")

	work := json.RawMessage(`"work"`)
	must(client.PublishToQueueWithResponse(ctx, "orders", nil, zoogate.PublishRequest{Messages: []zoogate.Message{{Body: work}}}))
	leased := receive(client, zoogate.ReceiveRequest{WaitSeconds: to(5.0)})[0]
	transaction := zoogate.TransactionRequest{
		TransactionId: to(fmt.Sprint("step-", time.Now().UnixNano())),
		Acks:          &[]zoogate.TransactionAck{{Queue: to("orders"), Receipts: []string{leased.Receipt}}},
		Publishes:     &[]zoogate.TransactionPublish{{Topic: to("events"), Messages: []zoogate.Message{{Body: work}}}},
	}
	done := must(client.TransactWithResponse(ctx, nil, transaction)).JSON200
	repeated := must(client.TransactWithResponse(ctx, nil, transaction)).JSON200
	equal(done.Duplicate, nil)
	equal(repeated.Publishes, done.Publishes)
	equal(bool(*repeated.Duplicate), true)
	step("an ack and a publish take effect together, once")

	must(client.PublishToQueueWithBodyWithResponse(ctx, "orders", nil, "image/png", bytes.NewReader([]byte{0, 255, 128})))
	asBytes := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Accept", "application/octet-stream")
		return nil
	}
	response := must(client.ReceiveFromQueue(ctx, "orders", &zoogate.ReceiveFromQueueParams{AutoAck: to(true)}, zoogate.ReceiveRequest{}, asBytes))
	defer response.Body.Close()
	equal(must(io.ReadAll(response.Body)), []byte{0, 255, 128})
	equal(response.Header.Get("Content-Type"), "image/png")
	step("a message is published and received as bytes")

	missing := must(client.GetQueueWithResponse(ctx, "nowhere"))
	equal(missing.ApplicationproblemJSON404.Code, zoogate.ProblemCode("not-found"))
	invalid := must(client.PutQueueWithResponse(ctx, "orders", nil, zoogate.QueueConfigInput{LeaseSeconds: to(0.0)}))
	equal((*invalid.ApplicationproblemJSON400.Errors)[0].Path, "leaseSeconds")
	never := must(client.DeleteQueueMessageWithResponse(ctx, "orders", "never-a-receipt"))
	equal(never.ApplicationproblemJSON400.Code, zoogate.ProblemCode("validation"))
	aborted := must(client.TransactWithResponse(ctx, nil, zoogate.TransactionRequest{Acks: transaction.Acks}))
	equal(aborted.ApplicationproblemJSON409.Code, zoogate.ProblemCode("transaction-aborted"))
	if key != "" {
		refused := must(client.GetQueueWithResponse(ctx, "orders", bearer("no key")))
		equal(refused.ApplicationproblemJSON401.Code, zoogate.ProblemCode("unauthorized"))
	}
	step("errors are problems with a code")

	for _, queue := range []string{"orders", "dead"} {
		must(client.DeleteQueueWithResponse(ctx, queue, nil))
	}
	must(client.DeleteTopicWithResponse(ctx, "events", nil))
	equal(len(must(client.ListQueuesWithResponse(ctx, nil)).JSON200.Queues), 0)
	step("everything is deleted")
}

func bearer(key string) zoogate.RequestEditorFn {
	return func(_ context.Context, request *http.Request) error {
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		return nil
	}
}

func receive(client *zoogate.ClientWithResponses, request zoogate.ReceiveRequest) []zoogate.Received {
	return must(client.ReceiveFromQueueWithResponse(ctx, "orders", nil, request)).JSON200.Messages
}

func outcomes(answer *zoogate.Outcomes) []zoogate.OutcomeCode {
	var codes []zoogate.OutcomeCode
	for _, result := range answer.Results {
		codes = append(codes, result.Outcome)
	}
	return codes
}

func step(what string) {
	fmt.Println("ok:", what)
}

// What is optional is a pointer in the SDK.
func to[T any](value T) *T {
	return &value
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Panic(err)
	}
	return value
}

func equal(actual, expected any) {
	isNil := expected == nil && reflect.ValueOf(actual).IsNil()
	if !isNil && !reflect.DeepEqual(actual, expected) {
		log.Panicf("it is %v and not %v", actual, expected)
	}
}
