package steps

// backfill.go answers: how does an index travel that the target cannot restore? Its documents are read out of the
// snapshot, rewritten where a rule of its says so, and sent by _bulk. The old cluster is not asked. Next: crew.go, spread.go.

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
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
	// savedIdentity begins the key under which the identity of an index is kept that this load made.
	savedIdentity = "identity "
)

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

// documents is how many there are on the source.
func (s *backfill) documents() (documents int64) {
	seen := map[string]bool{}
	for _, route := range s.routes {
		if !seen[route.Source] {
			documents += route.Documents
			seen[route.Source] = true
		}
	}
	return documents
}

// Check counts the documents.
func (s *backfill) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d documents", s.documents())}, nil
}

// Apply makes the target's indices, then shares the load out. What an earlier run finished is not loaded again, and a
// document that is sent twice carries the same version.
func (s *backfill) Apply(ctx context.Context, rec *engine.Recorder) error {
	var done []string
	if _, err := rec.Load(savedBackfill, &done); err != nil {
		return err
	}
	left := slices.DeleteFunc(s.sources(), func(index string) bool { return slices.Contains(done, index) })
	if len(left) == 0 {
		return s.move.clearFleet()
	}
	reader, feed, err := s.move.snapshotFeed(ctx, s.snapshot)
	if err != nil {
		return err
	}
	anew, err := s.prepareAll(ctx, rec, left)
	if err != nil {
		return err
	}
	run, err := s.run(rec, done, anew)
	if err != nil {
		return err
	}
	cut := func(ctx context.Context, index string) ([]piece, error) {
		units, err := load.SnapshotUnits(ctx, reader, index)
		pieces := make([]piece, 0, len(units))
		for i := range units {
			pieces = append(pieces, piece{Index: index, Snapshot: &units[i]})
		}
		return pieces, err
	}
	if err := s.spread(ctx, rec, run, done, cut, feed); err != nil {
		return err
	}
	return s.move.clearFleet()
}

// prepareAll creates what the indices become on the target. anew says that one of them was not there.
func (s *backfill) prepareAll(ctx context.Context, rec *engine.Recorder, indices []string) (anew bool, err error) {
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return false, err
	}
	for _, index := range indices {
		made, err := s.move.indexPlan(ctx, index)
		if err != nil {
			return false, err
		}
		for i := range made.Targets {
			created, err := s.prepare(ctx, rec, target, &made.Targets[i])
			if err != nil {
				return false, fmt.Errorf("%s: %w", index, err)
			}
			anew = anew || created
		}
	}
	return anew, nil
}

// run gives the run of the load that goes on, or a new one: when an index had to be created, what the fleet remembers of
// an earlier run may have been deleted with it, and another build may cut otherwise.
func (s *backfill) run(rec *engine.Recorder, done []string, anew bool) (loadRun, error) {
	var run loadRun
	if _, err := rec.Load(savedRun, &run); err != nil {
		return run, err
	}
	if run.ID != "" && run.Build == s.move.Fleet.Build && !anew {
		return run, nil
	}
	run = loadRun{ID: rand.Text(), Build: s.move.Fleet.Build, Before: done}
	return run, rec.Save(savedRun, run)
}

// settleAll settles everything that one index becomes.
func (s *backfill) settleAll(ctx context.Context, rec *engine.Recorder, index string) error {
	made, err := s.move.indexPlan(ctx, index)
	if err != nil {
		return err
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	for i := range made.Targets {
		if err := s.settle(ctx, rec, target, made.Targets[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// prepare creates the index with its own settings written down first, then loosens them.
func (s *backfill) prepare(ctx context.Context, rec *engine.Recorder, target *cluster.Client, wanted *transform.TargetIndex) (created bool, err error) {
	exists, err := target.IndexExists(ctx, wanted.Name)
	if err != nil {
		return false, err
	}
	var own map[string]any
	began, err := rec.Load(savedSettings+wanted.Name, &own)
	if err != nil {
		return false, err
	}
	if exists && !began {
		return false, engine.WithHint(fmt.Errorf("the target holds an index %s that this migration did not make: %w", wanted.Name, engine.ErrBlocked),
			"delete it, or set indices.existing or indices.rename in migration.yaml and plan again")
	}
	if !exists {
		own = load.OwnSettings(wanted.Body)
		if err := rec.Save(savedSettings+wanted.Name, own); err != nil {
			return false, err
		}
		if !slices.ContainsFunc(s.routes, func(route plan.Route) bool { return route.Target == wanted.Name }) {
			if err := s.move.aboutToMake(wanted.Name); err != nil {
				return false, err
			}
		}
		if err := target.CreateIndex(ctx, wanted.Name, wanted.Body); err != nil && !errors.Is(err, cluster.ErrIndexExists) {
			return false, fmt.Errorf("create %s: %w", wanted.Name, err)
		}
		identity, err := identityOf(ctx, target, wanted.Name)
		if err != nil {
			return false, err
		}
		if err := rec.Save(savedIdentity+wanted.Name, identity); err != nil {
			return false, err
		}
	} else if err := s.sameIndex(ctx, rec, target, wanted.Name); err != nil {
		return false, err
	}
	loose := load.LooseSettings(wanted.Body)
	// A template of the target's may have given it a final pipeline.
	if pipeline, err := finalPipeline(ctx, target, wanted.Name); err != nil {
		return false, err
	} else if pipeline != "" {
		own[load.FinalPipeline], loose[load.FinalPipeline] = pipeline, load.NoPipeline
		if err := rec.Save(savedSettings+wanted.Name, own); err != nil {
			return false, err
		}
	}
	if err := target.PutSettings(ctx, wanted.Name, loose); err != nil {
		return false, fmt.Errorf("loosen the settings of %s: %w", wanted.Name, err)
	}
	return !exists, nil
}

func identityOf(ctx context.Context, target *cluster.Client, index string) (string, error) {
	settings, err := target.Settings(ctx, index)
	return settings[index].UUID, err
}

// sameIndex refuses an index that took the place of the one that this load made: a target that comes back without its data,
// or loses an index, makes another for the next body, with mappings of its own and without what was sent before.
func (s *backfill) sameIndex(ctx context.Context, rec *engine.Recorder, target *cluster.Client, index string) error {
	var made string
	if known, err := rec.Load(savedIdentity+index, &made); err != nil || !known {
		return err // killed before it was written down: nothing had been sent
	}
	now, err := identityOf(ctx, target, index)
	if err != nil || now == made {
		return err
	}
	return engine.WithHint(fmt.Errorf("the target lost the index %s while it was loaded, and made another of that name: what was sent before is gone", index),
		"delete "+index+" on the target and run the same command again: it makes the index and loads everything anew")
}

// settle puts the index's own settings back and makes its documents visible.
func (s *backfill) settle(ctx context.Context, rec *engine.Recorder, target *cluster.Client, index string) error {
	var own map[string]any
	if found, err := rec.Load(savedSettings+index, &own); err != nil || !found {
		return err
	}
	if err := s.sameIndex(ctx, rec, target, index); err != nil {
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
	// What was loaded goes with the indices: the next run begins anew.
	if err := errors.Join(rec.Save(savedBackfill, []string{}), rec.Save(savedRun, loadRun{}), s.move.clearFleet()); err != nil {
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
	return s.move.deleteLate(ctx, target)
}
