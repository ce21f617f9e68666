// docvalues_column.go answers: what has a document in a column? Next: docvalues_docs.go.

package lucene

type multiKind uint8

const (
	multiNone   multiKind = iota // one value a document
	multiStarts                  // addresses: where each document's values begin, and one more
	multiEnds                    // addresses: where each document's values end
	multiTable                   // the document's number is that of a set; a table holds the sets
)

// maxDocValues is how many values one document may have in a field: sources end at 2 GiB, and long before that in practice.
const maxDocValues = 1 << 24

// multiEntry is what the meta says about documents with several values.
type multiEntry struct {
	kind      multiKind
	addresses numbersEntry
	table     []int64
	offsets   []int32 // of each set in table, and one more
}

// columnEntry is what the meta says about one field.
type columnEntry struct {
	kind   docValuesType
	docs   docsEntry
	values numbersEntry // numbers, or ordinals of terms
	multi  multiEntry
	bytes  bytesEntry // binary values by index, or terms by ordinal
}

// column reads one field's doc values. It is for one goroutine; ascending documents are cheap.
type column struct {
	e         *columnEntry
	name      string
	docs      docsCursor
	values    numbers
	addresses numbers
	strings   byteStrings
}

func newColumn(file *docValuesFile, e *columnEntry, maxDoc int) *column {
	c := &column{e: e, name: file.name, docs: newDocsCursor(file, &e.docs, maxDoc)}
	if e.kind != dvBinary {
		c.values = newNumbers(file, &e.values)
	}
	if e.multi.kind == multiStarts || e.multi.kind == multiEnds {
		c.addresses = newNumbers(file, &e.multi.addresses)
	}
	if e.kind == dvBinary || e.kind == dvSorted || e.kind == dvSortedSet {
		c.strings = newByteStrings(file, &e.bytes)
	}
	return c
}

// number gives the value of a document in a column of single numbers.
func (c *column) number(doc int) (v int64, ok bool, err error) {
	if c.e.kind != dvNumeric {
		return 0, false, errNoColumn
	}
	i, ok, err := c.docs.find(doc)
	if !ok || err != nil {
		return 0, false, err
	}
	v, err = c.values.get(i)
	return v, err == nil, err
}

// numbers appends the values of a document, or the ordinals of its terms, to dst.
func (c *column) numbers(doc int, dst []int64) ([]int64, error) {
	if c.e.kind == dvBinary {
		return dst, errNoColumn
	}
	i, ok, err := c.docs.find(doc)
	if !ok || err != nil {
		return dst, err
	}
	start, end := i, i+1
	switch c.e.multi.kind {
	case multiStarts:
		if start, err = c.addresses.get(i); err == nil {
			end, err = c.addresses.get(i + 1)
		}
	case multiEnds:
		start = 0
		if i > 0 {
			start, err = c.addresses.get(i - 1)
		}
		if err == nil {
			end, err = c.addresses.get(i)
		}
	case multiTable:
		return c.fromTable(i, dst)
	}
	if err != nil {
		return dst, err
	}
	most := int64(maxDocValues)
	if c.e.kind == dvSortedSet {
		most = min(most, max(c.e.bytes.count, 1)) // a set has each term once
	}
	if start < 0 || end < start || end > c.e.values.count || end-start > most {
		return dst, corruptf(c.name, -1, "values %d to %d of %d for document %d", start, end, c.e.values.count, doc)
	}
	for ; start < end; start++ {
		v, err := c.values.get(start)
		if err != nil {
			return dst, err
		}
		// Before Lucene 7 a document without a term has the ordinal -1.
		if v >= 0 || c.e.kind == dvNumeric || c.e.kind == dvSortedNumeric {
			dst = append(dst, v)
		}
	}
	return dst, nil
}

func (c *column) fromTable(i int64, dst []int64) ([]int64, error) {
	set, err := c.values.get(i)
	if err != nil {
		return dst, err
	}
	m := &c.e.multi
	if set < 0 || set >= int64(len(m.offsets)-1) {
		return dst, corruptf(c.name, -1, "set %d of %d", set, len(m.offsets)-1)
	}
	return append(dst, m.table[m.offsets[set]:m.offsets[set+1]]...), nil
}

// term gives the term of an ordinal, valid until the next call.
func (c *column) term(ordinal int64) ([]byte, error) {
	if c.e.kind != dvSorted && c.e.kind != dvSortedSet {
		return nil, errNoColumn
	}
	return c.strings.get(ordinal)
}

// value gives the bytes of a document in a binary column, valid until the next call.
func (c *column) value(doc int) ([]byte, bool, error) {
	if c.e.kind != dvBinary {
		return nil, false, errNoColumn
	}
	i, ok, err := c.docs.find(doc)
	if !ok || err != nil {
		return nil, false, err
	}
	b, err := c.strings.get(i)
	return b, err == nil, err
}
