// inflate.go answers: how is a DEFLATE block decoded into a known number of bytes? Tables: inflate_tables.go.
//
// An inflater of our own, since ours has an easier task than a general one: the input is in memory whole, the output's size
// is known and its memory is there, and a dictionary lies before it. So there is no window to keep and nothing to copy, and
// it takes half the time of the libraries. inflate_test.go compares it with one.
//
//	stream = blocks: 1 bit last | 2 bits kind
//	  kind 0  to the next byte | le u16 length | le u16 ^length | bytes
//	  kind 1  symbols in the fixed code
//	  kind 2  5 bits lengths-257 | 5 bits distances-1 | 4 bits code lengths-4 | code lengths | symbols
//	symbol = literal | end | length, distance back

package lucene

import (
	"encoding/binary"
	"unsafe"
)

const (
	// deflateMaxRatio: DEFLATE turns two bits into at most 258 bytes.
	deflateMaxRatio = 1032
	// inflateSlackIn is how far behind the input may be read; what is there doesn't matter.
	inflateSlackIn = 32
	// inflateAhead is how far the reading of bits may run before what was used: beyond that the stream is too short.
	inflateAhead = 7
)

// inflater decodes raw DEFLATE, reusing its tables.
type inflater struct {
	tables inflateTables
	padded []byte // copy of an input that has no slack behind it
	// the bits: those of word below count are the next, src[at:] follow
	word  uint64
	count uint
	at    int
}

// block takes vint length and that many bytes from s, and fills out[start:end]. The dictionary is out[from:from+dict].
func (z *inflater) block(s *stream, out []byte, start, end, from, dict int) error {
	at := s.offset()
	n, err := s.vint()
	if err != nil {
		return err
	}
	if int64(n) > s.left() {
		return corruptf(s.name, at, "block of %d bytes, file has %d left", n, s.left())
	}
	if err := s.need(int(min(int64(n)+inflateSlackIn, s.left()))); err != nil {
		return err
	}
	src := s.buf[s.pos:]
	s.pos += n
	if end == start && n == 0 {
		return nil
	}
	if len(src) < n+inflateSlackIn {
		z.padded = append(append(z.padded[:0], src[:n]...), make([]byte, inflateSlackIn)...)
		src = z.padded
	}
	if !z.inflate(out[from:], start-from, end-from, dict, src[:n+inflateSlackIn]) {
		return corruptf(s.name, at, "no DEFLATE block of %d bytes", end-start)
	}
	return nil
}

// inflate fills out[start:end] from src, whose last inflateSlackIn bytes don't count, and says whether src is such a
// stream, no shorter and no longer. out must reach outSlack beyond end. Distances may reach back to start, and beyond it into
// the dictionary out[:dict], whose last byte counts as the one before start.
func (z *inflater) inflate(out []byte, start, end, dict int, src []byte) bool {
	if start < dict || end < start || end > len(out)-outSlack {
		return false
	}
	z.word, z.count, z.at = 0, 0, 0
	n := len(src) - inflateSlackIn
	d := start
	for last := false; !last; {
		if !z.refill(src) {
			return false
		}
		last = z.bits(1) == 1
		switch z.bits(2) {
		case 0:
			if d = z.storedBlock(out, d, end, src); d < 0 {
				return false
			}
			continue
		case 1:
			z.tables.fixed()
		case 2:
			if !z.dynamicHeader(src) {
				return false
			}
		default:
			return false
		}
		if d = z.symbols(out, start, d, end, dict, src); d < 0 {
			return false
		}
	}
	used := z.at - int(z.count/8)
	return d == end && used == n
}

// refill makes at least 56 bits available; those behind the input are of no meaning. It is false when more bits were used
// than there are.
func (z *inflater) refill(src []byte) bool {
	if z.at > len(src)-inflateSlackIn+inflateAhead {
		return false
	}
	z.word |= binary.LittleEndian.Uint64(src[z.at:]) << (z.count & 63)
	z.at += int(63-z.count) >> 3
	z.count |= 56
	return true
}

// bits takes n bits, of those a refill has made available.
func (z *inflater) bits(n uint) uint {
	v := uint(z.word & (1<<n - 1))
	z.word >>= n
	z.count -= n
	return v
}

// storedBlock copies uncompressed bytes; the result is the new end of the output, -1 if the block is broken.
func (z *inflater) storedBlock(out []byte, d, end int, src []byte) int {
	z.at -= int(z.count / 8) // give whole bytes back
	z.word, z.count = 0, 0
	const header = 4
	n := len(src) - inflateSlackIn
	if z.at+header > n {
		return -1
	}
	length := int(binary.LittleEndian.Uint16(src[z.at:]))
	if length^int(binary.LittleEndian.Uint16(src[z.at+2:])) != 0xFFFF {
		return -1
	}
	z.at += header
	if length > n-z.at || length > end-d {
		return -1
	}
	copy(out[d:d+length], src[z.at:z.at+length])
	z.at += length
	return d + length
}

// symbols decodes the symbols of a block up to its end; the result is the new end of the output, -1 if the block is broken.
//
// Bounds: at the top of the loop at <= n+inflateAhead and d <= end. A refill reads 8 bytes and moves at most 7 on, twice in
// a turn: 22 bytes behind n, within inflateSlackIn. Three literals or a match of wide copies write at most 15 bytes behind
// end, within outSlack.
func (z *inflater) symbols(out []byte, start, d, end, dict int, src []byte) int {
	lits, dists := &z.tables.lits, &z.tables.dists
	word, count, at := z.word, z.count, z.at
	limit := len(src) - inflateSlackIn + inflateAhead
	op, ip := unsafe.Pointer(unsafe.SliceData(out)), unsafe.Pointer(unsafe.SliceData(src))
	for at <= limit && d <= end {
		word |= binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(ip, at))[:]) << (count & 63)
		at += int(63-count) >> 3
		count |= 56
		// At most three literals, of at most litBits each, leave room for a length's 20 bits.
		e := lits[word&(1<<litBits-1)]
		if int32(e) < 0 {
			*(*byte)(unsafe.Add(op, d)) = byte(e >> 16)
			d++
			word >>= e & 63
			count -= uint(e & 63)
			if e = lits[word&(1<<litBits-1)]; int32(e) < 0 {
				*(*byte)(unsafe.Add(op, d)) = byte(e >> 16)
				d++
				word >>= e & 63
				count -= uint(e & 63)
				if e = lits[word&(1<<litBits-1)]; int32(e) < 0 {
					*(*byte)(unsafe.Add(op, d)) = byte(e >> 16)
					d++
					word >>= e & 63
					count -= uint(e & 63)
					continue
				}
			}
		}
		if e&codeSpecial != 0 {
			if e&codeMore != 0 {
				word >>= litBits
				count -= litBits
				e = lits[e>>16&0x7FFF+uint32(word)&(1<<(e>>8&15)-1)]
				if int32(e) < 0 {
					if d >= end {
						return -1
					}
					*(*byte)(unsafe.Add(op, d)) = byte(e >> 16)
					d++
					word >>= e & 63
					count -= uint(e & 63)
					continue
				}
			}
			if e&codeSpecial != 0 {
				if e&codeEnd == 0 {
					return -1
				}
				word >>= e & 63
				count -= uint(e & 63)
				z.word, z.count, z.at = word, count, at
				return d
			}
		}
		length := int(e>>16) + int(word&(1<<(e&63)-1)>>(e>>8&15))
		word >>= e & 63
		count -= uint(e & 63)

		word |= binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(ip, at))[:]) << (count & 63)
		at += int(63-count) >> 3
		count |= 56
		e = dists[word&(1<<distBits-1)]
		if e&codeSpecial != 0 {
			if e&codeMore == 0 {
				return -1
			}
			word >>= distBits
			count -= distBits
			if e = dists[e>>16&0x7FFF+uint32(word)&(1<<(e>>8&15)-1)]; e&codeSpecial != 0 {
				return -1
			}
		}
		dist := int(e>>16) + int(word&(1<<(e&63)-1)>>(e>>8&15))
		word >>= e & 63
		count -= uint(e & 63)

		from := d - dist
		switch {
		case d+length > end:
			return -1
		case from >= start && dist >= 16:
			*(*[16]byte)(unsafe.Add(op, d)) = *(*[16]byte)(unsafe.Add(op, from))
			for i := 16; i < length; i += 16 {
				*(*[16]byte)(unsafe.Add(op, d+i)) = *(*[16]byte)(unsafe.Add(op, from+i))
			}
			d += length
		case from >= start && dist >= 8:
			for i := 0; i < length; i += 8 {
				*(*[8]byte)(unsafe.Add(op, d+i)) = *(*[8]byte)(unsafe.Add(op, from+i))
			}
			d += length
		default:
			if d = copyMatch(out, start, d, end, dict, dist, length); d < 0 {
				return -1
			}
		}
	}
	return -1
}
