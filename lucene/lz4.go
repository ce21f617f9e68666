// lz4.go answers: how is an LZ4 block of unknown length decoded into a known number of bytes? Used by storedfields_lucene41.go.
//
//	block = sequences of: u8 token | [literal length bytes] | literals | le u16 distance | [match length bytes]
//	token: high 4 bits literal length, low 4 bits match length - 4; 15 continues in bytes until one isn't 255
//
// Lucene stores no compressed length: the block ends when enough bytes came out, which happens behind literals. Even a
// block of zero bytes has a token.

package lucene

import "encoding/binary"

const (
	// lz4Slack is how far beyond its end the output may be overwritten by wide copies.
	lz4Slack     = 32
	lz4MinMatch  = 4
	lz4LongRun   = 15
	lz4Shortcut  = 16 // literals copied blindly at once
	lz4MatchWide = 18 // longest match whose length fits the token
	// lz4MaxRatio: one length byte stands for at most 255 bytes out.
	lz4MaxRatio = 255
)

// lz4Bound is the most n bytes can take when they were compressed by LZ4.
func lz4Bound(n int) int { return n + n/255 + 16 }

// lz4Decode fills out[start:end] from src and returns the bytes of src it used, or -1 if src is no such block. out must
// reach lz4Slack beyond end. Matches may reach back to start, and beyond it into the dictionary out[:dict], whose last byte
// counts as the one before start.
func lz4Decode(out []byte, start, end, dict int, src []byte) int {
	if start < dict || end < start || end+lz4Slack > len(out) {
		return -1
	}
	d, s := start, 0
	for {
		if s >= len(src) {
			return -1
		}
		token := int(src[s])
		s++
		lit := token >> 4
		if lit < lz4LongRun && s+lz4Shortcut <= len(src) && d+lit < end {
			// Short literals, more to come: copy blindly, the surplus is overwritten.
			*(*[lz4Shortcut]byte)(out[d:]) = *(*[lz4Shortcut]byte)(src[s:])
			d += lit
			s += lit
		} else {
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
		}
		if s+2 > len(src) {
			return -1
		}
		dist := int(binary.LittleEndian.Uint16(src[s:]))
		s += 2
		length := token&15 + lz4MinMatch
		from := d - dist
		if length < lz4LongRun+lz4MinMatch && dist >= 8 && from >= start && d+length <= end {
			// Short match of ours, the usual case: 18 bytes cover it.
			*(*[8]byte)(out[d:]) = *(*[8]byte)(out[from:])
			*(*[8]byte)(out[d+8:]) = *(*[8]byte)(out[from+8:])
			*(*[2]byte)(out[d+16:]) = *(*[2]byte)(out[from+16:])
			d += length
			if d == end {
				return s
			}
			continue
		}
		if length == lz4LongRun+lz4MinMatch {
			n, used := lz4Length(src[s:])
			if used < 0 {
				return -1
			}
			length += n
			s += used
		}
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
		lz4Match(out, d, from, length)
		d += length
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

// lz4Match copies length bytes from from to d, which may overlap.
func lz4Match(out []byte, d, from, length int) {
	dist := d - from
	switch {
	case dist >= length:
		if length <= 32 {
			*(*[16]byte)(out[d:]) = *(*[16]byte)(out[from:])
			if length > 16 {
				*(*[16]byte)(out[d+16:]) = *(*[16]byte)(out[from+16:])
			}
			return
		}
		copy(out[d:d+length], out[from:from+length])
	default:
		// Overlap: what was copied doubles the pattern.
		for end := d + length; d < end; {
			d += copy(out[d:end], out[from:d])
		}
	}
}
