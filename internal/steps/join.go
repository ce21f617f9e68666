package steps

// join.go answers: how does a process on another machine take part in a load? It gets the migration, the plan and how the
// indices look from the leader, and brings its own credentials.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// ErrOtherBuild says that the leader runs another build of hikkoshi.
var ErrOtherBuild = errors.New("the leader runs another build of hikkoshi")

// JoinOptions say how a worker joins.
type JoinOptions struct {
	Fleet fleet.Options
	// Build identifies this program.
	Build string
	// Sides is what the command line adds: profile, region.
	Sides Options
	// Patience is how long the servers, or a job, may be away before the worker gives up; 0 is for ever.
	Patience time.Duration
	// Tell hears now and then how this worker is doing, and one line of text when something happens. It may be nil.
	Tell func(status WorkerStatus, text string)
}

// assignment makes what workers elsewhere need.
func (s *backfill) assignment(ctx context.Context) ([]byte, error) {
	wanted, err := json.Marshal(s.move.Wanted)
	if err != nil {
		return nil, fmt.Errorf("encode the migration: %w", err)
	}
	given := assignment{Build: s.move.Fleet.Build, Migration: wanted, Plan: s.move.Plan, Snapshot: s.snapshot, Inputs: map[string]transform.IndexInput{}}
	for _, index := range s.sources() {
		if _, err := s.move.indexPlan(ctx, index); err != nil {
			return nil, err
		}
	}
	s.move.mutex.Lock()
	for _, index := range s.sources() {
		given.Inputs[index] = s.move.inputs[index]
	}
	s.move.mutex.Unlock()
	encoded, err := json.Marshal(given)
	if err != nil {
		return nil, fmt.Errorf("encode the assignment: %w", err)
	}
	return encoded, nil
}

// Join works on the first load that it finds until that is done, or until ctx ends.
func Join(ctx context.Context, options JoinOptions) (WorkerStatus, error) {
	if options.Tell == nil {
		options.Tell = func(WorkerStatus, string) {}
	}
	options.Fleet.Join = true
	options.Fleet.Notice = func(text string) { options.Tell(WorkerStatus{}, text) }
	reaching, cancel := withPatience(ctx, options.Patience)
	defer cancel()
	shared, err := fleet.Open(reaching, options.Fleet)
	if err != nil {
		return WorkerStatus{}, adviseFleet(err)
	}
	defer shared.Close()
	job, err := firstJob(reaching, shared)
	if err != nil {
		return WorkerStatus{}, err
	}
	content, err := job.Payload(ctx)
	if err != nil {
		return WorkerStatus{}, err
	}
	move, snapshot, err := accept(content, options)
	if err != nil {
		return WorkerStatus{}, err
	}
	options.Tell(WorkerStatus{}, fmt.Sprintf("joined %s as %s", move.Wanted.Name, shared.Worker()))
	// What this machine cannot reach is told before it takes a unit from those that can.
	if _, err := move.Sides.Target(ctx); err != nil {
		return WorkerStatus{}, err
	}
	_, feed, err := move.snapshotFeed(ctx, snapshot)
	if err != nil {
		return WorkerStatus{}, err
	}
	working := newCrew(move, job, feed)
	if err := takePart(ctx, shared, working, options); err != nil {
		return working.now(), err
	}
	state, reason, err := job.End(ctx)
	if err == nil && state == fleet.JobStopped {
		err = fmt.Errorf("the leader stopped the load: %s", reason)
	}
	return working.now(), err
}

// accept makes a move of what the leader gives.
func accept(content []byte, options JoinOptions) (*Move, string, error) {
	var given assignment
	if err := json.Unmarshal(content, &given); err != nil {
		return nil, "", fmt.Errorf("read the assignment: %w", err)
	}
	if given.Build != options.Build {
		return nil, "", engine.WithHint(fmt.Errorf("%w: %s, and this is %s", ErrOtherBuild, given.Build, options.Build), "install the leader's build here")
	}
	var wanted migration.Migration
	if err := json.Unmarshal(given.Migration, &wanted); err != nil {
		return nil, "", fmt.Errorf("read the leader's migration: %w", err)
	}
	if plan.HashWanted(&wanted) != given.Plan.Wanted {
		return nil, "", errors.New("the leader's migration arrived as another one than its plan was made for")
	}
	move := &Move{Wanted: &wanted, Sides: NewSides(&wanted, options.Sides), Plan: given.Plan, Fleet: FleetOptions{Build: options.Build}, inputs: given.Inputs}
	return move, given.Snapshot, nil
}

// firstJob waits for a load.
func firstJob(ctx context.Context, shared *fleet.Fleet) (*fleet.Job, error) {
	for {
		names, err := shared.Jobs(ctx)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			job, err := shared.Enter(ctx, name)
			if !errors.Is(err, fleet.ErrNoJob) {
				return job, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(tellEvery):
		}
	}
}

// errPatience ends a worker whose leader is gone.
var errPatience = engine.WithHint(errors.New("nothing is heard of the leader"), "start `hikkoshi apply` again with --listen or --nats; workers may be started before it")

func withPatience(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	if patience == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, patience, errPatience)
}

// takePart works, obeys the leader's limits, and is heard of.
func takePart(ctx context.Context, shared *fleet.Fleet, working *crew, options JoinOptions) error {
	group, inner := errgroup.WithContext(ctx)
	serving, rest := context.WithCancel(inner)
	defer rest()
	serve := func(what func(ctx context.Context) error) {
		group.Go(func() error {
			if err := what(serving); inner.Err() != nil || serving.Err() == nil {
				return err
			}
			return nil
		})
	}
	serve(func(ctx context.Context) error {
		shared.Appear(ctx, func() any { return working.now() })
		return nil
	})
	serve(func(ctx context.Context) error {
		target, err := working.move.Sides.Target(ctx)
		if err != nil {
			return err
		}
		load.Watch(ctx, target, working.move.Valve())
		return nil
	})
	serve(func(ctx context.Context) error {
		return shared.WatchControl(ctx, limitsControl, func(value json.RawMessage) {
			var limits load.Limits
			if json.Unmarshal(value, &limits) == nil { // of a leader of our own build
				working.move.Valve().SetLimits(limits)
			}
		})
	})
	serve(func(ctx context.Context) error {
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-ticker.C:
			}
			if options.Patience > 0 && shared.Away() > options.Patience {
				return errPatience
			}
			options.Tell(working.now(), "")
		}
	})
	part := newShareOf(working.move, shared.Worker())
	serve(func(ctx context.Context) error { return shared.WatchControl(ctx, sharingControl, part.hear) })
	group.Go(func() error {
		defer rest()
		if err := part.wait(inner, working.job); err != nil {
			return err
		}
		return working.work(inner)
	})
	err := group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
