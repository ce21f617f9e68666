package steps

// rehearse_scratch.go answers: which indices of the target belong to a rehearsal, and how do they go away? Their names begin
// with the migration's own, so that two migrations to one target keep apart: no migration's name holds a dot. Next:
// rehearse_sample.go.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

const (
	// scratchPrefix begins the name of every scratch index of any migration.
	scratchPrefix = "hikkoshi-rehearsal-"
	// longestIndexName is what servers take, in bytes.
	longestIndexName = 255
)

// scratchOf is the prefix of this migration's scratch indices.
func (m *Move) scratchOf() string { return scratchPrefix + m.Wanted.Name + "." }

// scratchName is the scratch index in which documents of a target index are rehearsed. A name that would be too long ends
// in its hash.
func (m *Move) scratchName(target string) string {
	name := m.scratchOf() + target
	if len(name) <= longestIndexName {
		return name
	}
	sum := sha256.Sum256([]byte(target))
	mark := "-" + hex.EncodeToString(sum[:8])
	return strings.ToValidUTF8(name[:longestIndexName-len(mark)], "") + mark
}

// scratchIndices lists what rehearsals of this migration have left on the target.
func (m *Move) scratchIndices(ctx context.Context) ([]string, error) {
	target, err := m.Sides.Target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := target.Indices(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, row := range rows {
		if strings.HasPrefix(row.Name, m.scratchOf()) {
			names = append(names, row.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// ClearScratch deletes the scratch indices of this migration, also those of a run that was killed, and names them.
func (m *Move) ClearScratch(ctx context.Context) ([]string, error) {
	names, err := m.scratchIndices(ctx)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := target.DeleteIndex(ctx, name); err != nil {
			return nil, fmt.Errorf("delete %s on the target: %w", name, err)
		}
	}
	m.partsMutex.Lock()
	m.parts = nil
	m.partsMutex.Unlock()
	return names, nil
}

// ForgetRehearsal takes back what rehearsals left: scratch indices on the target, and the snapshot that one took. The
// repository stays known to both sides where keepRepository says that more will be asked of it.
func (m *Move) ForgetRehearsal(ctx context.Context, journal *engine.Journal, sink engine.Sink, keepRepository bool) error {
	if _, err := m.ClearScratch(ctx); err != nil || m.Wanted.Repository.Type == migration.RepositoryNone {
		return err
	}
	snapshots, trials := m.rehearsalRunner(journal, sink, m.rehearsalSteps(nil)), m.rehearsalRunner(journal, sink, m.trialSteps())
	if keepRepository {
		return undoBegun(snapshots, func() error { return snapshots.UndoSteps(ctx, rehearsalSnapshotStep) })
	}
	return errors.Join(undoBegun(trials, func() error { return trials.Undo(ctx) }), undoBegun(snapshots, func() error { return snapshots.Undo(ctx) }))
}

// undoBegun leaves the journal as it is where no step of a phase ever began.
func undoBegun(runner *engine.Runner, undo func() error) error {
	if !slices.ContainsFunc(runner.Steps, func(step engine.Step) bool { return runner.Journal.Step(runner.Phase, step.ID()).Begun }) {
		return nil
	}
	return undo()
}
