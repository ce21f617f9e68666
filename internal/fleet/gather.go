package fleet

// gather.go answers: what became of each unit? The leader hears of every change, and of all earlier ones when it comes
// back after a crash. Next: blobs.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// News is what changed of one unit.
type News struct {
	// Unit is its ID.
	Unit string
	// Done says that it is committed, with Result; otherwise Checkpoint is how far Worker is with it.
	Done               bool
	Checkpoint, Result json.RawMessage
	Worker             string
	// Done units of all that are known, and units in hand.
	DoneUnits, LeasedUnits int
}

// UnitError says which unit stopped a job.
type UnitError struct{ Unit, Message string }

// Error names the unit and what went wrong.
func (e *UnitError) Error() string { return e.Unit + ": " + e.Message }

// Unwrap makes it an ErrPoisoned.
func (e *UnitError) Unwrap() error { return ErrPoisoned }

// silence is how long nothing may be heard before the watch is begun anew: a watch that died in a crash is not told of it.
const silence = 20 * time.Second

// gathering is what the leader knows of a job's units.
type gathering struct {
	job      *Job
	told     func(News) error
	states   map[string]unitState // by key
	revision uint64
	done     int
	leased   int
}

// Gather tells of every unit until all are done, then closes the job. A unit that failed too often stops it with a
// UnitError. told may hear of the same thing twice.
func (j *Job) Gather(ctx context.Context, told func(News) error) error {
	run := &gathering{job: j, told: told, states: map[string]unitState{}}
	for {
		over, err := run.watch(ctx)
		var failed *UnitError
		if errors.As(err, &failed) {
			record := j.now()
			record.State, record.Error = JobStopped, failed.Error()
			return errors.Join(err, j.write(ctx, record))
		}
		if err != nil {
			return err
		}
		if over {
			record := j.now()
			record.State = JobDone
			return j.write(ctx, record)
		}
	}
}

// watch follows the changes until all is done, or until it has been silent for long.
func (g *gathering) watch(ctx context.Context) (over bool, err error) {
	if g.over() {
		return true, nil
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var watcher jetstream.KeyWatcher
	err = g.job.fleet.attempt(ctx, "watch the job "+g.job.Name, func(context.Context) (err error) {
		var options []jetstream.WatchOpt
		if g.revision > 0 {
			options = append(options, jetstream.ResumeFromRevision(g.revision+1))
		}
		watcher, err = g.job.state.WatchAll(inner, options...)
		return err
	})
	if err != nil {
		return false, err
	}
	defer func() { _ = watcher.Stop() }() // ends with its context in any case
	patience := time.NewTimer(silence)
	defer patience.Stop()
	filled := g.job.filled
	for {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-patience.C:
			return false, nil
		case <-filled:
			if filled = nil; g.over() {
				return true, nil
			}
		case update, open := <-watcher.Updates():
			if !open {
				return false, pause(ctx, tryPause)
			}
			if update == nil {
				continue // all that was there has been told
			}
			patience.Reset(silence)
			if err := g.hear(update); err != nil {
				return false, err
			}
			if g.over() {
				return true, nil
			}
		}
	}
}

func (g *gathering) over() bool {
	units, filled := g.job.Filled()
	return filled && g.done >= units
}

func (g *gathering) hear(update jetstream.KeyValueEntry) error {
	if update.Revision() <= g.revision {
		return nil
	}
	g.revision = update.Revision()
	var now entry
	if err := decode(update.Value(), &now); err != nil {
		return err
	}
	g.count(g.states[update.Key()], -1)
	g.count(now.State, 1)
	g.states[update.Key()] = now.State
	if now.State == unitFailed {
		return &UnitError{Unit: now.Unit, Message: now.Error}
	}
	return g.told(News{Unit: now.Unit, Done: now.State == unitDone, Checkpoint: now.Checkpoint, Result: now.Result, Worker: now.Worker, DoneUnits: g.done, LeasedUnits: g.leased})
}

func (g *gathering) count(state unitState, by int) {
	switch state {
	case unitDone:
		g.done += by
	case unitLeased:
		g.leased += by
	}
}

// forgive makes failed units free again, since their job is led anew.
func (j *Job) forgive(ctx context.Context) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	watcher, err := j.state.WatchAll(inner)
	if err != nil {
		return fmt.Errorf("look for failed units: %w", err)
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case update, open := <-watcher.Updates():
			if !open || update == nil {
				return nil
			}
			var now entry
			if err := decode(update.Value(), &now); err != nil {
				return err
			}
			if now.State != unitFailed {
				continue
			}
			now.State, now.Failures, now.Deaths, now.Token = unitFree, 0, 0, newToken()
			if _, err := j.fleet.replace(ctx, j.state, update.Key(), now, update.Revision()); err != nil && !errors.Is(err, errChanged) {
				return err
			}
		}
	}
}
