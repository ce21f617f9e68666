package steps

// spread.go answers: how is a load shared out, and how does it go on after any crash? The leader cuts the indices into
// units, gives them to the fleet, works on them like everyone else, and gathers what became of each. The fleet remembers
// units and checkpoints; the journal alone says which indices are done. Next: join.go (the same from another machine).

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// FleetOptions say who shares the work of a load. The zero value is this process alone.
type FleetOptions struct {
	// Build identifies this program: workers of another one are turned away.
	Build string
	// Listen, NATS, Token, CredentialsFile, CAFile and Replicas are as in fleet.Options.
	Listen                         string
	NATS                           []string
	Token, CredentialsFile, CAFile string
	Replicas                       int
	// Lease is how long a unit stays with a worker that is not heard of; 0 is 30 s.
	Lease time.Duration
}

// assignment is what workers on other machines are given beside the units: all that the leader knows, no secrets.
type assignment struct {
	Build     string                          `json:"build"`
	Migration json.RawMessage                 `json:"migration"`
	Plan      *plan.Plan                      `json:"plan"`
	Snapshot  string                          `json:"snapshot"`
	Inputs    map[string]transform.IndexInput `json:"inputs"`
}

// loadRun is what the journal holds of the fleet's job. A job of another run, which was taken back, is never mistaken for it.
type loadRun struct {
	ID    string `json:"id"`
	Build string `json:"build"`
	// Before are the indices that were done before this run began.
	Before []string `json:"before,omitempty"`
}

const (
	fleetFolder = "fleet"
	workersFile = "workers.json"
	savedRun    = "run"
	// cutBlob says how many units each index was cut into.
	cutBlob = "cut"
	// cutAtOnce is how many indices are cut at once: over an object store that is mostly waiting.
	cutAtOnce = 16
	// limitsControl is the control value that holds load.Limits.
	limitsControl = "limits"
	// tellEvery is how often progress is told, limits are handed on, and rates are shared out anew.
	tellEvery = time.Second
	// leavePatience is how long the leader stays for others of whom nothing is heard any more, and leaveMost for those who are
	// heard of, so that they hear that all is done: a busy machine may take its time.
	leavePatience = 5 * time.Second
	leaveMost     = time.Minute
)

// openFleet reaches the fleet as its leader.
func (m *Move) openFleet(ctx context.Context, rec *engine.Recorder) (*fleet.Fleet, error) {
	opened, err := fleet.Open(ctx, fleet.Options{Name: m.Wanted.Name, Folder: m.Wanted.StateFile(fleetFolder), Listen: m.Fleet.Listen, URLs: m.Fleet.NATS, Token: m.Fleet.Token,
		CredentialsFile: m.Fleet.CredentialsFile, CAFile: m.Fleet.CAFile, Replicas: m.Fleet.Replicas, Lease: m.Fleet.Lease, Notice: func(text string) { rec.Note("%s", text) }})
	if err != nil {
		return nil, adviseFleet(err)
	}
	if address := opened.Address(); address != "" {
		rec.Note("workers join with: hikkoshi worker --nats %s", address)
	}
	return opened, nil
}

// adviseFleet adds what to do now.
func adviseFleet(err error) error {
	switch {
	case errors.Is(err, fleet.ErrNoToken):
		return engine.WithHint(err, "export HIKKOSHI_FLEET_TOKEN=$(openssl rand -hex 24), here and where the workers run")
	case errors.Is(err, fleet.ErrRefusedToken):
		return engine.WithHint(err, "HIKKOSHI_FLEET_TOKEN must be the same as where `hikkoshi apply` runs; an external cluster wants --nats-credentials")
	case errors.Is(err, fleet.ErrManyFleets):
		return engine.WithHint(err, "say which one with --migration")
	}
	return err
}

// clearFleet forgets the embedded server's files, once the journal knows all that they held.
func (m *Move) clearFleet() error {
	return errors.Join(os.RemoveAll(m.Wanted.StateFile(fleetFolder)), os.RemoveAll(m.Wanted.StateFile(workersFile)))
}

// cutter cuts one index into pieces, always in the same way.
type cutter func(ctx context.Context, index string) ([]piece, error)

// leading is one run of the leader.
type leading struct {
	step  *backfill
	rec   *engine.Recorder
	fleet *fleet.Fleet
	job   *fleet.Job
	crew  *crew
	total int64 // documents, as the plan has them

	mutex sync.Mutex
	done  []string // indices that the journal has as done
	// units is how many there are of each index, once that is known; finished those that are committed.
	units, finished map[string]int
	outcomes        map[string]load.Outcome // of committed units, by index
	sent            map[string]int64        // by unit
	committed       map[string]bool         // by unit
	documents       int64
	drained         map[string]bool // blobs that are in the quarantine
	sharing         sharing
}

// spread loads all indices of a run but those that are done.
func (s *backfill) spread(ctx context.Context, rec *engine.Recorder, run loadRun, done []string, cut cutter, feed func(piece) (load.Feed, error)) (err error) {
	shared, err := s.move.openFleet(ctx, rec)
	if err != nil {
		return err
	}
	defer shared.Close()
	payload, err := s.assignment(ctx)
	if err != nil {
		return err
	}
	job, err := shared.Lead(ctx, run.ID, payload)
	if err != nil {
		return err
	}
	if err := dropOthers(ctx, job); err != nil {
		return err
	}
	l := &leading{step: s, rec: rec, fleet: shared, job: job, crew: newCrew(s.move, job, feed), done: done, units: map[string]int{}, finished: map[string]int{},
		outcomes: map[string]load.Outcome{}, sent: map[string]int64{}, committed: map[string]bool{}, drained: map[string]bool{}}
	indices := slices.DeleteFunc(s.sources(), func(index string) bool { return slices.Contains(run.Before, index) })
	l.total = s.documents()
	if err := l.all(ctx, indices, cut); err != nil {
		return err
	}
	l.waitForOthers(ctx)
	return job.Remove(ctx)
}

// dropOthers removes what earlier runs left behind that were taken back.
func dropOthers(ctx context.Context, job *fleet.Job) error {
	others, err := job.Others(ctx)
	if err != nil {
		return err
	}
	for _, other := range others {
		if err := other.Remove(ctx); err != nil {
			return err
		}
	}
	return nil
}

// all cuts, works and gathers at the same time.
func (l *leading) all(ctx context.Context, indices []string, cut cutter) error {
	target, err := l.step.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	valve := l.step.move.Valve()
	valve.Expect(l.total)
	if err := l.beginSharing(ctx); err != nil {
		return err
	}
	defer l.step.move.tellThrottle(l.rec)()
	group, inner := errgroup.WithContext(ctx)
	working, rest := context.WithCancel(inner)
	defer rest()
	// What serves the others ends with the work.
	serve := func(what func(ctx context.Context) error) {
		group.Go(func() error {
			if err := what(working); inner.Err() != nil || working.Err() == nil {
				return err
			}
			return nil
		})
	}
	serve(l.crew.work)
	serve(func(ctx context.Context) error {
		load.Watch(ctx, target, valve)
		return nil
	})
	serve(func(ctx context.Context) error {
		l.fleet.Appear(ctx, func() any { return l.crew.now() })
		return nil
	})
	serve(l.tell)
	group.Go(func() error { return l.fill(inner, indices, cut) })
	group.Go(func() error {
		defer rest()
		return l.explain(l.job.Gather(inner, func(news fleet.News) error { return l.hear(inner, news) }))
	})
	err = group.Wait()
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// fill cuts the indices and puts the units in, unless an earlier run of this process came to the end of it.
func (l *leading) fill(ctx context.Context, indices []string, cut cutter) error {
	units := map[string]int{}
	if _, filled := l.job.Filled(); filled {
		content, err := l.job.Blob(ctx, cutBlob)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(content, &units); err != nil {
			return fmt.Errorf("read how the indices were cut: %w", err)
		}
		for index, count := range units {
			if err := l.counted(ctx, index, count); err != nil {
				return err
			}
		}
		return nil
	}
	var mutex sync.Mutex
	total := 0
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(cutAtOnce)
	for _, index := range indices {
		group.Go(func() error {
			pieces, err := cut(inner, index)
			if err != nil {
				return fmt.Errorf("cut %s into units: %w", index, err)
			}
			list := make([]fleet.Unit, 0, len(pieces))
			for number, one := range pieces {
				payload, err := json.Marshal(one)
				if err != nil {
					return fmt.Errorf("encode a unit of %s: %w", index, err)
				}
				list = append(list, fleet.Unit{ID: unitID(index, number), Payload: payload})
			}
			if err := l.job.Put(inner, list); err != nil {
				return err
			}
			mutex.Lock()
			units[index] = len(list)
			total += len(list)
			mutex.Unlock()
			return l.counted(inner, index, len(list))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	encoded, err := json.Marshal(units)
	if err != nil {
		return fmt.Errorf("encode how the indices were cut: %w", err)
	}
	if err := l.job.PutBlob(ctx, cutBlob, encoded); err != nil {
		return err
	}
	return l.job.Fill(ctx, total)
}

// unitID names a unit; index names hold no slash.
func unitID(index string, number int) string { return fmt.Sprintf("%s/%d", index, number) }

func indexOfUnit(id string) string { return id[:max(0, strings.LastIndexByte(id, '/'))] }

// hear books what became of a unit, and finishes an index when it was the last.
func (l *leading) hear(ctx context.Context, news fleet.News) error {
	content := news.Checkpoint
	if news.Done {
		content = news.Result
	}
	var at unitMark
	if content != nil {
		if err := json.Unmarshal(content, &at); err != nil {
			return fmt.Errorf("read what became of %s: %w", news.Unit, err)
		}
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.documents += at.Outcome.Sent - l.sent[news.Unit]
	l.sent[news.Unit] = at.Outcome.Sent
	if err := l.drain(ctx, at.Aside); err != nil {
		return err
	}
	if !news.Done || l.committed[news.Unit] {
		return nil
	}
	l.committed[news.Unit] = true
	index := indexOfUnit(news.Unit)
	l.finished[index]++
	outcome := l.outcomes[index]
	outcome.Add(at.Outcome)
	l.outcomes[index] = outcome
	return l.finish(ctx, index)
}

// counted notes how many units an index has.
func (l *leading) counted(ctx context.Context, index string, units int) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.units[index] = units
	return l.finish(ctx, index)
}

// finish settles an index whose units are all committed, and writes that down. The mutex is held.
func (l *leading) finish(ctx context.Context, index string) error {
	units, known := l.units[index]
	if !known || l.finished[index] < units || slices.Contains(l.done, index) {
		return nil
	}
	outcome := l.outcomes[index]
	note := fmt.Sprintf("%s: %d documents written, %d there already, %d set aside", index, outcome.Written, outcome.Existing, outcome.Aside)
	if outcome.LeftOut > 0 {
		note += fmt.Sprintf(", %d left out", outcome.LeftOut)
	}
	l.rec.Note("%s", note)
	if err := l.step.settleAll(ctx, l.rec, index); err != nil {
		return fmt.Errorf("%s: %w", index, err)
	}
	l.done = append(l.done, index)
	return l.rec.Save(savedBackfill, l.done)
}

// drain brings documents that a worker set aside into this migration's quarantine, as soon as a checkpoint tells of them.
func (l *leading) drain(ctx context.Context, blobs []string) error {
	for _, name := range blobs {
		if l.drained[name] {
			continue
		}
		content, err := l.job.Blob(ctx, name)
		if err != nil {
			return err
		}
		var refused []load.Refused
		if err := json.Unmarshal(content, &refused); err != nil {
			return fmt.Errorf("read documents that were set aside: %w", err)
		}
		if _, err := l.step.move.setAside(refused); err != nil {
			return err
		}
		l.drained[name] = true
	}
	return nil
}

// explain puts this process's own error, with its advice, in the place of its text.
func (l *leading) explain(err error) error {
	var failed *fleet.UnitError
	if !errors.As(err, &failed) {
		return err
	}
	l.crew.mutex.Lock()
	defer l.crew.mutex.Unlock()
	if own := l.crew.failures[failed.Unit]; own != nil {
		return fmt.Errorf("%s: %w", indexOfUnit(failed.Unit), own)
	}
	return fmt.Errorf("%s: %w", indexOfUnit(failed.Unit), failed)
}

// tell tells progress, hands limits on to the others, and shares rates out among those who work.
func (l *leading) tell(ctx context.Context) error {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	var told *load.Limits
	for {
		limits := l.step.move.Valve().Limits()
		if told == nil || *told != limits {
			if err := l.fleet.SetControl(ctx, limitsControl, limits); err != nil {
				return err
			}
			told = &limits
		}
		// Workers that cannot be listed just now are listed a second later.
		if workers, err := l.fleet.Workers(ctx); err == nil {
			if err := l.share(ctx, workers); err != nil {
				return err
			}
			if err := l.progress(workers); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// ReadWorkerStatus gives what a worker last told of itself.
func ReadWorkerStatus(worker fleet.Worker) (WorkerStatus, error) {
	var status WorkerStatus
	if err := json.Unmarshal(worker.Status, &status); err != nil {
		return status, fmt.Errorf("read what %s tells of itself: %w", worker.Name, err)
	}
	return status, nil
}

// progress shows the numbers of all workers together. Documents are those of checkpoints, also of earlier runs.
func (l *leading) progress(workers []fleet.Worker) error {
	var all load.Live
	for _, worker := range workers {
		if status, err := ReadWorkerStatus(worker); err == nil {
			all = all.Join(status.Live)
		}
	}
	l.mutex.Lock()
	all.Documents, all.Total = l.documents, l.total
	l.mutex.Unlock()
	all.Remaining = 0
	if left := all.Total - all.Documents; left > 0 && all.DocumentsPerSecond > 0 {
		all.Remaining = time.Duration(float64(left) / all.DocumentsPerSecond * float64(time.Second)).Round(time.Second)
	}
	what := ""
	if len(workers) > 1 {
		what = fmt.Sprintf("%d workers,", len(workers))
	}
	showLive(l.rec, all, what)
	return l.step.move.saveWorkers(workers)
}

// waitForOthers stays a moment, so that workers elsewhere hear that the job is over before its server is gone. One that does
// not hear it would wait for this leader to come back.
func (l *leading) waitForOthers(ctx context.Context) {
	began := time.Now()
	last, heard := began, map[string]time.Time{}
	for time.Since(last) < leavePatience && time.Since(began) < leaveMost {
		workers, err := l.fleet.Workers(ctx)
		others := slices.DeleteFunc(workers, func(worker fleet.Worker) bool { return worker.Name == l.fleet.Worker() })
		if err == nil && len(others) == 0 {
			return
		}
		for _, worker := range others {
			if worker.Heard.After(heard[worker.Name]) {
				heard[worker.Name], last = worker.Heard, time.Now()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellEvery / 4):
		}
	}
}
