package load

// send.go answers: how do a few documents reach the target, one body after the other? Next: snapshot.go.

import (
	"context"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Sender packs documents into bodies and sends them one after the other.
type Sender struct {
	courier   courier
	dialect   cluster.Dialect
	operation Operation
	packed    batch
	outcome   Outcome
}

// NewSender makes a sender for one target.
func NewSender(ctx context.Context, client *cluster.Client, operation Operation) (*Sender, error) {
	dialect, err := client.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	return &Sender{courier: courier{client: client, gzip: dialect.GzipRequests}, dialect: dialect, operation: operation}, nil
}

// Add takes one document and sends what is packed when it is enough.
func (s *Sender) Add(ctx context.Context, document es.Document) error {
	if err := s.packed.add(s.operation, document, s.dialect); err != nil {
		return err
	}
	if s.packed.full() {
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
	if s.packed.documents() == 0 {
		return nil
	}
	outcome, err := s.courier.deliver(ctx, &s.packed)
	s.outcome.add(outcome)
	s.packed = batch{body: s.packed.body[:0], starts: s.packed.starts[:0]}
	return err
}
