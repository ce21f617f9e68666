// rebuild_nested.go answers: which nested objects has a document, and what is in them? Next: rebuild_ignored.go.
//
// Nested objects are documents of their own, in front of their root; those nested in one come in front of it. They share the
// root's _seq_no, but since Elasticsearch 6.0 only roots have a _primary_term: so they are told apart. Which object one is
// stands in the inverted index alone, so it is told by the fields it has.

package lucene

import (
	"slices"
	"strings"
)

type nestedBlocks struct {
	paths []string // of nested objects, the deeper ones first
	roots *column  // nil when roots can't be told
	last  int      // the highest root known to be before the documents to come, -1 for none
}

func (n *nestedBlocks) open(s *Segment, types FieldTypes) error {
	n.last = -1
	for path, typ := range types {
		if typ == "nested" {
			n.paths = append(n.paths, path)
		}
	}
	slices.SortFunc(n.paths, func(a, b string) int {
		if d := strings.Count(b, ".") - strings.Count(a, "."); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	if len(n.paths) == 0 {
		return nil
	}
	var err error
	n.roots, err = s.columns.column(primaryTermField)
	return err
}

// first gives the first document of a root's block.
func (n *nestedBlocks) first(root int) (int, error) {
	if n.last >= root {
		n.last = -1
	}
	for {
		next, _, err := n.roots.docs.advance(n.last + 1)
		if err != nil {
			return 0, err
		}
		if next >= root {
			return n.last + 1, nil
		}
		n.last = next
	}
}

// collectNested makes entries of the nested objects in front of a root.
func (r *Rebuilder) collectNested(root int) error {
	n := &r.nested
	if len(n.paths) == 0 {
		return nil
	}
	if n.roots == nil {
		for _, path := range n.paths {
			r.loseValue(path)
		}
		return nil
	}
	first, err := n.first(root)
	if err != nil {
		return err
	}
	pending := make(map[string][]span)
	for doc := first; doc < root; doc++ {
		path, err := r.nestedPath(doc)
		if err != nil {
			return err
		}
		if path == "" {
			for _, p := range n.paths {
				r.loseValue(p)
			}
			continue
		}
		if err := r.nestedObject(doc, path, pending); err != nil {
			return err
		}
	}
	for path, values := range pending {
		r.entries = append(r.entries, rebuiltEntry{path: path, values: values})
	}
	return nil
}

// nestedPath tells by its fields which nested object a document is, "" when none tells.
func (r *Rebuilder) nestedPath(doc int) (string, error) {
	for _, path := range r.nested.paths {
		for _, f := range r.fields {
			from := f
			if f.column == nil && f.beside != nil {
				from = f.beside
			}
			if f.nested != path || from.column == nil {
				continue
			}
			if from.column.e.kind == dvBinary {
				if _, ok, err := from.column.value(doc); ok || err != nil {
					return path, err
				}
				continue
			}
			var err error
			if r.numbers, err = from.column.numbers(doc, r.numbers[:0]); err != nil {
				return "", err
			}
			if len(r.numbers) > 0 {
				return path, nil
			}
		}
	}
	return "", nil
}

// nestedObject writes a nested document into the arena and leaves it pending for the one it is in.
func (r *Rebuilder) nestedObject(doc int, path string, pending map[string][]span) error {
	outer := r.entries
	r.entries = nil
	err := r.collect(doc, path)
	for inner, values := range pending {
		if strings.HasPrefix(inner, path+".") {
			r.entries = append(r.entries, rebuiltEntry{path: inner, values: values})
			delete(pending, inner)
		}
	}
	own := r.entries
	r.entries = outer
	if err != nil {
		return err
	}
	slices.SortStableFunc(own, func(a, b rebuiltEntry) int { return comparePaths(a.path, b.path) })
	out, err := r.tree(nil, own, len(path)+1, 0)
	if err != nil {
		return err
	}
	start := len(r.arena)
	r.arena = append(r.arena, out...)
	pending[path] = append(pending[path], span{start, len(r.arena)})
	return nil
}
