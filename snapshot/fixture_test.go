package snapshot

// fixture_test.go answers: how do tests open a recorded repository, and what did its cluster say of it?

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func openFolder(t *testing.T, directory string) *Repository {
	t.Helper()
	repository, err := Open(t.Context(), folderStorage(t, directory), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return repository
}

func folderStorage(t *testing.T, directory string) *Folder {
	t.Helper()
	folder, err := OpenFolder(directory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	return folder
}

// truthMeta is what the live cluster said when a fixture was recorded.
type truthMeta struct {
	Version   string
	Snapshots map[string]truthSnapshot
}

type truthSnapshot struct {
	Repository string
	Mappings   map[string]struct {
		Mappings json.RawMessage
	}
	Settings map[string]struct {
		Settings json.RawMessage
	}
	Aliases map[string]struct {
		Aliases map[string]json.RawMessage
	}
	Templates   map[string]json.RawMessage
	Pipelines   map[string]json.RawMessage
	SnapshotGet struct {
		Snapshots []truthInfo
		// Elasticsearch 8 once more wraps the same.
		Responses []struct{ Snapshots []truthInfo }
	} `json:"snapshot_get"`
	Counts map[string]struct{ Shards int }
}

type truthInfo struct {
	Snapshot  string
	UUID      string
	VersionID int64 `json:"version_id"`
	State     string
	Indices   []string
	Start     int64 `json:"start_time_in_millis"`
	End       int64 `json:"end_time_in_millis"`
	Shards    struct{ Total, Successful int }
}

func readTruth(t *testing.T, fixture string) truthMeta {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(fixture, "truth-meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth truthMeta
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	return truth
}
