package steps

// scroll.go answers: how does an index travel of which no snapshot can be had? Its documents are read through the source's
// search API, held down so that the source's other work goes on, and from there on it is a backfill. Next: kibana.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// scroll loads the indices of route scroll. Target indices are made and settled as backfill does it.
type scroll struct {
	backfill

	mutex  sync.Mutex
	source *load.Source
}

const (
	// savedUnits begins the key under which an index's units are kept, so that their numbers mean the same in the next run.
	savedUnits = "units "
	// savedReached begins the key of how far each unit of an index is.
	savedReached = "reached "
	// saveEvery is how often that is written down while units go on.
	saveEvery = 5 * time.Second
)

// reached is how far a unit is.
type reached struct {
	Position int64 `json:"position,omitempty"`
	Done     bool  `json:"done,omitempty"`
}

// ID is the step's name in the journal.
func (s *scroll) ID() string { return "scroll" }

// Title is the step in a person's words.
func (s *scroll) Title() string {
	return fmt.Sprintf("load %d indices through the source's search API, document by document", len(s.sources()))
}

// Check counts the documents and says how the source is held down.
func (s *scroll) Check(ctx context.Context) (engine.Status, error) {
	status, err := s.backfill.Check(ctx)
	limits := s.move.Wanted.Load
	status.Note += fmt.Sprintf(", at most %s documents and %s MB a second", limitText(limits.SourceRate, load.DefaultSourceRate), limitText(limits.SourceMegabytes, load.DefaultSourceMegabytes))
	return status, err
}

func limitText(limit, usual float64) string {
	switch {
	case limit < 0:
		return "any number of"
	case limit == 0:
		limit = usual
	}
	return fmt.Sprintf("%g", limit)
}

// Apply loads index by index; what an earlier run finished is not loaded again.
func (s *scroll) Apply(ctx context.Context, rec *engine.Recorder) error {
	var done []string
	if _, err := rec.Load(savedBackfill, &done); err != nil {
		return err
	}
	if fleet := s.move.Fleet; fleet.Listen != "" || len(fleet.NATS) > 0 {
		rec.Note("workers on other machines have no part in this step: one process holds the reading of the source down")
	}
	for _, index := range s.sources() {
		if slices.Contains(done, index) {
			continue
		}
		if err := s.load(ctx, rec, index); err != nil {
			return fmt.Errorf("%s: %w", index, err)
		}
		done = append(done, index)
		if err := rec.Save(savedBackfill, done); err != nil {
			return err
		}
	}
	return nil
}

func (s *scroll) load(ctx context.Context, rec *engine.Recorder, index string) error {
	made, err := s.move.indexPlan(ctx, index)
	if err != nil {
		return err
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	anew := false
	for i := range made.Targets {
		created, err := s.prepare(ctx, rec, target, &made.Targets[i])
		if err != nil {
			return err
		}
		anew = anew || created
	}
	outcome, err := s.send(ctx, rec, target, index, anew)
	if err != nil {
		return err
	}
	rec.Note("%s: %d documents written, %d there already, %d set aside", index, outcome.Written, outcome.Existing, outcome.Aside)
	for i := range made.Targets {
		if err := s.settle(ctx, rec, target, made.Targets[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// Undo deletes what was made, and forgets what was loaded into it.
func (s *scroll) Undo(ctx context.Context, rec *engine.Recorder) error {
	if err := s.backfill.Undo(ctx, rec); err != nil {
		return err
	}
	return rec.Save(savedBackfill, []string{})
}

// reader is the source with its limits, which all indices share.
func (s *scroll) reader(ctx context.Context) (*load.Source, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.source != nil {
		return s.source, nil
	}
	client, err := s.move.Sides.Source(ctx)
	if err != nil {
		return nil, err
	}
	s.source = load.NewSource(client, s.move.sourceLimits())
	return s.source, nil
}

// sourceLimits are how much the source may be asked for.
func (m *Move) sourceLimits() load.SourceLimits {
	limits := m.Wanted.Load
	return load.SourceLimits{Documents: limits.SourceRate, Megabytes: limits.SourceMegabytes, Readers: limits.SourceReaders}
}

// send sends one index. anew says that its target was made just now, so that whatever an earlier run reached is gone.
func (s *scroll) send(ctx context.Context, rec *engine.Recorder, target *cluster.Client, index string, anew bool) (load.Outcome, error) {
	source, err := s.reader(ctx)
	if err != nil {
		return load.Outcome{}, err
	}
	var units []load.ScrollUnit
	known, err := rec.Load(savedUnits+index, &units)
	if err != nil {
		return load.Outcome{}, err
	}
	if !known || anew {
		if units, err = load.ScrollUnits(ctx, source, index); err != nil {
			return load.Outcome{}, err
		}
		err := errors.Join(rec.Save(savedReached+index, make([]reached, len(units))), rec.Save(savedUnits+index, units))
		if err != nil {
			return load.Outcome{}, err
		}
	}
	rewrite, err := s.move.rewriteFor(ctx, index)
	if err != nil {
		return load.Outcome{}, err
	}
	for _, route := range s.routes {
		if route.Source == index {
			s.move.Valve().Expect(route.Documents)
			break
		}
	}
	job := s.move.job(target, rewrite)
	return s.run(ctx, rec, index, job, source, units)
}

// run reads the units, a few at once, and writes down how far each is.
func (s *scroll) run(ctx context.Context, rec *engine.Recorder, index string, job *load.Job, source *load.Source, units []load.ScrollUnit) (load.Outcome, error) {
	var mutex sync.Mutex
	var total load.Outcome
	far := make([]reached, len(units))
	if _, err := rec.Load(savedReached+index, &far); err != nil {
		return total, err
	}
	if len(far) != len(units) {
		far = make([]reached, len(units)) // a crash came between the two records
	}
	saved := time.Now()
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(source.Readers())
	for i := range units {
		if far[i].Done {
			continue
		}
		from := far[i].Position
		group.Go(func() error {
			_, err := job.Run(inner, units[i].Feed(source), from, func(position int64, outcome load.Outcome) error {
				mutex.Lock()
				defer mutex.Unlock()
				total.Add(outcome)
				total.Refused = nil
				s.tell(rec, index, source)
				if _, err := s.move.setAside(outcome.Refused); err != nil {
					return err
				}
				far[i].Position = position
				if time.Since(saved) < saveEvery {
					return nil
				}
				saved = time.Now()
				return rec.Save(savedReached+index, far)
			})
			if err != nil {
				return err
			}
			mutex.Lock()
			defer mutex.Unlock()
			far[i].Done = true
			return rec.Save(savedReached+index, far)
		})
	}
	err := group.Wait()
	return total, err
}

// tell says how the load is doing, and why it is not faster.
func (s *scroll) tell(rec *engine.Recorder, index string, source *load.Source) {
	live := s.move.Valve().Live()
	text := fmt.Sprintf("%s, %.0f documents/s, %.1f MB/s", index, live.DocumentsPerSecond, live.BytesPerSecond/1e6)
	for _, why := range []string{source.Busy(), live.Throttle} {
		if why != "" {
			text += ", " + why
		}
	}
	rec.Progress(live.Documents, max(live.Total, live.Documents), "documents", text)
}
