package export

// fields.go answers: what remains of a source when only some fields are wanted? What is kept is copied as it is written.
// Next: line.go.

import (
	"strings"

	"github.com/tidwall/gjson"
)

// projection keeps the named fields; a name also keeps all that lies below it, and * stands for any text.
type projection []string

// append writes the kept part of an object.
func (p projection) append(out []byte, source []byte) []byte {
	return p.appendObject(out, gjson.ParseBytes(source), "")
}

func (p projection) appendObject(out []byte, object gjson.Result, prefix string) []byte {
	out = append(out, '{')
	first := true
	object.ForEach(func(key, value gjson.Result) bool {
		path := prefix + key.Str
		whole, below := p.wants(path)
		if !whole && (!below || value.Type != gjson.JSON) {
			return true
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(append(out, key.Raw...), ':')
		if whole {
			out = append(out, value.Raw...)
		} else {
			out = p.appendBelow(out, value, path+".")
		}
		return true
	})
	return append(out, '}')
}

// appendBelow goes on into an object, or into each object of a list.
func (p projection) appendBelow(out []byte, value gjson.Result, prefix string) []byte {
	if !value.IsArray() {
		return p.appendObject(out, value, prefix)
	}
	out = append(out, '[')
	first := true
	value.ForEach(func(_, element gjson.Result) bool {
		if element.Type != gjson.JSON {
			return true
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = p.appendBelow(out, element, prefix)
		return true
	})
	return append(out, ']')
}

// wants says whether a path is kept as a whole, or whether something below it may be.
func (p projection) wants(path string) (whole, below bool) {
	for _, pattern := range p {
		if matchPattern(pattern, path) {
			return true, false
		}
		// "a.*.c" asks to go into every "a.x".
		deeper := strings.Count(pattern, ".") > strings.Count(path, ".")
		if deeper && matchPattern(cutPath(pattern, strings.Count(path, ".")+1), path) {
			below = true
		}
	}
	return false, below
}

// cutPath keeps the first n elements of a dotted path.
func cutPath(path string, n int) string {
	for i := range len(path) {
		if path[i] == '.' {
			if n--; n == 0 {
				return path[:i]
			}
		}
	}
	return path
}
