// Package engine runs an ordered list of steps so that it can be killed anywhere and run again. It knows steps, a
// journal and events, and imports nothing of ours.
//
// Read step.go first, then journal.go (what is on disk), run.go (forwards) and undo.go (backwards).
package engine

import "errors"

// The refusals of this package. All of them leave the world as it was.
var (
	// ErrBlocked says that a step cannot run yet; the error's text says why and what to do.
	ErrBlocked = errors.New("blocked")
	// ErrPlanChanged says that the journal belongs to another plan.
	ErrPlanChanged = errors.New("the plan is not the one this run began with")
	// ErrUnknownStep says that the journal names a step which this program does not have.
	ErrUnknownStep = errors.New("the journal names a step that this version does not know")
	// ErrJournalCorrupt says that a record in the middle of the journal fails its checksum.
	ErrJournalCorrupt = errors.New("journal is damaged")
	// ErrBusy says that another process holds the journal.
	ErrBusy = errors.New("another hikkoshi is working on this migration")
	// ErrPointOfNoReturn says that a step that cannot be undone has begun.
	ErrPointOfNoReturn = errors.New("past the point of no return")
)

// HintError carries, beside the cause, what a person should do now.
type HintError struct {
	Cause error
	Hint  string
}

// Error gives the cause's text; the hint is shown apart.
func (e *HintError) Error() string { return e.Cause.Error() }

// Unwrap gives the cause.
func (e *HintError) Unwrap() error { return e.Cause }

// WithHint attaches what to do now to an error.
func WithHint(cause error, hint string) error {
	if cause == nil {
		return nil
	}
	return &HintError{Cause: cause, Hint: hint}
}
