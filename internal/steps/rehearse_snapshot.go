package steps

// rehearse_snapshot.go answers: out of which snapshot are documents rehearsed? Out of the migration's own, or any whole one
// that holds the indices; where there is none, one is taken by the steps that apply takes. It stays until rollback or
// retire: apply's own snapshot copies only what came since. Next: rehearse_scratch.go.

import (
	"context"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// rehearsalSnapshotStep is the step's name in the journal.
const rehearsalSnapshotStep = "rehearsal-snapshot"

// rehearsalSteps take a snapshot of some indices; without any they can only be undone.
func (m *Move) rehearsalSteps(indices []string) []engine.Step {
	sides, wanted := m.Sides, m.Wanted
	var list []engine.Step
	if wanted.Repository.Type == migration.RepositoryS3 && wanted.Source.Domain != "" {
		list = append(list, &backupIdentity{wanted: wanted, sides: sides})
	}
	return append(list, &registerRepository{wanted: wanted, sides: sides, open: sides.Source, side: "source"},
		&takeSnapshot{id: rehearsalSnapshotStep, name: plan.RehearsalSnapshotName(wanted), wanted: wanted, open: sides.Source, indices: indices, proof: m.snapshotProof})
}

// rehearsalSnapshot finds a snapshot of all the indices, or takes one.
func (m *Move) rehearsalSnapshot(ctx context.Context, journal *engine.Journal, sink engine.Sink, indices []string) (*snapshot.Repository, *snapshot.Info, error) {
	if repository, info := m.wholeSnapshot(ctx, indices); info != nil {
		return repository, info, nil
	}
	runner := m.rehearsalRunner(journal, sink, m.rehearsalSteps(indices))
	// An earlier one lacks an index, or is gone from the repository.
	if journal.Step(runner.Phase, rehearsalSnapshotStep).Done {
		if err := runner.UndoSteps(ctx, rehearsalSnapshotStep); err != nil {
			return nil, nil, err
		}
	}
	if err := runner.Run(ctx); err != nil {
		return nil, nil, err
	}
	return m.readable(ctx, plan.RehearsalSnapshotName(m.Wanted), indices)
}

// rehearsalRunner runs steps of a rehearsal, whichever plan is rehearsed: their phase belongs to the source, the target and
// the repository.
func (m *Move) rehearsalRunner(journal *engine.Journal, sink engine.Sink, list []engine.Step) *engine.Runner {
	facts := &m.Plan.Facts
	phase := strings.Join([]string{PhaseRehearse, list[len(list)-1].ID(), facts.Source.ClusterUUID, facts.Target.ClusterUUID, facts.Repository.Place}, " ")
	return &engine.Runner{Phase: phase, Steps: list, Journal: journal, Sink: sink}
}

// wholeSnapshot finds a snapshot that holds all the indices: the migration's own, or else the newest. nil where there is
// none that can be read from here.
func (m *Move) wholeSnapshot(ctx context.Context, indices []string) (*snapshot.Repository, *snapshot.Info) {
	repository, ok, err := OpenRepository(ctx, m.Wanted, m.Sides)
	if err != nil || !ok {
		return nil, nil // there is no repository yet, and what is in its way is told when a snapshot is taken
	}
	infos, err := repository.Snapshots(ctx)
	if err != nil && len(infos) == 0 {
		return nil, nil
	}
	var best *snapshot.Info
	for _, info := range infos {
		lacks := slices.ContainsFunc(indices, func(name string) bool { return !slices.Contains(info.Indices, name) })
		if info.State != snapshot.Success || lacks {
			continue
		}
		if info.Name == plan.SnapshotName(m.Wanted) {
			return repository, info
		}
		if best == nil || info.Start.After(best.Start) {
			best = info
		}
	}
	return repository, best
}
