// stream.go answers: how is a large file read front to back, each byte fetched once and checksummed? Next: storedfields.go.

package lucene

import (
	"encoding/binary"
	"hash/crc32"
)

// stream reads a file forward. What it holds is the part not yet consumed plus what was read ahead. While it has fetched
// every byte since the file's start it keeps their checksum.
type stream struct {
	f     File
	name  string
	size  int64
	ahead int
	buf   []byte
	pos   int   // in buf
	start int64 // offset of buf[0]
	sum   uint32
	whole bool // sum covers [0, start+len(buf))
}

// reset begins at off.
func (s *stream) reset(f File, name string, off int64, ahead int) {
	s.f, s.name, s.size, s.ahead = f, name, f.Size(), ahead
	s.buf, s.pos, s.start = s.buf[:0], 0, off
	s.sum, s.whole = 0, off == 0
}

// offset is the position in the file.
func (s *stream) offset() int64 { return s.start + int64(s.pos) }

// left is the number of bytes from here to the file's end.
func (s *stream) left() int64 { return s.size - s.offset() }

// seek moves to off, which may leave out bytes; then the checksum is given up.
func (s *stream) seek(off int64) {
	if i := off - s.start; i >= 0 && i <= int64(len(s.buf)) {
		s.pos = int(i)
		return
	}
	s.buf, s.pos, s.start, s.whole = s.buf[:0], 0, off, false
}

// need makes at least n bytes available at buf[pos:], fewer only if the file ends.
func (s *stream) need(n int) error {
	if len(s.buf)-s.pos >= n {
		return nil
	}
	return s.fill(n)
}

// fill fetches. It is apart from need so that need can be inlined.
func (s *stream) fill(n int) error {
	have := len(s.buf) - s.pos
	fetch := int64(max(n-have, s.ahead))
	fetch = min(fetch, s.size-s.start-int64(len(s.buf)))
	if fetch <= 0 {
		return nil
	}
	total := have + int(fetch)
	if cap(s.buf) < total {
		grown := make([]byte, total)
		copy(grown, s.buf[s.pos:])
		s.buf = grown
	} else {
		copy(s.buf[:have], s.buf[s.pos:])
		s.buf = s.buf[:total]
	}
	s.start += int64(s.pos)
	s.pos = 0
	fresh := s.buf[have:total]
	if err := readFull(s.f, s.name, fresh, s.start+int64(have)); err != nil {
		s.buf = s.buf[:have]
		return err
	}
	if s.whole {
		s.sum = crc32.Update(s.sum, crc32.IEEETable, fresh)
	}
	return nil
}

// take gives the next n bytes, valid until the next call.
func (s *stream) take(n int) ([]byte, error) {
	if n < 0 || int64(n) > s.left() {
		return nil, corruptf(s.name, s.offset(), "%d bytes wanted, file has %d", n, s.size)
	}
	if err := s.need(n); err != nil {
		return nil, err
	}
	b := s.buf[s.pos : s.pos+n : s.pos+n]
	s.pos += n
	return b, nil
}

// maxVint is the longest vint.
const maxVint = 5

// vint reads a non-negative vint.
func (s *stream) vint() (int, error) {
	if err := s.need(maxVint); err != nil {
		return 0, err
	}
	var v uint32
	for i := 0; i < maxVint && s.pos+i < len(s.buf); i++ {
		b := s.buf[s.pos+i]
		v |= uint32(b&0x7F) << (7 * i)
		if b >= 0x80 {
			continue
		}
		if int32(v) < 0 {
			return 0, corruptf(s.name, s.offset(), "negative number %d", int32(v))
		}
		s.pos += i + 1
		return int(v), nil
	}
	return 0, corruptf(s.name, s.offset(), "number runs over %d bytes or the file's end", maxVint)
}

// finish reads on to the end and compares the checksum of all bytes with the footer's; without effect when bytes were left
// out. It must be called with footer bytes of the file still unread.
func (s *stream) finish() error {
	if !s.whole {
		return nil
	}
	s.ahead = max(s.ahead, footerLength)
	for s.left() > footerLength {
		if _, err := s.take(int(min(s.left()-footerLength, int64(s.ahead)))); err != nil {
			return err
		}
	}
	off := s.offset()
	tail, err := s.take(footerLength)
	if err != nil {
		return err
	}
	want, err := parseFooter(s.name, tail, off)
	if err != nil {
		return err
	}
	// sum covers the whole file: its last 8 bytes are the checksum itself, so the wanted sum is continued over them.
	var last [8]byte
	binary.BigEndian.PutUint64(last[:], uint64(want))
	if s.sum != crc32.Update(want, crc32.IEEETable, last[:]) {
		return corruptf(s.name, off, "checksum of the file isn't %08x as its footer says", want)
	}
	return nil
}

// vlong passes over a vlong; its value is of no use here.
func (s *stream) vlong() (int64, error) {
	const maxBytes = 10
	if err := s.need(maxBytes); err != nil {
		return 0, err
	}
	in := input{name: s.name, buf: s.buf[s.pos:]}
	v := in.vlong()
	s.pos += in.pos
	return v, in.err
}
