package steps

// retire.go answers: how does the source end? Only behind a fresh proof, never while somebody writes to it, with a final
// snapshot kept; the deletion is asked for, and nobody waits an hour for it.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// mayRetire is the gate before anything of the source is taken away.
type mayRetire struct {
	wanted *migration.Migration
	source opener
	counts func(index string) bool
	// proof gives the last proof of this migration.
	proof func() (Proof, error)
}

// ID is the step's name in the journal.
func (s *mayRetire) ID() string { return "may-retire" }

// Title is the step in a person's words.
func (s *mayRetire) Title() string { return "a fresh proof stands, and nobody writes to the source" }

// Check looks at the proof's age and result.
func (s *mayRetire) Check(context.Context) (engine.Status, error) {
	proof, err := s.proof()
	switch {
	case errors.Is(err, ErrNoProof):
		return engine.Status{State: engine.Blocked, Note: "nothing was proved yet", Hint: "run `hikkoshi verify`"}, nil
	case err != nil:
		return engine.Status{}, err
	case !proof.Holds:
		return engine.Status{State: engine.Blocked, Note: "the last proof found differences", Hint: "run `hikkoshi sync`, then `hikkoshi verify`, and look at what differs"}, nil
	case time.Since(proof.At) > s.wanted.Retire.ProofAge:
		return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("the last proof is %s old", time.Since(proof.At).Round(time.Minute)), Hint: "run `hikkoshi verify` again"}, nil
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("proved at %s: %d documents", proof.At.Format(time.RFC3339), proof.Documents)}, nil
}

// Apply compares the write counters with those at the moment of the proof, and watches them stand still.
func (s *mayRetire) Apply(ctx context.Context, rec *engine.Recorder) error {
	proof, err := s.proof()
	if err != nil {
		return err
	}
	client, err := s.source(ctx)
	if err != nil {
		return err
	}
	now, err := writeCounters(ctx, client, s.counts)
	if err != nil {
		return err
	}
	for name, counter := range now {
		if before, known := proof.Written[name]; !known || before != counter {
			return engine.WithHint(fmt.Errorf("%s was written to since the proof: %w", name, engine.ErrBlocked), "find who still writes to the source, re-point it, then `hikkoshi sync` and `hikkoshi verify`")
		}
	}
	return waitQuiet(ctx, client, s.counts, s.wanted.Cutover.Quiet, s.wanted.Cutover.Quiet, func(index string) { rec.Progress(0, 0, "", "written to: "+index) })
}

// Verify is what Apply watched.
func (s *mayRetire) Verify(context.Context) error { return nil }

// Undo has nothing to do.
func (s *mayRetire) Undo(context.Context, *engine.Recorder) error { return nil }

// noFinalSnapshot stands where a final snapshot would: nothing can hold one, so a person must have said that none is needed.
type noFinalSnapshot struct{ wanted *migration.Migration }

// ID is the step's name in the journal.
func (s *noFinalSnapshot) ID() string { return "no-final-snapshot" }

// Title is the step in a person's words.
func (s *noFinalSnapshot) Title() string {
	return "end the source without a final snapshot: there is no repository"
}

// Check wants the person's word.
func (s *noFinalSnapshot) Check(context.Context) (engine.Status, error) {
	if !s.wanted.Retire.WithoutSnapshot {
		return engine.Status{State: engine.Blocked, Note: "no repository can hold a final snapshot, so nothing of the source would remain",
			Hint: "keep a copy some other way and say `hikkoshi retire --without-snapshot`, or leave the source running"}, nil
	}
	return engine.Status{State: engine.Ready, Note: "as migration.yaml or --without-snapshot says"}, nil
}

// Apply has nothing to change.
func (s *noFinalSnapshot) Apply(context.Context, *engine.Recorder) error { return nil }

// Verify has nothing to prove.
func (s *noFinalSnapshot) Verify(context.Context) error { return nil }

// Undo has nothing to take back.
func (s *noFinalSnapshot) Undo(context.Context, *engine.Recorder) error { return nil }

// deleteDomain asks for the source domain's deletion. It is the point of no return.
type deleteDomain struct {
	wanted *migration.Migration
	sides  *Sides
}

// ID is the step's name in the journal.
func (s *deleteDomain) ID() string { return "delete-source-domain" }

// Title is the step in a person's words.
func (s *deleteDomain) Title() string {
	return "ask for the deletion of the domain " + s.wanted.Source.Domain
}

// Check asks whether it is gone already.
func (s *deleteDomain) Check(ctx context.Context) (engine.Status, error) {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	progress, err := session.DomainStatus(ctx, s.wanted.Source.Domain)
	if errors.Is(err, aws.ErrNotFound) || err == nil && (!progress.Exists || progress.Deleting) {
		return engine.Status{State: engine.Done, Note: progress.String()}, nil
	}
	if err != nil {
		return engine.Status{}, err
	}
	return engine.Status{State: engine.Ready, Note: "cannot be undone; the final snapshot stays"}, nil
}

// Apply asks, and returns as soon as the service has taken the order.
func (s *deleteDomain) Apply(ctx context.Context, rec *engine.Recorder) error {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return err
	}
	progress, err := session.DeleteDomain(ctx, s.wanted.Source.Domain)
	if err != nil {
		return err
	}
	rec.Note("%s: %s; `hikkoshi status` follows it", s.wanted.Source.Domain, progress)
	return nil
}

// Verify wants the service to say that the domain is going or gone.
func (s *deleteDomain) Verify(ctx context.Context) error {
	status, err := s.Check(ctx)
	if err != nil {
		return err
	}
	if status.State != engine.Done {
		return errors.New("the service does not show the domain as being deleted")
	}
	return nil
}
