// docvalues_lucene410.go answers: what changed in the .dvm with Lucene 4.10? Next: docvalues_lucene50.go.
//
//	header "Lucene410ValuesMetadata"
//	binary    2 prefixes: i64 addresses | vint packed version | vint block size | i64 reverse index; 16 terms to a block
//
// All else as in 4.9.

package lucene

var oldDialect410 = oldDialect{numeric: numeric49, binary: binary410}

func column410(in *input, _ int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	return oldDialect410.column(in, maxDoc, f, kind)
}

func binary410(in *input, _ *oldDialect, _ int) (docsEntry, bytesEntry) {
	docs, e, form := in.binaryHead410()
	switch form {
	case oldFixed:
	case oldVariable:
		e.encoding = bytesVariable
		e.addresses = in.risingBlocks(e.count + 1)
		e.length = e.addresses.off - e.off
	case oldPrefix:
		in.sixteens(&e)
	default:
		in.fail("strings of kind %d", form)
	}
	in.demandStrings(&e)
	return docs, e
}

func (in *input) binaryHead410() (docsEntry, bytesEntry, int32) {
	form := in.vint()
	docs := in.oldDocs()
	_, longest := in.vint(), in.vint() // negative when all terms are gone
	e := bytesEntry{encoding: bytesFixed, fixed: int64(max(longest, 0))}
	e.count, e.off = in.vlong(), in.i64()
	return docs, e, form
}

func (in *input) sixteens(e *bytesEntry) {
	e.encoding, e.interval = termsSixteens, sixteen
	e.addresses = in.risingBlocks(blocksOf(e.count, sixteen))
	e.length = e.addresses.off - e.off
	in.i64() // the reverse index: from a term to its ordinal
}
