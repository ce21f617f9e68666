// checksum.go answers: how is a file verified that several workers read a part of each? Used by scan.go.
//
// A CRC-32 is a remainder, so the sums of neighbouring parts combine into the sum of both. Each scan of a range leaves the
// sum of its bytes with the segment; the one that closes the last gap compares the whole with the footer.

package lucene

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// partSum is the CRC-32 of the bytes [from, to) of a file.
type partSum struct {
	from, to int64
	sum      uint32
}

// partSums are the known parts of a file, in order and not touching one another.
type partSums []partSum

// add adds a part and joins it with its neighbours. A part that overlaps a known one is of no use and left out.
func (p partSums) add(part partSum) partSums {
	i, _ := slices.BinarySearchFunc(p, part.from, func(e partSum, from int64) int {
		switch {
		case e.from < from:
			return -1
		case e.from > from:
			return 1
		}
		return 0
	})
	if part.to <= part.from || i > 0 && p[i-1].to > part.from || i < len(p) && p[i].from < part.to {
		return p
	}
	p = slices.Insert(p, i, part)
	if i+1 < len(p) && p[i].to == p[i+1].from {
		p[i] = p[i].join(p[i+1])
		p = slices.Delete(p, i+1, i+2)
	}
	if i > 0 && p[i-1].to == p[i].from {
		p[i-1] = p[i-1].join(p[i])
		p = slices.Delete(p, i, i+1)
	}
	return p
}

func (a partSum) join(b partSum) partSum {
	return partSum{a.from, b.to, combineSums(a.sum, b.sum, b.to-b.from)}
}

// combineSums gives the CRC-32 of two strings behind one another: the first's, times x to the number of bits of the second,
// plus the second's.
func combineSums(first, second uint32, secondLength int64) uint32 {
	const one, x = 1 << 31, 1 << 30 // bits are reflected
	power, square := uint32(one), uint32(x)
	for bits := uint64(secondLength) * 8; bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			power = timesModulo(power, square)
		}
		square = timesModulo(square, square)
	}
	return timesModulo(first, power) ^ second
}

// timesModulo multiplies two polynomials modulo that of CRC-32.
func timesModulo(a, b uint32) uint32 {
	var p uint32
	for m := uint32(1 << 31); m != 0; m >>= 1 {
		if a&m != 0 {
			p ^= b
		}
		if low := b & 1; low != 0 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return p
}

// verify takes the sum of a part of the stored fields, and compares the whole with the footer once all parts are there.
func (st *storedFields) verify(part partSum) error {
	if !st.layout.footer {
		return nil
	}
	body := st.data.Size() - footerLength
	st.mu.Lock()
	if part.from != 0 || part.to != body {
		st.sums = st.sums.add(part)
		if len(st.sums) != 1 || st.sums[0].from != 0 || st.sums[0].to != body {
			st.mu.Unlock()
			return nil
		}
		part, st.sums = st.sums[0], nil
	}
	st.mu.Unlock()
	var tail [footerLength]byte
	if err := readFull(st.data, st.name, tail[:], body); err != nil {
		return err
	}
	want, err := parseFooter(st.name, tail[:], body)
	if err != nil {
		return err
	}
	// The footer's sum also covers the footer's first half.
	head := tail[:footerLength-wordBytes]
	if got := crc32.Update(part.sum, crc32.IEEETable, head); got != want {
		return corruptf(st.name, body, "checksum %08x, footer says %08x", got, binary.BigEndian.Uint32(tail[footerLength-4:]))
	}
	return nil
}
