package steps

// backfill.go answers: how does an index travel that the target cannot restore? Its documents are read out of the
// snapshot, rewritten where a rule of its says so, and sent by _bulk. The old cluster is not asked. Next: kibana.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// backfill loads the indices of route backfill.
type backfill struct {
	move     *Move
	snapshot string
	routes   []plan.Route
}

const (
	savedBackfill = "loaded"
	// savedSettings begins the key under which an index's own settings are kept while it is loaded with loose ones.
	savedSettings = "settings "
)

// looseSettings are for loading: nothing is searched yet, and replicas are copied afterwards.
var looseSettings = map[string]any{"index.refresh_interval": "-1", "index.number_of_replicas": 0}

// ID is the step's name in the journal.
func (s *backfill) ID() string { return "backfill" }

// Title is the step in a person's words.
func (s *backfill) Title() string {
	return fmt.Sprintf("load %d indices out of the snapshot, document by document", len(s.sources()))
}

// sources are the indices on the source; several routes may come from one.
func (s *backfill) sources() []string {
	var names []string
	for _, route := range s.routes {
		if !slices.Contains(names, route.Source) {
			names = append(names, route.Source)
		}
	}
	return names
}

// Check counts the documents.
func (s *backfill) Check(context.Context) (engine.Status, error) {
	var documents int64
	seen := map[string]bool{}
	for _, route := range s.routes {
		if !seen[route.Source] {
			documents += route.Documents
			seen[route.Source] = true
		}
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d documents", documents)}, nil
}

// Apply loads index by index; what an earlier run finished is not loaded again, and a document that is sent twice
// carries the same version.
func (s *backfill) Apply(ctx context.Context, rec *engine.Recorder) error {
	var done []string
	if _, err := rec.Load(savedBackfill, &done); err != nil {
		return err
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

func (s *backfill) load(ctx context.Context, rec *engine.Recorder, index string) error {
	made, err := s.move.indexPlan(ctx, index)
	if err != nil {
		return err
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	for i := range made.Targets {
		if err := s.prepare(ctx, rec, target, &made.Targets[i]); err != nil {
			return err
		}
	}
	outcome, err := s.send(ctx, rec, target, index)
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

func (s *backfill) send(ctx context.Context, rec *engine.Recorder, target *cluster.Client, index string) (load.Outcome, error) {
	repository, ok, err := OpenRepository(ctx, s.move.Wanted, s.move.Sides)
	if err != nil {
		return load.Outcome{}, fmt.Errorf("open the repository: %w", err)
	}
	if !ok {
		return load.Outcome{}, engine.WithHint(errors.New("the repository's folder is not visible on this machine, so its documents cannot be read"),
			"run hikkoshi where that folder is mounted, or use an S3 repository")
	}
	info, err := repository.Snapshot(ctx, s.snapshot)
	if err != nil {
		return load.Outcome{}, err
	}
	rewrite, err := s.move.rewriteFor(ctx, index)
	if err != nil {
		return load.Outcome{}, err
	}
	reader := export.NewReader(ctx, repository, info)
	units, err := load.SnapshotUnits(ctx, reader, index)
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
	var outcome load.Outcome
	err = s.move.watched(ctx, rec, target, func() string { return index }, func(ctx context.Context) (err error) {
		outcome, err = s.work(ctx, job, units, reader)
		return err
	})
	return outcome, err
}

// work runs the units, as many at once as there are processors to read them.
func (s *backfill) work(ctx context.Context, job *load.Job, units []load.SnapshotUnit, reader *export.Reader) (load.Outcome, error) {
	var mutex sync.Mutex
	var total load.Outcome
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, unit := range units {
		group.Go(func() error {
			_, err := job.Run(inner, unit.Feed(reader), 0, func(_ int64, outcome load.Outcome) error {
				mutex.Lock()
				defer mutex.Unlock()
				// Documents that were set aside are written down at once, also when the load then fails.
				err := s.move.setAside(outcome.Refused)
				outcome.Refused = nil
				total.Add(outcome)
				return err
			})
			return err
		})
	}
	err := group.Wait()
	return total, err
}

// prepare creates the index with its own settings written down first, then loosens them.
func (s *backfill) prepare(ctx context.Context, rec *engine.Recorder, target *cluster.Client, wanted *transform.TargetIndex) error {
	exists, err := target.IndexExists(ctx, wanted.Name)
	if err != nil {
		return err
	}
	var own map[string]any
	began, err := rec.Load(savedSettings+wanted.Name, &own)
	if err != nil {
		return err
	}
	if exists && !began {
		return engine.WithHint(fmt.Errorf("the target holds an index %s that this migration did not make: %w", wanted.Name, engine.ErrBlocked),
			"delete it, or set indices.existing or indices.rename in migration.yaml and plan again")
	}
	if !exists {
		// null is how a setting that was never set is put back.
		own = map[string]any{"index.refresh_interval": nil, "index.number_of_replicas": nil}
		if err := rec.Save(savedSettings+wanted.Name, ownSettings(wanted.Body, own)); err != nil {
			return err
		}
		if err := target.CreateIndex(ctx, wanted.Name, wanted.Body); err != nil && !errors.Is(err, cluster.ErrIndexExists) {
			return fmt.Errorf("create %s: %w", wanted.Name, err)
		}
	}
	return target.PutSettings(ctx, wanted.Name, looseSettings)
}

// ownSettings reads from a create body what the load will change for a while.
func ownSettings(body []byte, own map[string]any) map[string]any {
	var parsed struct {
		Settings map[string]json.RawMessage `json:"settings"`
	}
	if json.Unmarshal(body, &parsed) != nil {
		return own // a body that is no object fails at the target, in better words
	}
	flat := map[string]json.RawMessage{}
	for key, value := range parsed.Settings {
		flat[key] = value
		var inner map[string]json.RawMessage
		if key == "index" && json.Unmarshal(value, &inner) == nil {
			for name, setting := range inner {
				flat["index."+name] = setting
			}
		}
	}
	for key := range own {
		for _, name := range []string{key, key[len("index."):]} {
			if value, set := flat[name]; set {
				own[key] = value
			}
		}
	}
	return own
}

// settle puts the index's own settings back and makes its documents visible.
func (s *backfill) settle(ctx context.Context, rec *engine.Recorder, target *cluster.Client, index string) error {
	var own map[string]any
	if found, err := rec.Load(savedSettings+index, &own); err != nil || !found {
		return err
	}
	if err := target.PutSettings(ctx, index, own); err != nil {
		return fmt.Errorf("put the settings of %s back: %w", index, err)
	}
	return errors.Join(target.Flush(ctx, index), target.Refresh(ctx, index))
}

// Verify wants every target index there, with its own settings.
func (s *backfill) Verify(ctx context.Context) error {
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	for _, route := range s.routes {
		settings, err := target.Settings(ctx, route.Target)
		if err != nil {
			return err
		}
		if settings[route.Target].Text("index.refresh_interval") == "-1" && len(settings[route.Target].Flat) > 0 {
			own, err := s.move.indexPlan(ctx, route.Source)
			if err != nil {
				return err
			}
			if target := load.TargetFor(own, route.Type); target == nil || !bytes.Contains(target.Body, []byte(`"-1"`)) {
				return fmt.Errorf("%s is still set for loading", route.Target)
			}
		}
	}
	return nil
}

// Undo deletes the indices that this step made.
func (s *backfill) Undo(ctx context.Context, rec *engine.Recorder) error {
	target, err := s.move.Sides.Target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, route := range s.routes {
		var own map[string]any
		if began, err := rec.Load(savedSettings+route.Target, &own); err != nil {
			return err
		} else if !began {
			continue
		}
		if err := target.DeleteIndex(ctx, route.Target); err != nil {
			return fmt.Errorf("delete %s on the target: %w", route.Target, err)
		}
		if err := deleteParts(ctx, target, route.Target); err != nil {
			return err
		}
	}
	return nil
}
