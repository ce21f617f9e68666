// docvalues_lucene70.go answers: what is in a .dvm of Lucene 7? Next: docvalues_lucene80.go.
//
//	index header "Lucene70DocValuesMetadata"
//	{ i32 field | u8 kind | entry } ... i32 -1 | footer
//
//	docs            i64 off (-1 all documents, -2 none) | i64 length
//	numeric         docs | i64 count | i32 n: >= 0 table, n x i64; -1 none; < -1 blocks of 2^(-2-n) | u8 bits | i64 min | i64 gcd |
//	                i64 off | i64 length
//	binary          i64 off | i64 length | docs | i32 documents | i32 shortest | i32 longest |
//	                if they differ: i64 addresses | vint shift | monotonic(documents+1) | i64 length
//	sorted          docs | i32 documents | u8 bits | i64 off | i64 length | terms
//	sorted set      u8 0: sorted; 1: docs | u8 bits | i64 off | i64 length | i32 documents |
//	                i64 addresses | vint shift | monotonic(documents+1) | i64 length | terms
//	sorted numeric  numeric | i32 documents | if not count: i64 addresses | vint shift | monotonic(documents+1) | i64 length
//	terms           vlong n | i32 shift of blocks | i32 shift | monotonic(ceil(n / 2^shift of blocks)) | i32 longest |
//	                i64 data | i64 length | i64 addresses | i64 length |
//	                i32 shift of the index | monotonic(1 + ceil(n / 2^shift of the index)) | 4 x i64
//
// Big-endian.

package lucene

// newDialect is what changed between the versions since 7.0.
type newDialect struct {
	ranked  bool // docs have a jump table and a rank power: since 8.0
	jumps   bool // numbers in blocks have a jump table: since 8.0
	ordsAs  bool // ordinals are written like numbers: since 9.0
	lz4     bool // terms are always LZ4 blocks of 64: since 9.0
	maybe   bool // terms say whether they are: 8.x
	skipped bool // a skip index may stand before the entry: since 10
}

var newDialect70 = newDialect{}

func column70(in *input, _ int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	return newDialect70.column(in, maxDoc, f, kind, false)
}

// column reads an entry of any kind; chunked tells whether binary values are compressed.
func (d *newDialect) column(in *input, maxDoc int, f *fieldInfo, kind docValuesType, chunked bool) columnEntry {
	var e columnEntry
	switch kind {
	case dvNumeric:
		e.docs, e.values = d.numeric(in, maxDoc)
	case dvBinary:
		e.docs, e.bytes = d.binary(in, maxDoc, chunked)
	case dvSorted:
		e = d.sorted(in, maxDoc)
	case dvSortedSet:
		switch multi := in.u8(); multi {
		case 0:
			e = d.sorted(in, maxDoc)
		case 1:
			e = d.sortedSet(in, maxDoc)
		default:
			in.fail("sorted set of kind %d", multi)
		}
	case dvSortedNumeric:
		e = d.sortedNumeric(in, maxDoc)
	}
	return e
}

// docs reads which documents have a value; their number follows elsewhere.
func (d *newDialect) docs(in *input) docsEntry {
	e := docsEntry{kind: docsBlocks, off: in.i64(), length: in.i64(), rank: docNoRank}
	if d.ranked {
		in.i16() // entries of the jump table
		e.rank = in.u8()
		const leastRank, mostRank = 7, 15
		if in.err == nil && e.rank != docNoRank && (e.rank < leastRank || e.rank > mostRank) {
			in.fail("rank power %d", e.rank)
		}
	}
	switch {
	case e.off == allDocs:
		e.kind = docsAll
	case e.off == noDocs:
		e.kind = docsNone
	case in.err == nil && (!isOffset(e.off) || e.length < 0):
		in.fail("documents at %d, %d bytes", e.off, e.length)
	}
	return e
}

// setDocs says how many documents have a value.
func (in *input) setDocs(e *docsEntry, count int64, maxDoc int) {
	e.count = count
	if in.err == nil && e.kind == docsBlocks && (count <= 0 || count > int64(maxDoc)) {
		in.fail("%d documents of %d have a value", count, maxDoc)
	}
}

func (d *newDialect) numeric(in *input, maxDoc int) (docsEntry, numbersEntry) {
	docs, e := d.numbers(in)
	in.setDocs(&docs, e.count, maxDoc)
	return docs, e
}

func (d *newDialect) numbers(in *input) (docsEntry, numbersEntry) {
	docs := d.docs(in)
	e := numbersEntry{encoding: numbersDirect, jumps: -1, count: in.i64()}
	table := in.i32()
	switch {
	case table >= 0:
		e.encoding = numbersTable
		n := in.count(int64(table), wordBytes)
		if n > maxNumberTable {
			in.fail("table of %d values", n)
		}
		for i := 0; i < n && in.err == nil; i++ {
			e.table = append(e.table, in.i64())
		}
	case table < -1:
		e.encoding = numbersVarying
		e.shift = uint(-2 - int64(table))
		if in.err == nil && (e.shift < 1 || e.shift > maxBlockShift) {
			in.fail("blocks of 2^%d numbers", e.shift)
		}
	}
	e.bpv = int(in.u8())
	e.min, e.gcd = in.i64(), in.i64()
	e.off = in.i64()
	in.i64() // length
	if d.jumps {
		e.jumps = in.i64()
		if in.err == nil && e.jumps != -1 && !isOffset(e.jumps) {
			in.fail("jump table at %d", e.jumps)
		}
	}
	switch {
	case e.encoding == numbersVarying:
		e.bpv = 0 // each block has its own; FF here
	case e.bpv == 0:
		e.encoding = numbersConstant // the minimum, whatever else is said
	}
	in.demandNumbers(&e)
	return docs, e
}

// ordinals reads packed ordinals of terms.
func (in *input) ordinals(count int64) numbersEntry {
	e := numbersEntry{encoding: numbersDirect, gcd: 1, count: count, bpv: int(in.u8()), off: in.i64()}
	in.i64() // length
	if e.bpv == 0 {
		e.encoding = numbersConstant
	}
	in.demandNumbers(&e)
	return e
}

func (d *newDialect) sorted(in *input, maxDoc int) columnEntry {
	var e columnEntry
	if d.ordsAs {
		e.docs, e.values = d.numeric(in, maxDoc)
	} else {
		e.docs = d.docs(in)
		count := int64(in.i32())
		in.setDocs(&e.docs, count, maxDoc)
		e.values = in.ordinals(count)
	}
	e.bytes = d.terms(in)
	return e
}

func (d *newDialect) sortedSet(in *input, maxDoc int) columnEntry {
	var e columnEntry
	if d.ordsAs {
		e = d.sortedNumeric(in, maxDoc)
	} else {
		e.docs = d.docs(in)
		// How many ordinals there are is only said by the last address.
		e.values = in.ordinals(1 << 62)
		count := int64(in.i32())
		in.setDocs(&e.docs, count, maxDoc)
		e.multi = in.addresses(count)
	}
	e.bytes = d.terms(in)
	return e
}

func (d *newDialect) sortedNumeric(in *input, maxDoc int) columnEntry {
	var e columnEntry
	e.docs, e.values = d.numbers(in)
	count := int64(in.i32())
	in.setDocs(&e.docs, count, maxDoc)
	if count != e.values.count {
		e.multi = in.addresses(count)
	}
	return e
}

func (in *input) addresses(docs int64) multiEntry {
	e := multiEntry{kind: multiStarts, addresses: in.risingAt(in.i64(), docs+1)}
	in.i64() // length
	return e
}

func (d *newDialect) binary(in *input, maxDoc int, chunked bool) (docsEntry, bytesEntry) {
	e := bytesEntry{encoding: bytesFixed, off: in.i64(), length: in.i64()}
	docs := d.docs(in)
	e.count = int64(in.i32())
	in.setDocs(&docs, e.count, maxDoc)
	shortest, longest := in.i32(), in.i32()
	e.fixed = int64(longest)
	switch {
	case chunked:
		if e.count > 0 {
			in.chunks(&e)
		}
	case shortest < longest:
		e.encoding = bytesVariable
		e.addresses = in.risingAt(in.i64(), e.count+1)
		in.i64() // length
	}
	in.demandStrings(&e)
	return docs, e
}

func (d *newDialect) terms(in *input) bytesEntry {
	const lz4Shift = 6
	e := bytesEntry{encoding: termsBlocks, shift: lz4Shift, lz4: d.lz4, count: in.vlong()}
	if !d.lz4 {
		code := in.i32()
		switch {
		case d.maybe && code == lz4Terms:
			e.lz4 = true
		case in.err == nil && (code < 0 || code > maxBlockShift):
			in.fail("blocks of 2^%d terms", code)
		default:
			e.shift = uint(code)
		}
	}
	shift := in.i32()
	e.interval = 1 << e.shift
	e.addresses = numbersEntry{encoding: numbersRising, count: blocksOf(e.count, e.interval)}
	e.addresses.rising = in.monotonicMeta(e.addresses.count, shift)
	in.i32() // longest
	if e.lz4 {
		in.i32() // longest block
	}
	e.off, e.length = in.i64(), in.i64()
	e.addresses.off = in.i64()
	in.i64() // length
	in.termsIndex(e.count, shift)
	in.demandNumbers(&e.addresses)
	in.demandStrings(&e)
	return e
}

// termsIndex walks over the index from terms to ordinals, which we don't need.
func (in *input) termsIndex(count int64, shift int32) {
	every := in.i32()
	if in.err == nil && (every < 0 || every > maxBlockShift) {
		in.fail("index of every 2^%d terms", every)
	}
	if in.err != nil {
		return
	}
	in.monotonicMeta(1+blocksOf(count, 1<<every), shift)
	const offsets = 4
	in.skip(offsets * wordBytes)
}
