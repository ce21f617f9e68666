package steps

// wayback.go answers: how does a rollback keep what was written to the target after cutover? The step stands before the
// writers' steps, so that its undo runs after theirs: the writers are back on the source by then. Next: prove.go.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
)

// wayBack brings documents from the target to the source, on the way back only.
type wayBack struct {
	source, target opener
	move           *Move
	counts         func(index string) bool
	quiet, limit   time.Duration
}

// ID is the step's name in the journal.
func (s *wayBack) ID() string { return "way-back" }

// Title is the step in a person's words.
func (s *wayBack) Title() string { return "keep the way back open" }

// Check says what it is for.
func (s *wayBack) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: "a rollback brings back what is written to the target from now on"}, nil
}

// Apply looks whether the way back can be walked: the source must take writes.
func (s *wayBack) Apply(ctx context.Context, _ *engine.Recorder) error {
	client, err := s.source(ctx)
	if err != nil {
		return err
	}
	health, err := client.SettledHealth(ctx)
	if err != nil {
		return err
	}
	if health.Status == "red" {
		return errors.New("the source is red: a rollback could not write to it")
	}
	return nil
}

// Verify is Apply's own look.
func (s *wayBack) Verify(context.Context) error { return nil }

// Undo waits until the target is quiet and sends to the source what it lacks.
func (s *wayBack) Undo(ctx context.Context, rec *engine.Recorder) error {
	source, err := s.source(ctx)
	if err != nil {
		return err
	}
	target, err := s.target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	err = waitQuiet(ctx, target, s.counts, s.quiet, s.limit, func(index string) { rec.Progress(0, 0, "", "still written to: "+index) })
	if err != nil {
		return err
	}
	result, err := runRound(ctx, &round{from: target, to: source, reversed: true, move: s.move}, rec.Progress)
	if err != nil {
		return err
	}
	if len(result.Refused) > 0 {
		first := result.Refused[0]
		return fmt.Errorf("the source refuses %d documents; the first, %s of %s: %s", len(result.Refused), first.ID, first.Index, first.Reason)
	}
	if len(result.NoWayBack) > 0 {
		rec.Note("not brought back, since their documents were rewritten for the new version: %s", listed(result.NoWayBack))
	}
	rec.Note("%d documents written to the target since cutover were brought back", result.Written)
	return nil
}
