// docvalues_lucene45.go answers: what is in a .dvm of Lucene 4.5 to 4.8, and what has every .dvm before 7.0 in common?
// Next: docvalues_lucene49.go.
//
//	header "Lucene45ValuesMetadata" (plain; index header since 5.0)
//	{ vint field | u8 kind | entry } ... vint -1 | footer since 4.8
//
//	numeric         vint 0 delta, 1 gcd, 2 table | i64 documents | vint packed version | i64 off | vlong count |
//	                vint block size | gcd: i64 min, i64 gcd | table: vint n, n x i64
//	                documents: offset of a bitmap, -1 for all
//	binary          vint 0 fixed, 1 variable, 2 prefixes | i64 documents | vint shortest | vint longest | vlong count | i64 off |
//	                variable, prefixes: [vint interval] | i64 addresses | vint packed version | vint block size
//	sorted          { vint field, u8 kind, binary } { vint field, u8 kind, numeric }        terms, ordinals; -1 for no term
//	sorted set      [vint 0 addresses, 1 sorted: since version 1] as sorted, then
//	                { vint field, u8 kind, numeric }                                      where each document's ordinals end
//	sorted numeric  since 4.9; vint 0 addresses, 1 single | { vint field, u8 kind, numeric } once or twice
//
// Big-endian.

package lucene

// Kinds of numeric, binary and composite entries before 7.0.
const (
	oldDelta     = 0
	oldGCD       = 1
	oldTable     = 2
	oldRising    = 3 // since 4.9
	oldConstant  = 4 // since 5.0
	oldSparse    = 5 // since 5.4
	oldFixed     = 0
	oldVariable  = 1
	oldPrefix    = 2
	oldAddresses = 0
	oldSingle    = 1
	oldSets      = 2 // since 5.2 for sorted sets, 5.4 for numbers

	allDocs = -1
	noDocs  = -2
)

// oldDialect is what changed between the versions before 7.0.
type oldDialect struct {
	numeric func(in *input, d *oldDialect, maxDoc int, f *fieldInfo) (docsEntry, numbersEntry)
	binary  func(in *input, d *oldDialect, maxDoc int) (docsEntry, bytesEntry)
	ends    bool // addresses say where values end, not where they begin: before 4.9
}

var oldDialect45 = oldDialect{numeric: numeric45, binary: binary45, ends: true}

func column45(in *input, version int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	const setKindSince = 1
	if kind == dvSortedSet && version < setKindSince {
		return oldWithAddresses(in, &oldDialect45, maxDoc, f, true)
	}
	return oldDialect45.column(in, maxDoc, f, kind)
}

// column reads an entry of any kind.
func (d *oldDialect) column(in *input, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry {
	var e columnEntry
	switch kind {
	case dvNumeric:
		e.docs, e.values = d.numeric(in, d, maxDoc, f)
	case dvBinary:
		e.docs, e.bytes = d.binary(in, d, maxDoc)
	case dvSorted:
		e = d.sorted(in, maxDoc, f)
	default:
		terms := kind == dvSortedSet
		switch form := in.vint(); {
		case form == oldAddresses:
			e = oldWithAddresses(in, d, maxDoc, f, terms)
		case form == oldSingle && terms:
			in.demandPart(f, dvSorted)
			e = d.sorted(in, maxDoc, f)
		case form == oldSingle:
			in.demandPart(f, dvNumeric)
			e.docs, e.values = d.numeric(in, d, maxDoc, f)
		case form == oldSets:
			e = d.sets(in, maxDoc, f, terms)
		default:
			in.fail("sets of kind %d", form)
		}
	}
	return e
}

// demandPart reads the field number and kind in front of a part of an entry.
func (in *input) demandPart(f *fieldInfo, kind docValuesType) {
	if number, got := in.vint(), in.metaKind(); in.err == nil && (number != f.number || got != kind) {
		in.fail("part of kind %d of field %d, want kind %d of field %d", got, number, kind, f.number)
	}
}

func (d *oldDialect) sorted(in *input, maxDoc int, f *fieldInfo) columnEntry {
	var e columnEntry
	in.demandPart(f, dvBinary)
	_, e.bytes = d.binary(in, d, maxDoc)
	in.demandPart(f, dvNumeric)
	e.docs, e.values = d.numeric(in, d, maxDoc, f)
	return e
}

func oldWithAddresses(in *input, d *oldDialect, maxDoc int, f *fieldInfo, terms bool) columnEntry {
	var e columnEntry
	if terms {
		in.demandPart(f, dvBinary)
		_, e.bytes = d.binary(in, d, maxDoc)
	}
	in.demandPart(f, dvNumeric)
	_, e.values = d.numeric(in, d, maxDoc, f)
	in.demandPart(f, dvNumeric)
	_, e.multi.addresses = d.numeric(in, d, maxDoc, f)
	e.multi.kind = multiStarts
	if d.ends {
		e.multi.kind = multiEnds
	}
	switch a := &e.multi.addresses; a.encoding {
	case numbersPackedBlocks:
		a.encoding = numbersRisingBlocks // 4.5 doesn't say it
	case numbersRisingBlocks:
		if !d.ends {
			a.count++
		}
	case numbersRising:
		a.count = a.rising.n
	default:
		if in.err == nil {
			in.fail("addresses that do not rise")
		}
	}
	return e
}

// sets reads a table of all the sets that occur.
func (d *oldDialect) sets(in *input, maxDoc int, f *fieldInfo, terms bool) columnEntry {
	var e columnEntry
	e.multi.kind = multiTable
	n := in.count(int64(in.i32()), wordBytes)
	if n > maxNumberTable {
		in.fail("table of %d values", n)
	}
	for i := 0; i < n && in.err == nil; i++ {
		e.multi.table = append(e.multi.table, in.i64())
	}
	sets := in.count(int64(in.i32()), 4)
	e.multi.offsets = []int32{0}
	for i := 0; i < sets && in.err == nil; i++ {
		size, last := in.i32(), e.multi.offsets[i]
		if in.err == nil && (size < 0 || size > int32(n)-last) {
			in.fail("set of %d behind %d of %d values", size, last, n)
		}
		e.multi.offsets = append(e.multi.offsets, last+size)
	}
	if terms {
		in.demandPart(f, dvBinary)
		_, e.bytes = d.binary(in, d, maxDoc)
	}
	in.demandPart(f, dvNumeric)
	e.docs, e.values = d.numeric(in, d, maxDoc, f)
	return e
}

// oldDocs is which documents have a value: a bitmap's offset, or all or none.
func (in *input) oldDocs() docsEntry {
	switch off := in.i64(); {
	case off == allDocs:
		return docsEntry{kind: docsAll}
	case off == noDocs:
		return docsEntry{kind: docsNone}
	case !isOffset(off):
		in.fail("bitmap of documents at %d", off)
		return docsEntry{}
	default:
		return docsEntry{kind: docsBitmap, off: off}
	}
}

func numeric45(in *input, _ *oldDialect, _ int, _ *fieldInfo) (docsEntry, numbersEntry) {
	form := in.vint()
	docs := in.oldDocs()
	e := numbersEntry{encoding: numbersPackedBlocks, gcd: 1}
	e.version = in.packedVersion()
	e.off, e.count = in.i64(), in.vlong()
	e.blockSize = in.packedBlock()
	switch form {
	case oldDelta:
	case oldGCD:
		e.min, e.gcd = in.i64(), in.i64()
	case oldTable:
		e.encoding, e.table = numbersTable, in.numberTable()
		e.bpv = bitsFor(max(len(e.table)-1, 0))
	default:
		in.fail("numbers of kind %d", form)
	}
	in.demandNumbers(&e)
	return docs, e
}

func binary45(in *input, d *oldDialect, _ int) (docsEntry, bytesEntry) {
	form := in.vint()
	docs := in.oldDocs()
	_, longest := in.vint(), in.vint() // negative when all terms are gone
	e := bytesEntry{fixed: int64(max(longest, 0))}
	e.count, e.off = in.vlong(), in.i64()
	switch form {
	case oldFixed:
		e.encoding = bytesFixed
	case oldVariable:
		e.encoding, e.ends = bytesVariable, d.ends
		if d.ends {
			e.addresses = in.risingBlocks(e.count)
		} else {
			e.addresses = in.risingBlocks(e.count + 1)
		}
	case oldPrefix:
		e.encoding = termsPrefixes
		e.interval = int64(in.vint())
		if in.err == nil && e.interval <= 0 {
			in.fail("blocks of %d terms", e.interval)
			break
		}
		e.addresses = in.risingBlocks(blocksOf(e.count, max(e.interval, 1)))
		e.length = e.addresses.off - e.off
	default:
		in.fail("strings of kind %d", form)
	}
	in.demandStrings(&e)
	return docs, e
}

func blocksOf(n, size int64) int64 {
	blocks := n / size
	if n%size != 0 {
		blocks++
	}
	return blocks
}

// risingBlocks reads where a rising sequence in old blocks lies.
func (in *input) risingBlocks(count int64) numbersEntry {
	e := numbersEntry{encoding: numbersRisingBlocks, count: count, off: in.i64()}
	e.version = in.packedVersion()
	e.blockSize = in.packedBlock()
	in.demandNumbers(&e)
	return e
}

func (in *input) packedVersion() int32 {
	const newest = 2
	v := in.vint()
	if in.err == nil && (v < 0 || v > newest) {
		in.fail("packed integers of version %d", v)
	}
	return v
}

func (in *input) packedBlock() int64 {
	const smallest = 64
	n := in.vint()
	if in.err == nil && (n < smallest || n > maxPackedBlock || n&(n-1) != 0) {
		in.fail("blocks of %d numbers", n)
	}
	return int64(n)
}

// numberTable reads vint n, n x i64.
func (in *input) numberTable() []int64 {
	n := in.count(int64(in.vint()), wordBytes)
	if n > maxNumberTable {
		in.fail("table of %d values", n)
	}
	var table []int64
	for i := 0; i < n && in.err == nil; i++ {
		table = append(table, in.i64())
	}
	return table
}

// isOffset says whether a file can reach this far, with room to count on without overflow.
func isOffset(off int64) bool {
	const farthest = 1 << 60
	return off >= 0 && off <= farthest
}

// demandNumbers checks what every sequence of numbers must be.
func (in *input) demandNumbers(e *numbersEntry) {
	if in.err == nil && (e.count < 0 || !isOffset(e.off) || e.bpv < 0 || e.bpv > wordBits) {
		in.fail("%d numbers of %d bits at %d", e.count, e.bpv, e.off)
	}
}

// demandStrings checks what all byte strings must be.
func (in *input) demandStrings(e *bytesEntry) {
	if in.err == nil && (e.count < 0 || !isOffset(e.off) || !isOffset(e.length) || e.fixed < 0) {
		in.fail("%d strings at %d, %d bytes", e.count, e.off, e.length)
	}
}
