package lucene

import (
	"math/rand/v2"
	"testing"
)

// countingReads counts the requests to a file.
type countingReads struct {
	File
	reads int
	bytes int64
}

func (c *countingReads) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	c.bytes += int64(len(p))
	return c.File.ReadAt(p, off)
}

func TestAWholeColumnTakesFewRequestsAndOneValueFewBytes(t *testing.T) {
	t.Parallel()
	const n = 2_000_000
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, n)
	for i := range values {
		values[i] = r.Int64N(1 << 32)
	}
	w := numericWriter{le: true, ranked: true, jumps: true}
	docs := make([]int, n)
	for i := range docs {
		docs[i] = i
	}
	w.column(docs, n, values, form{gcd: 1}, docNoRank)
	open := func() (*column, *countingReads) {
		c := w.open(t, column90, n)
		file := &countingReads{File: c.values.win.f.(File)}
		c.values.win.f = file
		return c, file
	}
	c, file := open()
	for doc := range n {
		if v, _, err := c.number(doc); err != nil || v != values[doc] {
			t.Fatalf("document %d: %d, %v, want %d", doc, v, err, values[doc])
		}
	}
	if size := int64(len(w.data)); file.reads > 16 || file.bytes > size+size/4 {
		t.Errorf("%d requests, %d bytes of %d", file.reads, file.bytes, size)
	}
	c, file = open()
	if v, _, err := c.number(n / 2); err != nil || v != values[n/2] {
		t.Fatalf("%d, %v", v, err)
	}
	if file.reads > 1 || file.bytes > docValuesAhead {
		t.Errorf("%d requests, %d bytes for one value", file.reads, file.bytes)
	}
}
