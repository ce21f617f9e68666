// input.go answers: how is one value read without trusting it? Next: header.go.

package lucene

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// maxLoad bounds a file that is read whole (infos, metadata, live docs). The largest honest one is the live docs of a
// segment of 2^31 documents, 256 MiB.
const maxLoad = 272 << 20

// input is a cursor over the bytes of one file. The first error sticks: later reads give zero values, so that a run of
// reads needs one look at err. Counts must go through count() before memory is made or a loop is entered.
type input struct {
	name string
	buf  []byte // the whole file, or the part that may be read
	pos  int
	le   bool // integers little-endian: files of Lucene 9.0 and later
	err  error
}

// loadInput reads a whole small file.
func loadInput(dir Directory, name string) (*input, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return loadFile(f, name)
}

func loadFile(f File, name string) (*input, error) {
	size := f.Size()
	if size < 0 || size > maxLoad {
		return nil, corruptf(name, -1, "%d bytes, at most %d expected", size, maxLoad)
	}
	buf := make([]byte, size)
	if err := readFull(f, name, buf, 0); err != nil {
		return nil, err
	}
	return &input{name: name, buf: buf}, nil
}

// readFull fills p from off. A file that ends early is corrupt; any other error is the storage's.
func readFull(f io.ReaderAt, name string, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return corruptf(name, off+int64(n), "file ends, %d more bytes needed", len(p)-n)
	default:
		return fmt.Errorf("read %s at %d: %w", name, off, err)
	}
}

// fail records the first error, at the current position.
func (in *input) fail(format string, args ...any) {
	if in.err == nil {
		in.err = corruptf(in.name, int64(in.pos), format, args...)
	}
}

func (in *input) remaining() int { return len(in.buf) - in.pos }

// seek moves to an absolute position.
func (in *input) seek(pos int64) {
	if pos < 0 || pos > int64(len(in.buf)) {
		in.fail("position %d outside of %d bytes", pos, len(in.buf))
		return
	}
	in.pos = int(pos)
}

// take gives the next n bytes without copying, nil after an error.
func (in *input) take(n int) []byte {
	if in.err != nil {
		return nil
	}
	if n < 0 || n > in.remaining() {
		in.fail("%d bytes wanted, %d left", n, in.remaining())
		return nil
	}
	b := in.buf[in.pos : in.pos+n : in.pos+n]
	in.pos += n
	return b
}

func (in *input) skip(n int) { in.take(n) }

// count checks a number of entries against the bytes that are left, of which each entry needs at least minSize.
func (in *input) count(n int64, minSize int) int {
	if in.err != nil {
		return 0
	}
	if n < 0 || n > math.MaxInt32 || n*int64(max(minSize, 1)) > int64(in.remaining()) {
		in.fail("%d entries cannot fit in the %d bytes left", n, in.remaining())
		return 0
	}
	return int(n)
}

func (in *input) u8() byte {
	if b := in.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (in *input) u16() uint16 {
	b := in.take(2)
	switch {
	case b == nil:
		return 0
	case in.le:
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

func (in *input) i16() int16 { return int16(in.u16()) }

func (in *input) u32() uint32 {
	b := in.take(4)
	switch {
	case b == nil:
		return 0
	case in.le:
		return binary.LittleEndian.Uint32(b)
	}
	return binary.BigEndian.Uint32(b)
}

func (in *input) i32() int32 { return int32(in.u32()) }

func (in *input) u64() uint64 {
	b := in.take(8)
	switch {
	case b == nil:
		return 0
	case in.le:
		return binary.LittleEndian.Uint64(b)
	}
	return binary.BigEndian.Uint64(b)
}

func (in *input) i64() int64 { return int64(in.u64()) }

// beI32 and beU32 read what stays big-endian for ever: headers, footers, old maps.
func (in *input) beU32() uint32 {
	if b := in.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (in *input) beI32() int32 { return int32(in.beU32()) }

// vint: 7 bits per byte, least significant first; 5 bytes at most; may be negative.
func (in *input) vint() int32 {
	const maxBytes = 5
	var v uint32
	for i := range maxBytes {
		b := in.u8()
		if in.err != nil {
			return 0
		}
		v |= uint32(b&0x7F) << (7 * i)
		if b < 0x80 {
			return int32(v)
		}
	}
	in.fail("vint longer than %d bytes", maxBytes)
	return 0
}

// vlong: as vint, 10 bytes at most.
func (in *input) vlong() int64 {
	const maxBytes = 10
	var v uint64
	for i := range maxBytes {
		b := in.u8()
		if in.err != nil {
			return 0
		}
		v |= uint64(b&0x7F) << (7 * i)
		if b < 0x80 {
			return int64(v)
		}
	}
	in.fail("vlong longer than %d bytes", maxBytes)
	return 0
}

func (in *input) zvint() int32 {
	v := uint32(in.vint())
	return int32(v>>1) ^ -int32(v&1)
}

func (in *input) zlong() int64 { return unzigzag(uint64(in.vlong())) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// bytes: vint length and that many bytes, not copied.
func (in *input) bytes() []byte { return in.take(in.count(int64(in.vint()), 1)) }

func (in *input) str() string { return string(in.bytes()) }

// pairs reads a map of strings; old ones (before Lucene 5.1, "map4") count by a big-endian i32, later ones by a vint.
func (in *input) pairs(old bool) map[string]string {
	n := in.setCount(old, 2)
	if n == 0 {
		return nil
	}
	m := make(map[string]string, min(n, 1024))
	for i := 0; i < n && in.err == nil; i++ {
		k := in.str()
		m[k] = in.str()
	}
	return m
}

// strs reads a set of strings, old or new as pairs does.
func (in *input) strs(old bool) []string {
	n := in.setCount(old, 1)
	var s []string
	for i := 0; i < n && in.err == nil; i++ {
		s = append(s, in.str())
	}
	return s
}

func (in *input) setCount(old bool, minSize int) int {
	if old {
		return in.count(int64(in.beI32()), minSize)
	}
	return in.count(int64(in.vint()), minSize)
}

// wrap gives the sticky error with what was being read, nil if there is none.
func (in *input) wrap(what string) error {
	if in.err == nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", what, in.err)
}
