package steps

// quiet.go answers: has everybody stopped writing to a cluster? Its write counters must stand still. Next: wayback.go.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
)

// ErrStillWriting says that a cluster did not become quiet in time.
var ErrStillWriting = errors.New("somebody still writes")

// writeCounters reads the counters of the indices that count, by name.
func writeCounters(ctx context.Context, client *cluster.Client, counts func(index string) bool) (map[string]cluster.WriteCounters, error) {
	stats, err := client.Stats(ctx)
	if err != nil {
		return nil, err
	}
	counters := map[string]cluster.WriteCounters{}
	for name, one := range stats {
		if counts(name) {
			counters[name] = one.Writes
		}
	}
	return counters, nil
}

// waitQuiet waits until the counters have stood still for quiet, at most for limit. tell hears which index still moves.
func waitQuiet(ctx context.Context, client *cluster.Client, counts func(index string) bool, quiet, limit time.Duration, tell func(string)) error {
	deadline := time.Now().Add(limit)
	last, err := writeCounters(ctx, client, counts)
	if err != nil {
		return err
	}
	since := time.Now()
	for time.Since(since) < quiet {
		if err := cluster.Pause(ctx, min(quiet, pollPause)); err != nil {
			return err
		}
		now, err := writeCounters(ctx, client, counts)
		if err != nil {
			return err
		}
		if maps.Equal(last, now) {
			continue
		}
		moving := ""
		for name, counter := range now {
			if last[name] != counter {
				moving = name
			}
		}
		tell(moving)
		last, since = now, time.Now()
		if time.Now().After(deadline) {
			return engine.WithHint(fmt.Errorf("%w to %s at %s", ErrStillWriting, moving, client.URL()),
				"find the writer that migration.yaml does not name, re-point it, and run the same command again")
		}
	}
	return nil
}

// becomeQuiet is the step that waits for the source.
type becomeQuiet struct {
	source       opener
	counts       func(index string) bool
	quiet, limit time.Duration
}

// ID is the step's name in the journal.
func (s *becomeQuiet) ID() string { return "source-quiet" }

// Title is the step in a person's words.
func (s *becomeQuiet) Title() string { return "wait until nobody writes to the source any more" }

// Check says how long stillness must last.
func (s *becomeQuiet) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("its write counters must stand still for %s", s.quiet)}, nil
}

// Apply waits.
func (s *becomeQuiet) Apply(ctx context.Context, rec *engine.Recorder) error {
	client, err := s.source(ctx)
	if err != nil {
		return err
	}
	return waitQuiet(ctx, client, s.counts, s.quiet, s.limit, func(index string) {
		rec.Progress(0, 0, "", "still written to: "+index)
	})
}

// Verify is what Apply waited for.
func (s *becomeQuiet) Verify(context.Context) error { return nil }

// Undo has nothing to do.
func (s *becomeQuiet) Undo(context.Context, *engine.Recorder) error { return nil }
