// docvalues_lucene49.go answers: what changed in the .dvm with Lucene 4.9? Next: docvalues_lucene410.go.
//
//	header "Lucene49ValuesMetadata"
//	numeric         vint kind | i64 documents | i64 off | vlong count |
//	                0 delta: i64 min, vint bits | 1 gcd: i64 min, i64 gcd, vint bits | 2 table: vint n, n x i64, vint bits |
//	                3 rising: vint packed version, vint block size | i64 end
//	                numbers are direct packed integers
//	sorted numeric  is new
//	addresses of sets say where each document's values begin, and have one more; addresses of variable binary likewise
//
// All else as in 4.5.

package lucene

var oldDialect49 = oldDialect{numeric: numeric49, binary: binary45}

func column49(in *input, _ int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	return oldDialect49.column(in, maxDoc, f, kind)
}

func numeric49(in *input, _ *oldDialect, _ int, _ *fieldInfo) (docsEntry, numbersEntry) {
	form := in.vint()
	docs := in.oldDocs()
	e := numbersEntry{off: in.i64(), count: in.vlong()}
	in.oldForm(form, &e)
	in.i64() // where the numbers end
	in.demandNumbers(&e)
	return docs, e
}

// oldForm reads what the kinds of 4.9 say.
func (in *input) oldForm(form int32, e *numbersEntry) {
	e.gcd = 1
	switch form {
	case oldDelta:
		e.encoding = numbersDirect
		e.min, e.bpv = in.i64(), int(in.vint())
	case oldGCD:
		e.encoding = numbersDirect
		e.min, e.gcd, e.bpv = in.i64(), in.i64(), int(in.vint())
	case oldTable:
		e.encoding = numbersTable
		e.table, e.bpv = in.numberTable(), int(in.vint())
	case oldRising:
		e.encoding = numbersRisingBlocks
		e.version, e.blockSize = in.packedVersion(), in.packedBlock()
	default:
		in.fail("numbers of kind %d", form)
	}
}
