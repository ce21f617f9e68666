package steps

// restore.go answers: how are indices restored natively, so that an interrupted restore goes on? Next: kibana.go.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// restoreIndices restores the indices of route restore out of the snapshot.
type restoreIndices struct {
	target     opener
	repository string
	snapshot   string
	routes     []plan.Route
	// replace deletes what stands in the way on the target first.
	replace bool
}

// savedRestore is the journal's word that an index on the target is being made by this run.
const savedRestore = "restoring"

// ID is the step's name in the journal.
func (s *restoreIndices) ID() string { return "restore" }

// Title is the step in a person's words.
func (s *restoreIndices) Title() string {
	return fmt.Sprintf("restore %d indices from the snapshot", len(s.routes))
}

// Check says how much there is.
func (s *restoreIndices) Check(context.Context) (engine.Status, error) {
	var bytes int64
	for _, route := range s.routes {
		bytes += route.Bytes
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d MB", bytes/1_000_000)}, nil
}

// Apply restores what is not there, waits for what is under way, and begins anew what broke.
func (s *restoreIndices) Apply(ctx context.Context, rec *engine.Recorder) error {
	client, err := s.target(ctx)
	if err != nil {
		return err
	}
	begun := map[string]bool{}
	if _, err := rec.Load(savedRestore, &begun); err != nil {
		return err
	}
	wanted, err := s.clearTheWay(ctx, client, rec, begun)
	if err != nil {
		return err
	}
	for _, route := range wanted {
		begun[route.Target] = true
	}
	if err := rec.Save(savedRestore, begun); err != nil {
		return err
	}
	if err := s.restore(ctx, client, wanted); err != nil {
		return err
	}
	return client.WaitRestore(ctx, targets(s.routes), func(progress cluster.RestoreProgress) {
		rec.Progress(progress.BytesDone, progress.Bytes, "bytes", fmt.Sprintf("%d of %d shards", progress.Done, progress.Shards))
	})
}

// clearTheWay decides for each index whether it must be restored, and deletes what an earlier run left broken.
func (s *restoreIndices) clearTheWay(ctx context.Context, client *cluster.Client, rec *engine.Recorder, begun map[string]bool) ([]plan.Route, error) {
	var wanted []plan.Route
	for _, route := range s.routes {
		state, err := client.RestoreState(ctx, s.repository, s.snapshot, route.Target)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", route.Target, err)
		}
		switch {
		case state == cluster.RestoreAbsent:
			wanted = append(wanted, route)
		case state == cluster.RestoreGoing || state == cluster.RestoreDone:
			// Waited for, or done.
		case begun[route.Target] || s.replace:
			rec.Note("%s is deleted on the target and restored again", route.Target)
			if err := client.DeleteIndex(ctx, route.Target); err != nil {
				return nil, fmt.Errorf("delete %s on the target: %w", route.Target, err)
			}
			wanted = append(wanted, route)
		default:
			return nil, engine.WithHint(fmt.Errorf("the target holds an index %s that this migration did not make: %w", route.Target, engine.ErrBlocked),
				"delete it, or set indices.existing or indices.rename in migration.yaml and plan again")
		}
	}
	return wanted, nil
}

// restore asks for all indices that keep their names at once, and for each renamed one by itself.
func (s *restoreIndices) restore(ctx context.Context, client *cluster.Client, routes []plan.Route) error {
	var same []string
	for _, route := range routes {
		if route.Source == route.Target {
			same = append(same, route.Source)
			continue
		}
		options := cluster.RestoreOptions{Indices: []string{route.Source}, RenamePattern: "^" + regexp.QuoteMeta(route.Source) + "$",
			RenameReplacement: strings.ReplaceAll(route.Target, "$", `\$`), IgnoreSettings: leftBySource}
		if err := client.Restore(ctx, s.repository, s.snapshot, options); err != nil {
			return fmt.Errorf("restore %s as %s: %w", route.Source, route.Target, err)
		}
		// A restore that runs keeps another from starting on versions up to 5.x.
		if err := client.WaitRestore(ctx, []string{route.Target}, nil); err != nil {
			return err
		}
	}
	if len(same) == 0 {
		return nil
	}
	// Aliases are set by a step of their own: restored ones could point two ways (CHANGES 8-08).
	return client.Restore(ctx, s.repository, s.snapshot, cluster.RestoreOptions{Indices: same, IgnoreSettings: leftBySource})
}

// Verify wants every index there with all primaries started out of this snapshot.
func (s *restoreIndices) Verify(ctx context.Context) error {
	client, err := s.target(ctx)
	if err != nil {
		return err
	}
	return client.WaitRestore(ctx, targets(s.routes), nil)
}

// Undo deletes the indices that this run restored.
func (s *restoreIndices) Undo(ctx context.Context, rec *engine.Recorder) error {
	begun := map[string]bool{}
	if _, err := rec.Load(savedRestore, &begun); err != nil {
		return err
	}
	client, err := s.target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, index := range sortedKeys(begun) {
		if err := client.DeleteIndex(ctx, index); err != nil {
			return fmt.Errorf("delete %s on the target: %w", index, err)
		}
	}
	return nil
}

func targets(routes []plan.Route) []string {
	names := make([]string, 0, len(routes))
	for _, route := range routes {
		names = append(names, route.Target)
	}
	return names
}
