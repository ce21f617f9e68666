// lz4.go answers: how is an LZ4 block of unknown length decoded into a known number of bytes? Used by storedfields_lucene41.go.
//
//	block = sequences of: u8 token | [literal length bytes] | literals | le u16 distance | [match length bytes]
//	token: high 4 bits literal length, low 4 bits match length - 4; 15 continues in bytes until one isn't 255
//
// Lucene stores no compressed length: the block ends when enough bytes came out. Even a block of zero bytes has a token.
//
// Most of the time of reading an index passes here, so copies are wide and overshoot: what they write too much is
// overwritten by the next sequence, or lies in the slack behind the output. Pointers replace slices in lz4Fast alone, and
// there each access is within bounds that the loop's conditions establish; lz4_test.go compares with a plain decoder.

package lucene

import (
	"encoding/binary"
	"unsafe"
)

const (
	// lz4Slack is how far beyond its end the output may be overwritten by wide copies.
	lz4Slack    = 64
	lz4MinMatch = 4
	lz4LongRun  = 15
	// lz4SlackIn is how far before its end the input is left to the careful loop: a token, 16 blind literals, a distance.
	lz4SlackIn = 32
	// lz4MaxRatio: one length byte stands for at most 255 bytes out.
	lz4MaxRatio = 255
)

// lz4Bound is the most n bytes can take when they were compressed by LZ4.
func lz4Bound(n int) int { return n + n/255 + 16 }

// lz4Decode fills out[start:end] from src and returns the bytes of src it used, or -1 if src is no such block. out must
// reach lz4Slack beyond end. Matches may reach back to start, and beyond it into the dictionary out[:dict], whose last byte
// counts as the one before start.
func lz4Decode(out []byte, start, end, dict int, src []byte) int {
	if start < dict || end < start || end > len(out)-lz4Slack {
		return -1
	}
	d, s := start, 0
	for {
		d, s = lz4Fast(out, start, d, end, dict, src, s)
		if d >= end || s < 0 {
			// The fast loop begins no sequence without output to come: a block of zero bytes is never begun there.
			if s > 0 && d == end {
				return s
			}
			if s < 0 || d > end {
				return -1
			}
		}
		// One sequence with care: near the end of the input, or a run that is long.
		if s >= len(src) {
			return -1
		}
		token := int(src[s])
		s++
		lit := token >> 4
		if lit == lz4LongRun {
			n, used := lz4Length(src[s:])
			if used < 0 {
				return -1
			}
			lit += n
			s += used
		}
		if lit > len(src)-s || lit > end-d {
			return -1
		}
		copy(out[d:d+lit], src[s:s+lit])
		d += lit
		s += lit
		if d == end {
			return s
		}
		if s+2 > len(src) {
			return -1
		}
		dist := int(binary.LittleEndian.Uint16(src[s:]))
		s += 2
		length := token&15 + lz4MinMatch
		if length == lz4LongRun+lz4MinMatch {
			n, used := lz4Length(src[s:])
			if used < 0 {
				return -1
			}
			length += n
			s += used
		}
		if d = copyMatch(out, start, d, end, dict, dist, length); d < 0 {
			return -1
		}
		if d == end {
			return s
		}
	}
}

// lz4Length reads the continuation of a length; used is -1 when src ends in it.
func lz4Length(src []byte) (n, used int) {
	for i, b := range src {
		n += int(b)
		if b != 255 {
			return n, i + 1
		}
	}
	return 0, -1
}

// copyMatch copies a match of LZ4 or DEFLATE to d, with any care, and returns its end, -1 if it can't be.
func copyMatch(out []byte, start, d, end, dict, dist, length int) int {
	from := d - dist
	if dist == 0 || length > end-d {
		return -1
	}
	if from < start {
		// The match begins in the dictionary and may run on into our own output.
		back := start - from
		if back > dict {
			return -1
		}
		n := min(back, length)
		copy(out[d:d+n], out[dict-back:dict])
		d += n
		length -= n
		from = start
	}
	// What was copied doubles the pattern when the match overlaps itself.
	for stop := d + length; d < stop; {
		d += copy(out[d:stop], out[from:d])
	}
	return d
}

// lz4Fast decodes sequences while there is room for blind copies. It returns where it stopped, at a sequence's begin or, if
// d reached end, behind the last one; s is -1 if the block is broken.
//
// Bounds: at the top of the loop s <= len(src)-lz4SlackIn and start <= d < end <= len(out)-lz4Slack. Blind copies write at
// most 40 bytes behind d <= end, less than lz4Slack.
func lz4Fast(out []byte, start, d, end, dict int, src []byte, s int) (int, int) {
	last := len(src) - lz4SlackIn
	op, ip := unsafe.Pointer(unsafe.SliceData(out)), unsafe.Pointer(unsafe.SliceData(src))
	for s <= last && d < end {
		begin := s
		token := int(*(*byte)(unsafe.Add(ip, s)))
		s++
		lit := token >> 4
		if lit == lz4LongRun {
			b := int(*(*byte)(unsafe.Add(ip, s)))
			s++
			lit += b
			if b == 255 || s+lit > last || d+lit > end {
				return d, begin
			}
			// 15 to 269 literals, 16 at a time; the last copy overshoots by at most 15 on both sides.
			for i := 0; i < lit; i += 16 {
				*(*[16]byte)(unsafe.Add(op, d+i)) = *(*[16]byte)(unsafe.Add(ip, s+i))
			}
		} else {
			*(*[16]byte)(unsafe.Add(op, d)) = *(*[16]byte)(unsafe.Add(ip, s))
		}
		d += lit
		s += lit
		if d >= end {
			if d > end {
				return d, -1
			}
			return d, s
		}
		// s <= last+15 here, so the distance and one length byte are inside src.
		dist := int(binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(ip, s))[:]))
		s += 2
		length := token&15 + lz4MinMatch
		from := d - dist
		if length == lz4LongRun+lz4MinMatch {
			b := int(*(*byte)(unsafe.Add(ip, s)))
			s++
			length += b
			if b == 255 {
				n, used := lz4Length(src[s:])
				if used < 0 {
					return d, -1
				}
				length += n
				s += used
			}
		}
		if d+length > end || from < start || dist < 16 {
			if from >= start && dist >= 8 && d+length <= end {
				for i := 0; i < length; i += 8 {
					*(*[8]byte)(unsafe.Add(op, d+i)) = *(*[8]byte)(unsafe.Add(op, from+i))
				}
				d += length
				continue
			}
			if d = copyMatch(out, start, d, end, dict, dist, length); d < 0 {
				return d, -1
			}
			continue
		}
		*(*[16]byte)(unsafe.Add(op, d)) = *(*[16]byte)(unsafe.Add(op, from))
		for i := 16; i < length; i += 16 {
			*(*[16]byte)(unsafe.Add(op, d+i)) = *(*[16]byte)(unsafe.Add(op, from+i))
		}
		d += length
	}
	return d, s
}
