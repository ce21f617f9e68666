package load

// send.go answers: how do documents reach the target, each one accounted for?

import (
	"context"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// batchBytes is when a body is sent: large enough for the server to amortise the request, small enough for its heap.
	batchBytes = 5 << 20
	// batchDocuments bounds the number of answers to keep apart.
	batchDocuments = 5000
	// busyPause is the first wait when the target is busy; it doubles up to busyPauseMost.
	busyPause     = 200 * time.Millisecond
	busyPauseMost = 20 * time.Second
	// busyTries is how often one batch is offered to a busy target before the run stops, about five minutes.
	busyTries = 24
)

// Refused is a document that the target does not take.
type Refused struct {
	Index  string `json:"index"`
	Type   string `json:"type,omitempty"`
	ID     string `json:"id"`
	Status int    `json:"status"`
	Error  string `json:"error"`
	Reason string `json:"reason"`
}

// Outcome is what became of all documents: Sent = Written + Existing + len(Refused).
type Outcome struct {
	Sent    int64 `json:"sent"`
	Written int64 `json:"written"`
	// Existing counts documents that the target held already in the same or a newer version.
	Existing int64     `json:"existing"`
	Refused  []Refused `json:"refused,omitempty"`
}

// Sender packs documents into bodies and sends them one after the other.
type Sender struct {
	client    *cluster.Client
	dialect   cluster.Dialect
	operation Operation

	body      []byte
	documents []es.Document
	outcome   Outcome
}

// NewSender makes a sender for one target.
func NewSender(ctx context.Context, client *cluster.Client, operation Operation) (*Sender, error) {
	dialect, err := client.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	return &Sender{client: client, dialect: dialect, operation: operation}, nil
}

// Add takes one document and sends what is packed when it is enough.
func (s *Sender) Add(ctx context.Context, document es.Document) error {
	body, err := AppendAction(s.body, s.operation, document, s.dialect)
	if err != nil {
		return err
	}
	s.body = body
	s.documents = append(s.documents, document)
	if len(s.body) >= batchBytes || len(s.documents) >= batchDocuments {
		return s.flush(ctx)
	}
	return nil
}

// Finish sends the rest and gives the account of everything since the sender was made.
func (s *Sender) Finish(ctx context.Context) (Outcome, error) {
	err := s.flush(ctx)
	return s.outcome, err
}

func (s *Sender) flush(ctx context.Context) error {
	wait := busyPause
	for try := 0; len(s.documents) > 0; try++ {
		result, err := s.client.Bulk(ctx, s.body, cluster.BulkOptions{Repeatable: true, Gzip: s.dialect.GzipRequests})
		if err != nil {
			return fmt.Errorf("send %d documents: %w", len(s.documents), err)
		}
		if len(result.Items) != len(s.documents) {
			return fmt.Errorf("sent %d documents and got %d answers", len(s.documents), len(result.Items))
		}
		busy := s.account(result)
		if err := s.repack(busy); err != nil {
			return err
		}
		if len(busy) == 0 {
			break
		}
		if try == busyTries {
			return fmt.Errorf("the target turned %d documents away %d times: %s", len(busy), try, result.Items[0].Reason)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		wait = min(2*wait, busyPauseMost)
	}
	return nil
}

// account books every answer and gives the documents to send again.
func (s *Sender) account(result cluster.BulkResult) (busy []es.Document) {
	for i, item := range result.Items {
		document := s.documents[i]
		switch {
		case item.Busy():
			busy = append(busy, document)
			continue
		case item.Conflict():
			s.outcome.Existing++
		case item.Failed():
			s.outcome.Refused = append(s.outcome.Refused, Refused{Index: document.Index, Type: document.Type, ID: document.ID, Status: item.Status, Error: item.ErrorType, Reason: item.Reason})
		default:
			s.outcome.Written++
		}
		s.outcome.Sent++
	}
	return busy
}

func (s *Sender) repack(documents []es.Document) error {
	s.documents, s.body = documents, s.body[:0]
	for _, document := range documents {
		body, err := AppendAction(s.body, s.operation, document, s.dialect)
		if err != nil {
			return err
		}
		s.body = body
	}
	return nil
}
