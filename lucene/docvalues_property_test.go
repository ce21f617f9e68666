package lucene

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// numericWriter writes one numeric column of Lucene 7, 8 or 9 in the plainest way that the drawings allow. It shares no
// code with the readers.
type numericWriter struct {
	le, ranked, jumps, skipped bool
	meta, data                 []byte
}

func (w *numericWriter) u16(b []byte, v uint16) []byte {
	if w.le {
		return binary.LittleEndian.AppendUint16(b, v)
	}
	return binary.BigEndian.AppendUint16(b, v)
}

func (w *numericWriter) u32(b []byte, v int) []byte {
	if w.le {
		return binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return binary.BigEndian.AppendUint32(b, uint32(v))
}

func (w *numericWriter) u64(b []byte, v int64) []byte {
	if w.le {
		return binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return binary.BigEndian.AppendUint64(b, uint64(v))
}

// pack writes values bit by bit.
func (w *numericWriter) pack(values []uint64, bpv int) []byte {
	out := make([]byte, (len(values)*bpv+7)/8)
	for i, v := range values {
		for b := range bpv {
			if w.le && v>>b&1 == 1 {
				out[(i*bpv+b)/8] |= 1 << ((i*bpv + b) % 8)
			}
			if !w.le && v>>(bpv-1-b)&1 == 1 {
				out[(i*bpv+b)/8] |= 0x80 >> ((i*bpv + b) % 8)
			}
		}
	}
	return append(out, 0, 0, 0)
}

// docs writes the blocks of documents.
func (w *numericWriter) docs(docs []int, rank uint8) {
	for len(docs) > 0 {
		block := docs[0] >> 16
		n := 0
		for n < len(docs) && docs[n]>>16 == block {
			n++
		}
		w.data = w.u16(w.u16(w.data, uint16(block)), uint16(n-1))
		switch {
		case n <= 4095:
			for _, d := range docs[:n] {
				w.data = w.u16(w.data, uint16(d))
			}
		case n < 65536:
			var words [1024]uint64
			for _, d := range docs[:n] {
				words[d&0xFFFF>>6] |= 1 << (d & 63)
			}
			if rank != 0xFF {
				before := 0
				for i, word := range words {
					if i*64%(1<<rank) == 0 {
						w.data = append(w.data, byte(before>>8), byte(before))
					}
					before += bits.OnesCount64(word)
				}
			}
			for _, word := range words {
				w.data = w.u64(w.data, int64(word))
			}
		}
		docs = docs[n:]
	}
	w.data = w.u16(w.u16(w.data, 0x7FFF), 0) // what ends the blocks
}

// form says how the values are to be written.
type form struct {
	gcd     int64
	table   []int64
	varying int // shift of the blocks, 0 for one block
}

func (w *numericWriter) column(docs []int, maxDoc int, values []int64, f form, rank uint8) {
	if w.skipped {
		w.meta = w.u32(w.u32(w.u64(w.u64(w.u64(w.u64(w.meta, 1), 2), 3), 4), 5), 6)
	}
	docsAt, docsLen := int64(len(w.data)), int64(0)
	switch len(docs) {
	case maxDoc:
		docsAt = -1
	case 0:
		docsAt = -2
	default:
		w.docs(docs, rank)
		docsLen = int64(len(w.data)) - docsAt
	}
	w.meta = w.u64(w.u64(w.meta, docsAt), docsLen)
	if w.ranked {
		w.meta = append(w.u16(w.meta, 0), rank)
	}
	w.meta = w.u64(w.meta, int64(len(values)))
	least := int64(0)
	if len(values) > 0 {
		least = slices.Min(values)
	}
	deltas := make([]uint64, len(values))
	at := int64(len(w.data))
	jumps := int64(-1)
	bpv := 0
	switch {
	case f.table != nil:
		w.meta = w.u32(w.meta, len(f.table))
		for _, v := range f.table {
			w.meta = w.u64(w.meta, v)
		}
		for i, v := range values {
			deltas[i] = uint64(slices.Index(f.table, v))
		}
		bpv = max(1, bits.Len(uint(len(f.table)-1)))
		w.data = append(w.data, w.pack(deltas, bpv)...)
		least = 0
	case f.varying > 0:
		w.meta = w.u32(w.meta, -2-f.varying)
		var starts []int64
		for from := 0; from < len(values); from += 1 << f.varying {
			part := values[from:min(from+1<<f.varying, len(values))]
			low := slices.Min(part)
			own := make([]uint64, len(part))
			wide := 0
			for i, v := range part {
				own[i] = uint64(v-low) / uint64(f.gcd)
				wide = max(wide, bits.Len64(own[i]))
			}
			starts = append(starts, int64(len(w.data)))
			w.data = w.u64(append(w.data, byte(wide)), low)
			if wide > 0 {
				packed := w.pack(own, wide)
				w.data = append(w.u32(w.data, len(packed)), packed...)
			}
		}
		bpv = 0xFF
		jumps = int64(len(w.data))
		for _, s := range starts {
			w.data = w.u64(w.data, s)
		}
	default:
		w.meta = w.u32(w.meta, -1)
		for i, v := range values {
			deltas[i] = uint64(v-least) / uint64(f.gcd)
			bpv = max(bpv, bits.Len64(deltas[i]))
		}
		if bpv > 0 {
			w.data = append(w.data, w.pack(deltas, bpv)...)
		}
	}
	w.meta = w.u64(w.u64(append(w.meta, byte(bpv)), least), f.gcd)
	w.meta = w.u64(w.u64(w.meta, at), int64(len(w.data))-at)
	if w.jumps {
		w.meta = w.u64(w.meta, jumps)
	}
}

// open reads back what was written, as the one field of one file.
func (w *numericWriter) open(t *testing.T, read columnReader, maxDoc int) *column {
	t.Helper()
	in := &input{name: "test.dvm", buf: w.meta, le: w.le}
	f := &fieldInfo{name: "n", number: 1, docValues: dvNumeric}
	if w.skipped {
		f.skipIndex = 1
	}
	e := read(in, 0, maxDoc, f, dvNumeric)
	if in.err != nil || in.remaining() != 0 {
		t.Fatalf("%v, %d bytes left", in.err, in.remaining())
	}
	e.kind = dvNumeric
	file := &docValuesFile{name: "test.dvd", le: w.le, data: bytes.NewReader(w.data)}
	return newColumn(file, &e, maxDoc)
}

// drawDocs draws which documents have a value: none, all, few, about half, or all of some blocks.
func drawDocs(r *rand.Rand, maxDoc int) []int {
	var docs []int
	kind := r.IntN(6)
	share := []float64{0, 1, 0.001, 0.02, 0.5, 0.97}[kind]
	for d := range maxDoc {
		full := kind >= 3 && d>>16 == 1
		if full || r.Float64() < share || share == 1 {
			docs = append(docs, d)
		}
	}
	return docs
}

func drawValues(r *rand.Rand, n int) ([]int64, form) {
	values := make([]int64, n)
	f := form{gcd: 1}
	switch r.IntN(5) {
	case 0: // all the same
		v := int64(r.Uint64())
		for i := range values {
			values[i] = v
		}
	case 1:
		f.table = []int64{math.MinInt64, -1, 0, 5, math.MaxInt64}[:1+r.IntN(5)]
		for i := range values {
			values[i] = f.table[r.IntN(len(f.table))]
		}
	case 2:
		f.gcd = 1 + r.Int64N(1000)
		base := r.Int64N(1 << 40)
		for i := range values {
			values[i] = base + f.gcd*r.Int64N(1<<20)
		}
	case 3:
		f.varying = 7 + r.IntN(5)
		for i := range values {
			values[i] = r.Int64N(1 << (1 + i>>f.varying%60))
		}
	default: // anything
		for i := range values {
			values[i] = int64(r.Uint64())
		}
	}
	return values, f
}

func TestAnyNumbersOfAnyDocumentsComeBack(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		name   string
		writer numericWriter
		read   columnReader
	}{
		{"lucene70", numericWriter{}, column70},
		{"lucene80", numericWriter{ranked: true, jumps: true}, column80},
		{"lucene90", numericWriter{le: true, ranked: true, jumps: true}, column90},
		{"lucene90 with a skip index", numericWriter{le: true, ranked: true, jumps: true, skipped: true}, column90},
	} {
		for seed := range uint64(24) {
			t.Run(fmt.Sprintf("%s/%d", d.name, seed), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, 7))
				maxDoc := []int{1, 64, 300, 70_000, 200_000}[r.IntN(5)]
				docs := drawDocs(r, maxDoc)
				values, f := drawValues(r, len(docs))
				rank := uint8(0xFF)
				if d.writer.ranked && r.IntN(2) == 0 {
					rank = uint8(7 + r.IntN(9))
				}
				w := d.writer
				w.column(docs, maxDoc, values, f, rank)
				readBack(t, w.open(t, d.read, maxDoc), r, maxDoc, docs, values)
			})
		}
	}
}

// readBack asks every document forward, then some in any order.
func readBack(t *testing.T, c *column, r *rand.Rand, maxDoc int, docs []int, values []int64) {
	t.Helper()
	check := func(doc int) {
		i, want := slices.BinarySearch(docs, doc)
		v, ok, err := c.number(doc)
		if err != nil {
			t.Fatalf("document %d of %d: %v", doc, maxDoc, err)
		}
		if ok != want || ok && v != values[i] {
			t.Fatalf("document %d of %d: %d, %v; place %d of %v, has a value: %v", doc, maxDoc, v, ok, i, values[:min(len(values), 8)], want)
		}
	}
	for doc := range maxDoc {
		check(doc)
	}
	for range 200 {
		check(r.IntN(maxDoc))
	}
}
