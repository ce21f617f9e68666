package engine

// undo.go answers: how is a phase taken back?

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Undo takes back, last first, every step that began, and can itself be killed and run again. A step that cannot be
// undone stops it with ErrPointOfNoReturn before anything is taken back.
func (r *Runner) Undo(ctx context.Context) error {
	return r.undo(ctx, func(string) bool { return true })
}

// UndoSteps is Undo for some steps alone: what the others did is needed still.
func (r *Runner) UndoSteps(ctx context.Context, ids ...string) error {
	return r.undo(ctx, func(id string) bool { return slices.Contains(ids, id) })
}

func (r *Runner) undo(ctx context.Context, wanted func(id string) bool) error {
	if err := r.begin(); err != nil {
		return err
	}
	for _, step := range r.Steps {
		if _, ok := step.(Undoer); !ok && wanted(step.ID()) && r.Journal.Step(r.Phase, step.ID()).Begun {
			return WithHint(fmt.Errorf("%s: %w", step.Title(), ErrPointOfNoReturn), "what this step did cannot be taken back; see the plan it was announced in")
		}
	}
	for i := len(r.Steps) - 1; i >= 0; i-- {
		step := r.Steps[i]
		progress := r.Journal.Step(r.Phase, step.ID())
		if wanted(step.ID()) && progress.Done && !progress.Begun {
			// It found nothing to do. The next run looks again: by then the world may be another.
			if err := r.record(RecordUndone, step); err != nil {
				return err
			}
		}
		undoer, ok := step.(Undoer)
		if !ok || !wanted(step.ID()) || !progress.Begun {
			continue
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		recorder := &Recorder{runner: r, step: step, position: i + 1, started: time.Now()}
		recorder.emit(Event{Kind: EventUndoing})
		if err := r.record(RecordUndoBegin, step); err != nil {
			return err
		}
		if err := undoer.Undo(ctx, recorder); err != nil {
			recorder.emit(Event{Kind: EventFailed, Message: err.Error()})
			failed := Record{Kind: RecordFailed, Phase: r.Phase, Step: step.ID(), Error: err.Error()}
			return &StepError{Phase: r.Phase, Step: step.ID(), Title: step.Title(), Cause: errors.Join(err, r.Journal.Append(failed))}
		}
		if err := r.record(RecordUndone, step); err != nil {
			return err
		}
		recorder.emit(Event{Kind: EventUndone})
	}
	return nil
}
