// Record a claim, ask for the state, follow the log: a Detente client in Go.
//
//	npx @bufbuild/buf generate
//
//	go run . 127.0.0.1:7443 append "They agree to talk every month."    # prints claim id, basis, position
//	go run . 127.0.0.1:7443 state [BASIS]                              # what holds, at the head or at a basis
//	go run . 127.0.0.1:7443 follow POSITION [COUNT]                    # the log behind a position, for ever
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	detente "detente.example/gen/detente/v1"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func appendClaim(ledger detente.LedgerServiceClient, text string) error {
	claim := &detente.Claim{
		Kind:          "agreement",
		TemporalType:  detente.TemporalType_TEMPORAL_TYPE_STATE,
		Texts:         []*detente.Text{{Lang: "en", Text: text}},
		Relationships: []string{"AZE-RUS"},
		Parties:       []*detente.ClaimParty{{PartyId: "AZE", Role: "party"}, {PartyId: "RUS", Role: "party"}},
		Valid:         "2026-11/..",
		Modality:      detente.Modality_MODALITY_REPORTED,
		Status:        detente.Status_STATUS_IN_FORCE,
	}
	command := &detente.Command{Command: &detente.Command_AssertClaim{AssertClaim: &detente.AssertClaim{Claim: claim}}}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	reply, err := ledger.Append(ctx, &detente.AppendRequest{
		RequestId:  uuid.NewString(),
		RecordedBy: "go example",
		Commands:   []*detente.Command{command},
	})
	if err != nil {
		return err
	}
	fmt.Println(reply.Results[0].ClaimId, reply.Context.Basis, reply.Context.Position)
	return nil
}

func state(ledger detente.LedgerServiceClient, basis string) error {
	request := &detente.GetStateRequest{
		Filter:  &detente.Filter{Items: []*detente.FilterItem{{Relationships: []string{"AZE-RUS"}, Kinds: []string{"agreement"}}}},
		ValidAt: "2026-12",
		Mode:    detente.StateMode_STATE_MODE_HOLDS_AT,
	}
	if basis != "" { // at the basis of an append one reads one's own write; without one it is the head
		request.Cut = &detente.Cut{At: &detente.Cut_Basis{Basis: basis}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	reply, err := ledger.GetState(ctx, request)
	if err != nil {
		return err
	}
	for _, match := range reply.Matches {
		fmt.Println(match.Claim.ClaimId, match.Claim.Texts[0].Text)
	}
	return nil
}

// follow prints each event once, over restarts of the server: after a break it goes on behind the last frame. A count of 0 is
// for ever.
func follow(ledger detente.LedgerServiceClient, position uint64, count int) error {
	for {
		ctx, cancel := context.WithCancel(context.Background())
		frames, err := ledger.Subscribe(ctx, &detente.SubscribeRequest{
			Start: &detente.SubscribeRequest_AfterPosition{AfterPosition: position},
		})
		for err == nil {
			var frame *detente.SubscribeResponse
			if frame, err = frames.Recv(); err != nil {
				break
			}
			for _, event := range frame.GetEvents().GetEvents() {
				fmt.Printf("%d %T\n", event.Position, event.Event)
				if count--; count == 0 {
					cancel()
					return nil
				}
			}
			position = frame.Position
		}
		cancel()
		// io.EOF, the end of a stream, counts as UNKNOWN here.
		if code := status.Code(err); code != codes.Unavailable && code != codes.Unknown {
			return err
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// why tells what a refusal says: the reason, and everything that is wrong with the request.
func why(err error) string {
	refusal := status.Convert(err)
	reason, violations := refusal.Code().String(), ""
	for _, detail := range refusal.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.Reason
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				violations += fmt.Sprintf("\n  %s: %s", violation.Field, violation.Description)
			}
		}
	}
	return fmt.Sprintf("%s: %s%s", reason, refusal.Message(), violations)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: SERVER append TEXT | state [BASIS] | follow POSITION [COUNT]")
	}
	// Retrying is safe for questions, and for an append that has a RequestId.
	retry, err := os.ReadFile("../retry.json")
	if err != nil {
		log.Fatal(err)
	}
	credentials := grpc.WithTransportCredentials(insecure.NewCredentials())
	channel, err := grpc.NewClient(os.Args[1], credentials, grpc.WithDefaultServiceConfig(string(retry)))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	ledger := detente.NewLedgerServiceClient(channel)
	rest := append(os.Args[3:], "", "")
	switch os.Args[2] {
	case "append":
		err = appendClaim(ledger, rest[0])
	case "state":
		err = state(ledger, rest[0])
	default:
		position, _ := strconv.ParseUint(rest[0], 10, 64)
		count, _ := strconv.Atoi(rest[1])
		err = follow(ledger, position, count)
	}
	if err != nil {
		log.Fatal(why(err))
	}
}
