// livedocs.go answers: which documents are not (hard) deleted? Next: storedfields.go. Soft deletes: segments.go.

package lucene

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// bitset has a bit per document, bit i in word i/64.
type bitset []uint64

func (b bitset) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

func (b bitset) clear(i int) { b[i>>6] &^= 1 << (i & 63) }

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

const wordBits, wordBytes = 64, 8

func bitsetWords(n int) int { return (n + wordBits - 1) / wordBits }

// allLive makes a bitset of n ones.
func allLive(n int) bitset {
	b := make(bitset, bitsetWords(n))
	for i := range b {
		b[i] = ^uint64(0)
	}
	b.trim(n)
	return b
}

// trim clears the bits beyond n.
func (b bitset) trim(n int) {
	if rest := n % wordBits; rest != 0 {
		b[len(b)-1] &= 1<<rest - 1
	}
}

// readLiveDocs reads SEG_GEN.liv, or SEG_GEN.del of Lucene 4; nil when nothing was deleted.
func readLiveDocs(dir Directory, files map[string]bool, s *SegmentCommit, maxDoc int) (bitset, error) {
	if s.DelGen == noGeneration {
		return nil, nil
	}
	gen := strconv.FormatInt(s.DelGen, 36)
	name := s.Name + "_" + gen + ".liv"
	if old := s.Name + "_" + gen + ".del"; !files[name] && files[old] {
		name = old
	}
	in, err := loadInput(dir, name)
	if err != nil {
		return nil, err
	}
	var live bitset
	if name[len(name)-len(".del"):] == ".del" {
		live = readLiveDocs40(in, maxDoc)
	} else {
		f, _, err := begin(in, liveDocsFormats, "live docs", s.ID, gen)
		if err != nil {
			return nil, err
		}
		live = f.read(in, maxDoc)
	}
	if in.err == nil {
		if dead := maxDoc - live.count(); dead != s.DelCount {
			in.fail("%d documents deleted, the commit says %d", dead, s.DelCount)
		}
	}
	return live, in.wrap("live docs")
}

// readWords reads the bits of n documents as 64-bit words.
func (in *input) readWords(n int) bitset {
	raw := in.take(bitsetWords(n) * wordBytes)
	if in.err != nil {
		return nil
	}
	if in.remaining() != 0 {
		in.fail("%d bytes left behind the bits of %d documents", in.remaining(), n)
		return nil
	}
	b := make(bitset, bitsetWords(n))
	for i := range b {
		if in.le {
			b[i] = binary.LittleEndian.Uint64(raw[i*wordBytes:])
		} else {
			b[i] = binary.BigEndian.Uint64(raw[i*wordBytes:])
		}
	}
	b.trim(n)
	return b
}
