// stream.go answers: how is a large file read front to back, each byte fetched once and checksummed? Next: storedfields.go.

package lucene

import "hash/crc32"

// stream reads a file forward. What it holds is the part not yet consumed plus what was read ahead. While no byte is left
// out it keeps the checksum of what was consumed.
type stream struct {
	f     File
	name  string
	size  int64
	ahead int
	buf   []byte
	pos   int   // in buf
	start int64 // offset of buf[0]

	whole  bool   // no byte was left out since from
	from   int64  // where the checksum begins
	sum    uint32 // of [from, start+summed)
	summed int    // in buf
}

// reset begins at off.
func (s *stream) reset(f File, name string, off int64, ahead int) {
	s.f, s.name, s.size, s.ahead = f, name, f.Size(), ahead
	s.buf, s.pos, s.start = s.buf[:0], 0, off
	s.whole, s.from, s.sum, s.summed = true, off, 0, 0
}

// offset is the position in the file.
func (s *stream) offset() int64 { return s.start + int64(s.pos) }

// left is the number of bytes from here to the file's end.
func (s *stream) left() int64 { return s.size - s.offset() }

// seek moves to off, which may leave out bytes; then the checksum is given up.
func (s *stream) seek(off int64) {
	if i := off - s.start; i >= 0 && i <= int64(len(s.buf)) {
		s.pos = int(i)
		s.whole = s.whole && s.pos >= s.summed
		return
	}
	s.buf, s.pos, s.start, s.whole = s.buf[:0], 0, off, false
}

// addUp brings the checksum up to here.
func (s *stream) addUp() {
	if s.whole {
		s.sum = crc32.Update(s.sum, crc32.IEEETable, s.buf[s.summed:s.pos])
		s.summed = s.pos
	}
}

// consumed gives the checksum of all bytes from where the stream began to here; ok is false when some were left out.
func (s *stream) consumed() (part partSum, ok bool) {
	s.addUp()
	return partSum{s.from, s.offset(), s.sum}, s.whole
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
	s.addUp()
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
	s.pos, s.summed = 0, 0
	fresh := s.buf[have:total]
	if err := readFull(s.f, s.name, fresh, s.start+int64(have)); err != nil {
		s.buf = s.buf[:have]
		return err
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

// passOver consumes all bytes up to off.
func (s *stream) passOver(off int64) error {
	const step = 1 << 20
	for s.offset() < off {
		if _, err := s.take(int(min(off-s.offset(), step))); err != nil {
			return err
		}
	}
	return nil
}
