package lucene

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
)

// mix is the hash by which the indices in testdata/docvalues were filled; see its README.
func mix(d int64) int64 {
	z := uint64(d) + 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int64(z ^ z>>31)
}

// writtenNumbers are the single numbers of document d of n.
var writtenNumbers = map[string]func(d, n int64) (int64, bool){
	"n_const":  func(d, n int64) (int64, bool) { return 7, true },
	"n_delta":  func(d, n int64) (int64, bool) { return d*3 + d%5, true },
	"n_gcd":    func(d, n int64) (int64, bool) { return d%50*1000 - 7, true },
	"n_table":  func(d, n int64) (int64, bool) { return []int64{5, 1000000007, -3, 1 << 40}[d%4], true },
	"n_sparse": func(d, n int64) (int64, bool) { return d * d, d%17 == 0 },
	"n_half":   func(d, n int64) (int64, bool) { return -d, d%2 == 0 },
	"n_vary": func(d, n int64) (int64, bool) {
		if d>>14%2 == 0 {
			return mix(d) & 15, true
		}
		return mix(d), true
	},
	"n_big":  func(d, n int64) (int64, bool) { return mix(d), true },
	"n_rare": func(d, n int64) (int64, bool) { return 42, d == 3 },
	"n_most": func(d, n int64) (int64, bool) { return mix(d) % 1000, d%101 != 5 },
	"n_upd": func(d, n int64) (int64, bool) {
		if d%7 == 0 {
			return -1000 - d, true // updated: a doc values generation
		}
		return d, true
	},
}

// writtenTerms are the terms of a document, sorted and each once.
var writtenTerms = map[string]func(d, n int64) []string{
	"s_low": func(d, n int64) []string {
		if d%3 == 0 {
			return nil
		}
		return []string{fmt.Sprintf("term%d", d%10)}
	},
	"s_uniq": func(d, n int64) []string { return []string{fmt.Sprintf("common/prefix/u%07d", d*7919%n)} },
	"s_rare": func(d, n int64) []string {
		if d%97 != 0 {
			return nil
		}
		return []string{fmt.Sprintf("r%d", d)}
	},
	"ss_multi": func(d, n int64) (terms []string) {
		for i := range d % 4 {
			terms = append(terms, fmt.Sprintf("k%d", d*(i+1)%1009))
		}
		sort.Strings(terms)
		return slices.Compact(terms)
	},
	"ss_few": func(d, n int64) (terms []string) {
		for i := range d % 3 {
			terms = append(terms, fmt.Sprintf("f%d", (d+i)%5))
		}
		sort.Strings(terms)
		return terms
	},
	"ss_single": func(d, n int64) []string { return []string{fmt.Sprintf("v%d", d%13)} },
}

// writtenSets are the numbers of a document that may have several, sorted.
var writtenSets = map[string]func(d, n int64) []int64{
	"sn_multi": func(d, n int64) (v []int64) {
		for i := range d % 3 {
			v = append(v, mix(d+i)%100000)
		}
		slices.Sort(v)
		return v
	},
	"sn_single": func(d, n int64) []int64 { return []int64{d * 11} },
	"sn_few": func(d, n int64) (v []int64) {
		for i := range d % 3 {
			v = append(v, (d+i)%4)
		}
		slices.Sort(v)
		return v
	},
	"sn_two": func(d, n int64) []int64 { return []int64{d, d + 1} },
}

var writtenBytes = map[string]func(d, n int64) (string, bool){
	"b_fixed":  func(d, n int64) (string, bool) { return fmt.Sprintf("%08d", d), true },
	"b_var":    func(d, n int64) (string, bool) { return "abcdefghijklmnopqrstuvwxyz"[:d%20], true },
	"b_sparse": func(d, n int64) (string, bool) { return fmt.Sprintf("sparse%d", d), d%10 == 1 },
}

// openWritten opens the one segment of an index written for these tests.
func openWritten(t testing.TB, path string) *Segment {
	t.Helper()
	dir, err := OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	commit, err := OpenCommit(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(commit.Segments) != 1 {
		t.Fatalf("%d segments", len(commit.Segments))
	}
	s, err := commit.Segment(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writtenIndices lists the indices, named by the version of Lucene that wrote each.
func writtenIndices(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "docvalues", "*", "segments_*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no indices in testdata/docvalues: %v", err)
	}
	for i := range paths {
		paths[i] = filepath.Dir(paths[i])
	}
	// A larger set may lie elsewhere; see the README of testdata/docvalues.
	if more := os.Getenv("HIKKOSHI_DOCVALUES"); more != "" {
		extra, err := filepath.Glob(filepath.Join(more, "*", "segments_*"))
		if err != nil || len(extra) == 0 {
			t.Fatalf("no indices in %s: %v", more, err)
		}
		for _, p := range extra {
			paths = append(paths, filepath.Dir(p))
		}
	}
	return paths
}

func TestColumnsHoldWhatLuceneWasToldToWrite(t *testing.T) {
	t.Parallel()
	for _, path := range writtenIndices(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := openWritten(t, path)
			dv := newDocValues(s)
			columns := 0
			for _, f := range s.fields.list {
				if f.docValues == dvNone {
					continue
				}
				columns++
				checkColumn(t, dv, f.name, int64(s.MaxDoc()))
			}
			if columns < 20 {
				t.Errorf("%d columns", columns)
			}
		})
	}
}

// checkColumn compares a column, forward by every document, then by leaps from the end back.
func checkColumn(t *testing.T, dv *docValues, field string, n int64) {
	t.Helper()
	c, err := dv.column(field)
	if err != nil {
		t.Fatal(err)
	}
	set, err := dv.having(field)
	if err != nil {
		t.Fatal(field, err)
	}
	wrong := 0
	check := func(d int64) {
		got, want, err := both(c, field, d, n)
		if err != nil {
			t.Fatalf("%s of document %d: %v", field, d, err)
		}
		if got != want {
			if wrong++; wrong < 4 {
				t.Errorf("%s of document %d is %s, want %s", field, d, got, want)
			}
		}
		// Formats before 7.0 say of terms only by the ordinal that there is none, and of sets by their size.
		if has := set.has(int(d)); !has && want != "" && want != "[]" || has && want == "" {
			t.Errorf("document %d, %s: in the set of documents: %v, value %s", d, field, has, want)
		}
	}
	for d := range n {
		check(d)
	}
	for d := n - 1; d >= 0; d -= 1 + n/97 {
		check(d)
	}
}

// both gives what a column has for a document and what was written, as text.
func both(c *column, field string, d, n int64) (got, want string, err error) {
	if f := writtenNumbers[field]; f != nil {
		if v, ok := f(d, n); ok {
			want = fmt.Sprint(v)
		}
		v, ok, err := c.number(int(d))
		if ok {
			got = fmt.Sprint(v)
		}
		return got, want, err
	}
	if f := writtenSets[field]; f != nil {
		v, err := c.numbers(int(d), nil)
		return fmt.Sprint(v), fmt.Sprint(f(d, n)), err
	}
	if f := writtenTerms[field]; f != nil {
		ordinals, err := c.numbers(int(d), nil)
		var terms []string
		for _, o := range ordinals {
			term, termErr := c.term(o)
			if termErr != nil {
				err = termErr
			}
			terms = append(terms, string(term))
		}
		return fmt.Sprint(terms), fmt.Sprint(f(d, n)), err
	}
	f := writtenBytes[field]
	if f == nil {
		return "", "", fmt.Errorf("nobody knows what was written")
	}
	if v, ok := f(d, n); ok {
		want = "x" + v
	}
	v, ok, err := c.value(int(d))
	if ok {
		got = "x" + string(v)
	}
	return got, want, err
}
