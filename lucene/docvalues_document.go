// docvalues_document.go answers: what do doc values say about every document? Next: docvalues_fields.go.

package lucene

import "bytes"

const (
	versionField     = "_version"
	seqNoField       = "_seq_no"
	primaryTermField = "_primary_term"
)

// documentColumns are the columns that a Document is completed from. They are for one goroutine.
type documentColumns struct {
	version, seqNo, primaryTerm *column // nil when the segment has none
	parents                     []parentColumn
}

// parentColumn is a join field of Elasticsearch 2.x and 5.x. A child has its parent's id in the one named by the parent's
// type, and a parent has its own id in the one named by its own.
type parentColumn struct {
	typ []byte
	*column
}

func newDocumentColumns(dv *docValues) (*documentColumns, error) {
	c := &documentColumns{}
	for _, want := range []struct {
		field string
		col   **column
	}{{versionField, &c.version}, {seqNoField, &c.seqNo}, {primaryTermField, &c.primaryTerm}} {
		if f := dv.fields.byName[want.field]; f == nil || f.docValues != dvNumeric {
			continue
		}
		var err error
		if *want.col, err = dv.column(want.field); err != nil {
			return nil, err
		}
	}
	for i := range dv.fields.list {
		f := &dv.fields.list[i]
		typ, ok := joinParent(f.name)
		if !ok || f.docValues != dvSorted {
			continue
		}
		col, err := dv.column(f.name)
		if err != nil {
			return nil, err
		}
		c.parents = append(c.parents, parentColumn{[]byte(typ), col})
	}
	return c, nil
}

// fill completes a document that was read from stored fields. What a document has no value of stays as it is.
func (c *documentColumns) fill(d *Document) error {
	for _, want := range []struct {
		*column
		into *int64
	}{{c.version, &d.Version}, {c.seqNo, &d.SeqNo}, {c.primaryTerm, &d.PrimaryTerm}} {
		if want.column == nil {
			continue
		}
		v, ok, err := want.number(d.DocID)
		if err != nil {
			return err
		}
		if ok {
			*want.into = v
		}
	}
	if d.Parent != nil {
		return nil
	}
	for i := range c.parents {
		p := &c.parents[i]
		if bytes.Equal(p.typ, d.Type) {
			continue
		}
		var one [1]int64
		ordinals, err := p.numbers(d.DocID, one[:0])
		if err != nil {
			return err
		}
		if len(ordinals) == 0 {
			continue
		}
		id, err := p.term(ordinals[0])
		if err != nil {
			return err
		}
		d.parent = append(d.parent[:0], id...)
		d.Parent = d.parent
		d.ParentType = p.typ
		return nil
	}
	return nil
}
