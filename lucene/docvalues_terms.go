// docvalues_terms.go answers: what is byte string i of a column, or term i of its dictionary? Next: docvalues_lucene45.go.
//
//	fixed       off + i*length
//	variable    between two addresses
//	chunks      8.5 to 8.11; per 2^shift strings: vint first length*2 + 1 if all are as long, else vint each other length;
//	            one LZ4 block
//	prefixes    4.5 to 4.9, terms; a block of interval terms: { vint prefix shared with the term before, vint n, n bytes }
//	sixteens    4.10 to 6.x, terms; a block of 16: vint length, first term | 15 x u8 length-1 of what follows each (or FF and
//	            15 x be u16) | 15 x { u8 prefix shared with the first term, bytes }
//	blocks      since 7.0, terms; a block of 2^shift: vint length, first term | [LZ4 formats: vint length, LZ4 block with
//	            the first term as dictionary, which holds:] { u8 t | prefix t&15 (15: + vint), suffix 1 + t>>4 (16: + vint) bytes }

package lucene

import "encoding/binary"

type bytesEncoding uint8

const (
	bytesFixed bytesEncoding = iota
	bytesVariable
	bytesChunks
	termsPrefixes
	termsSixteens
	termsBlocks
)

const (
	sixteen = 16
	// maxTerm is Lucene's own limit of a term; binary values may be as long as a document.
	maxTerm  = 32766
	maxValue = 1 << 30
	// maxTermBlock bounds a block of terms or chunk of values before memory is made for it.
	maxTermBlock = 64 << 20
	termLongRun  = 15
)

// bytesEntry is what the meta says about byte strings.
type bytesEntry struct {
	encoding  bytesEncoding
	count     int64
	off       int64
	length    int64 // of the data at off
	fixed     int64
	addresses numbersEntry
	ends      bool // addresses hold where each string ends; else where each begins, and one more
	shift     uint
	interval  int64
	lz4       bool
}

// byteStrings reads byte strings by number. It is for one goroutine; what it gives is valid until the next call.
type byteStrings struct {
	e         *bytesEntry
	win       *window
	addresses numbers

	block   int64 // the block of terms in in, -1 for none
	in      input // what follows the term
	at      int64 // number of term
	term    []byte
	first   []byte
	lengths [sixteen]int
	plain   []byte // a decompressed block
	starts  []int  // chunks
}

func newByteStrings(file *docValuesFile, e *bytesEntry) byteStrings {
	b := byteStrings{e: e, win: newWindow(file.data, file.name, docValuesAhead), block: -1}
	if e.encoding != bytesFixed {
		b.addresses = newNumbers(file, &e.addresses)
	}
	return b
}

// get gives string i.
func (b *byteStrings) get(i int64) ([]byte, error) {
	e := b.e
	if i < 0 || i >= e.count {
		return nil, corruptf(b.win.name, e.off, "string %d of %d", i, e.count)
	}
	switch e.encoding {
	case bytesFixed:
		return b.slice(i*e.fixed, e.fixed)
	case bytesVariable:
		start, end, err := b.between(i)
		if err != nil {
			return nil, err
		}
		return b.slice(start, end-start)
	case bytesChunks:
		return b.fromChunk(i)
	}
	per := e.interval
	if want := i / per; b.block != want || i < b.at {
		if err := b.openBlock(want); err != nil {
			b.block = -1
			return nil, err
		}
	}
	for b.at < i {
		if err := b.nextTerm(); err != nil {
			b.block = -1
			return nil, err
		}
	}
	return b.term, nil
}

// between gives where string or block i begins and ends, relative to off.
func (b *byteStrings) between(i int64) (start, end int64, err error) {
	if b.e.ends {
		if i > 0 {
			if start, err = b.addresses.get(i - 1); err != nil {
				return 0, 0, err
			}
		}
		end, err = b.addresses.get(i)
		return start, end, err
	}
	if start, err = b.addresses.get(i); err != nil {
		return 0, 0, err
	}
	end = b.e.length
	if i+1 < b.e.addresses.count {
		end, err = b.addresses.get(i + 1)
	}
	return start, end, err
}

// slice gives bytes of the data at off.
func (b *byteStrings) slice(start, length int64) ([]byte, error) {
	if start < 0 || length < 0 || length > maxValue || start > b.win.size || length > b.win.size-start {
		return nil, corruptf(b.win.name, b.e.off, "%d bytes at %d wanted", length, start)
	}
	return b.win.at(b.e.off+start, int(length))
}

// load reads block i into in.
func (b *byteStrings) load(i int64) error {
	start, end, err := b.between(i)
	if err != nil {
		return err
	}
	if end-start > maxTermBlock {
		return corruptf(b.win.name, b.e.off, "block of %d bytes", end-start)
	}
	raw, err := b.slice(start, end-start)
	if err != nil {
		return err
	}
	b.in = input{name: b.win.name, buf: raw}
	return nil
}

// unpack decompresses LZ4 from in behind a dictionary, and lets in continue in what came out.
func (b *byteStrings) unpack(length int32, dict []byte) error {
	if length < 0 || length > maxTermBlock || int(length) > b.in.remaining()*lz4MaxRatio {
		b.in.fail("LZ4 block of %d bytes out of %d", length, b.in.remaining())
		return b.in.err
	}
	start := len(dict)
	end := start + int(length)
	if cap(b.plain) < end+lz4Slack {
		b.plain = make([]byte, end+lz4Slack)
	}
	b.plain = b.plain[:end+lz4Slack]
	copy(b.plain, dict)
	if lz4Decode(b.plain, start, end, start, b.in.buf[b.in.pos:]) < 0 {
		b.in.fail("LZ4 block of %d bytes", length)
		return b.in.err
	}
	b.in = input{name: b.win.name, buf: b.plain[start:end]}
	return nil
}

func (b *byteStrings) openBlock(i int64) error {
	if err := b.load(i); err != nil {
		return err
	}
	b.block, b.at, b.term = i, i*b.e.interval, b.term[:0]
	if b.e.encoding == termsPrefixes {
		b.at-- // the first term is written like the others
		return b.nextTerm()
	}
	if err := b.addSuffix(0, int64(b.in.vint())); err != nil {
		return err
	}
	b.first = append(b.first[:0], b.term...)
	left := min(b.e.interval, b.e.count-b.at) - 1
	switch {
	case left == 0:
	case b.e.encoding == termsSixteens:
		b.readLengths()
	case b.e.lz4:
		length := b.in.vint()
		if b.in.err == nil {
			return b.unpack(length, b.first)
		}
	}
	return b.in.err
}

// readLengths reads how many bytes each of the 15 terms behind the first takes.
func (b *byteStrings) readLengths() {
	short := b.in.take(sixteen - 1)
	if b.in.err != nil {
		return
	}
	if short[0] != 0xFF {
		for i, n := range short {
			b.lengths[i+1] = int(n) + 1
		}
		return
	}
	// The first 15 bytes are the first part of FF and 15 numbers of two bytes.
	rest := b.in.take(sixteen)
	if b.in.err != nil {
		return
	}
	var long [2*sixteen - 1]byte
	copy(long[copy(long[:], short):], rest)
	for i := 1; i < sixteen; i++ {
		b.lengths[i] = int(int16(binary.BigEndian.Uint16(long[2*i-1:]))) + 1
	}
}

func (b *byteStrings) nextTerm() error {
	b.at++
	switch b.e.encoding {
	case termsPrefixes:
		prefix := int64(b.in.vint())
		return b.addSuffix(prefix, int64(b.in.vint()))
	case termsSixteens:
		prefix := int(b.in.u8())
		if prefix > len(b.first) {
			b.in.fail("prefix of %d bytes, the first term has %d", prefix, len(b.first))
			return b.in.err
		}
		b.term = append(b.term[:0], b.first[:prefix]...)
		return b.addSuffix(int64(prefix), int64(b.lengths[b.at%sixteen]))
	}
	t := int64(b.in.u8())
	prefix, suffix := t&termLongRun, 1+t>>4
	if prefix == termLongRun {
		prefix += int64(b.in.vint())
	}
	if suffix == termLongRun+1 {
		suffix += int64(b.in.vint())
	}
	return b.addSuffix(prefix, suffix)
}

// addSuffix makes the next term out of the last one's first bytes and bytes from in.
func (b *byteStrings) addSuffix(prefix, suffix int64) error {
	if b.in.err == nil && (prefix < 0 || prefix > int64(len(b.term)) || suffix < 0 || prefix+suffix > maxTerm) {
		b.in.fail("term of %d + %d bytes behind one of %d", prefix, suffix, len(b.term))
	}
	tail := b.in.take(int(suffix))
	if b.in.err != nil {
		return b.in.err
	}
	b.term = append(b.term[:prefix], tail...)
	return nil
}

// fromChunk gives string i of chunks that are compressed together.
func (b *byteStrings) fromChunk(i int64) ([]byte, error) {
	if want := i >> b.e.shift; b.block != want {
		b.block = -1
		if err := b.openChunk(want); err != nil {
			return nil, err
		}
		b.block = want
	}
	k := i & (1<<b.e.shift - 1)
	return b.in.buf[b.starts[k]:b.starts[k+1]], nil
}

func (b *byteStrings) openChunk(i int64) error {
	if err := b.load(i); err != nil {
		return err
	}
	head := int64(uint32(b.in.vint()))
	n, same, total := head>>1, head&1 == 1, int64(0)
	b.starts = append(b.starts[:0], 0)
	for k := range int64(1) << b.e.shift {
		if k > 0 && !same {
			n = int64(b.in.vint())
		}
		if total += n; n < 0 || total > maxTermBlock {
			b.in.fail("chunk of %d bytes", total)
		}
		if b.in.err != nil {
			return b.in.err
		}
		b.starts = append(b.starts, int(total))
	}
	if total == 0 {
		b.in = input{name: b.win.name}
		return nil
	}
	return b.unpack(int32(total), nil)
}
