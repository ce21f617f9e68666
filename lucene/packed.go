// packed.go answers: how are integers packed into bits? Next: storedfields.go, docvalues_*.go.
//
// Direct packed ints: value i takes bits [i*bpv, (i+1)*bpv) of a bit stream. Before Lucene 9.0 the stream is read from the
// most significant bit of each byte, since 9.0 from the least significant.
//
// DirectMonotonic, a rising sequence of n values in blocks of 2^shift:
//
//	meta, per block:  i64 min | i32 float32 bits avg | i64 offset | u8 bpv
//	data, per block:  direct packed deltas at offset
//	value(i) = min + int64(avg * float32(i)) + delta(i)        i within its block

package lucene

import (
	"encoding/binary"
	"math"
)

// packedBytes is the number of bytes count values of bpv bits take, rounded up.
func packedBytes(count int64, bpv int) int64 {
	return count/8*int64(bpv) + (count%8*int64(bpv)+7)/8
}

// packedAt gives value i of a direct packed array that lies in data. Bits beyond data read as zero: callers check
// packedBytes against what there is.
func packedAt(data []byte, bpv int, le bool, i int64) uint64 {
	if bpv == 0 {
		return 0
	}
	bit := i * int64(bpv)
	p, shift := int(bit>>3), uint(bit&7)
	if p+9 <= len(data) {
		return packedFast(data[p:p+9], uint(bpv), le, shift)
	}
	var slack [9]byte
	if p < len(data) {
		copy(slack[:], data[p:])
	}
	return packedFast(slack[:], uint(bpv), le, shift)
}

func packedFast(b []byte, bpv uint, le bool, shift uint) uint64 {
	if le {
		v := binary.LittleEndian.Uint64(b) >> shift
		if shift != 0 {
			v |= uint64(b[8]) << (64 - shift)
		}
		return v & (math.MaxUint64 >> (64 - bpv))
	}
	v := binary.BigEndian.Uint64(b) << shift
	if shift != 0 {
		v |= uint64(b[8]) >> (8 - shift)
	}
	return v >> (64 - bpv)
}

// packedArray is a direct packed array inside a file.
type packedArray struct {
	win *window
	off int64
	bpv int
	le  bool
}

func (a *packedArray) get(i int64) (uint64, error) {
	if a.bpv == 0 {
		return 0, nil
	}
	bit := i * int64(a.bpv)
	b, err := a.win.upTo(a.off+bit>>3, 9)
	if err != nil {
		return 0, err
	}
	shift := int(bit & 7)
	if need := (shift + a.bpv + 7) / 8; len(b) < need {
		return 0, corruptf(a.win.name, a.off+bit>>3, "packed value %d beyond the file's end", i)
	}
	var slack [9]byte
	copy(slack[:], b)
	return packedFast(slack[:], uint(a.bpv), a.le, uint(shift)), nil
}

// monotonic is the meta of a DirectMonotonic sequence.
type monotonic struct {
	n      int64
	shift  uint
	le     bool
	blocks []monotonicBlock
}

type monotonicBlock struct {
	min, off int64
	avg      float32
	bpv      uint8
}

// monotonicMetaSize is the size of one block's meta.
const monotonicMetaSize = 8 + 4 + 8 + 1

// maxMonotonicShift is Lucene's own limit of a block's size.
const maxMonotonicShift = 22

// monotonicMeta reads the meta of n values in blocks of 2^shift.
func (in *input) monotonicMeta(n int64, shift int32) monotonic {
	if in.err == nil && (n < 0 || shift < 2 || shift > maxMonotonicShift) {
		in.fail("monotonic sequence of %d values, block shift %d", n, shift)
	}
	if in.err != nil {
		return monotonic{}
	}
	m := monotonic{n: n, shift: uint(shift), le: in.le}
	blocks := n >> m.shift
	if n&(1<<m.shift-1) != 0 {
		blocks++
	}
	k := in.count(blocks, monotonicMetaSize)
	m.blocks = make([]monotonicBlock, k)
	for i := range m.blocks {
		b := &m.blocks[i]
		b.min = in.i64()
		b.avg = math.Float32frombits(in.u32())
		b.off = in.i64()
		b.bpv = in.u8()
		if in.err == nil && (b.bpv > 64 || b.off < 0) {
			in.fail("monotonic block of %d bits at %d", b.bpv, b.off)
		}
	}
	return m
}

// get gives value i; base is where the sequence's data begin in the file.
func (m *monotonic) get(win *window, base, i int64) (int64, error) {
	if i < 0 || i >= m.n {
		return 0, corruptf(win.name, -1, "value %d of a sequence of %d", i, m.n)
	}
	b := &m.blocks[i>>m.shift]
	j := i & (1<<m.shift - 1)
	if base < 0 || base > win.size || b.off > win.size-base {
		return 0, corruptf(win.name, -1, "sequence begins at %d, outside of %d bytes", base, win.size)
	}
	a := packedArray{win: win, off: base + b.off, bpv: int(b.bpv), le: m.le}
	delta, err := a.get(j)
	if err != nil {
		return 0, err
	}
	return b.min + floatToInt64(b.avg*float32(j)) + int64(delta), nil
}

// floatToInt64 truncates as Java does: saturating, NaN is 0. Go leaves these cases to the machine.
func floatToInt64(f float32) int64 {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}
