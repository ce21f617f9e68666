package lucene_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/hikkoshi/hikkoshi/lucene"
)

// Every living document of a shard, segment by segment.
func ExampleOpenCommit() {
	ctx := context.Background()
	path := exampleIndex("8.11.4")
	defer os.RemoveAll(path)
	dir, err := lucene.OpenFolder(path)
	if err != nil {
		log.Fatal(err)
	}
	defer dir.Close()

	commit, err := lucene.OpenCommit(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	for i := range commit.Segments {
		segment, err := commit.Segment(ctx, i)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(segment.Name(), segment.Lucene(), segment.LiveDocs(), "of", segment.MaxDoc(), "live")
		err = segment.Scan(ctx, lucene.ScanOptions{To: 5}, func(d *lucene.Document) error {
			fmt.Printf("%s %s\n", d.ID, d.Source) // copy what must outlive this call
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// _0 8.11.4 294 of 300 live
	// id0 {"n":0,"text":"word0 word0"}
	// id1 {"n":1,"text":"word1 word1"}
	// id2 {"n":2,"text":"word2 word2"}
	// id4 {"n":4,"text":"word4 word4"}
}

// One document by its number, with all its stored fields.
func ExampleReader_Document() {
	ctx := context.Background()
	path := exampleIndex("10.2.2")
	defer os.RemoveAll(path)
	dir, err := lucene.OpenFolder(path)
	if err != nil {
		log.Fatal(err)
	}
	defer dir.Close()
	commit, err := lucene.OpenCommit(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	segment, err := commit.Segment(ctx, 0)
	if err != nil {
		log.Fatal(err)
	}
	reader, err := segment.Reader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	d, err := reader.Document(ctx, 42)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s of type %s, routing %s, %v\n", d.ID, d.Type, d.Routing, d.SourceKind)
	err = d.EachStored(func(field string, v lucene.StoredValue) bool {
		if v.Kind == lucene.StoredInt {
			fmt.Println(field, v.Int)
		}
		return true
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// id42 of type doc, routing r2, json
	// i 41993
}

// What can't be read is named, and the scan goes on behind it.
func ExampleSegment_Scan_damaged() {
	ctx := context.Background()
	path := exampleIndex("8.11.4")
	defer os.RemoveAll(path)
	damage(filepath.Join(path, "_0.cfs"), 3000)
	dir, err := lucene.OpenFolder(path)
	if err != nil {
		log.Fatal(err)
	}
	defer dir.Close()
	commit, err := lucene.OpenCommit(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	segment, err := commit.Segment(ctx, 0)
	if err != nil {
		log.Fatal(err)
	}
	var stats lucene.ScanStats
	err = segment.Scan(ctx, lucene.ScanOptions{Stats: &stats, OnLoss: func(loss *lucene.LossError) error {
		fmt.Println("lost:", loss.To-loss.From, "documents, corrupt:", errors.Is(loss, lucene.ErrCorrupt))
		return nil
	}}, func(*lucene.Document) error { return nil })
	fmt.Println(stats.Documents+stats.Dead+stats.Lost, "documents accounted for, error:", err)
	// Output:
	// lost: 101 documents, corrupt: true
	// 300 documents accounted for, error: <nil>
}

// exampleIndex unpacks one of the indices of testdata/stored into a temporary folder.
func exampleIndex(version string) string {
	folder, err := os.MkdirTemp("", "lucene-example")
	if err != nil {
		log.Fatal(err)
	}
	f, err := os.Open("testdata/stored/indices.tar.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		log.Fatal(err)
	}
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return folder
		}
		if err != nil {
			log.Fatal(err)
		}
		if filepath.Dir(h.Name) != version {
			continue
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(h.Name)), b, 0o600); err != nil {
			log.Fatal(err)
		}
	}
}

// damage overwrites some bytes.
func damage(path string, at int) {
	b, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	copy(b[at:], "damaged by the example")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		log.Fatal(err)
	}
}
