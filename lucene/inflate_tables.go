// inflate_tables.go answers: how does a DEFLATE block say its codes, and how are they looked up? Used by inflate.go.
//
// A table is indexed by the next bits of the stream, litBits or distBits of them. An entry is
//
//	all       | bits of the code << 8 | bits of code and extra bits together
//	literal   codeLiteral | value << 16
//	length    base << 16                          (distances alike)
//	end       codeSpecial | codeEnd
//	more      codeSpecial | codeMore | start of a second table << 16 | its bits << 8     for codes longer than the index
//	invalid   codeSpecial

package lucene

import "math/bits"

const (
	litBits  = 11
	distBits = 8
	preBits  = 7
	// The most entries the tables can take, second tables included, for 288 and 32 symbols and codes of 15 bits.
	litTable  = 2342
	distTable = 402
	preTable  = 1 << preBits

	maxCodeBits = 15
	litSymbols  = 288
	distSymbols = 32
	preSymbols  = 19
	endOfBlock  = 256

	codeLiteral = 1 << 31
	codeSpecial = 1 << 15
	codeMore    = 1 << 14
	codeEnd     = 1 << 13
)

// inflateTables are the tables of the block that is being decoded.
type inflateTables struct {
	lits    [litTable]uint32
	dists   [distTable]uint32
	pre     [preTable]uint32
	lengths [litSymbols + distSymbols]uint8
	isFixed bool // lits and dists are those of the fixed code
}

var (
	// lengthBase and lengthExtra belong to the symbols from 257 on, distBase and distExtra to those from 0 on.
	lengthBase = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
		195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
		3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	// preOrder is the order in which the lengths of the code for code lengths come.
	preOrder = [preSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// litEntry is a literal's or length's entry, without its bits.
func litEntry(symbol int) (entry uint32, extra uint32) {
	switch k := symbol - endOfBlock - 1; {
	case symbol < endOfBlock:
		return codeLiteral | uint32(symbol)<<16, 0
	case symbol == endOfBlock:
		return codeSpecial | codeEnd, 0
	case k < len(lengthBase):
		return uint32(lengthBase[k]) << 16, uint32(lengthExtra[k])
	}
	return codeSpecial, 0
}

func distEntry(symbol int) (entry uint32, extra uint32) {
	if symbol < len(distBase) {
		return uint32(distBase[symbol]) << 16, uint32(distExtra[symbol])
	}
	return codeSpecial, 0
}

func preEntry(symbol int) (entry uint32, extra uint32) { return uint32(symbol) << 16, 0 }

// fixed sets the code that blocks of kind 1 use.
func (t *inflateTables) fixed() {
	if t.isFixed {
		return
	}
	l := t.lengths[:litSymbols]
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	d := t.lengths[litSymbols:]
	for i := range d {
		d[i] = 5
	}
	buildCode(t.lits[:], litBits, l, litEntry)
	buildCode(t.dists[:], distBits, d, distEntry)
	t.isFixed = true
}

// dynamicHeader reads the codes of a block of kind 2.
func (z *inflater) dynamicHeader(src []byte) bool {
	t := &z.tables
	t.isFixed = false
	if !z.refill(src) {
		return false
	}
	nLits, nDists, nPre := int(z.bits(5))+257, int(z.bits(5))+1, int(z.bits(4))+4
	if nLits > litSymbols-2 || nDists > distSymbols-2 {
		return false
	}
	var preLengths [preSymbols]uint8
	for i := range nPre {
		if i%16 == 0 && !z.refill(src) { // 3 bits each
			return false
		}
		preLengths[preOrder[i]] = uint8(z.bits(3))
	}
	if !buildCode(t.pre[:], preBits, preLengths[:], preEntry) {
		return false
	}
	const again, zeros, manyZeros = 16, 17, 18
	all := t.lengths[:nLits+nDists]
	for i := 0; i < len(all); {
		if !z.refill(src) {
			return false
		}
		e := t.pre[z.word&(1<<preBits-1)]
		if e&codeSpecial != 0 {
			return false
		}
		z.bits(uint(e & 63))
		symbol := uint8(e >> 16)
		if symbol < again {
			all[i] = symbol
			i++
			continue
		}
		value, n := uint8(0), 0
		switch symbol {
		case again:
			if i == 0 {
				return false
			}
			value, n = all[i-1], 3+int(z.bits(2))
		case zeros:
			n = 3 + int(z.bits(3))
		case manyZeros:
			n = 11 + int(z.bits(7))
		}
		if n > len(all)-i {
			return false
		}
		for range n {
			all[i] = value
			i++
		}
	}
	return all[endOfBlock] != 0 && buildCode(t.lits[:], litBits, all[:nLits], litEntry) &&
		buildCode(t.dists[:], distBits, all[nLits:], distEntry)
}

// buildCode fills a table from the lengths of a canonical Huffman code. It is false for a code that isn't complete, but for
// one of a single symbol, or of none (a block without distances).
func buildCode(table []uint32, index int, lengths []uint8, entryOf func(symbol int) (entry, extra uint32)) bool {
	var counts [maxCodeBits + 1]int
	for _, n := range lengths {
		counts[n]++
	}
	counts[0] = 0
	left, longest := 1, 0 // left: codes still free
	for n := 1; n <= maxCodeBits; n++ {
		left = left<<1 - counts[n]
		if left < 0 {
			return false
		}
		if counts[n] > 0 {
			longest = n
		}
	}
	if left > 0 && longest > 1 {
		return false
	}
	if left > 0 {
		for i := range table[:1<<index] {
			table[i] = codeSpecial
		}
	}
	// Symbols in the order of their codes: by length, then by value.
	var starts [maxCodeBits + 2]int
	for n := 1; n <= maxCodeBits; n++ {
		starts[n+1] = starts[n] + counts[n]
	}
	var sorted [litSymbols]uint16
	next := starts
	for symbol, n := range lengths {
		if n > 0 {
			sorted[next[n]] = uint16(symbol)
			next[n]++
		}
	}
	code := 0
	free := 1 << index // where the next second table begins
	second, secondBits, prefix := 0, 0, -1
	for n := 1; n <= longest; n++ {
		for k := starts[n]; k < starts[n+1]; k++ {
			entry, extra := entryOf(int(sorted[k]))
			reversed := int(bits.Reverse16(uint16(code)) >> (16 - n))
			code++
			if n <= index {
				entry |= uint32(n)<<8 | uint32(n) + extra
				for i := reversed; i < 1<<index; i += 1 << n {
					table[i] = entry
				}
				continue
			}
			if low := reversed & (1<<index - 1); low != prefix {
				prefix, second = low, free
				secondBits = n - index
				for room := counts[n] - (k - starts[n]); room < 1<<secondBits && index+secondBits < longest; {
					secondBits++
					room = room<<1 + counts[index+secondBits]
				}
				free += 1 << secondBits
				if free > len(table) {
					return false
				}
				table[low] = codeSpecial | codeMore | uint32(second)<<16 | uint32(secondBits)<<8
			}
			m := n - index
			entry |= uint32(m)<<8 | uint32(m) + extra
			for i := reversed >> index; i < 1<<secondBits; i += 1 << m {
				table[second+i] = entry
			}
		}
		code <<= 1
	}
	return true
}
