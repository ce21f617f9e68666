package engine

// step.go answers: what is a step? Next: journal.go.

import (
	"context"
	"time"
)

// State is what Check found.
type State int

// The states of a step.
const (
	Ready   State = iota // the change is still to be made
	Done                 // the world already looks as the step would leave it
	Blocked              // it cannot be made now
)

// String names the state.
func (s State) String() string {
	return [...]string{"ready", "done", "blocked"}[s]
}

// Status is the answer of Check.
type Status struct {
	State State
	// Note says in one line what is there already, what will be done, or what blocks.
	Note string
	// Hint says what to do about a block.
	Hint string
}

// Step is one change to the world.
type Step interface {
	// ID stands in the journal and is never renamed.
	ID() string
	// Title is the step in a person's words.
	Title() string
	// Check reads only.
	Check(ctx context.Context) (Status, error)
	// Apply makes the change. It may run again after any crash.
	Apply(ctx context.Context, rec *Recorder) error
	// Verify reads only, and proves the effect from outside.
	Verify(ctx context.Context) error
}

// Undoer is a step whose change can be taken back. Undo may run again after any crash.
type Undoer interface {
	Undo(ctx context.Context, rec *Recorder) error
}

// PointOfNoReturn is the first step of the list that cannot be undone, or nil.
func PointOfNoReturn(steps []Step) Step {
	for _, step := range steps {
		if _, ok := step.(Undoer); !ok {
			return step
		}
	}
	return nil
}

// EventKind says what happened to a step.
type EventKind string

// The kinds of events.
const (
	EventStarted  EventKind = "started"
	EventProgress EventKind = "progress"
	EventNote     EventKind = "note"
	EventDone     EventKind = "done"
	EventSkipped  EventKind = "skipped" // done in an earlier run, or nothing to do
	EventBlocked  EventKind = "blocked"
	EventFailed   EventKind = "failed"
	EventUndoing  EventKind = "undoing"
	EventUndone   EventKind = "undone"
)

// Event is one thing worth showing. The engine emits events and never prints.
type Event struct {
	Time  time.Time `json:"time"`
	Phase string    `json:"phase"`
	Step  string    `json:"step"`
	Title string    `json:"title,omitempty"`
	Kind  EventKind `json:"kind"`
	// Position and Steps say which step of how many this is, from 1.
	Position int `json:"position,omitempty"`
	Steps    int `json:"steps,omitempty"`
	// Message is one line for a person.
	Message string `json:"message,omitempty"`
	// Current of Total in Unit ("documents", "shards", "bytes"); Total 0 is unknown.
	Current int64         `json:"current,omitempty"`
	Total   int64         `json:"total,omitempty"`
	Unit    string        `json:"unit,omitempty"`
	Elapsed time.Duration `json:"elapsed_ns,omitempty"`
}

// Sink takes events. It is called from one goroutine at a time.
type Sink func(Event)
