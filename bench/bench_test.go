package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocumentsHaveTheirSizeAndAreAlwaysTheSame(t *testing.T) {
	t.Parallel()
	for _, size := range []int{200, 600, 2400, 100_000} {
		docs, again := newDocuments(size), newDocuments(size)
		for range 200 {
			doc := docs.next()
			if len(doc) < size-1 || len(doc) > size+1 || !json.Valid(doc) {
				t.Fatalf("%d bytes wanted, %d made, valid JSON %v: %.300s", size, len(doc), json.Valid(doc), doc)
			}
			if other := again.next(); string(other) != string(doc) {
				t.Fatalf("another document: %.300s", other)
			}
		}
	}
}

// fake is a run over one format in which (a) reads mergeRate MB per second of processor time and hikkoshi 100.
func fake(t *testing.T, mergeRate float64) *results {
	t.Helper()
	c, err := parse([]string{"-cases", "lucene50-lz4", "-sizes", "600", "-results", filepath.Join(t.TempDir(), "results")})
	if err != nil {
		t.Fatal(err)
	}
	r := &results{config: c}
	one := func(method string, rate float64) sample {
		return sample{Method: method, Cores: 1, Documents: 1000, Bytes: 600_000, CPU: 0.6 / rate, Wall: 1, PeakRSS: 1 << 20}
	}
	// The median of three is to count, not the outlier.
	r.add(c.cases[0], 600, []sample{one(methodNull, 100), one(methodNull, 1), one(methodNull, 100), one(methodBare, 120), one(methodMerge, mergeRate)})
	r.add(c.cases[0], 600, []sample{{Method: methodScroll, Documents: 1000, CPU: 0.06, Wall: 1}})
	return r
}

func TestTheReportSaysWhichBarsAreReachedAndWhichAreMissed(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64][]string{
		50:  {"of 1 or more: reached in 1 of 1.", "1.5 times (a) for LZ4: reached in 1 of 1.", "70% of (c): reached in 1 of 1."},
		80:  {"of 1 or more: reached in 1 of 1.", "1.5 times (a) for LZ4: reached in 0 of 1. Missed: lucene50 LZ4 600 bytes: 1.25."},
		200: {"of 1 or more: reached in 0 of 1. Missed: lucene50 LZ4 600 bytes: 0.50."},
	} {
		text := fake(t, rate).report(context.Background())
		for _, sentence := range append(want, "| lucene50 LZ4 | 600 | **100** |") {
			if !strings.Contains(text, sentence) {
				t.Errorf("(a) at %v: no %q in\n%s", rate, sentence, text)
			}
		}
	}
}

func TestAScrollCountsAsManyBytesAsTheSameDocumentsReadByUs(t *testing.T) {
	t.Parallel()
	r := fake(t, 50)
	if err := r.fillScroll(); err != nil {
		t.Fatal(err)
	}
	if rate, ok := r.median(r.config.cases[0], 600, methodScroll, 0, perCPU); !ok || rate < 9.9 || rate > 10.1 {
		t.Errorf("600 kB in 0.06 s are 10 MB/s, not %v (%v)", rate, ok)
	}
}

func TestWhatWasMeasuredIsNotMeasuredAgain(t *testing.T) {
	t.Parallel()
	r := fake(t, 50)
	if !r.complete("2.3.2") {
		t.Error("all was measured")
	}
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
	back, err := loadResults(r.config)
	if err != nil || len(back.entries) != len(r.entries) || !back.complete("2.3.2") {
		t.Errorf("%d of %d measurements came back: %v", len(back.entries), len(r.entries), err)
	}
	back.config.sizes = []int{600, 2400}
	if back.complete("2.3.2") {
		t.Error("2400 was not measured")
	}
}
