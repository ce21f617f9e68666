package steps

// wayback.go answers: how does a rollback keep what was written to the target after cutover? The step stands before the
// writers' steps, so that its undo runs after theirs: the writers are back on the source by then. Next: wayback_new.go.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
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

// Check says what it is for, and for which indices it can't be.
func (s *wayBack) Check(ctx context.Context) (engine.Status, error) {
	note := "a rollback brings back what is written to the target from now on"
	var without []string
	for _, route := range s.move.Plan.Routes {
		if !route.Kind.Loads() {
			continue
		}
		made, err := s.move.indexPlan(ctx, route.Source)
		if err != nil {
			return engine.Status{}, err
		}
		if target := targetNamed(made, route.Target); target != nil && target.Documents != nil && !target.Documents.HasWayBack() {
			without = append(without, route.Target)
		}
	}
	if len(without) > 0 {
		note += ", but nothing of " + listed(without) + ": rules of migration.yaml rewrite their documents"
	}
	return engine.Status{State: engine.Ready, Note: note}, nil
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
	news, err := s.bringNew(ctx, source, target, rec.Progress)
	if err != nil {
		return err
	}
	result.add(news)
	var refused, staying []load.Refused
	for _, one := range result.Refused {
		if one.Error == stays {
			staying = append(staying, one)
		} else {
			refused = append(refused, one)
		}
	}
	if len(refused) > 0 {
		first := refused[0]
		return fmt.Errorf("the source refuses %d documents; the first, %s of %s: %s", len(refused), first.ID, first.Index, first.Reason)
	}
	if len(result.NoWayBack) > 0 {
		rec.Note("not brought back, since rules of migration.yaml rewrote their documents: %s", listed(result.NoWayBack))
	}
	if len(staying) > 0 {
		first := staying[0]
		rec.Note("%d documents stay on the target alone; the first, %s of %s: %s", len(staying), first.ID, first.Index, first.Reason)
	}
	if result.Left > 0 {
		rec.Note("%d documents of the source are not on the target: deleted there since, or never meant for it; they stay", result.Left)
	}
	rec.Note("%d documents written to the target since cutover were brought back", result.Written)
	return nil
}
