//go:build unix

package snapshot

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// frame makes a metadata blob as clusters do.
func frame(codec string, body []byte) []byte {
	var blob []byte
	blob = binary.BigEndian.AppendUint32(blob, headerMagic)
	blob = append(blob, byte(len(codec)))
	blob = append(blob, codec...)
	blob = binary.BigEndian.AppendUint32(blob, frameVersion)
	blob = append(blob, body...)
	blob = binary.BigEndian.AppendUint32(blob, footerMagic)
	blob = binary.BigEndian.AppendUint32(blob, algorithmCRC32)
	return binary.BigEndian.AppendUint64(blob, uint64(crc32.ChecksumIEEE(blob)))
}

func TestAnInflationBombIsRefusedEarly(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	packed.WriteString("DFL\x00")
	writer, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range (maxMetadata >> 20) + 1 {
		if _, err := writer.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = unframe("bomb", frame(codecSnapshot, packed.Bytes()), codecSnapshot)
	if !errors.Is(err, ErrCorrupt) || !errors.Is(err, errInflated) {
		t.Errorf("got %v", err)
	}
}

func TestNamesThatClimbOutOfTheRepositoryAreRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", ".", "..", "../x", "a/b", `a\b`, "~root", "a\x00b", "a\nb", strings.Repeat("x", maxNamePart+1)} {
		if validPart(bad) {
			t.Errorf("%q may be part of a path", bad)
		}
	}
	for _, good := range []string{".kibana", "nginx-access-2017.09.10", "日本語", "%3Cx%3E", "s1"} {
		if !validPart(good) {
			t.Errorf("%q may not be part of a path", good)
		}
	}
	for _, bad := range []string{"_0.cfs/..", "../_0.cfs", "_0", "segments_", "segments_A", "segments.gen", "_0.cfs\n", "write.lock"} {
		if validLucene(bad) {
			t.Errorf("%q passes as a file of Lucene", bad)
		}
	}
	for _, bad := range []string{"__", "__a/b", "_0", "v_x", "__..", "x__0", "__0.part0"} {
		if validDataBlob(bad) {
			t.Errorf("%q passes as a blob", bad)
		}
	}
	if validShardPath("../indices/A/0", "indices/A/0") || validShardPath("xindices/A/0", "indices/A/0") ||
		!validShardPath("h/indices/A/0", "indices/A/0") {
		t.Error("shard paths are judged wrongly")
	}
}

func TestAbsurdFileListsAreRefused(t *testing.T) {
	t.Parallel()
	commit := `{"name":"__1","physical_name":"segments_1","length":1}`
	for what, files := range map[string]string{
		"negative length":   `{"name":"__0","physical_name":"_0.cfs","length":-1},` + commit,
		"negative parts":    `{"name":"__0","physical_name":"_0.cfs","length":1,"part_size":-5},` + commit,
		"endless parts":     `{"name":"__0","physical_name":"_0.cfs","length":9223372036854775800,"part_size":1},` + commit,
		"overflow":          `{"name":"__0","physical_name":"_0.cfs","length":9223372036854775807},` + commit,
		"twice":             `{"name":"__0","physical_name":"_0.cfs","length":1},{"name":"__2","physical_name":"_0.cfs","length":2},` + commit,
		"no commit":         `{"name":"__0","physical_name":"_0.cfs","length":1}`,
		"climbing":          `{"name":"../../../x","physical_name":"_0.cfs","length":1},` + commit,
		"climbing file":     `{"name":"__0","physical_name":"../_0.cfs","length":1},` + commit,
		"inline cut short":  `{"name":"v__0","physical_name":"_0.si","length":9,"meta_hash":"AAAA"},` + commit,
		"inline not base64": `{"name":"v__0","physical_name":"_0.si","length":9,"meta_hash":"!"},` + commit,
	} {
		if _, err := parseShardFiles("snap-x.dat", []byte(`{"files":[`+files+`]}`)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestAHostileTableOfContentsIsRefused(t *testing.T) {
	t.Parallel()
	for what, table := range map[string]string{
		"climbing uuid":    `{"snapshots":[{"name":"a","uuid":"../../x"}],"indices":{}}`,
		"climbing id":      `{"snapshots":[],"indices":{"a":{"id":"../x"}}}`,
		"climbing name":    `{"snapshots":["../x"],"indices":{}}`,
		"uuid twice":       `{"snapshots":[{"name":"a","uuid":"u"},{"name":"b","uuid":"u"}]}`,
		"no JSON":          `{"snapshots":[`,
		"wrong type":       `{"snapshots":{"a":1}}`,
		"unknown state":    `{"snapshots":[{"name":"a","uuid":"u","state":9}]}`,
		"unknown min_vers": `{"min_version":"10.0.0","snapshots":[]}`,
	} {
		_, err := parseRootIndex("index-0", []byte(table))
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooNew) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	root, err := parseRootIndex("index-0", []byte(`{"snapshots":[{"name":"a","uuid":"u","state":1,"index_metadata_lookup":{"i":"x"}}],
		"indices":{"n":{"id":"i"}},"index_metadata_identifiers":{"x":"../../y"},"unheard_of":{"from":"the future"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := root.metadataBlob(root.snapshots[0], "i"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a climbing metadata blob: %v", err)
	}
}

func TestAFolderReadsNothingButRegularFilesBelowIt(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for name, target := range map[string]string{"out": filepath.Join(outside, "secret"), "outdir": outside, "inside": "index-0"} {
		if err := os.Symlink(target, filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(directory, "index-0"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(directory, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(directory, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	folder := folderStorage(t, directory)
	for _, name := range []string{"out", "outdir/secret", "pipe", "folder", "../secret", "/etc/hostname", ".", ""} {
		if body, err := folder.Read(t.Context(), name, 0, -1); err == nil {
			body.Close()
			t.Errorf("%q can be read", name)
		}
	}
	if names := blobNames(t, directory); len(names) != 1 || names[0] != "index-0" {
		t.Errorf("lists %v", names)
	}
}

func TestAFolderReadsRangesAsTheInterfaceSays(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.MkdirAll(filepath.Join(directory, "a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/b/c1", "a/b/c2", "a/bc", "d"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte("0123456789"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := folderStorage(t, directory)
	for _, one := range []struct {
		offset, length int64
		expected       string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {8, 5, "89"}, {10, 1, ""}, {99, -1, ""}, {4, 0, ""}} {
		body, err := folder.Read(t.Context(), "a/b/c1", one.offset, one.length)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(body)
		body.Close()
		if err != nil || string(content) != one.expected {
			t.Errorf("%d+%d: %q %v", one.offset, one.length, content, err)
		}
	}
	if _, err := folder.Read(t.Context(), "a/none", 0, -1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	for prefix, expected := range map[string]int{"": 4, "a/b": 3, "a/b/": 2, "a/b/c1": 1, "x/y": 0, "a/b/c1/d": 0} {
		count := 0
		for _, err := range folder.List(t.Context(), prefix) {
			if err != nil {
				t.Errorf("list %q: %v", prefix, err)
			}
			count++
		}
		if count != expected {
			t.Errorf("%q lists %d blobs, expected %d", prefix, count, expected)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := folder.Read(canceled, "d", 0, -1); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

func TestACacheKeyIsNeverABlobsName(t *testing.T) {
	t.Parallel()
	// Two snapshots whose __0 holds other bytes, as after a deletion in 2.x: what differs is the checksum.
	shard := &Shard{Index: &Index{UUID: "u"}}
	first, _ := shard.Identity(&FileInfo{Name: "_0.si", Blob: "__0", Length: 5, Checksum: "abc"})
	second, _ := shard.Identity(&FileInfo{Name: "_0.si", Blob: "__0", Length: 5, Checksum: "abd"})
	cache := newFileCache(8)
	cache.put(first, []byte("first"))
	if got := cache.get(second); got != nil {
		t.Errorf("the other file's bytes came back: %q", got)
	}
	if got := cache.get(first); string(got) != "first" {
		t.Errorf("its own bytes did not: %q", got)
	}
	cache.put(second, []byte("other"))
	if cache.get(first) != nil || cache.size > cache.limit {
		t.Errorf("holds %d bytes of %d", cache.size, cache.limit)
	}
	if _, known := (&Shard{Index: &Index{UUID: "_na_"}}).Identity(&FileInfo{Checksum: "a"}); known {
		t.Error("an index without identity may not be remembered")
	}
}

func TestReferencesToOtherRepositoriesAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	mounted := &Index{Name: "m", Settings: map[string]string{"index.store.type": "snapshot",
		"index.store.snapshot.repository_name": "cold", "index.store.snapshot.snapshot_name": "s9"}}
	snapshot := &Info{Entry: Entry{Name: "s"}}
	snapshot.State = Success
	if err := snapshot.readableShard(mounted, 0); !errors.Is(err, ErrUnsupported) || !strings.Contains(fmt.Sprint(err), "s9 in repository cold") {
		t.Errorf("searchable: %v", err)
	}
	plain := &Index{Name: "p", Settings: map[string]string{}}
	snapshot.PinnedTimestamp = 1
	if err := snapshot.readableShard(plain, 0); !errors.Is(err, ErrUnsupported) || !strings.Contains(fmt.Sprint(err), "shallow") {
		t.Errorf("pinned: %v", err)
	}
	snapshot.PinnedTimestamp = 0
	snapshot.State = InProgress
	if err := snapshot.readableShard(plain, 0); !errors.Is(err, ErrUnfinished) {
		t.Errorf("in progress: %v", err)
	}
	snapshot.State = Partial
	snapshot.Failures = []ShardFailure{{Index: "p", Shard: 1, Reason: "node left\n at …"}}
	if err := snapshot.readableShard(plain, 1); !errors.Is(err, ErrShardFailed) || !strings.Contains(fmt.Sprint(err), "node left") {
		t.Errorf("failed shard: %v", err)
	}
	if err := snapshot.readableShard(plain, 0); err != nil {
		t.Errorf("the shard that did not fail: %v", err)
	}
}

func TestAFileLongerThanItsBlobSaysWhereItEnds(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "__0.part0"), make([]byte, 70_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "__0.part1"), make([]byte, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	repository := &Repository{storage: folderStorage(t, directory), cache: newFileCache(0)}
	shard := &Shard{Index: &Index{UUID: "u"}, repository: repository,
		Files: []FileInfo{{Name: "_0.cfs", Blob: "__0", Length: 140_000, PartSize: 70_000}}}
	file, err := shard.Directory(t.Context()).Open("_0.cfs")
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 20)
	if n, err := file.ReadAt(content, 69_990); n != 20 || err != nil {
		t.Errorf("across both parts: %d %v", n, err)
	}
	_, err = file.ReadAt(content, 70_000)
	if damaged := (*CorruptError)(nil); !errors.As(err, &damaged) || damaged.Blob != "__0.part1" || damaged.Offset != 10 {
		t.Errorf("behind the end: %v", err)
	}
	if _, err := file.ReadAt(content, 140_000); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}
