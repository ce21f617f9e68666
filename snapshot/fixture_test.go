package snapshot

// fixture_test.go answers: where do the tests get real repositories from? Archives of ten versions lie beside the module;
// without them (a plain checkout) those tests are skipped.

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const fixturesFolder = "../shared/fixtures"

// fixtureFolders lists the fixtures, each in a folder of its own.
func fixtureFolders(t *testing.T) []string {
	t.Helper()
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			break
		}
		if parent := filepath.Dir(directory); parent != directory {
			directory = parent
			continue
		}
		t.Fatal("no go.mod above the test")
	}
	folders, err := filepath.Glob(filepath.Join(directory, fixturesFolder, "*-101"))
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) == 0 {
		t.Skip("the recorded repositories are not on this machine")
	}
	return folders
}

func fixtureFolder(t *testing.T, version string) string {
	t.Helper()
	for _, folder := range fixtureFolders(t) {
		if filepath.Base(folder) == version+"-101" {
			return folder
		}
	}
	t.Skipf("no recorded repository of %s on this machine", version)
	return ""
}

// unpack writes one repository of a fixture into a temporary folder.
func unpack(t *testing.T, fixture, repository string) string {
	t.Helper()
	target := t.TempDir()
	archive, err := os.Open(filepath.Join(fixture, "repo.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return target
		}
		if err != nil {
			t.Fatal(err)
		}
		name, inside := strings.CutPrefix(strings.TrimPrefix(header.Name, "./"), repository+"/")
		if !inside || header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(files)
		if err == nil {
			err = os.MkdirAll(filepath.Join(target, filepath.Dir(name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(target, name), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

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
