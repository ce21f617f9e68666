package steps

// crew.go answers: what does one process do with the units of a load, whoever cut them? It takes one, sends its documents
// from its checkpoint on, and commits what became of them. The process that leads has a crew like those of other
// machines. Next: backfill.go.

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// piece is the payload of one unit: what to read of which index.
type piece struct {
	Index    string             `json:"index"`
	Snapshot *load.SnapshotUnit `json:"snapshot,omitempty"`
}

// unitMark is the checkpoint and, in the end, the result of a unit.
type unitMark struct {
	Position int64 `json:"position"`
	// Outcome is of the documents up to Position, whoever sent them. Those that were set aside are in the blobs Aside.
	Outcome load.Outcome `json:"outcome"`
	Aside   []string     `json:"aside,omitempty"`
}

// asideBlobs begins the names of blobs that hold documents which were set aside.
const asideBlobs = "aside/"

// crew works on the units of one job.
type crew struct {
	move   *Move
	job    *fleet.Job
	feed   func(piece) (load.Feed, error)
	status WorkerStatus // of this process; guarded by mutex
	// failures are the last errors of this process, by unit, which say more than their texts.
	failures map[string]error
	began    time.Time

	mutex sync.Mutex
	jobs  map[string]*load.Job // by index
}

// WorkerStatus is what a process tells of itself.
type WorkerStatus struct {
	Build string `json:"build"`
	// Units are in hand, Done were committed by this process.
	Units int `json:"units"`
	Done  int `json:"done"`
	// Joined is how long ago it came.
	Joined time.Duration `json:"joined_ns"`
	Live   load.Live     `json:"live"`
}

func newCrew(move *Move, job *fleet.Job, feed func(piece) (load.Feed, error)) *crew {
	return &crew{move: move, job: job, feed: feed, failures: map[string]error{}, began: time.Now(), jobs: map[string]*load.Job{}}
}

// snapshotFeed gives the reader of pieces of a snapshot. It fails at once where this machine cannot read the repository.
func (m *Move) snapshotFeed(ctx context.Context, snapshot string) (*export.Reader, func(piece) (load.Feed, error), error) {
	repository, ok, err := OpenRepository(ctx, m.Wanted, m.Sides)
	if err != nil {
		return nil, nil, fmt.Errorf("open the repository: %w", err)
	}
	if !ok {
		return nil, nil, engine.WithHint(errors.New("the repository's folder is not visible on this machine, so its documents cannot be read"),
			"run hikkoshi where that folder is mounted, or use an S3 repository")
	}
	info, err := repository.Snapshot(ctx, snapshot)
	if err != nil {
		return nil, nil, err
	}
	reader := export.NewReader(ctx, repository, info)
	return reader, func(work piece) (load.Feed, error) {
		if work.Snapshot == nil {
			return nil, fmt.Errorf("a unit of %s is not one of a snapshot", work.Index)
		}
		return work.Snapshot.Feed(reader), nil
	}, nil
}

// work takes units until the job is over, as many at once as there are processors to read them. When ctx ends, units in
// hand are given back at their checkpoints.
func (c *crew) work(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for {
				lease, err := c.job.Next(inner)
				if errors.Is(err, fleet.ErrJobOver) {
					return nil
				}
				if err != nil {
					return err
				}
				if err := c.one(inner, lease); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// one works on one unit. Only an error that has nothing to do with the unit ends the crew.
func (c *crew) one(ctx context.Context, lease *fleet.Lease) error {
	c.count(func(status *WorkerStatus) { status.Units++ })
	defer c.count(func(status *WorkerStatus) { status.Units-- })
	result, err := c.send(lease)
	farewell, cancel := lasting(ctx, farewellPatience)
	defer cancel()
	switch {
	case err == nil:
		encoded, err := json.Marshal(result)
		if err != nil {
			return fmt.Errorf("encode a result: %w", err)
		}
		if err = lease.Commit(farewell, encoded); errors.Is(err, fleet.ErrLost) {
			return nil // another worker has it, and commits it
		}
		c.count(func(status *WorkerStatus) { status.Done++ })
		return err
	case errors.Is(context.Cause(lease.Context()), fleet.ErrLost):
		return nil
	case lease.Context().Err() != nil:
		if err := lease.Release(farewell); err != nil && !errors.Is(err, fleet.ErrLost) {
			return err
		}
		return context.Cause(ctx)
	}
	c.mutex.Lock()
	c.failures[lease.Unit.ID] = err
	c.mutex.Unlock()
	if err := lease.Fail(farewell, err); err != nil && !errors.Is(err, fleet.ErrLost) {
		return err
	}
	return nil
}

// farewellPatience is how long a process that is stopped takes to give back what it holds.
const farewellPatience = 10 * time.Second

// lasting is a context for what must still be done when ctx has ended: it ends so much later.
func lasting(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(patience, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// send sends the documents of a unit from its checkpoint on.
func (c *crew) send(lease *fleet.Lease) (unitMark, error) {
	var work piece
	var at unitMark
	if err := json.Unmarshal(lease.Unit.Payload, &work); err != nil {
		return at, fmt.Errorf("read a unit: %w", err)
	}
	if lease.Checkpoint != nil {
		if err := json.Unmarshal(lease.Checkpoint, &at); err != nil {
			return at, fmt.Errorf("read a checkpoint: %w", err)
		}
	}
	feed, err := c.feed(work)
	if err != nil {
		return at, err
	}
	job, err := c.jobOf(lease.Context(), work.Index)
	if err != nil {
		return at, err
	}
	keeping, cancel := lasting(lease.Context(), farewellPatience) // the last checkpoint comes when the lease ends
	defer cancel()
	_, err = job.Run(lease.Context(), feed, at.Position, func(position int64, outcome load.Outcome) error {
		blob, err := c.keepAside(keeping, outcome.Refused)
		if err != nil {
			return err
		}
		if blob != "" {
			at.Aside = append(at.Aside, blob)
		}
		outcome.Refused = nil
		at.Position = position
		at.Outcome.Add(outcome)
		encoded, err := json.Marshal(at)
		if err != nil {
			return fmt.Errorf("encode a checkpoint: %w", err)
		}
		return lease.Save(keeping, encoded)
	})
	return at, err
}

// keepAside stores documents that were set aside before the checkpoint that covers them, and gives the blob's name: a new
// one each time, since another worker may be storing its own of the same unit.
func (c *crew) keepAside(ctx context.Context, refused []load.Refused) (string, error) {
	if len(refused) == 0 {
		return "", nil
	}
	encoded, err := json.Marshal(refused)
	if err != nil {
		return "", fmt.Errorf("encode documents that are set aside: %w", err)
	}
	name := asideBlobs + rand.Text()
	return name, c.job.PutBlob(ctx, name, encoded)
}

// jobOf gives the job of one index.
func (c *crew) jobOf(ctx context.Context, index string) (*load.Job, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if known := c.jobs[index]; known != nil {
		return known, nil
	}
	target, err := c.move.Sides.Target(ctx)
	if err != nil {
		return nil, err
	}
	rewrite, err := c.move.rewriteFor(ctx, index)
	if err != nil {
		return nil, err
	}
	c.jobs[index] = c.move.job(target, rewrite)
	return c.jobs[index], nil
}

func (c *crew) count(change func(*WorkerStatus)) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	change(&c.status)
}

// now is what the process tells of itself.
func (c *crew) now() WorkerStatus {
	c.mutex.Lock()
	status := c.status
	c.mutex.Unlock()
	status.Build, status.Joined, status.Live = c.move.Fleet.Build, time.Since(c.began), c.move.Valve().Live()
	return status
}
