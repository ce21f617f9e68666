// docvalues_docs.go answers: which documents have a value, and where in the column is it? Next: docvalues_numbers.go.
//
// Four ways to say it:
//
//	none, all      the value's index is the document
//	bitmap         4.5 to 5.x: a bit per document at off, lowest bit first; the value's index is the document
//	list           5.4 to 6.x, sparse: the documents' numbers as a monotonic sequence; the index is the place in it
//	blocks         since 7.0: per 65536 documents that have one
//	               u16 block | u16 count-1
//	               count <= 4095: count x u16, the low halves
//	               count == 65536: nothing
//	               else: [since 8.0, unless rankPower is 255: rank table of 2 bytes per 2^rankPower documents]
//	                     1024 x i64, bit i of word w is document w*64+i
//	               the index is the place among all documents that have a value

package lucene

import (
	"encoding/binary"
	"math"
	"math/bits"
)

type docsKind uint8

const (
	docsAll docsKind = iota
	docsNone
	docsBitmap
	docsList
	docsBlocks
)

const (
	noMoreDocs = math.MaxInt32

	docBlockBits   = 16
	docBlockSize   = 1 << docBlockBits
	docBlockHeader = 4
	docSparseMost  = 4095
	docBlockWords  = docBlockSize / wordBits
	docNoRank      = 0xFF
	docMaxRank     = 15
	// docsAhead is how much of a list of documents is fetched at once: a dense block is 8 KiB.
	docsAhead     = 16 << 10
	docsMostAhead = 256 << 10
)

// docsEntry is what the meta says about which documents have a value.
type docsEntry struct {
	kind   docsKind
	off    int64
	length int64
	count  int64 // of documents: list, blocks
	rank   uint8 // blocks: power of the rank table, docNoRank for none
	list   monotonic
}

// docsCursor walks over the documents that have a value. Going forward is cheap; going back begins anew.
type docsCursor struct {
	e      *docsEntry
	win    *window
	le     bool
	maxDoc int

	target, doc int // the last question and its answer
	index       int64

	// the block that doc is in
	block      int // its number; -1 before the first
	card       int
	start, end int64 // of its data in the file
	first      int64 // index of its first document
	at         int   // array: place in it; words: which word
	before     int   // words: documents in the words before at
}

func newDocsCursor(file *docValuesFile, e *docsEntry, maxDoc int) docsCursor {
	c := docsCursor{e: e, le: file.le, maxDoc: maxDoc}
	if e.kind > docsNone {
		c.win = newWindow(file.data, file.name, docsAhead)
	}
	c.reset()
	return c
}

func (c *docsCursor) reset() {
	c.target, c.doc, c.index = 0, -1, -1
	c.block, c.card, c.first = -1, 0, 0
	c.end = c.e.off
}

// find tells whether a document has a value, and its index.
func (c *docsCursor) find(doc int) (int64, bool, error) {
	if c.e.kind == docsAll {
		return int64(doc), doc < c.maxDoc, nil
	}
	got, index, err := c.advance(doc)
	return index, got == doc && err == nil, err
}

// advance gives the first document at or behind target that has a value, and its index; noMoreDocs when there is none.
func (c *docsCursor) advance(target int) (int, int64, error) {
	if target >= c.maxDoc {
		return noMoreDocs, 0, nil
	}
	switch {
	case c.e.kind == docsAll:
		return target, int64(target), nil
	case c.e.kind == docsNone:
		return noMoreDocs, 0, nil
	case target < c.target:
		c.reset()
	case target <= c.doc:
		return c.doc, c.index, nil
	}
	c.target = target
	var err error
	switch c.e.kind {
	case docsBitmap:
		err = c.nextBit(target)
	case docsList:
		err = c.nextListed(target)
	default:
		err = c.nextInBlocks(target)
	}
	if err == nil && c.doc != noMoreDocs && (c.doc < target || c.doc >= c.maxDoc) {
		err = corruptf(c.win.name, c.end, "document %d listed, of %d", c.doc, c.maxDoc)
	}
	if err != nil {
		c.reset()
	}
	return c.doc, c.index, err
}

func (c *docsCursor) none() error {
	c.doc, c.index = noMoreDocs, 0
	return nil
}

func (c *docsCursor) nextBit(target int) error {
	for p := target / 8; p <= (c.maxDoc-1)/8; p++ {
		b, err := c.win.at(c.e.off+int64(p), 1)
		if err != nil {
			return err
		}
		set := b[0]
		if p == target/8 {
			set &= 0xFF << (target % 8)
		}
		if set != 0 {
			c.doc = p*8 + bits.TrailingZeros8(set)
			if c.doc >= c.maxDoc {
				break
			}
			c.index = int64(c.doc)
			return nil
		}
	}
	return c.none()
}

// nextListed gallops forward from the last place, then halves.
func (c *docsCursor) nextListed(target int) error {
	at := func(i int64) (int64, error) { return c.e.list.get(c.win, c.e.off, i) }
	low, step := c.index, int64(1) // the document at low is before target
	high := low + step
	for ; high < c.e.count; high = low + step {
		doc, err := at(high)
		if err != nil {
			return err
		}
		if doc >= int64(target) {
			break
		}
		low, step = high, step*2
	}
	high = min(high, c.e.count)
	for low+1 < high {
		mid := low + (high-low)/2
		doc, err := at(mid)
		if err != nil {
			return err
		}
		if doc >= int64(target) {
			high = mid
		} else {
			low = mid
		}
	}
	if high >= c.e.count {
		return c.none()
	}
	doc, err := at(high)
	if err != nil {
		return err
	}
	if doc < int64(target) || doc >= int64(c.maxDoc) {
		return corruptf(c.win.name, c.e.off, "document %d listed, of %d", doc, c.maxDoc)
	}
	c.doc, c.index = int(doc), high
	return nil
}

func (c *docsCursor) nextInBlocks(target int) error {
	for {
		for c.block < target>>docBlockBits {
			if c.first+int64(c.card) >= c.e.count {
				return c.none()
			}
			if err := c.nextBlock(); err != nil {
				return err
			}
		}
		low := 0
		if c.block == target>>docBlockBits {
			low = target & (docBlockSize - 1)
		}
		found, err := c.inBlock(low)
		if found || err != nil {
			return err
		}
		target = (c.block + 1) << docBlockBits
		if target >= c.maxDoc {
			return c.none()
		}
	}
}

// nextBlock reads the header of the block at end.
func (c *docsCursor) nextBlock() error {
	off := c.end
	readFurther(c.win, off, docBlockHeader, docsMostAhead)
	b, err := c.win.at(off, docBlockHeader)
	if err != nil {
		return err
	}
	block, card := int(c.u16(b)), int(c.u16(b[2:]))+1
	c.first += int64(c.card)
	if block <= c.block || c.first+int64(card) > c.e.count {
		return corruptf(c.win.name, off, "block %d of %d documents behind block %d, %d of %d documents left",
			block, card, c.block, c.e.count-c.first, c.e.count)
	}
	c.block, c.card, c.at, c.before = block, card, 0, 0
	c.start = off + docBlockHeader
	switch {
	case card <= docSparseMost:
		c.end = c.start + 2*int64(card)
	case card == docBlockSize:
		c.end = c.start
	default:
		if c.e.rank != docNoRank {
			c.start += 2 * (docBlockSize >> c.e.rank)
		}
		c.end = c.start + docBlockWords*wordBytes
	}
	return nil
}

// inBlock finds the first document of the block whose low half is at least low.
func (c *docsCursor) inBlock(low int) (bool, error) {
	base := c.block << docBlockBits
	switch {
	case c.card == docBlockSize:
		c.doc, c.index = base+low, c.first+int64(low)
		return true, nil
	case c.card <= docSparseMost:
		for ; c.at < c.card; c.at++ {
			b, err := c.win.at(c.start+2*int64(c.at), 2)
			if err != nil {
				return false, err
			}
			if half := int(c.u16(b)); half >= low {
				c.doc, c.index = base+half, c.first+int64(c.at)
				return true, nil
			}
		}
		return false, nil
	}
	for word := low / wordBits; c.at < docBlockWords; c.at++ {
		b, err := c.win.at(c.start+int64(c.at)*wordBytes, wordBytes)
		if err != nil {
			return false, err
		}
		set := binary.BigEndian.Uint64(b)
		if c.le {
			set = binary.LittleEndian.Uint64(b)
		}
		wanted := set
		switch {
		case c.at < word:
			wanted = 0
		case c.at == word:
			wanted &= math.MaxUint64 << (low % wordBits)
		}
		if wanted != 0 {
			bit := bits.TrailingZeros64(wanted)
			below := bits.OnesCount64(set & (1<<bit - 1))
			c.doc, c.index = base+c.at*wordBits+bit, c.first+int64(c.before+below)
			if c.before+below >= c.card {
				return false, corruptf(c.win.name, c.start, "block of %d documents has more", c.card)
			}
			return true, nil
		}
		c.before += bits.OnesCount64(set)
	}
	return false, nil
}

func (c *docsCursor) u16(b []byte) uint16 {
	if c.le {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}
