package main

// snapshot.go answers: which verbs read snapshots without any cluster, and how is a repository opened?
// Next: snapshot_list.go, snapshot_export.go, snapshot_check.go.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/snapshot"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

// snapshotCommand holds the verbs that work on a repository alone.
type snapshotCommand struct {
	Ls     snapshotList   `cmd:"" help:"List the snapshots of a repository."`
	Show   snapshotShow   `cmd:"" help:"Describe a snapshot and its indices, or one index with mappings and settings."`
	Cat    snapshotCat    `cmd:"" help:"Print documents by id."`
	Export snapshotExport `cmd:"" help:"Write the documents of a snapshot as NDJSON, Parquet or elasticdump's form."`
	Check  snapshotCheck  `cmd:"" help:"Check every length and checksum; tell which blob, file and documents are damaged."`
	Diff   snapshotDiff   `cmd:"" help:"Compare two snapshots by index and document."`
	Delete snapshotDelete `cmd:"" help:"Delete a snapshot, through the cluster that owns the repository."`
}

// repositoryFlags say where a repository lies.
type repositoryFlags struct {
	Repo      string `required:"" help:"The repository: a folder, file:///path, or s3://bucket/base_path." placeholder:"PLACE"`
	Endpoint  string `help:"Address of an S3 that is not Amazon's." env:"AWS_ENDPOINT_URL_S3"`
	Anonymous bool   `help:"Sign no request: for public buckets."`
}

// open opens the repository. The caller calls done.
func (f repositoryFlags) open(ctx context.Context, call *invocation) (repository *snapshot.Repository, done func(), err error) {
	if strings.HasPrefix(f.Repo, "s3://") {
		store, base, err := s3store.OpenURL(ctx, f.Repo, s3store.Options{Profile: call.Profile, Region: call.Region,
			Endpoint: f.Endpoint, Anonymous: f.Anonymous})
		if err != nil {
			return nil, nil, err
		}
		repository, err := snapshot.Open(ctx, store, snapshot.Options{BasePath: base})
		return repository, func() {}, withRepositoryHint(err)
	}
	path := f.Repo
	if strings.HasPrefix(path, "file:") {
		parsed, err := url.Parse(path)
		if err != nil || parsed.Path == "" || parsed.Host != "" && parsed.Host != "localhost" {
			return nil, nil, engine.WithHint(fmt.Errorf("repository %q: %w", f.Repo, errWrongUse), "write file:///path")
		}
		path = parsed.Path
	} else if strings.Contains(path, "://") {
		return nil, nil, engine.WithHint(fmt.Errorf("repository %q: %w", f.Repo, errWrongUse), "write a folder, file:///path or s3://bucket/base_path")
	}
	folder, err := snapshot.OpenFolder(path)
	if err != nil {
		return nil, nil, engine.WithHint(err, "--repo names the folder that path.repo and the repository's location name")
	}
	repository, err = snapshot.Open(ctx, folder, snapshot.Options{})
	if err != nil {
		folder.Close()
		return nil, nil, withRepositoryHint(err)
	}
	return repository, func() { folder.Close() }, nil
}

func withRepositoryHint(err error) error {
	if errors.Is(err, snapshot.ErrNoRepository) {
		return engine.WithHint(err, "the folder or base path is right when it holds index-N, snap-*.dat or snapshot-*")
	}
	return err
}

// latest stands for the newest snapshot that is whole.
const latest = "latest"

// openSnapshot opens the repository and finds one of its snapshots, as find does.
func (f repositoryFlags) openSnapshot(ctx context.Context, call *invocation, name string) (repository *snapshot.Repository, info *snapshot.Info, done func(), err error) {
	repository, done, err = f.open(ctx, call)
	if err != nil {
		return nil, nil, nil, err
	}
	info, err = find(ctx, repository, name)
	if err != nil {
		done()
		return nil, nil, nil, err
	}
	return repository, info, done, nil
}

// find gives a snapshot by name, by uuid, or the newest whole one.
func find(ctx context.Context, repository *snapshot.Repository, name string) (*snapshot.Info, error) {
	if name != latest {
		return repository.Snapshot(ctx, name)
	}
	infos, err := repository.Snapshots(ctx)
	var newest *snapshot.Info
	for _, info := range infos {
		if info.State == snapshot.Success && (newest == nil || info.Start.After(newest.Start)) {
			newest = info
		}
	}
	if newest == nil {
		return nil, errors.Join(fmt.Errorf("no whole snapshot: %w", snapshot.ErrNoSnapshot), err)
	}
	// An unreadable one beside it might have been newer: that must not pass unseen.
	if err != nil {
		return nil, engine.WithHint(fmt.Errorf("which one is the latest can't be told: %w", err), "name one: --snapshot "+newest.Name)
	}
	return newest, nil
}

// versionName says which version a number means, as far as it does.
func versionName(id int64) string {
	version, err := es.VersionFromID(int(id))
	if err != nil {
		return ""
	}
	const minorDigits, minorStep = 100, 10_000
	if version.Minor == 0 && version.Patch == 0 && id/minorStep%minorDigits != 0 {
		// Index versions tell no more: 8512000 is any 8.15.
		return fmt.Sprintf("%s %d.x", version.Product, version.Major)
	}
	return version.Full()
}

func timeText(moment time.Time) string {
	if moment.IsZero() {
		return ""
	}
	return moment.Format("2006-01-02 15:04:05Z")
}

// progressPause is the least time between two lines of progress.
const progressPause = 200 * time.Millisecond

// progressOf makes a function that shows progress now and then.
func progressOf(call *invocation, title, unit string) func(current, total int64, message string) {
	var last time.Time
	start := time.Now()
	return func(current, total int64, message string) {
		if now := time.Now(); now.Sub(last) >= progressPause {
			last = now
			call.View.Event(engine.Event{Time: now, Phase: "snapshot", Step: title, Kind: engine.EventProgress, Current: current,
				Total: total, Unit: unit, Message: message, Elapsed: now.Sub(start)})
		}
	}
}
