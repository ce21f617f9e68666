package snapshot

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

// vouched are the blobs with a checksum of their own or listed by one that has: any damage to them must be found. The root's
// index-N, the blobs of 1.x and OpenSearch's path files have none.
var vouched = regexp.MustCompile(`(\.dat|/index-[^/]+|/v?__[^/]+)$`)

var numbered = regexp.MustCompile(`/index-[0-9]+$`)

func blobNames(t *testing.T, directory string) []string {
	t.Helper()
	var names []string
	for blob, err := range folderStorage(t, directory).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, blob.Name)
	}
	return names
}

// checkDamaged opens and checks a damaged copy; what it can't open counts as found.
func checkDamaged(t *testing.T, directory string) (*CheckReport, error) {
	t.Helper()
	repository, err := Open(t.Context(), folderStorage(t, directory), Options{})
	if err != nil {
		return nil, err
	}
	return repository.Check(t.Context(), CheckOptions{Level: LevelContent})
}

func TestEachDamagedBlobIsNamed(t *testing.T) {
	t.Parallel()
	damages := map[string]func(content []byte) []byte{
		"cut":     func(content []byte) []byte { return content[:len(content)/2] },
		"cut by1": func(content []byte) []byte { return content[:len(content)-1] },
		"longer":  func(content []byte) []byte { return append(content, 0) },
		"empty":   func([]byte) []byte { return nil },
		"first":   func(content []byte) []byte { content[0] ^= 0x20; return content },
		"middle":  func(content []byte) []byte { content[len(content)/2] ^= 0x01; return content },
		"last":    func(content []byte) []byte { content[len(content)-1] ^= 0x80; return content },
		"gone":    nil,
	}
	for _, one := range []struct{ version, repository string }{
		{"os3.3.0", "zst"}, {"os2.19.3", "zst"}, {"2.3.2", "raw"}, {"1.7.6", "raw"}, {"8.19.0", "raw"},
	} {
		t.Run(one.version, func(t *testing.T) {
			if testing.Short() && one.version != "os3.3.0" {
				t.Skip("reads its repository some hundred times")
			}
			t.Parallel()
			directory := recordings.Repository(t, recordings.Folder(t, one.version), one.repository)
			names := blobNames(t, directory)
			if one.repository != "zst" { // the larger ones: every kind of blob, not every blob
				names = everyKind(names)
			}
			for _, name := range names {
				file := filepath.Join(directory, filepath.FromSlash(name))
				whole, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for kind, damage := range damages {
					if damage == nil {
						err = os.Remove(file)
					} else {
						err = os.WriteFile(file, damage(bytes.Clone(whole)), 0o644)
					}
					if err != nil {
						t.Fatal(err)
					}
					report, err := checkDamaged(t, directory)
					if vouched.MatchString(name) {
						requireNamed(t, name+" "+kind, name, report, err)
					}
				}
				if err := os.WriteFile(file, whole, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			// And the whole again: what found damage everywhere would find it here too.
			if report, err := checkDamaged(t, directory); err != nil || len(report.Problems) != 0 {
				t.Errorf("the undamaged copy: %v %+v", err, report)
			}
		})
	}
}

// everyKind keeps the first few blobs of each kind.
func everyKind(names []string) []string {
	const each = 2
	kinds := make(map[string]int)
	var kept []string
	for _, name := range names {
		base := name[strings.LastIndexByte(name, '/')+1:]
		kind := strings.TrimRight(strings.SplitN(base, "-", 2)[0], "0123456789") + filepath.Ext(base)
		if strings.HasPrefix(base, "__") {
			kind = "__"
		}
		if strings.Count(name, "/") == 0 {
			kind = "/" + kind
		}
		if kinds[kind]++; kinds[kind] <= each {
			kept = append(kept, name)
		}
	}
	return kept
}

func requireNamed(t *testing.T, what, name string, report *CheckReport, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: the check gave up: %v", what, err)
		return
	}
	// Whichever part of a file is damaged, only the sum over all parts tells. Before 7.6 nothing names the shard's index-*.
	name, _, inParts := strings.Cut(name, ".part")
	if strings.HasSuffix(what, "gone") && numbered.MatchString(name) && !inParts {
		return
	}
	for i := range report.Problems {
		if strings.Contains(report.Problems[i].Err.Error(), name) || report.Problems[i].Blob == name {
			return
		}
	}
	t.Errorf("%s: not named in %v", what, report.Problems)
}

func TestASnapshotDeletedWhileReadingIsNotCalledDamage(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "5.5.2"), "repo")
	repository := openFolder(t, directory)
	snapshot, err := repository.Snapshot(t.Context(), "s2")
	if err != nil {
		t.Fatal(err)
	}
	index, err := repository.Index(t.Context(), snapshot, "ids")
	if err != nil {
		t.Fatal(err)
	}
	// As a cluster deletes: the next index-N without it comes first, then its blobs go.
	root, err := os.ReadFile(filepath.Join(directory, "index-2"))
	if err != nil {
		t.Fatal(err)
	}
	entry := []byte(`{"name":"s2","uuid":"` + snapshot.UUID + `","state":1},`)
	without := bytes.Replace(root, entry, nil, 1)
	if len(without) == len(root) {
		t.Fatalf("no %s in %.300s", entry, root)
	}
	if err := os.WriteFile(filepath.Join(directory, "index-3"), without, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"indices/" + index.ID + "/0/snap-" + snapshot.UUID + ".dat", "index-2"} {
		if err := os.Remove(filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := repository.Shard(t.Context(), snapshot, index, 0); !errors.Is(err, ErrSnapshotDeleted) || errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

func TestABlobMissingFromAPresentSnapshotIsDamage(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "5.5.2"), "repo")
	repository := openFolder(t, directory)
	snapshot, err := repository.Snapshot(t.Context(), "s2")
	if err != nil {
		t.Fatal(err)
	}
	index, err := repository.Index(t.Context(), snapshot, "ids")
	if err != nil {
		t.Fatal(err)
	}
	blob := "indices/" + index.ID + "/0/snap-" + snapshot.UUID + ".dat"
	if err := os.Remove(filepath.Join(directory, blob)); err != nil {
		t.Fatal(err)
	}
	_, err = repository.Shard(t.Context(), snapshot, index, 0)
	if !errors.Is(err, ErrCorrupt) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), blob) {
		t.Errorf("got %v", err)
	}
}

func TestARepositoryThatWentBackInTimeStopsTheReader(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "8.15.5"), "repo")
	repository := openFolder(t, directory)
	root, err := os.ReadFile(filepath.Join(directory, "index-2"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(directory, "index-2"), filepath.Join(directory, "index-1")); err != nil {
		t.Fatal(err)
	}
	if err := repository.Refresh(t.Context()); !errors.Is(err, ErrRepositoryChanged) {
		t.Errorf("an older generation: %v", err)
	}
	other := bytes.Replace(root, []byte(repository.UUID()), []byte("AAAAAAAAAAAAAAAAAAAAAA"), 1)
	if err := os.WriteFile(filepath.Join(directory, "index-3"), other, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := repository.Refresh(t.Context()); !errors.Is(err, ErrRepositoryChanged) {
		t.Errorf("another repository's id: %v", err)
	}
}

func TestALostRootGenerationIsNoticedByIndexLatest(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "os2.19.3"), "repo")
	if err := os.Rename(filepath.Join(directory, "index-2"), filepath.Join(directory, "index-1")); err != nil {
		t.Fatal(err)
	}
	report, err := checkDamaged(t, directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].String(), "index-2: corrupt: missing") {
		t.Errorf("found %v", report.Problems)
	}
}
