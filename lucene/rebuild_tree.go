// rebuild_tree.go answers: how do values with dotted paths become one JSON object? Next: rebuild_nested.go.

package lucene

import (
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

// maxRebuiltDepth bounds the dots of a path; Elasticsearch allows 20 levels unless told otherwise.
const maxRebuiltDepth = 1000

// rebuiltEntry is a path with its values, which are JSON in the arena.
type rebuiltEntry struct {
	path   string
	values []span
}

// comparePaths sorts what is in an object next to the object.
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '.':
			return -1
		case b[i] == '.':
			return 1
		case a[i] < b[i]:
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// override puts what _ignored_source holds in the place of what is known of the same path, or below it.
func (r *Rebuilder) override() {
	if len(r.ignored) == 0 {
		return
	}
	r.entries = slices.DeleteFunc(r.entries, func(e rebuiltEntry) bool { return r.isIgnored(e.path) })
	for _, e := range r.ignored {
		if len(e.values) == 0 {
			continue
		}
		if i := slices.IndexFunc(r.entries, func(have rebuiltEntry) bool { return have.path == e.path }); i >= 0 {
			r.entries[i].values = append(r.entries[i].values, e.values...)
		} else {
			r.entries = append(r.entries, e)
		}
	}
}

// isIgnored says whether _ignored_source has a path, or an object it is in.
func (r *Rebuilder) isIgnored(path string) bool {
	for i := range r.ignored {
		if p := r.ignored[i].path; path == p || strings.HasPrefix(path, p) && path[len(p)] == '.' {
			return true
		}
	}
	return false
}

// object writes all entries as one object.
func (r *Rebuilder) object(out []byte) ([]byte, error) {
	slices.SortStableFunc(r.entries, func(a, b rebuiltEntry) int { return comparePaths(a.path, b.path) })
	return r.tree(out, r.entries, 0, 0)
}

// tree writes sorted entries whose paths agree up to from as one object.
func (r *Rebuilder) tree(out []byte, entries []rebuiltEntry, from, depth int) ([]byte, error) {
	if depth > maxRebuiltDepth {
		return out, corruptf(r.segment.commit.Name, -1, "a path of more than %d objects", maxRebuiltDepth)
	}
	out = append(out, '{')
	first := true
	key := func(name string) (err error) {
		if !first {
			out = append(out, ',')
		}
		first = false
		out, err = binaryjson.AppendString(out, []byte(name))
		out = append(out, ':')
		return err
	}
	for len(entries) > 0 {
		name, _, _ := strings.Cut(entries[0].path[from:], ".")
		end := from + len(name)
		n := 1
		for n < len(entries) && len(entries[n].path) > end && entries[n].path[:end] == entries[0].path[:end] && entries[n].path[end] == '.' {
			n++
		}
		group := entries[:n]
		entries = entries[n:]
		isLeaf := len(group[0].path) == end
		if !isLeaf {
			if err := key(name); err != nil {
				return out, err
			}
			var err error
			if out, err = r.tree(out, group, end+1, depth+1); err != nil {
				return out, err
			}
			continue
		}
		// A path that has values and objects below it too (subobjects off) keeps its dots.
		for i := range group {
			if err := key(group[i].path[from:]); err != nil {
				return out, err
			}
			out = r.appendValues(out, group[i].values)
		}
	}
	return append(out, '}'), nil
}

// appendValues writes one value as it is and several as an array.
func (r *Rebuilder) appendValues(out []byte, values []span) []byte {
	if len(values) == 1 {
		return append(out, r.arena[values[0].start:values[0].end]...)
	}
	out = append(out, '[')
	for i, v := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r.arena[v.start:v.end]...)
	}
	return append(out, ']')
}
