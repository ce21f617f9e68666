// docvalues_lucene80.go answers: what changed in the .dvm with Lucene 8? Next: docvalues_lucene90.go.
//
//	index header "Lucene80DocValuesMetadata", version 0 to 2
//	docs     i64 off | i64 length | i16 entries of the jump table | u8 rank power, 255 for none
//	numeric  as in 7.0, then i64 jump table of the blocks, -1 for none
//	binary   in chunks when version 1 (8.5, 8.6), or version 2 and the field's mode is BEST_COMPRESSION; if it has documents:
//	         i64 addresses | vint chunks | vint shift of strings in a chunk | vint longest chunk | vint shift | monotonic(chunks) | i64 length
//	terms    i32 in place of the shift of blocks: 60001 (hexadecimal) says LZ4 blocks of 64; then, behind the longest term, i32 longest block
//
// All else as in 7.0.

package lucene

const (
	lz4Terms = 0x60001

	chunksAlways80 = 1
	chunksMaybe80  = 2
	modeAttr80     = "Lucene80DocValuesFormat.mode"
	chunksMode80   = "BEST_COMPRESSION"
)

var newDialect80 = newDialect{ranked: true, jumps: true, maybe: true}

func column80(in *input, version int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	chunked := version == chunksAlways80 || version >= chunksMaybe80 && f.attrs[modeAttr80] == chunksMode80
	return newDialect80.column(in, maxDoc, f, kind, chunked)
}

func (in *input) chunks(e *bytesEntry) {
	const mostStrings = 12 // Lucene writes 5
	e.encoding = bytesChunks
	off, chunks, shift := in.i64(), int64(in.vint()), in.vint()
	in.vint() // longest chunk
	if in.err == nil && (shift < 0 || shift > mostStrings || chunks != blocksOf(e.count, 1<<shift)) {
		in.fail("%d chunks of 2^%d strings for %d", chunks, shift, e.count)
	}
	if in.err != nil {
		return
	}
	e.shift = uint(shift)
	e.addresses = in.risingAt(off, chunks)
	e.off, e.length = 0, e.off+e.length // these addresses count from the file's begin
	in.i64()                            // length
}
