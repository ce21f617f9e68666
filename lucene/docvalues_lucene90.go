// docvalues_lucene90.go answers: what changed in the .dvm with Lucene 9, and which reader reads which .dvm? Next: documents.go.
//
//	index header "Lucene90DocValuesMetadata"
//	before the entry of a field with a skip index, since Lucene 10: i64 off | i64 length | i64 max | i64 min | i32 documents | i32 last document
//	sorted      numeric | terms
//	sorted set  u8 0: sorted; 1: sorted numeric | terms
//	binary      never in chunks
//	terms       always LZ4 blocks of 64, and don't say so
//
// All else as in 8.0, little-endian.

package lucene

var newDialect90 = newDialect{ranked: true, jumps: true, ordsAs: true, lz4: true, skipped: true}

func column90(in *input, _ int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	if f.skipIndex != 0 {
		const skipIndex = 4*8 + 2*4
		in.skip(skipIndex)
	}
	return newDialect90.column(in, maxDoc, f, kind, false)
}

var (
	metaVint = (*input).vint // field numbers before 7.0
	metaInt  = (*input).i32
)

// docValuesFormats is to .dvm and .dvd what the tables of codecs.go are to the other files.
var docValuesFormats = []format[metaFormat]{
	{"Lucene45ValuesMetadata", 0, 2, false, 2, false, metaFormat{metaVint, column45}},
	{"Lucene49ValuesMetadata", 0, 0, false, 0, false, metaFormat{metaVint, column49}},
	{"Lucene410ValuesMetadata", 0, 0, false, 0, false, metaFormat{metaVint, column410}},
	{"Lucene50DocValuesMetadata", 0, 1, true, 0, false, metaFormat{metaVint, column50}},
	{"Lucene54DocValuesMetadata", 0, 0, true, 0, false, metaFormat{metaVint, column54}},
	{"Lucene70DocValuesMetadata", 0, 0, true, 0, false, metaFormat{metaInt, column70}},
	{"Lucene80DocValuesMetadata", 0, 2, true, 0, false, metaFormat{metaInt, column80}},
	{"Lucene90DocValuesMetadata", 0, 0, true, 0, true, metaFormat{metaInt, column90}},
}
