// rebuild_source.go answers: what was the source of a document that kept none? Next: rebuild_values.go.
//
// An index may have _source off, or synthetic: Elasticsearch then keeps a document only in pieces. What is left, in the order
// it is trusted:
//
//	_recovery_source   the whole original, until a merge drops it (taken as Document.Source already)
//	_ignored_source    what the synthetic source could not have rebuilt (rebuild_ignored.go)
//	stored fields      values as they were sent, in their order
//	doc values         values sorted, of keywords each once
//	a keyword beside   a text field's keyword multi-field
//
// Analyzed text without any of these is gone, as are objects that were never indexed.

package lucene

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FieldTypes are the fields of an index as its mapping says: the full path, dots between objects, to the mapping type.
// Fields that only copy_to fills are left out. Multi-fields are listed as path.name, nested objects as their path to "nested". A parameter may follow behind a colon:
// the factor of a scaled_float, the format of a date, "morton" for a geo_point of an index that Elasticsearch 2.2 to 2.4
// created. A field or object that the mapping keeps out of the index altogether is "unindexed": it is reported as lost.
type FieldTypes map[string]string

// Rebuilt is a source that was put together.
type Rebuilt struct {
	// Source is JSON, valid until the next call.
	Source []byte
	// Lost names the fields that the segment knows of and keeps no copy of: if the document had values there, they are gone.
	Lost []string
	// Reordered names the fields that have several values out of doc values: sorted, perhaps each once.
	Reordered []string
}

// Rebuilder puts together the sources of a segment's documents. It is for one goroutine; ascending documents are cheap.
type Rebuilder struct {
	segment *Segment
	fields  []*rebuiltField // sorted by path
	byName  map[string]*rebuiltField
	lost    []string // fields that no doc values hold
	nested  nestedBlocks

	arena   []byte
	entries []rebuiltEntry
	ignored []rebuiltEntry
	out     []byte
	numbers []int64
	result  Rebuilt
}

// rebuiltField is one field of the mapping.
type rebuiltField struct {
	path, typ, param string
	nested           string // path of the nested object it is in, "" for none
	column           *column
	beside           *rebuiltField // a keyword that has a copy of a text

	// Of the current document, in the arena: its stored values; those kept only because the index took them not.
	stored, extra []span
}

// span is a piece of the arena, which may move while it grows.
type span struct{ start, end int }

// Rebuilder prepares to rebuild sources with the types of a mapping.
func (s *Segment) Rebuilder(types FieldTypes) (*Rebuilder, error) {
	r := &Rebuilder{segment: s, byName: make(map[string]*rebuiltField)}
	var multi []*rebuiltField
	for path, typ := range types {
		f := &rebuiltField{path: path}
		f.typ, f.param, _ = strings.Cut(typ, ":")
		switch f.typ {
		case "object", "nested", "alias":
			continue
		}
		f.nested = types.nestedIn(path)
		if !s.fields.hasAny(path, path+flattenedKeyed, path+originalSuffix, path+malformedSuffix) {
			// No document of the segment has it; but of what is never indexed Lucene wouldn't know.
			if f.typ == "binary" || f.typ == unindexed {
				r.lost = append(r.lost, path)
			}
			continue
		}
		if f.decodes() {
			name := path
			if f.typ == "flattened" {
				name += flattenedKeyed
			}
			if f.typ == "geo_point" && s.info.lucene.Major < firstLatLon {
				f.param = mortonPoints
			}
			var err error
			f.column, err = s.columns.column(name)
			switch {
			case errors.Is(err, ErrTooNew), errors.Is(err, ErrTooOld):
				f.column = nil // a format that isn't read, like that of time series: the field is reported as lost
			case err != nil:
				return nil, fmt.Errorf("rebuild sources of %s: %w", s.commit.Name, err)
			}
			if f.column != nil && f.column.e.kind == dvBinary && f.typ != "binary" && f.typ != "wildcard" {
				f.column = nil // forms of Elasticsearch 1.x and 2.0 that are not read
			}
		}
		if types.isMulti(path) {
			multi = append(multi, f)
			continue
		}
		r.fields = append(r.fields, f)
		r.byName[path] = f
	}
	slices.SortFunc(r.fields, func(a, b *rebuiltField) int { return comparePaths(a.path, b.path) })
	r.addBeside(multi)
	for _, f := range r.fields {
		if f.column == nil && f.beside == nil && s.fields.hasAny(f.path) {
			r.lost = append(r.lost, f.path)
		}
	}
	for i := range s.fields.list {
		if name := s.fields.list[i].name; !types.knows(name) && !strings.HasPrefix(name, "_") {
			r.lost = append(r.lost, name)
		}
	}
	return r, r.nested.open(s, types)
}

// hasAny says whether the segment has a field of one of the names.
func (fi *fieldInfos) hasAny(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return fi.byName[name] != nil })
}

// addBeside gives texts a keyword multi-field to be taken from.
func (r *Rebuilder) addBeside(multi []*rebuiltField) {
	slices.SortFunc(multi, func(a, b *rebuiltField) int { return strings.Compare(a.path, b.path) })
	for _, m := range multi {
		f := r.byName[m.path[:strings.LastIndexByte(m.path, '.')]]
		if f != nil && f.beside == nil && f.column == nil && m.column != nil && m.isKeyword() && f.isText() {
			f.beside = m
		}
	}
}

// isMulti says whether a path is that of a multi-field: what it is in is a field, not an object.
func (t FieldTypes) isMulti(path string) bool {
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path[:i], '.') {
		switch t[path[:i]] {
		case "", "object", "nested":
		default:
			return true
		}
	}
	return false
}

// nestedIn gives the innermost nested object a path is in.
func (t FieldTypes) nestedIn(path string) string {
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path[:i], '.') {
		if t[path[:i]] == "nested" {
			return path[:i]
		}
	}
	return ""
}

// knows says whether a Lucene field belongs to a field of the mapping: itself, or a helper beside it.
func (t FieldTypes) knows(name string) bool {
	if t[name] != "" || t.isMulti(name) {
		return true
	}
	for _, helper := range []string{flattenedKeyed, flattenedRoot, originalSuffix, malformedSuffix} {
		if base, ok := strings.CutSuffix(name, helper); ok && t[base] != "" {
			return true
		}
	}
	return false
}

// Rebuild puts the source of a document together and makes it the document's, marked as rebuilt. A document that has a
// source keeps it.
func (r *Rebuilder) Rebuild(d *Document) (Rebuilt, error) {
	if d.Source != nil {
		return Rebuilt{Source: d.Source}, nil
	}
	r.arena, r.entries, r.ignored = r.arena[:0], r.entries[:0], r.ignored[:0]
	r.result = Rebuilt{}
	if err := r.collectStored(d); err != nil {
		return Rebuilt{}, fmt.Errorf("rebuild document %d of %s: %w", d.DocID, r.segment.commit.Name, err)
	}
	err := r.collectNested(d.DocID)
	if err == nil {
		err = r.collect(d.DocID, "")
	}
	if err == nil {
		r.override()
		r.out, err = r.object(r.out[:0])
	}
	if err != nil {
		return Rebuilt{}, fmt.Errorf("rebuild document %d of %s: %w", d.DocID, r.segment.commit.Name, err)
	}
	r.reportLost()
	r.result.Source = r.out
	d.Source, d.SourceKind, d.Rebuilt = r.out, SourceJSON, true
	return r.result, nil
}

// reportLost names the fields without doc values that this document has no stored values of either.
func (r *Rebuilder) reportLost() {
	none := true
	for _, f := range r.fields {
		none = none && len(f.stored)+len(f.extra) == 0
	}
	if none && len(r.ignored) == 0 {
		r.result.Lost = append(r.result.Lost, r.lost...)
		return
	}
	for _, path := range r.lost {
		if f := r.byName[path]; (f == nil || len(f.stored)+len(f.extra) == 0) && !r.isIgnored(path) {
			r.result.Lost = append(r.result.Lost, path)
		}
	}
}

// loseValue notes a value that cannot be said in JSON.
func (r *Rebuilder) loseValue(path string) {
	if !slices.Contains(r.result.Lost, path) {
		r.result.Lost = append(r.result.Lost, path)
	}
}

// collect makes the entries of a document, the fields in one nested object (or in none).
func (r *Rebuilder) collect(doc int, nested string) error {
	for _, f := range r.fields {
		if f.nested != nested {
			continue
		}
		e := rebuiltEntry{path: f.path}
		if nested == "" {
			e.values = f.stored[:len(f.stored):len(f.stored)]
		}
		if len(e.values) == 0 {
			from := f
			if f.column == nil && f.beside != nil {
				from = f.beside
			}
			var err error
			if e.values, err = r.columnValues(f, from, doc); err != nil {
				return fmt.Errorf("field %s: %w", clip(f.path), err)
			}
			if len(e.values) > 1 && !slices.Contains(r.result.Reordered, f.path) {
				r.result.Reordered = append(r.result.Reordered, f.path)
			}
		}
		if nested == "" {
			e.values = append(e.values, f.extra...)
		}
		if len(e.values) > 0 {
			r.entries = append(r.entries, e)
		}
	}
	return nil
}
