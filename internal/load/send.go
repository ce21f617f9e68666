package load

// send.go answers: how do a few documents reach the target, one body after the other? Next: valve.go.

import (
	"context"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Sender packs documents into bodies and sends them one after the other.
type Sender struct {
	job     Job
	packed  batch
	outcome Outcome
}

// NewSender makes a sender for one target.
func NewSender(ctx context.Context, client *cluster.Client, operation Operation) (*Sender, error) {
	sender := &Sender{job: Job{Target: client, Operation: operation}}
	return sender, sender.job.start(ctx)
}

// Add takes one document and sends what is packed when it is enough.
func (s *Sender) Add(ctx context.Context, document es.Document) error {
	return s.AddRewritten(ctx, document, document)
}

// AddRewritten is Add for a document that a rule changed: original is kept should the target refuse it.
func (s *Sender) AddRewritten(ctx context.Context, document, original es.Document) error {
	if err := s.packed.add(s.job.Operation, &document, &original, &s.job.dialect); err != nil {
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
	if s.packed.count() == 0 {
		return nil
	}
	outcome, err := s.job.courier.deliver(ctx, &s.packed)
	s.outcome.Add(outcome)
	s.packed.reset()
	return err
}
