package cluster_test

// failures_test.go answers: which failures of repositories, snapshots and restores do real nodes show, and are they
// told apart? Part of the suite in suite_test.go.

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

func failuresOfRepositoriesAreNamed(b *bench) {
	_, err := b.Snapshots(b.ctx, "nope")
	wantKind(b.t, err, cluster.ErrRepositoryMissing, "nope")
	err = b.RegisterRepository(b.ctx, "outside", cluster.FSRepository("/elsewhere/entirely", false), true)
	if b.dialect.Version.AtLeast(2, 0) { // 1.7 without path.repo checks, too, but in other words
		wantKind(b.t, err, cluster.ErrRepositoryPath, "path.repo")
	} else if err == nil {
		b.t.Error("a location outside path.repo was taken")
	}
	err = b.RegisterRepository(b.ctx, "s3", cluster.S3{Bucket: "none", Region: "eu-west-1"}.Repository(), true)
	wantKind(b.t, err, cluster.ErrRepositoryType, "s3")
	// A file where the folder should be, and a folder in which the kernel lets nobody write, not even root.
	need(b.t, os.WriteFile(filepath.Join(b.folder, "file"), []byte("in the way"), 0o600))
	err = b.RegisterRepository(b.ctx, "file", cluster.FSRepository(filepath.Join(b.folder, "file"), false), true)
	wantKind(b.t, err, cluster.ErrRepositoryAccess, "file")
	if _, statErr := os.Stat("/proc/self"); statErr == nil {
		link := filepath.Join(b.folder, "unwritable")
		if err := os.Symlink("/proc/sys/kernel", link); err != nil && !os.IsExist(err) {
			b.t.Fatal(err)
		}
		err = b.RegisterRepository(b.ctx, "unwritable", cluster.FSRepository(link, false), true)
		wantKind(b.t, err, cluster.ErrRepositoryAccess, "unwritable")
	}
	// Read-only, as the target has it.
	b.repository("both")
	b.index("ro", 1, "")
	b.fill("ro", 1)
	b.snapshot("both", "there", "ro")
	need(b.t, b.RegisterRepository(b.ctx, "looking", cluster.FSRepository(filepath.Join(b.folder, "both"), true), true))
	if _, err := b.ExpectSnapshot(b.ctx, "looking", "there"); err != nil {
		b.t.Errorf("read-only: %v", err)
	}
	err = b.CreateSnapshot(b.ctx, "looking", "new", cluster.CreateOptions{Indices: []string{"ro"}})
	if err == nil { // some versions begin and only then notice
		_, err = b.WaitSnapshot(b.ctx, "looking", "new", nil)
	}
	b.t.Logf("create in a read-only repository: %v", err)
	if b.dialect.Version.AtLeast(5, 0) {
		wantKind(b.t, err, cluster.ErrRepositoryReadOnly, "")
	}
	need(b.t, b.DeleteIndex(b.ctx, "ro"))
}

func failuresOfSnapshotsAreNamed(b *bench) {
	b.repository("failing")
	b.index("taken", 1, "")
	b.fill("taken", 30)
	b.snapshot("failing", "name", "taken")
	err := b.CreateSnapshot(b.ctx, "failing", "name", cluster.CreateOptions{})
	wantKind(b.t, err, cluster.ErrSnapshotNameTaken, "name")
	// The server's own words for it, which a racing second caller gets.
	_, err = b.Send(b.ctx, cluster.Request{Method: "PUT", Path: "/_snapshot/failing/name"})
	wantKind(b.t, err, cluster.ErrSnapshotNameTaken, "name")
	err = b.CreateSnapshot(b.ctx, "failing", "UPPER", cluster.CreateOptions{})
	wantKind(b.t, err, cluster.ErrSnapshotName, "lowercase")
	err = b.CreateSnapshot(b.ctx, "failing", "with blank", cluster.CreateOptions{})
	wantKind(b.t, err, cluster.ErrSnapshotName, "")
	err = b.CreateSnapshot(b.ctx, "nowhere", "x", cluster.CreateOptions{})
	wantKind(b.t, err, cluster.ErrRepositoryMissing, "nowhere")
	_, err = b.GetSnapshot(b.ctx, "failing", "never")
	wantKind(b.t, err, cluster.ErrSnapshotMissing, "never")
	_, err = b.ExpectSnapshot(b.ctx, "failing", "never")
	wantKind(b.t, err, cluster.ErrSnapshotMissing, "never")
	_, err = b.SnapshotStatus(b.ctx, "failing", "never")
	wantKind(b.t, err, cluster.ErrSnapshotMissing, "never")

	if b.dialect.Version.AtLeast(2, 0) { // 1.x lets the second wait for the first
		anotherIsRunning(b)
	}

	// A primary that isn't there: refused, failed, or partial when that was allowed.
	b.index("lame", 1, `,"index.routing.allocation.include._name":"nobody"`)
	err = b.CreateSnapshot(b.ctx, "failing", "lame", cluster.CreateOptions{Indices: []string{"taken", "lame"}})
	if err == nil {
		_, err = b.WaitSnapshot(b.ctx, "failing", "lame", nil)
	}
	b.t.Logf("without a primary: %v", err)
	wantKind(b.t, err, cluster.ErrSnapshotFailed, "lame")
	need(b.t, b.CreateSnapshot(b.ctx, "failing", "part", cluster.CreateOptions{Indices: []string{"taken", "lame"}, Partial: true}))
	part, err := b.WaitSnapshot(b.ctx, "failing", "part", nil)
	wantKind(b.t, err, cluster.ErrSnapshotPartial, "lame/0")
	if part.State != cluster.SnapshotPartial || part.Failed != 1 || len(part.Failures) != 1 {
		b.t.Errorf("partial %+v", part)
	}
	need(b.t, b.DeleteIndex(b.ctx, "lame"))

	// Closed indices: refused by name, left out in silence otherwise.
	b.index("shut", 1, "")
	b.fill("shut", 1)
	_, err = b.WaitHealth(b.ctx, "green", time.Minute, "shut")
	need(b.t, err)
	need(b.t, b.CloseIndex(b.ctx, "shut"))
	err = b.CreateSnapshot(b.ctx, "failing", "with-closed", cluster.CreateOptions{Indices: []string{"taken", "shut"}})
	if b.dialect.ClosedByName {
		need(b.t, err)
		named, err := b.WaitSnapshot(b.ctx, "failing", "with-closed", nil)
		need(b.t, err)
		if !slices.Equal(named.Indices, []string{"shut", "taken"}) {
			b.t.Errorf("named indices became %v", named.Indices)
		}
	} else {
		wantKind(b.t, err, cluster.ErrIndexClosed, "")
	}
	need(b.t, b.CreateSnapshot(b.ctx, "failing", "default", cluster.CreateOptions{}))
	snapshot, err := b.WaitSnapshot(b.ctx, "failing", "default", nil)
	need(b.t, err)
	left, err := b.LeftOut(b.ctx, snapshot)
	need(b.t, err)
	if (len(left) == 1 && left[0] == "shut") == b.dialect.ClosedInSnapshot {
		b.t.Errorf("left out %v; the snapshot holds %v", left, snapshot.Indices)
	}
	need(b.t, b.DeleteIndex(b.ctx, "shut"))
	need(b.t, b.DeleteIndex(b.ctx, "taken"))
}

// anotherIsRunning uses a repository so slow that a snapshot of a few documents takes seconds. On a loaded machine one
// may end before everything was asked; then another is begun.
func anotherIsRunning(b *bench) {
	b.repository("slow", "max_snapshot_bytes_per_sec", "1kb")
	for attempt := range 20 {
		name := fmt.Sprintf("slow-%d", attempt)
		need(b.t, b.CreateSnapshot(b.ctx, "slow", name, cluster.CreateOptions{Indices: []string{"taken"}}))
		inUse := b.UnregisterRepository(b.ctx, "slow")
		second := b.CreateSnapshot(b.ctx, "slow", name+"-second", cluster.CreateOptions{Indices: []string{"taken"}})
		running, runningErr := b.RunningSnapshots(b.ctx)
		first, err := b.GetSnapshot(b.ctx, "slow", name)
		if err != nil || first.State != cluster.SnapshotInProgress {
			b.t.Logf("%s ended too soon: %s, %v", name, first.State, err)
			b.repository("slow", "max_snapshot_bytes_per_sec", "1kb") // it may be unregistered by now
			for _, ended := range []string{name, name + "-second"} {  // what it holds need not be copied again
				need(b.t, b.DeleteSnapshot(b.ctx, "slow", ended))
			}
			continue
		}
		need(b.t, b.DeleteSnapshot(b.ctx, "slow", name))
		need(b.t, b.DeleteSnapshot(b.ctx, "slow", name+"-second"))
		wantKind(b.t, first.Complete(), cluster.ErrSnapshotRunning, name)
		wantKind(b.t, inUse, cluster.ErrRepositoryInUse, "")
		need(b.t, runningErr)
		if !slices.ContainsFunc(running, func(one cluster.SnapshotProgress) bool { return one.Name == name }) {
			b.t.Errorf("running %+v", running)
		}
		if b.dialect.Version.AtLeast(7, 9) { // since then several may run
			need(b.t, second)
		} else {
			wantKind(b.t, second, cluster.ErrSnapshotRunning, "")
		}
		// Deleted by somebody else before it was waited for.
		_, err = b.WaitSnapshot(b.ctx, "slow", name, nil)
		wantKind(b.t, err, cluster.ErrSnapshotMissing, "gone")
		return
	}
	b.t.Fatal("no snapshot ran long enough")
}

func failuresOfRestoresAreNamed(b *bench) {
	b.repository("restores")
	b.index("here", 2, "")
	b.fill("here", 10)
	b.snapshot("restores", "s", "here")
	restore := cluster.RestoreOptions{Indices: []string{"here"}}
	err := b.Restore(b.ctx, "restores", "s", restore)
	wantKind(b.t, err, cluster.ErrRestoreOverOpen, "cannot restore index [here]")
	err = b.Restore(b.ctx, "restores", "never", restore)
	wantKind(b.t, err, cluster.ErrSnapshotMissing, "never")
	err = b.Restore(b.ctx, "nowhere", "s", restore)
	wantKind(b.t, err, cluster.ErrRepositoryMissing, "nowhere")
	err = b.Restore(b.ctx, "restores", "s", cluster.RestoreOptions{Indices: []string{"not-in-it"}})
	wantKind(b.t, err, cluster.ErrIndexMissing, "not-in-it")
	if err := b.Restore(b.ctx, "restores", "s", cluster.RestoreOptions{}); err == nil {
		b.t.Error("a restore of everything was let through")
	}
	need(b.t, b.DeleteIndex(b.ctx, "here"))
	b.index("here", 3, "")
	_, err = b.WaitHealth(b.ctx, "green", time.Minute, "here")
	need(b.t, err)
	need(b.t, b.CloseIndex(b.ctx, "here"))
	err = b.Restore(b.ctx, "restores", "s", restore)
	wantKind(b.t, err, cluster.ErrRestoreShards, "cannot restore index [here] with [3] shard")
	need(b.t, b.DeleteIndex(b.ctx, "here"))

	// Data files that are gone: the server answers 200, and the shards are not there.
	damage(b.t, filepath.Join(b.folder, "restores"))
	need(b.t, b.Restore(b.ctx, "restores", "s", restore))
	err = b.WaitRestore(b.ctx, []string{"here"}, nil)
	b.t.Logf("followed: %v", err)
	wantKind(b.t, err, cluster.ErrRestoreIncomplete, "here/")
	state, err := b.RestoreState(b.ctx, "restores", "s", "here")
	need(b.t, err)
	if state != cluster.RestoreBroken {
		b.t.Errorf("state %d of a broken restore", state)
	}
	need(b.t, b.DeleteIndex(b.ctx, "here"))
}

// damage removes the segments' files from a repository; what is left still lists and begins to restore.
func damage(t *testing.T, repository string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "indices", "*", "*", "__*"))
	need(t, err)
	if len(files) == 0 {
		t.Fatal("no data files found in the repository")
	}
	for _, file := range files {
		need(t, os.Remove(file))
	}
}
