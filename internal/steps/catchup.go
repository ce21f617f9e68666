package steps

// catchup.go answers: how does what was written to one side since the snapshot reach the other? Through the search API:
// ids and versions of both sides are compared, and only the documents that differ are read. A restored index keeps its
// documents' versions, and a loaded one gets them, so equal versions mean equal documents; the proof that follows
// compares contents. Next: round.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/engine"
)

// roundsMost is how many times a round is repeated while the writer is faster, before it is left to cutover.
const roundsMost = 3

// CatchUpStep is the step's name in the phase in which the rounds begin: the target is loaded by then.
const CatchUpStep = "catch-up"

// catchUp is the step that brings the target up to the source.
type catchUp struct {
	id, title      string
	source, target opener
	move           *Move
	// settled says that the writers have moved: then nothing on the target may be deleted.
	settled bool
}

// ID is the step's name in the journal.
func (s *catchUp) ID() string { return s.id }

// Title is the step in a person's words.
func (s *catchUp) Title() string { return s.title }

// Check says how many indices will be compared.
func (s *catchUp) Check(ctx context.Context) (engine.Status, error) {
	pairs, err := s.move.Pairs(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d indices compared", len(pairs))}, nil
}

// Apply runs rounds until one finds nothing new, or the writer proves faster, which only cutover can end.
func (s *catchUp) Apply(ctx context.Context, rec *engine.Recorder) error {
	source, err := s.source(ctx)
	if err != nil {
		return err
	}
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	gone, err := s.move.Gone(ctx)
	if err != nil {
		return err
	}
	for _, route := range gone {
		rec.Note("%s was deleted on the source since the plan was made; its copy %s on the target stays", route.Source, route.Target)
	}
	for number := 1; number <= roundsMost; number++ {
		result, err := runRound(ctx, &round{from: source, to: target, deletes: !s.settled, move: s.move}, rec.Progress)
		if err != nil {
			return err
		}
		if len(result.Refused) > 0 {
			first := result.Refused[0]
			rec.Note("%d more documents cannot go to the target and are set aside; the first, %s of %s: %s", len(result.Refused), first.ID, first.Index, first.Reason)
		}
		if result.Written+result.Deleted == 0 {
			break
		}
		rec.Note("round %d: %d documents brought over, %d deletions", number, result.Written, result.Deleted)
	}
	return nil
}

// Verify is left to the proof that follows: while a writer runs, the next look always finds something.
func (s *catchUp) Verify(context.Context) error { return nil }

// Undo deletes the indices that the rounds made, unless writers write to them; what was brought over into others goes with
// them.
func (s *catchUp) Undo(ctx context.Context, _ *engine.Recorder) error {
	target, err := s.target(ctx)
	if s.id != CatchUpStep || errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.move.deleteLate(ctx, target)
}
