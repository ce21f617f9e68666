package main

// files.go answers: how does Lucene get the same files? Links named as Lucene names them, to the blobs of the repository.
// Next: java.go.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// flat is one index as a folder of Lucene files.
type flat struct {
	folder string
	size   int
}

func flatten(ctx context.Context, d dataset, index string) (string, error) {
	folder := filepath.Join(d.folder, "flat", index)
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	storage, err := snapshot.OpenFolder(d.repository())
	if err != nil {
		return "", err
	}
	defer storage.Close()
	repository, err := snapshot.Open(ctx, storage, snapshot.Options{})
	if err != nil {
		return "", err
	}
	info, err := repository.Snapshot(ctx, snapshotName)
	if err != nil {
		return "", err
	}
	x, err := repository.Index(ctx, info, index)
	if err != nil {
		return "", err
	}
	shard, err := repository.Shard(ctx, info, x, 0)
	if err != nil {
		return "", err
	}
	for i := range shard.Files {
		file := &shard.Files[i]
		to := filepath.Join(folder, file.Name)
		parts := file.Parts()
		switch {
		case file.Inline != nil:
			err = os.WriteFile(to, file.Inline, 0o644)
		case len(parts) == 1:
			err = os.Symlink(filepath.Join(d.repository(), filepath.FromSlash(shard.BlobName(parts[0].Name))), to)
		default:
			err = errors.New("in several blobs; the bench's repositories have no chunk_size")
		}
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", file.Name, index, err)
		}
	}
	return folder, nil
}
