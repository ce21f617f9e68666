// docvalues_lucene54.go answers: what changed in the .dvm with Lucene 5.4? Next: docvalues_lucene70.go.
//
//	index header "Lucene54DocValuesMetadata"
//	numeric  vint kind | i64 documents | [5 sparse: vlong n, vint shift, monotonic(n) of the documents, whose data lie there] |
//	         i64 off | vlong count | 3 rising: vint shift, monotonic(maxDoc+1) |
//	         5 sparse: u8 0 or 1, { vint field, u8 kind, numeric } of the documents that have one | i64 end
//	binary   1 variable: i64 addresses | vint shift | monotonic(count+1) | i64 end
//	sorted numeric may be sets as well
//
// All else as in 5.0.

package lucene

var oldDialect54 = oldDialect{numeric: numeric54, binary: binary54}

func column54(in *input, _ int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	return oldDialect54.column(in, maxDoc, f, kind)
}

func numeric54(in *input, d *oldDialect, maxDoc int, f *fieldInfo) (docsEntry, numbersEntry) {
	form := in.vint()
	if form == oldSparse {
		return sparse54(in, d, maxDoc, f)
	}
	return plain54(in, form, maxDoc)
}

func plain54(in *input, form int32, maxDoc int) (docsEntry, numbersEntry) {
	docs := in.oldDocs()
	e := numbersEntry{off: in.i64(), count: in.vlong()}
	switch form {
	case oldConstant:
		e.encoding, e.min = numbersConstant, in.i64()
	case oldRising:
		e.encoding = numbersRising
		e.rising = in.monotonicMeta(int64(maxDoc)+1, in.vint())
		e.count = e.rising.n
	default:
		in.oldForm(form, &e)
	}
	in.i64() // where the numbers end
	in.demandNumbers(&e)
	return docs, e
}

func sparse54(in *input, d *oldDialect, maxDoc int, f *fieldInfo) (docsEntry, numbersEntry) {
	docs := docsEntry{kind: docsList, off: in.i64(), count: in.vlong()}
	docs.list = in.monotonicMeta(docs.count, in.vint())
	in.i64()   // off of numbers that aren't there
	in.vlong() // documents of the segment
	in.u8()    // numbers or ordinals
	in.demandPart(f, dvNumeric)
	form := in.vint()
	if form == oldSparse {
		in.fail("sparse numbers inside sparse numbers")
	}
	_, e := plain54(in, form, maxDoc)
	in.i64() // where the numbers end
	if in.err == nil && (!isOffset(docs.off) || docs.count < 0 || docs.count > int64(maxDoc)) {
		in.fail("%d documents of %d listed at %d", docs.count, maxDoc, docs.off)
	}
	return docs, e
}

func binary54(in *input, _ *oldDialect, _ int) (docsEntry, bytesEntry) {
	docs, e, form := in.binaryHead410()
	switch form {
	case oldFixed:
	case oldVariable:
		e.encoding = bytesVariable
		e.addresses = in.risingAt(in.i64(), e.count+1)
		e.length = e.addresses.off - e.off
		in.i64() // where the addresses end
	case oldPrefix:
		in.sixteens(&e)
	default:
		in.fail("strings of kind %d", form)
	}
	in.demandStrings(&e)
	return docs, e
}

// risingAt reads vint shift and the meta of a DirectMonotonic sequence whose data lie at off.
func (in *input) risingAt(off, count int64) numbersEntry {
	e := numbersEntry{encoding: numbersRising, off: off, count: count}
	e.rising = in.monotonicMeta(count, in.vint())
	in.demandNumbers(&e)
	return e
}
