// livedocs_lucene40.go answers: what is in a .del of Lucene 4?
//
//	i32 -2 | plain header "BitVector" v0..2 | i32 size          or, older:   i32 size (version -1)
//	dense:   i32 count of ones | ceil(size/8) bytes, bit 0 first
//	sparse:  i32 -1 in place of size | i32 size | i32 count | { vint gap in bytes, u8 byte } until all are found
//	v2 (4.8): footer
//
// A set bit means a live document; before version 1 a deleted one. The sparse form lists the bytes that hold zeros since
// version 1, those that hold ones before. Big-endian.

package lucene

import "math/bits"

const (
	delWithHeader    = -2
	delSparse        = -1
	delVersionLegacy = -1
	delVersionLive   = 1 // since then ones are live documents
	delVersionFooter = 2
)

func readLiveDocs40(in *input, maxDoc int) bitset {
	version := int32(delVersionLegacy)
	size := in.i32()
	if size == delWithHeader {
		codec, v := in.header()
		if in.err == nil && codec != "BitVector" {
			in.err = unknownCodec(in.name, codec)
		}
		if in.err == nil && (v < 0 || v > delVersionFooter) {
			in.err = versionError(in.name, codec, v, 0, delVersionFooter)
		}
		version = v
		if version >= delVersionFooter {
			in.checkFooter()
		}
		size = in.i32()
	}
	var raw []byte
	if size == delSparse {
		raw = readGaps(in, version, maxDoc)
	} else if count := in.i32(); in.delSize(size, count, maxDoc) {
		raw = append(raw, in.take((maxDoc+7)/8)...)
		raw = append(raw, make([]byte, -len(raw)&(wordBytes-1))...)
	}
	if in.err == nil && in.remaining() != 0 {
		in.fail("%d bytes left behind the bits", in.remaining())
	}
	if in.err != nil {
		return nil
	}
	words := input{name: in.name, buf: raw, le: true} // bytes in order, bit 0 first: little-endian words
	live := words.readWords(maxDoc)
	if version < delVersionLive {
		for i := range live {
			live[i] = ^live[i]
		}
		if maxDoc > 0 {
			live.trim(maxDoc)
		}
	}
	return live
}

func (in *input) delSize(size, count int32, maxDoc int) bool {
	if in.err == nil && (int(size) != maxDoc || count < 0 || count > size) {
		in.fail("%d of %d bits set, segment has %d documents", count, size, maxDoc)
	}
	return in.err == nil
}

// readGaps reads the sparse form.
func readGaps(in *input, version int32, maxDoc int) []byte {
	size, count := in.i32(), in.i32()
	if !in.delSize(size, count, maxDoc) {
		return nil
	}
	raw := make([]byte, bitsetWords(maxDoc)*wordBytes)
	bytes := (maxDoc + 7) / 8
	missing := int(count)
	if version >= delVersionLive {
		missing = maxDoc - int(count)
		for i := range bytes {
			raw[i] = 0xFF
		}
		if rest := maxDoc % 8; rest != 0 {
			raw[bytes-1] = 1<<rest - 1
		}
	}
	for at, first := 0, true; missing > 0 && in.err == nil; first = false {
		gap := int(in.vint())
		if gap < 0 || !first && gap == 0 || at+gap >= bytes {
			in.fail("gap of %d bytes at byte %d of %d", gap, at, bytes)
			return nil
		}
		at += gap
		old := raw[at]
		raw[at] = in.u8()
		missing -= bits.OnesCount8(old ^ raw[at])
	}
	if in.err == nil && missing != 0 {
		in.fail("bits of %d documents too many", -missing)
	}
	return raw
}
