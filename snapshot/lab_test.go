package snapshot_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

func requireWhole(t *testing.T, repository *snapshot.Repository, snapshots int) {
	t.Helper()
	report, err := repository.Check(t.Context(), snapshot.CheckOptions{Level: snapshot.LevelContent})
	if err != nil {
		t.Fatal(err)
	}
	for i := range report.Problems {
		t.Error(&report.Problems[i])
	}
	if report.Snapshots != snapshots {
		t.Errorf("%d snapshots instead of %d", report.Snapshots, snapshots)
	}
}

func TestARepositoryThat5xTookOverFrom2xIsReadWhileTheClusterWritesAndDeletes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	directory := recordings.Repository(t, recordings.Folder(t, "2.3.2"), "repo")
	node := labtest.Node(t, "5.5.2", directory)
	labtest.Call(t, http.MethodPut, node.URL()+"/_snapshot/taken", `{"type":"fs","settings":{"location":"`+directory+`","compress":true}}`)
	storage, err := snapshot.OpenFolder(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer storage.Close()
	repository, err := snapshot.Open(t.Context(), storage, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if repository.Layout() != snapshot.Layout2 {
		t.Errorf("before 5.5.2 wrote to it: %v", repository.Layout())
	}
	// 5.5.2 writes index-0 when it first looks; a snapshot begun before that is refused as a concurrent modification.
	labtest.Call(t, http.MethodGet, node.URL()+"/_snapshot/taken/_all", "")
	labtest.Call(t, http.MethodPut, node.URL()+"/fresh/doc/1?refresh=true", `{"k":1}`)
	labtest.Call(t, http.MethodPut, node.URL()+"/_snapshot/taken/new?wait_for_completion=true", `{"indices":"fresh"}`)
	if err := repository.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if repository.Layout() != snapshot.Layout5 {
		t.Errorf("after 5.5.2 wrote to it: %v", repository.Layout())
	}
	requireWhole(t, repository, 4)

	old, err := repository.Snapshot(t.Context(), "s2")
	if err != nil {
		t.Fatal(err)
	}
	index, err := repository.Index(t.Context(), old, "new-in-s2")
	if err != nil {
		t.Fatal(err)
	}
	labtest.Call(t, http.MethodDelete, node.URL()+"/_snapshot/taken/s2", "")
	if _, err := repository.Shard(t.Context(), old, index, 0); !errors.Is(err, snapshot.ErrSnapshotDeleted) {
		t.Errorf("reading a snapshot the cluster deleted: %v", err)
	}
	if _, err := repository.Snapshot(t.Context(), "s2"); !errors.Is(err, snapshot.ErrNoSnapshot) {
		t.Errorf("looking for it: %v", err)
	}
	requireWhole(t, repository, 3)
}

func TestOpenSearchRemoteStoreSnapshotsAreRefusedAndWholeOnesUnderHashedInfixesRead(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	root := t.TempDir()
	settings := map[string]string{"cluster.remote_store.pinned_timestamps.enabled": "true"}
	for _, kind := range []string{"segment", "translog", "state"} {
		settings["node.attr.remote_store."+kind+".repository"] = "remote"
	}
	settings["node.attr.remote_store.repository.remote.type"] = "fs"
	settings["node.attr.remote_store.repository.remote.settings.location"] = filepath.Join(root, "remote")
	node := labtest.NodeWith(t, lab.Options{Version: "os2.19.3", RepoDirs: []string{root}, Settings: settings})
	labtest.Call(t, http.MethodPut, node.URL()+"/one", `{"settings":{"number_of_shards":3,"number_of_replicas":0}}`)
	for _, id := range []string{"a", "b", "c", "d"} {
		labtest.Call(t, http.MethodPut, node.URL()+"/one/_doc/"+id+"?refresh=true", `{"k":"`+id+`"}`)
	}
	for name, repositorySettings := range map[string]string{
		"whole":   `"shard_path_type":"hashed_infix"`,
		"shallow": `"remote_store_index_shallow_copy":true`,
		"pinned":  `"remote_store_index_shallow_copy":true,"shallow_snapshot_v2":true`,
	} {
		directory := filepath.Join(root, name)
		labtest.Call(t, http.MethodPut, node.URL()+"/_snapshot/"+name, `{"type":"fs","settings":{"location":"`+directory+`",`+repositorySettings+`}}`)
		labtest.Call(t, http.MethodPut, node.URL()+"/_snapshot/"+name+"/s?wait_for_completion=true", "")
		storage, err := snapshot.OpenFolder(directory)
		if err != nil {
			t.Fatal(err)
		}
		defer storage.Close()
		repository, err := snapshot.Open(t.Context(), storage, snapshot.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if name == "whole" {
			requireWhole(t, repository, 1)
			if hashed, _ := filepath.Glob(filepath.Join(directory, "?[01]*[01]", "indices", "*", "*", "snap-*.dat")); len(hashed) == 0 {
				t.Error("no shard lies under a hash")
			}
			continue
		}
		info, err := repository.Snapshot(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		index, err := repository.Index(t.Context(), info, "one")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := repository.Shard(t.Context(), info, index, 0); !errors.Is(err, snapshot.ErrUnsupported) || !strings.Contains(err.Error(), "shallow") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
