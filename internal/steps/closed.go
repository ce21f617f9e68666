package steps

// closed.go answers: how do closed indices, which snapshots leave out in silence, come along? They are opened for the
// snapshot and closed again, on both sides. Next: snapshot.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/engine"
)

// openClosed opens closed indices on the source.
type openClosed struct {
	indices []string
	open    opener
}

// ID is the step's name in the journal.
func (s *openClosed) ID() string { return "open-closed-indices" }

// Title is the step in a person's words.
func (s *openClosed) Title() string {
	return fmt.Sprintf("open %d closed indices for the snapshot", len(s.indices))
}

// Check says what will be opened.
func (s *openClosed) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: listed(s.indices)}, nil
}

// Apply opens each.
func (s *openClosed) Apply(ctx context.Context, _ *engine.Recorder) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	for _, index := range s.indices {
		if err := client.OpenIndex(ctx, index); err != nil {
			return fmt.Errorf("open %s: %w", index, err)
		}
	}
	_, err = client.WaitHealth(ctx, "yellow", settleTime, s.indices...)
	return err
}

// Verify is the wait for their primaries, which Apply ends with, asked once more.
func (s *openClosed) Verify(ctx context.Context) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	_, err = client.WaitHealth(ctx, "yellow", settleTime, s.indices...)
	return err
}

// Undo closes them again.
func (s *openClosed) Undo(ctx context.Context, _ *engine.Recorder) error {
	return closeAll(ctx, s.open, s.indices)
}

// closeAgain closes the indices on both sides once they are moved.
type closeAgain struct {
	source, target     opener
	onSource, onTarget []string
}

// ID is the step's name in the journal.
func (s *closeAgain) ID() string { return "close-again" }

// Title is the step in a person's words.
func (s *closeAgain) Title() string {
	return fmt.Sprintf("close the %d indices again, on both sides", len(s.onSource))
}

// Check says what will be closed.
func (s *closeAgain) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: listed(s.onSource)}, nil
}

// Apply closes them.
func (s *closeAgain) Apply(ctx context.Context, _ *engine.Recorder) error {
	return errors.Join(closeAll(ctx, s.source, s.onSource), closeAll(ctx, s.target, s.onTarget))
}

// Verify looks whether they are closed on both sides.
func (s *closeAgain) Verify(ctx context.Context) error {
	for _, side := range []struct {
		open    opener
		indices []string
	}{{s.source, s.onSource}, {s.target, s.onTarget}} {
		client, err := side.open(ctx)
		if err != nil {
			return err
		}
		rows, err := client.Indices(ctx)
		if err != nil {
			return err
		}
		isOpen := map[string]bool{}
		for _, row := range rows {
			isOpen[row.Name] = row.Open
		}
		for _, index := range side.indices {
			if isOpen[index] {
				return fmt.Errorf("%s is still open", index)
			}
		}
	}
	return nil
}

// Undo leaves them closed: that is how they were.
func (s *closeAgain) Undo(context.Context, *engine.Recorder) error { return nil }

func closeAll(ctx context.Context, open opener, indices []string) error {
	client, err := open(ctx)
	if err != nil {
		return err
	}
	for _, index := range indices {
		if err := client.CloseIndex(ctx, index); err != nil {
			return fmt.Errorf("close %s: %w", index, err)
		}
	}
	return nil
}
