package steps

// snapshot_proof.go answers: is a snapshot really whole where it lies, and not only in the cluster's word? The
// repository is read as a stranger reads it, by package snapshot. Next: domain.go.

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/snapshot"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

// OpenRepository opens the repository for reading without a cluster. ok is false when it is a folder that this machine
// does not see.
func OpenRepository(ctx context.Context, wanted *migration.Migration, sides *Sides) (repository *snapshot.Repository, ok bool, err error) {
	var storage snapshot.Storage
	options := snapshot.Options{}
	if wanted.Repository.Type == migration.RepositoryFS {
		folder, err := snapshot.OpenFolder(wanted.Repository.Location)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		storage = folder
	} else {
		session, err := sides.AWS(ctx)
		if err != nil {
			return nil, false, err
		}
		config := session.Config()
		store, err := s3store.Open(ctx, wanted.Repository.Bucket, s3store.Options{Config: &config, Endpoint: wanted.AWS.S3Endpoint})
		if err != nil {
			return nil, false, err
		}
		storage, options.BasePath = store, wanted.Repository.BasePath
	}
	repository, err = snapshot.Open(ctx, storage, options)
	return repository, err == nil, err
}

// snapshotProof wants the snapshot's own files, and every file that it names with its exact length. Meta files alone are
// no completion: old clusters write them first.
func (m *Move) snapshotProof(ctx context.Context, name string) error {
	repository, ok, err := OpenRepository(ctx, m.Wanted, m.Sides)
	if err != nil {
		return fmt.Errorf("read the repository: %w", err)
	}
	if !ok {
		return nil // the clusters' shared folder is not mounted here; the cluster's own SUCCESS stands
	}
	info, err := repository.Snapshot(ctx, name)
	if err != nil {
		return fmt.Errorf("find the snapshot in the repository: %w", err)
	}
	if err := info.Complete(); err != nil {
		return err
	}
	report, err := repository.Check(ctx, snapshot.CheckOptions{Level: snapshot.LevelListing, Snapshots: []string{name}})
	if err != nil {
		return fmt.Errorf("check the snapshot's files: %w", err)
	}
	if len(report.Problems) > 0 {
		return engine.WithHint(fmt.Errorf("%d files of the snapshot are not as they should be; the first: %s", len(report.Problems), report.Problems[0].String()),
			"see `hikkoshi snapshot check`; delete the snapshot and run the same command again")
	}
	return nil
}
