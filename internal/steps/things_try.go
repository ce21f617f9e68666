package steps

// things_try.go answers: would the target take what is written only after the load? It is written and taken away again, so
// that a refusal comes before hours of loading. Next: restore.go.

import (
	"context"
	"errors"

	"github.com/hikkoshi/hikkoshi/internal/engine"
)

// tryThings writes what moveThings would, and takes it away.
type tryThings struct{ moveThings }

// Apply leaves nothing behind, also where something is refused.
func (s *tryThings) Apply(ctx context.Context, rec *engine.Recorder) error {
	return errors.Join(s.moveThings.Apply(ctx, rec), s.moveThings.Undo(ctx, rec), rec.Save(savedThings, []string{}))
}

// Verify has nothing to look at.
func (s *tryThings) Verify(context.Context) error { return nil }
