// docvalues_values.go answers: what has a document in the columns of fields that the caller names? Next:
// docvalues_column.go.

package lucene

import "fmt"

// Columns reads doc values of a segment by field. It is for one goroutine; ascending documents are cheap.
type Columns struct {
	segment *Segment
	open    map[string]*column
}

// ColumnValues are what a document has in one column: numbers as they are kept (fractions are sortable bits), terms, or bytes
// in a form of the field's own type.
type ColumnValues struct {
	Numbers []int64
	Terms   [][]byte
	Bytes   []byte
}

// Columns prepares to read doc values.
func (s *Segment) Columns() *Columns {
	return &Columns{segment: s, open: map[string]*column{}}
}

// Values gives what a document has in a field's column. found is false where the segment keeps no column for the field at
// all: then nothing is known of the document. Terms and bytes are copies.
func (c *Columns) Values(field string, doc int) (values ColumnValues, found bool, err error) {
	col, known := c.open[field]
	if !known {
		if col, err = c.segment.columns.column(field); err != nil {
			return values, false, err
		}
		c.open[field] = col
	}
	if col == nil {
		return values, false, nil
	}
	if col.e.kind == dvBinary {
		value, _, err := col.value(doc)
		if err != nil {
			return values, false, fmt.Errorf("doc values of %q: %w", clip(field), err)
		}
		return ColumnValues{Bytes: append([]byte(nil), value...)}, true, nil
	}
	numbers, err := col.numbers(doc, nil)
	if err != nil {
		return values, false, fmt.Errorf("doc values of %q: %w", clip(field), err)
	}
	if col.e.kind != dvSorted && col.e.kind != dvSortedSet {
		return ColumnValues{Numbers: numbers}, true, nil
	}
	for _, ordinal := range numbers {
		term, err := col.term(ordinal)
		if err != nil {
			return values, false, fmt.Errorf("doc values of %q: %w", clip(field), err)
		}
		values.Terms = append(values.Terms, append([]byte(nil), term...))
	}
	return values, true, nil
}
