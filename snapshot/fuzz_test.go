package snapshot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seed gives the fuzzers real blobs to begin with, where the fixtures are; made ones always.
func seed(f *testing.F, pattern string, add func(content []byte)) {
	folders, err := filepath.Glob("testdata/seeds/" + pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range folders {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		add(content)
	}
	if len(folders) == 0 {
		f.Fatalf("no seed matches %s", pattern)
	}
}

func FuzzFramesNeverPanic(f *testing.F) {
	seed(f, "*.dat", func(content []byte) { f.Add(content) })
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, codec := range []string{codecSnapshot, codecMetadata, codecIndexMetadata, codecShardIndex} {
			body, err := unframe("fuzzed", content, codec)
			if err == nil && len(body) > maxMetadata*64 {
				t.Fatalf("%d bytes became %d", len(content), len(body))
			}
		}
	})
}

// FuzzBodiesNeverPanic goes behind the checksum: the bytes a hostile writer of the repository controls.
func FuzzBodiesNeverPanic(f *testing.F) {
	seed(f, "*.dat", func(content []byte) {
		name := int(content[4])
		f.Add(content[5+name+4 : len(content)-footerSize])
	})
	seed(f, "*.lzf", func(content []byte) { f.Add(content) })
	f.Fuzz(func(t *testing.T, content []byte) {
		body, err := toJSON("fuzzed", content)
		if err != nil {
			return
		}
		_, _ = parseInfo("fuzzed", body, Entry{Name: "s1", UUID: "s1"})
		_, _ = parseGlobal(body)
		_, _ = parseShardFiles("fuzzed", body)
		index := &Index{Name: "ids"}
		_ = index.parse("fuzzed", body)
	})
}

func FuzzTheRootIndexNeverPanics(f *testing.F) {
	seed(f, "index-*", func(content []byte) { f.Add(content) })
	f.Fuzz(func(t *testing.T, content []byte) {
		root, err := parseRootIndex("index-0", content)
		if err != nil {
			return
		}
		repository := &Repository{root: root, base: "base"}
		for _, entry := range root.snapshots {
			for name := range root.indices {
				blob, index, err := repository.locateIndex(&Info{Entry: entry}, name)
				if err != nil {
					continue
				}
				if !strings.HasPrefix(blob, "base/indices/") || strings.Contains(blob, "/../") {
					t.Fatalf("index %q leads to %q", name, blob)
				}
				if directory, err := repository.shardDirectory(index, 0); err == nil && strings.Contains("/"+directory+"/", "/../") {
					t.Fatalf("index %q leads to %q", name, directory)
				}
			}
		}
	})
}

func FuzzShardListsStayInTheirDirectory(f *testing.F) {
	f.Add([]byte(`{"files":[{"name":"__0","physical_name":"_0.cfs","length":250,"part_size":100,"checksum":"abc","written_by":"5.5.0"},
		{"name":"v__x","physical_name":"segments_1","length":3,"meta_hash":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		files, err := parseShardFiles("fuzzed", content)
		if err != nil {
			return
		}
		for i := range files {
			var total int64
			for _, part := range files[i].Parts() {
				total += part.Size
				if strings.ContainsAny(part.Name, `/\`) || part.Size < 0 {
					t.Fatalf("part %+v", part)
				}
			}
			if files[i].Inline == nil && total != files[i].Length {
				t.Fatalf("parts of %+v add up to %d", files[i], total)
			}
		}
	})
}
