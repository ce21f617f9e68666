// docvalues_lucene50.go answers: what changed in the .dvm with Lucene 5.0? Next: docvalues_lucene54.go.
//
//	index header "Lucene50DocValuesMetadata"
//	numeric     documents may be -2, none | kind 4 constant: i64 value
//	sorted set  since version 1, kind 2 sets: i32 n, n x i64 | i32 sets, sets x i32 size | { binary } { numeric }: a set per document
//
// All else as in 4.10.

package lucene

var oldDialect50 = oldDialect{numeric: numeric50, binary: binary410}

func column50(in *input, _ int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	return oldDialect50.column(in, maxDoc, f, kind)
}

func numeric50(in *input, _ *oldDialect, _ int, _ *fieldInfo) (docsEntry, numbersEntry) {
	form := in.vint()
	docs := in.oldDocs()
	e := numbersEntry{off: in.i64(), count: in.vlong()}
	if form == oldConstant {
		e.encoding, e.min = numbersConstant, in.i64()
	} else {
		in.oldForm(form, &e)
	}
	in.i64() // where the numbers end
	in.demandNumbers(&e)
	return docs, e
}
