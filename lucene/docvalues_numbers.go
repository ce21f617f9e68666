// docvalues_numbers.go answers: what is number i of a column? Next: docvalues_terms.go.
//
//	constant         min
//	direct           min + gcd * packed(i)
//	table            table[packed(i)]
//	varying          since 7.0; per 2^shift numbers: u8 bpv | i64 min | if bpv > 0: i32 length, packed deltas; times gcd
//	                 since 8.0 a table of the blocks' offsets lies at jumps
//	packed blocks    before 4.9; per blockSize numbers: u8 token: bpv = token>>1, bit0: the minimum is 0, else vlong
//	                 zig-zag(minimum)-1; packed deltas
//	rising           DirectMonotonic (packed.go)
//	rising blocks    before 5.4; per blockSize numbers: minimum (zig-zag vlong; a vlong before packed version 2) |
//	                 i32 float32 bits average | vint bpv | packed deltas (zig-zag before packed version 2)

package lucene

import (
	"encoding/binary"
	"math"
	"math/bits"
)

type numberEncoding uint8

const (
	numbersConstant numberEncoding = iota
	numbersDirect
	numbersTable
	numbersVarying
	numbersPackedBlocks
	numbersRising
	numbersRisingBlocks
)

const (
	maxNumberTable = 256
	maxBlockShift  = 30
	varyingHeader  = 1 + 8
	// packedByteAligned and packedNoZigZag are versions of PackedInts: packed blocks end at a byte instead of a word; rising
	// blocks have no zig-zag deltas.
	packedByteAligned = 1
	packedNoZigZag    = 2
	maxPackedBlock    = 1 << 27
	// maxBlockHeader bounds a block's header: token, vlong; or vlong, float, vint.
	maxBlockHeader = 10 + 4 + 5
	// numbersBatch is how many packed numbers are unpacked at once when they are read in order.
	numbersBatch = 256
)

// numbersEntry is what the meta says about a sequence of numbers.
type numbersEntry struct {
	encoding  numberEncoding
	count     int64
	off       int64
	bpv       int
	min, gcd  int64
	table     []int64
	shift     uint
	jumps     int64 // varying: offset of the table of blocks, -1 for none
	version   int32 // of PackedInts
	blockSize int64
	rising    monotonic
}

// numbers reads one sequence. It is for one goroutine.
type numbers struct {
	e      *numbersEntry
	win    *window
	le     bool
	packed packedArray

	// varying: the block that packed and min belong to, and where the next begins
	block    int64
	blockMin int64
	next     int64

	blocks []numberBlock // packed blocks, rising blocks

	// Numbers asked for one after the other are unpacked many at once.
	batch []int64
	from  int64 // the first of the batch
	last  int64 // the last one asked for
}

type numberBlock struct {
	min, off int64
	avg      float32
	bpv      uint8
}

func newNumbers(file *docValuesFile, e *numbersEntry) numbers {
	n := numbers{e: e, le: file.le, block: -1, next: e.off, last: -2}
	if e.encoding != numbersConstant {
		n.win = newWindow(file.data, file.name, docValuesAhead)
		n.packed = packedArray{win: n.win, off: e.off, bpv: e.bpv, le: file.le}
	}
	return n
}

// get gives number i.
func (n *numbers) get(i int64) (int64, error) {
	if j := i - n.from; uint64(j) < uint64(len(n.batch)) {
		return n.batch[j], nil
	}
	e := n.e
	if i < 0 || i >= e.count {
		name := "doc values"
		if n.win != nil {
			name = n.win.name
		}
		return 0, corruptf(name, e.off, "number %d of %d", i, e.count)
	}
	switch e.encoding {
	case numbersConstant:
		return e.min, nil
	case numbersDirect, numbersTable, numbersVarying:
		inOrder := i == n.last+1 || i == n.from+int64(len(n.batch)) && i > 0
		n.last = i
		return n.unpack(i, inOrder)
	case numbersRising:
		return e.rising.get(n.win, e.off, i)
	}
	return n.blocked(i)
}

// unpack gives number i, and when numbers are read in order the ones that follow, too.
func (n *numbers) unpack(i int64, inOrder bool) (int64, error) {
	e := n.e
	first, end, least := int64(0), e.count, e.min // numbers that are packed together
	if e.encoding == numbersVarying {
		first = i >> e.shift << e.shift
		end = min(e.count, first+1<<e.shift)
		if err := n.openVarying(i >> e.shift); err != nil {
			return 0, err
		}
		least = n.blockMin
	}
	wanted := int64(1)
	if inOrder {
		wanted = min(numbersBatch, end-i)
	}
	if cap(n.batch) == 0 {
		n.batch = make([]int64, 0, numbersBatch)
	}
	n.batch, n.from = n.batch[:0], i
	a := &n.packed
	if a.bpv == 0 {
		for range wanted {
			n.batch = append(n.batch, least)
		}
		return least, nil
	}
	bit := (i - first) * int64(a.bpv)
	length := int(packedBytes(wanted, a.bpv)) + wordBytes + 1
	if inOrder {
		readFurther(n.win, a.off+bit>>3, length, docValuesMostAhead)
	}
	data, err := n.win.upTo(a.off+bit>>3, length)
	if err != nil {
		return 0, err
	}
	shift := bit & 7
	if room := (int64(len(data))*8 - shift) / int64(a.bpv); room < wanted {
		if wanted = room; room == 0 {
			return 0, corruptf(n.win.name, a.off+bit>>3, "number %d beyond the file's end", i)
		}
	}
	for range wanted {
		v, k := uint64(0), shift>>3
		if k+wordBytes < int64(len(data)) {
			v = packedFast(data[k:k+wordBytes+1], uint(a.bpv), n.le, uint(shift&7))
		} else {
			var slack [wordBytes + 1]byte
			copy(slack[:], data[k:])
			v = packedFast(slack[:], uint(a.bpv), n.le, uint(shift&7))
		}
		shift += int64(a.bpv)
		if e.encoding != numbersTable {
			n.batch = append(n.batch, least+e.gcd*int64(v))
			continue
		}
		if v >= uint64(len(e.table)) {
			if len(n.batch) > 0 {
				break // not asked for yet
			}
			return 0, corruptf(n.win.name, e.off, "entry %d of a table of %d", v, len(e.table))
		}
		n.batch = append(n.batch, e.table[v])
	}
	return n.batch[0], nil
}

// openVarying makes a block of different width the one that packed and blockMin belong to.
func (n *numbers) openVarying(want int64) error {
	for n.block != want {
		switch {
		case want == n.block+1:
		case n.e.jumps >= 0:
			b, err := n.win.at(n.e.jumps+want*wordBytes, wordBytes)
			if err != nil {
				return err
			}
			n.block, n.next = want-1, int64(n.u64(b))
		case want < n.block:
			n.block, n.next = -1, n.e.off
		}
		if err := n.varyingBlock(); err != nil {
			n.block, n.next = -1, n.e.off
			return err
		}
	}
	return nil
}

// varyingBlock reads the header of the block at next.
func (n *numbers) varyingBlock() error {
	if !isOffset(n.next) {
		return corruptf(n.win.name, n.e.off, "block of numbers at %d", n.next)
	}
	b, err := n.win.at(n.next, varyingHeader)
	if err != nil {
		return err
	}
	bpv := int(b[0])
	if bpv > wordBits {
		return corruptf(n.win.name, n.next, "%d bits per number", bpv)
	}
	n.blockMin = int64(n.u64(b[1:]))
	off := n.next + varyingHeader
	if bpv > 0 {
		if b, err = n.win.at(off, 4); err != nil {
			return err
		}
		length := int64(binary.BigEndian.Uint32(b))
		if n.le {
			length = int64(binary.LittleEndian.Uint32(b))
		}
		off += 4
		n.packed.off, n.packed.bpv = off, bpv
		off += length
	} else {
		n.packed.bpv = 0
	}
	n.block, n.next = n.block+1, off
	return nil
}

func (n *numbers) u64(b []byte) uint64 {
	if n.le {
		return binary.LittleEndian.Uint64(b)
	}
	return binary.BigEndian.Uint64(b)
}

// blocked reads the two kinds of old blocks, which must be walked over once to be found.
func (n *numbers) blocked(i int64) (int64, error) {
	if n.blocks == nil {
		if err := n.walk(); err != nil {
			return 0, err
		}
	}
	b := &n.blocks[i/n.e.blockSize]
	j := i % n.e.blockSize
	a := packedArray{win: n.win, off: b.off, bpv: int(b.bpv), le: n.le}
	v, err := a.get(j)
	if err != nil {
		return 0, err
	}
	if n.e.encoding == numbersPackedBlocks {
		return n.e.min + n.e.gcd*(b.min+int64(v)), nil
	}
	delta := int64(v)
	if n.e.version < packedNoZigZag {
		delta = unzigzag(v)
	}
	return b.min + floatToInt64(b.avg*float32(j)) + delta, nil
}

func (n *numbers) walk() error {
	e := n.e
	off := e.off
	var blocks []numberBlock
	for done := int64(0); done < e.count; done += e.blockSize {
		head, err := n.win.upTo(off, maxBlockHeader)
		if err != nil {
			return err
		}
		in := &input{name: n.win.name, buf: head}
		var b numberBlock
		if e.encoding == numbersPackedBlocks {
			token := in.u8()
			b.bpv = token >> 1
			if token&1 == 0 {
				b.min = unzigzag(1 + in.blockLong())
			}
		} else {
			if e.version < packedNoZigZag {
				b.min = in.vlong()
			} else {
				b.min = in.zlong()
			}
			b.avg = math.Float32frombits(in.u32())
			bpv := in.vint()
			if in.err == nil && (bpv < 0 || bpv > wordBits) {
				in.fail("%d bits per number", bpv)
			}
			b.bpv = uint8(bpv)
		}
		if in.err != nil || b.bpv > wordBits {
			return corruptf(n.win.name, off, "header of a block of numbers")
		}
		off += int64(in.pos)
		b.off = off
		off += oldPackedBytes(e.version, min(e.blockSize, e.count-done), int(b.bpv))
		blocks = append(blocks, b)
	}
	n.blocks = blocks
	return nil
}

// blockLong is a vlong whose ninth byte has eight bits.
func (in *input) blockLong() uint64 {
	var v uint64
	for i := range 8 {
		b := in.u8()
		v |= uint64(b&0x7F) << (7 * i)
		if b < 0x80 {
			return v
		}
	}
	return v | uint64(in.u8())<<56
}

// oldPackedBytes is what count numbers take; before PackedInts version 1 whole words.
func oldPackedBytes(version int32, count int64, bpv int) int64 {
	n := packedBytes(count, bpv)
	if version < packedByteAligned {
		n = (n + wordBytes - 1) / wordBytes * wordBytes
	}
	return n
}

// bitsFor is how many bits the numbers up to most need, at least one.
func bitsFor(most int) int { return max(1, bits.Len(uint(most))) }
