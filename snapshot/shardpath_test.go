package snapshot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

// requireWhole checks every byte of the repository at a base path.
func requireWhole(t *testing.T, directory, base string) {
	t.Helper()
	repository, err := Open(t.Context(), folderStorage(t, directory), Options{BasePath: base})
	if err != nil {
		t.Fatal(err)
	}
	report, err := repository.Check(t.Context(), CheckOptions{Level: LevelContent})
	if err != nil {
		t.Fatal(err)
	}
	for i := range report.Problems {
		t.Error(&report.Problems[i])
	}
	if report.Shards == 0 || report.Files == 0 {
		t.Errorf("saw %+v", report)
	}
}

// hashedDirectories are the root's directories that OpenSearch named by a hash.
func hashedDirectories(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && len(entry.Name()) == 1+pathHashBits && strings.Trim(entry.Name()[1:], "01") == "" {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		t.Fatal("no hashed directories")
	}
	return names
}

func TestHashedPrefixesLieBeforeTheBasePath(t *testing.T) {
	t.Parallel()
	from := recordings.Repository(t, recordings.Folder(t, "os3.3.0"), "zst")
	to := t.TempDir()
	// As in a bucket: H/some/base/indices/… beside some/base/index-N.
	for _, hash := range hashedDirectories(t, from) {
		if err := os.MkdirAll(filepath.Join(to, hash, "some", "base"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(from, hash, "indices"), filepath.Join(to, hash, "some", "base", "indices")); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(from, hash)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(to, "some"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, filepath.Join(to, "some", "base")); err != nil {
		t.Fatal(err)
	}
	requireWhole(t, to, "some/base")
}

func TestAPrefixThatANodeSettingPutsBeforeTheHashIsFoundInThePathFile(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "os3.3.0"), "zst")
	for _, hash := range hashedDirectories(t, directory) {
		if err := os.Rename(filepath.Join(directory, hash), filepath.Join(directory, "fixed"+hash)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(directory, "snapshot_shard_paths", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no path files: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, paths, _ := strings.Cut(string(content), `"paths":[`)
		var changed []string
		for path := range strings.SplitSeq(strings.TrimSuffix(paths, "]}"), ",") {
			changed = append(changed, `"fixed`+strings.TrimPrefix(path, `"`))
		}
		if err := os.WriteFile(file, []byte(before+`"paths":[`+strings.Join(changed, ",")+"]}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	requireWhole(t, directory, "")
}
