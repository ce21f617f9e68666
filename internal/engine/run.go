package engine

// run.go answers: how does a list of steps go forward, and go on after a crash? Next: undo.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Runner runs the steps of one phase against one journal.
type Runner struct {
	Phase   string
	Steps   []Step
	Journal *Journal
	Sink    Sink
	// PlanHash identifies the plan and the facts it was made from; a journal of another one is refused.
	PlanHash string
	// Replaces is the hash of an earlier plan that this one may take the place of, although steps of it have begun; who sets
	// it says that those steps did nothing that the new plan would do otherwise.
	Replaces string
}

// Recorder is a step's hand on the journal and on the events.
type Recorder struct {
	runner   *Runner
	step     Step
	position int
	started  time.Time
	mutex    sync.Mutex
}

// Save makes a value durable under key, before the step goes on. It must hold no secret. A value that is the last one
// saved already is not written again, so that a step that is killed over and over still gets on.
func (r *Recorder) Save(key string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	var last json.RawMessage
	if found, err := r.Load(key, &last); err != nil || found && bytes.Equal(last, encoded) {
		return err
	}
	return r.runner.Journal.Append(Record{Kind: RecordSave, Phase: r.runner.Phase, Step: r.step.ID(), Key: key, Value: encoded})
}

// Load reads the value last saved under key, and says whether there is one.
func (r *Recorder) Load(key string, target any) (bool, error) {
	return r.runner.Journal.Saved(r.runner.Phase, r.step.ID(), key, target)
}

// Progress tells how far the step is.
func (r *Recorder) Progress(current, total int64, unit, message string) {
	r.emit(Event{Kind: EventProgress, Current: current, Total: total, Unit: unit, Message: message})
}

// Note tells one line worth keeping.
func (r *Recorder) Note(format string, arguments ...any) {
	r.emit(Event{Kind: EventNote, Message: fmt.Sprintf(format, arguments...)})
}

func (r *Recorder) emit(event Event) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	event.Elapsed = time.Since(r.started)
	r.runner.emit(r.step, r.position, event)
}

func (r *Runner) emit(step Step, position int, event Event) {
	if r.Sink == nil {
		return
	}
	event.Time, event.Phase, event.Step, event.Title = time.Now().UTC(), r.Phase, step.ID(), step.Title()
	event.Position, event.Steps = position, len(r.Steps)
	r.Sink(event)
}

// StepError says which step an error came from.
type StepError struct {
	Phase, Step, Title string
	Cause              error
}

// Error names the step and the cause.
func (e *StepError) Error() string { return fmt.Sprintf("%s: %v", e.Title, e.Cause) }

// Unwrap gives the cause.
func (e *StepError) Unwrap() error { return e.Cause }

// begin checks that the journal belongs to this plan and that every step it names is known, and records the plan.
func (r *Runner) begin() error {
	identity := PlanIdentity{Hash: r.PlanHash}
	for _, step := range r.Steps {
		if slices.Contains(identity.Steps, step.ID()) {
			return fmt.Errorf("the step %s stands twice in the list", step.ID())
		}
		identity.Steps = append(identity.Steps, step.ID())
	}
	for _, record := range r.Journal.Records() {
		if record.Phase == r.Phase && record.Step != "" && record.Kind != RecordUndone && !slices.Contains(identity.Steps, record.Step) {
			if progress := r.Journal.Step(r.Phase, record.Step); progress.Begun {
				return WithHint(fmt.Errorf("%s: %w", record.Step, ErrUnknownStep), "go on with the version of hikkoshi that began this migration, or roll back with it")
			}
		}
	}
	recorded, found, err := r.Journal.Plan(r.Phase)
	if err != nil {
		return err
	}
	if found && recorded.Hash == identity.Hash && slices.Equal(recorded.Steps, identity.Steps) {
		return nil
	}
	if found && r.anyBegun() && recorded.Hash != r.Replaces {
		return WithHint(fmt.Errorf("%s: %w", r.Phase, ErrPlanChanged),
			"go on with the saved plan, or `hikkoshi rollback` first and plan anew")
	}
	value, err := json.Marshal(identity)
	if err != nil {
		return fmt.Errorf("encode the plan's identity: %w", err)
	}
	return r.Journal.Append(Record{Kind: RecordPlan, Phase: r.Phase, Value: value})
}

func (r *Runner) anyBegun() bool {
	for _, step := range r.Steps {
		if r.Journal.Step(r.Phase, step.ID()).Begun {
			return true
		}
	}
	return false
}

// Run takes the steps in order. A step that the journal has as done is skipped; one that began is applied again.
// The first error stops the run and names its step.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.begin(); err != nil {
		return err
	}
	for i, step := range r.Steps {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if r.Journal.Step(r.Phase, step.ID()).Done {
			r.emit(step, i+1, Event{Kind: EventSkipped, Message: "done before"})
			continue
		}
		if err := r.runStep(ctx, step, i+1); err != nil {
			return &StepError{Phase: r.Phase, Step: step.ID(), Title: step.Title(), Cause: err}
		}
	}
	return nil
}

func (r *Runner) runStep(ctx context.Context, step Step, position int) error {
	recorder := &Recorder{runner: r, step: step, position: position, started: time.Now()}
	begun := r.Journal.Step(r.Phase, step.ID()).Begun
	status, err := step.Check(ctx)
	if err != nil {
		recorder.emit(Event{Kind: EventFailed, Message: err.Error()})
		return fmt.Errorf("check: %w", err)
	}
	switch status.State {
	case Blocked:
		recorder.emit(Event{Kind: EventBlocked, Message: status.Note})
		return WithHint(fmt.Errorf("%w: %s", ErrBlocked, status.Note), status.Hint)
	case Done:
		if !begun {
			recorder.emit(Event{Kind: EventSkipped, Message: status.Note})
			return r.record(RecordDone, step)
		}
	}
	recorder.emit(Event{Kind: EventStarted, Message: status.Note})
	if !begun {
		if err := r.record(RecordBegin, step); err != nil {
			return err
		}
	}
	if err := r.applyAndVerify(ctx, step, recorder); err != nil {
		recorder.emit(Event{Kind: EventFailed, Message: err.Error()})
		failed := Record{Kind: RecordFailed, Phase: r.Phase, Step: step.ID(), Error: err.Error()}
		return errors.Join(err, r.Journal.Append(failed))
	}
	if err := r.record(RecordDone, step); err != nil {
		return err
	}
	recorder.emit(Event{Kind: EventDone})
	return nil
}

func (r *Runner) applyAndVerify(ctx context.Context, step Step, recorder *Recorder) error {
	if err := step.Apply(ctx, recorder); err != nil {
		return err
	}
	if err := step.Verify(ctx); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	return nil
}

func (r *Runner) record(kind RecordKind, step Step) error {
	return r.Journal.Append(Record{Kind: kind, Phase: r.Phase, Step: step.ID()})
}

// Preview is what Run would do now.
type Preview struct {
	Step     Step
	Status   Status
	Undoable bool
	// Finished says that the journal has the step as done.
	Finished bool
}

// Preview checks every step and changes nothing. Checks of later steps see the world of today, so they may be blocked
// by what an earlier step will make; such an error is given as the step's note.
func (r *Runner) Preview(ctx context.Context) []Preview {
	previews := make([]Preview, 0, len(r.Steps))
	for _, step := range r.Steps {
		_, undoable := step.(Undoer)
		preview := Preview{Step: step, Undoable: undoable, Finished: r.Journal.Step(r.Phase, step.ID()).Done}
		if !preview.Finished {
			status, err := step.Check(ctx)
			if err != nil {
				status = Status{State: Ready, Note: "can be checked only after the steps before it"}
			}
			preview.Status = status
		}
		previews = append(previews, preview)
	}
	return previews
}
