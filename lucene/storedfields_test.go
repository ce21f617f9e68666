package lucene

// storedfields_test.go answers: do the indices that each Lucene version wrote itself (testdata/stored) read right, and what
// happens when their files are damaged?

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

// storedIndices unpacks testdata/stored.
func storedIndices(t testing.TB) map[string]memory {
	t.Helper()
	all := map[string]memory{}
	recordings.Each(t, "testdata/stored/indices.tar.gz", func(name string, content []byte) {
		version := path.Dir(name)
		if all[version] == nil {
			all[version] = memory{}
		}
		all[version][path.Base(name)] = content
	})
	return all
}

const storedDocs = 300

// storedSource is the source of document d, as testdata/stored/Write.java made it.
func storedSource(d int) string {
	if d != 100 {
		return fmt.Sprintf(`{"n":%d,"text":"word%d word%d"}`, d, d%7, d%5)
	}
	const unit, least = "0123456789abcdef ", 600000
	return fmt.Sprintf(`{"n":%d,"text":"%s"}`, d, strings.Repeat(unit, (least+len(unit)-1)/len(unit)))
}

// checkStored compares a document with what Write.java wrote as document d.
func checkStored(doc *Document, d int) error {
	if string(doc.ID) != fmt.Sprintf("id%d", d) || string(doc.Type) != "doc" {
		return fmt.Errorf("id %q, type %q", doc.ID, doc.Type)
	}
	if string(doc.Source) != storedSource(d) || doc.SourceKind != SourceJSON {
		return fmt.Errorf("source %.80q", doc.Source)
	}
	routing := ""
	if d%3 == 0 {
		routing = fmt.Sprintf("r%d", d%4)
	}
	if string(doc.Routing) != routing || (doc.Routing != nil) != (routing != "") {
		return fmt.Errorf("routing %q", doc.Routing)
	}
	if want := 1500000000000 + int64(d)*[]int64{1, 1000, 3600000, 86400000}[d%4]; !doc.HasTimestamp || doc.Timestamp != want {
		return fmt.Errorf("timestamp %d, want %d", doc.Timestamp, want)
	}
	l := int64(d)
	float := float32(d) / 7
	if d%2 == 0 {
		float = float32(d - 1)
	}
	double := []float64{float64(d) - 1, float64(d) / 4, float64(d) / 7}[d%3]
	want := map[string]StoredValue{
		"i": {Kind: StoredInt, Int: int64(d*1000 - 7)},
		"l": {Kind: StoredLong, Int: l*l*l*l*l*l - 5},
		"f": {Kind: StoredFloat, Float: float64(float)},
		"d": {Kind: StoredDouble, Float: double},
	}
	var wrong error
	err := doc.EachStored(func(field string, v StoredValue) bool {
		if w, ok := want[field]; ok {
			if v.Kind != w.Kind || v.Int != w.Int || math.Abs(v.Float-w.Float) != 0 {
				wrong = fmt.Errorf("%s is %v, want %v", field, v, w)
			}
			delete(want, field)
		}
		return true
	})
	if err == nil && len(want) > 0 {
		err = fmt.Errorf("without %v", want)
	}
	return errors.Join(err, wrong)
}

func TestStoredFieldsOfEveryLuceneVersionReadAsWritten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for version, dir := range storedIndices(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			seg := openOne(t, dir)
			if got := seg.Lucene().String(); !strings.HasPrefix(strings.TrimSuffix(version, "-best"), strings.TrimSuffix(got, ".0")) {
				t.Errorf("written by %s", got)
			}
			var stats ScanStats
			if err := seg.Scan(ctx, ScanOptions{Stats: &stats}, func(d *Document) error {
				if d.DocID%50 == 3 {
					return fmt.Errorf("document %d is deleted", d.DocID)
				}
				return checkStored(d, d.DocID)
			}); err != nil {
				t.Fatal(err)
			}
			if stats.Documents != storedDocs-6 || stats.Dead != 6 || seg.LiveDocs() != storedDocs-6 {
				t.Errorf("%+v", stats)
			}
			r, err := seg.Reader(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for _, doc := range []int{299, 0, 100, 101, 99, 3} {
				d, err := r.Document(ctx, doc)
				if err != nil {
					t.Fatal(err)
				}
				if err := checkStored(d, doc); err != nil || d.Deleted != (doc == 3) {
					t.Errorf("document %d: deleted %v, %v", doc, d.Deleted, err)
				}
			}
		})
	}
}

// TestRealFilesDamagedAreRefusedOrReadRight cuts and flips files of real indices at places spread over them, all places of
// the small ones.
func TestRealFilesDamagedAreRefusedOrReadRight(t *testing.T) {
	const places = 40
	for version, dir := range storedIndices(t) {
		docs, err := readAll(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !openOne(t, dir).Lucene().atLeast(4, 8) {
			docs = nil // without checksums other documents may come out
		}
		for name, b := range dir {
			step := 1 + len(b)/places
			for i := 0; i < len(b); i += step {
				if sampled(i / step) {
					continue
				}
				bad := bytes.Clone(b)
				bad[i] ^= 0x55
				demand(t, dir.with(name, bad), docs, fmt.Sprintf("%s, %s flipped at %d", version, name, i))
				demand(t, dir.with(name, b[:i]), docs, fmt.Sprintf("%s, %s cut to %d", version, name, i))
			}
		}
	}
}
