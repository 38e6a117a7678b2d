// connect-go as it comes: over HTTP/1.1 and HTTP/2, in binary and as JSON, compressed, by GET and by POST.
//
// connect_go ADDRESS STORY
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	v1 "detente.test/connect/gen/detente/v1"
	"detente.test/connect/gen/detente/v1/detentev1connect"
)

// The part of the story that this client tells.
type story struct {
	Founding struct {
		Request  json.RawMessage
		Definite []string
	}
	Malformed struct {
		Request    json.RawMessage
		Reason     string
		Violations []string
	}
}

func check(what string, seen, expected any) {
	if !reflect.DeepEqual(seen, expected) {
		fmt.Printf("  FAILED %s\n    expected %v\n    seen     %v\n", what, expected, seen)
		os.Exit(1)
	}
	fmt.Printf("  ok %s\n", what)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Printf("  FAILED %v\n", err)
		os.Exit(1)
	}
	return value
}

func request[T proto.Message](text json.RawMessage, into T) T {
	must(0, protojson.Unmarshal(text, into))
	return into
}

// The reason and the fields of a refusal.
func details(refused *connect.Error) (reason string, fields []string) {
	for _, detail := range refused.Details() {
		switch value := must(detail.Value()).(type) {
		case *errdetails.ErrorInfo:
			reason = value.Reason
		case *errdetails.BadRequest:
			for _, violation := range value.FieldViolations {
				fields = append(fields, violation.Field)
			}
		}
	}
	slices.Sort(fields)
	return reason, fields
}

func founding(client detentev1connect.LedgerServiceClient, told *story, byGet bool) {
	asked := connect.NewRequest(request(told.Founding.Request, &v1.GetStateRequest{}))
	state := must(client.GetState(context.Background(), asked))
	var definite []string
	for _, match := range state.Msg.Matches {
		if match.Certainty == v1.Certainty_CERTAINTY_DEFINITE {
			definite = append(definite, match.Claim.ExternalIds[0].Id)
		}
	}
	slices.Sort(definite)
	check("state: four definite matches", definite, told.Founding.Definite)
	check("state: asked by GET where the client is told to", state.Header().Get("etag") != "", byGet)
}

func refusals(client detentev1connect.LedgerServiceClient, told *story) {
	malformed := connect.NewRequest(request(told.Malformed.Request, &v1.AppendRequest{}))
	_, err := client.Append(context.Background(), malformed)
	var refused *connect.Error
	check("error: it is one of the protocol", errors.As(err, &refused), true)
	reason, fields := details(refused)
	check("error: the code and the reason", []string{refused.Code().String(), reason}, []string{"invalid_argument", told.Malformed.Reason})
	check("error: every violation", fields, told.Malformed.Violations)
}

func streams(client detentev1connect.LedgerServiceClient, head uint64) {
	reading := must(client.ReadEvents(context.Background(), connect.NewRequest(&v1.ReadEventsRequest{})))
	next := uint64(1)
	for reading.Receive() {
		for _, event := range reading.Msg().Events {
			if event.Position != next {
				check("stream: dense from 1", event.Position, next)
			}
			next++
		}
	}
	must(0, reading.Err())
	check("stream: up to the head", next > head, true)
	future := &v1.ReadEventsRequest{Start: &v1.ReadEventsRequest_AfterPosition{AfterPosition: 1 << 40}}
	refused := must(client.ReadEvents(context.Background(), connect.NewRequest(future)))
	check("stream: refused", refused.Receive(), false)
	check("stream: with its code", connect.CodeOf(refused.Err()), connect.CodeOutOfRange)
	brief, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	following := must(client.Subscribe(brief, connect.NewRequest(&v1.SubscribeRequest{})))
	caughtUp := false
	for following.Receive() {
		caughtUp = caughtUp || following.Msg().GetCaughtUp() != nil
	}
	check("subscribe: it caught up", caughtUp, true)
	check("subscribe: its deadline ends it", connect.CodeOf(following.Err()), connect.CodeDeadlineExceeded)
}

func main() {
	base := "http://" + os.Args[1]
	var told story
	must(0, json.Unmarshal(must(os.ReadFile(os.Args[2])), &told))
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	clients := map[string]*http.Client{
		"HTTP/1.1": {Transport: &http.Transport{}},
		"HTTP/2":   {Transport: &http.Transport{Protocols: protocols}},
	}
	gzip, get := connect.WithSendGzip(), connect.WithHTTPGet()
	for _, version := range []string{"HTTP/1.1", "HTTP/2"} {
		for _, form := range []struct {
			name    string
			options []connect.ClientOption
			byGet   bool
		}{
			{"binary", nil, false},
			{"binary, gzip, GET", []connect.ClientOption{gzip, get}, true},
			{"JSON", []connect.ClientOption{connect.WithProtoJSON()}, false},
			{"JSON, gzip, GET", []connect.ClientOption{connect.WithProtoJSON(), gzip, get}, true},
		} {
			fmt.Printf("%s, %s:\n", version, form.name)
			client := detentev1connect.NewLedgerServiceClient(clients[version], base, form.options...)
			info := must(client.GetServerInfo(context.Background(), connect.NewRequest(&v1.GetServerInfoRequest{})))
			founding(client, &told, form.byGet)
			refusals(client, &told)
			streams(client, info.Msg.Head.Position)
		}
	}
}
