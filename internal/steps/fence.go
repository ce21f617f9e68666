package steps

// fence.go answers: how are writes held on the source while they move, where every writer keeps what is refused?
// Next: quiet.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/cutover"
	"github.com/hikkoshi/hikkoshi/internal/engine"
)

// fence blocks writes to the moving indices on the source. It stays until rollback or retirement.
type fence struct {
	source opener
	move   *Move
}

const savedFence = "blocked"

// ID is the step's name in the journal.
func (s *fence) ID() string { return "fence" }

// Title is the step in a person's words.
func (s *fence) Title() string { return "hold writes on the source" }

// Check refuses while any writer would drop what a block refuses.
func (s *fence) Check(ctx context.Context) (engine.Status, error) {
	list, err := adapters(ctx, s.move.Wanted, s.move.Sides, &s.move.Plan.Facts)
	if err != nil {
		return engine.Status{}, err
	}
	var changes []cutover.Change
	for _, adapter := range list {
		change, err := adapter.Show(ctx)
		if err != nil {
			return engine.Status{}, err
		}
		changes = append(changes, change)
	}
	if verdict := cutover.MayFence(changes); !verdict.Allowed {
		return engine.Status{State: engine.Blocked, Note: verdict.Reason, Hint: "set cutover.protocol to switch in migration.yaml"}, nil
	}
	return engine.Status{State: engine.Ready, Note: "every writer keeps and retries what is refused"}, nil
}

// Apply blocks writes index by index, except on dot indices, where a block could not be lifted on AWS (CHANGES 8-12).
func (s *fence) Apply(ctx context.Context, rec *engine.Recorder) error {
	client, err := s.source(ctx)
	if err != nil {
		return err
	}
	pairs, err := s.move.Pairs(ctx)
	if err != nil {
		return err
	}
	var blocked []string
	for _, pair := range pairs {
		if pair.Source[0] != '.' && len(pair.Blocks) == 0 { // what is held still already stays so after a rollback
			blocked = append(blocked, pair.Source)
		}
	}
	if err := rec.Save(savedFence, blocked); err != nil {
		return err
	}
	for _, index := range blocked {
		if err := client.BlockWrites(ctx, index, true); err != nil {
			return fmt.Errorf("block writes to %s: %w", index, err)
		}
	}
	return nil
}

// Verify is left to the quiet that follows.
func (s *fence) Verify(context.Context) error { return nil }

// Undo lifts the blocks.
func (s *fence) Undo(ctx context.Context, rec *engine.Recorder) error {
	var blocked []string
	if found, err := rec.Load(savedFence, &blocked); err != nil || !found {
		return err
	}
	client, err := s.source(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, index := range blocked {
		if err := client.BlockWrites(ctx, index, false); err != nil {
			failed = append(failed, fmt.Errorf("lift the block of %s: %w", index, err))
		}
	}
	return errors.Join(failed...)
}
