package steps

// snapshot.go answers: how is the snapshot taken, and when is it really complete? Next: domain.go.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// takeSnapshot takes one snapshot of the source.
type takeSnapshot struct {
	id      string
	name    string
	wanted  *migration.Migration
	open    opener
	indices []string
	// proof reads the repository from outside and says whether the snapshot is whole there.
	proof func(ctx context.Context, name string) error
	keep  bool // the snapshot outlives an undo
}

// savedSnapshot is the journal's word that this run began the snapshot, so that a crash does not make it a stranger.
const savedSnapshot = "snapshot"

// ID is the step's name in the journal.
func (s *takeSnapshot) ID() string { return s.id }

// Title is the step in a person's words.
func (s *takeSnapshot) Title() string { return "take the snapshot " + s.name }

// Check only says what will be done: whether a snapshot of that name is ours is known to the journal, in Apply.
func (s *takeSnapshot) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d indices", len(s.indices))}, nil
}

// Apply waits for other snapshots, begins ours unless it was begun before, and follows it to its end.
func (s *takeSnapshot) Apply(ctx context.Context, rec *engine.Recorder) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	var begun string
	ours, err := rec.Load(savedSnapshot, &begun)
	if err != nil {
		return err
	}
	existing, err := client.GetSnapshot(ctx, s.wanted.Repository.Name, s.name)
	switch {
	case errors.Is(err, cluster.ErrSnapshotMissing):
	case err != nil:
		return err
	case !ours || begun != s.name:
		return engine.WithHint(fmt.Errorf("a snapshot named %s is in the repository, and this migration did not take it: %w", s.name, engine.ErrBlocked),
			"set name in migration.yaml to another one, or delete that snapshot")
	case existing.State == cluster.SnapshotInProgress || existing.State == cluster.SnapshotSuccess:
		return s.follow(ctx, client, rec)
	default:
		rec.Note("the snapshot of an earlier run ended as %s; it is deleted and taken again", existing.State)
		if err := client.DeleteSnapshot(ctx, s.wanted.Repository.Name, s.name); err != nil {
			return fmt.Errorf("delete the incomplete snapshot: %w", err)
		}
	}
	if err := rec.Save(savedSnapshot, s.name); err != nil {
		return err
	}
	if err := s.begin(ctx, client, rec); err != nil {
		return err
	}
	return s.follow(ctx, client, rec)
}

// begin asks for the snapshot, waiting while another one runs: a cluster of this age takes one at a time.
func (s *takeSnapshot) begin(ctx context.Context, client *cluster.Client, rec *engine.Recorder) error {
	options := cluster.CreateOptions{Indices: s.indices, GlobalState: true}
	for told := false; ; {
		err := client.CreateSnapshot(ctx, s.wanted.Repository.Name, s.name, options)
		if !errors.Is(err, cluster.ErrSnapshotRunning) {
			return err
		}
		if !told {
			rec.Note("another snapshot is being taken; waiting for it")
			told = true
		}
		if err := cluster.Pause(ctx, pollPause); err != nil {
			return err
		}
	}
}

func (s *takeSnapshot) follow(ctx context.Context, client *cluster.Client, rec *engine.Recorder) error {
	_, err := client.WaitSnapshot(ctx, s.wanted.Repository.Name, s.name, func(progress cluster.SnapshotProgress) {
		rec.Progress(progress.BytesDone, progress.Bytes, "bytes", fmt.Sprintf("%d of %d shards", progress.Done, progress.Shards))
	})
	return err
}

// Verify wants SUCCESS from the cluster, and the snapshot whole in the repository as a stranger reads it.
func (s *takeSnapshot) Verify(ctx context.Context) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	snapshot, err := client.GetSnapshot(ctx, s.wanted.Repository.Name, s.name)
	if err != nil {
		return err
	}
	if err := snapshot.Complete(); err != nil {
		return err
	}
	held := map[string]bool{}
	for _, index := range snapshot.Indices {
		held[index] = true
	}
	for _, index := range s.indices {
		if !held[index] {
			return fmt.Errorf("the snapshot lacks the index %s", index)
		}
	}
	if s.proof == nil {
		return nil
	}
	return s.proof(ctx, s.name)
}

// Undo deletes the snapshot if this run took it, except the final one, which is all that remains of the source.
func (s *takeSnapshot) Undo(ctx context.Context, rec *engine.Recorder) error {
	var begun string
	if ours, err := rec.Load(savedSnapshot, &begun); err != nil || !ours || s.keep {
		return err
	}
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	err = client.DeleteSnapshot(ctx, s.wanted.Repository.Name, s.name)
	if errors.Is(err, cluster.ErrRepositoryMissing) {
		return nil
	}
	return err
}

const (
	// pollPause is how often something slow is asked about.
	pollPause = 2 * time.Second
	// settleTime is how long shards may take to start.
	settleTime = 10 * time.Minute
)
