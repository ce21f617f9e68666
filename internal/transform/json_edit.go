package transform

// json_edit.go answers: how does a source change without being decoded? One walk over the tokens notes edits (from, to,
// new bytes); what has none is never copied. Next: json_values.go.

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// refusal is why a document can't be changed into one that the target takes.
type refusal string

func (r refusal) Error() string { return string(r) }

// editRules are the same for all types of an index.
type editRules struct {
	target                es.Version
	choices               Choices
	booleans              booleanReading
	duplicates, nonFinite bool
	names, unquoted       bool
}

// edit replaces source[from:to].
type edit struct {
	from, to int
	now      string
}

// editor walks one source.
type editor struct {
	rules  *editRules
	traits *traits
	source []byte
	at     int
	edits  []edit
}

// maxSourceDepth bounds recursion; every server stops long before.
const maxSourceDepth = 1100

func (e *editor) rewrite(dst []byte, additions []member) (out []byte, changed bool, err error) {
	start := e.unwrapped()
	e.at = start
	e.space()
	if e.at >= len(e.source) || e.source[e.at] != '{' {
		return dst, false, e.bad("no object")
	}
	open := e.at
	if err := e.object(0, walk{e.traits.booleans, e.traits.geoPoints, e.traits.dates}); err != nil {
		return dst, false, err
	}
	end := e.at
	if len(additions) > 0 {
		if err := e.add(open, end, additions); err != nil {
			return dst, false, err
		}
	}
	e.space()
	trailing := start == 0 && e.at < len(e.source)
	if trailing && !e.rules.unquoted {
		return dst, false, e.bad("something after the object")
	}
	if len(e.edits) == 0 && start == 0 && !trailing {
		return dst, false, nil
	}
	slices.SortStableFunc(e.edits, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	out, position := dst, open
	for _, edit := range e.edits {
		if edit.from < position {
			continue // inside something that went as a whole
		}
		out = append(append(out, e.source[position:edit.from]...), edit.now...)
		position = edit.to
	}
	return append(out, e.source[position:end]...), true, nil
}

// unwrapped finds where the document begins when 1.x was sent {"type":{…}}: it indexed what is inside.
func (e *editor) unwrapped() int {
	if e.traits.unwrap == "" {
		return 0
	}
	parsed := gjson.ParseBytes(e.source)
	inner, count := gjson.Result{}, 0
	parsed.ForEach(func(key, v gjson.Result) bool {
		if count++; key.String() == e.traits.unwrap && v.IsObject() {
			inner = v
		}
		return count < 2
	})
	if count != 1 || !inner.IsObject() || inner.Index == 0 {
		return 0
	}
	return inner.Index
}

// add writes new members before the closing brace; a member that is there with the same value stays.
func (e *editor) add(open, end int, additions []member) error {
	parsed := gjson.ParseBytes(e.source[open:end])
	existing := map[string]string{}
	parsed.ForEach(func(key, v gjson.Result) bool {
		existing[key.String()] = v.Raw
		return true
	})
	var now strings.Builder
	needComma := len(existing) > 0
	for _, addition := range additions {
		if old, ok := existing[addition.path]; ok {
			if old == addition.raw {
				continue
			}
			return refusal("it has a field " + addition.path + " already, which a rule must write")
		}
		if needComma {
			now.WriteByte(',')
		}
		needComma = true
		now.WriteString(string(text(addition.path)) + ":" + addition.raw)
	}
	if now.Len() > 0 {
		e.edits = append(e.edits, edit{end - 1, end - 1, now.String()})
	}
	return nil
}

func (e *editor) bad(what string) error { return fmt.Errorf("%s at byte %d", what, e.at) }

func (e *editor) space() {
	for e.at < len(e.source) {
		switch e.source[e.at] {
		case ' ', '\t', '\n', '\r':
			e.at++
		default:
			return
		}
	}
}

// walk is where the fields of interest lie below the current place.
type walk struct{ booleans, geoPoints, dates *paths }

func (w walk) step(key []byte) walk {
	if w.booleans == nil && w.geoPoints == nil && w.dates == nil {
		return w
	}
	return walk{w.booleans.step(key), w.geoPoints.step(key), w.dates.step(key)}
}

// mayNotFit says of nearly every name at a glance that every server takes it.
func mayNotFit(key []byte) bool {
	return len(key) == 0 || key[0] == '_' || key[0] <= ' ' || bytes.IndexByte(key, '.') >= 0
}

// seen is one member of an object: where its key begins and its value ends.
type seen struct {
	key        []byte
	start, end int
	dropped    bool
}

func (e *editor) object(depth int, w walk) error {
	if depth > maxSourceDepth {
		return refusal("it is nested too deeply")
	}
	e.at++
	var room [16]seen
	members := room[:0]
	e.space()
	if e.at < len(e.source) && e.source[e.at] == '}' {
		e.at++
		return nil
	}
	for {
		e.space()
		start := e.at
		key, err := e.key()
		if err != nil {
			return err
		}
		keyEnd := e.at
		e.space()
		if e.at >= len(e.source) || e.source[e.at] != ':' {
			return e.bad("no colon after a name")
		}
		e.at++
		if e.rules.names && mayNotFit(key) {
			if now := fitName(string(key), depth == 0, e.rules.target, e.rules.choices); now != string(key) {
				e.edits = append(e.edits, edit{start, keyEnd, string(text(now))})
				key = []byte(now)
			}
		}
		if err := e.value(depth+1, w.step(key)); err != nil {
			return err
		}
		members = append(members, seen{key: key, start: start, end: e.at})
		e.space()
		if e.at >= len(e.source) {
			return e.bad("an object without end")
		}
		c := e.source[e.at]
		e.at++
		if c == '}' {
			break
		}
		if c != ',' {
			e.at--
			return e.bad("neither a comma nor a brace after a value")
		}
	}
	return e.duplicates(members)
}

// manyMembers is where comparing all with all becomes slower than a map.
const manyMembers = 24

// duplicates drops all but the last of equal keys.
func (e *editor) duplicates(members []seen) error {
	if !e.rules.duplicates && !e.rules.names || len(members) < 2 {
		return nil
	}
	found := false
	if len(members) <= manyMembers {
		for i := range members {
			for j := i + 1; j < len(members); j++ {
				if bytes.Equal(members[i].key, members[j].key) {
					members[i].dropped, found = true, true
					break
				}
			}
		}
	} else {
		last := make(map[string]int, len(members))
		for i := range members {
			if before, ok := last[string(members[i].key)]; ok {
				members[before].dropped, found = true, true
			}
			last[string(members[i].key)] = i
		}
	}
	if !found || !e.rules.duplicates {
		return nil
	}
	for i := range members {
		if members[i].dropped {
			// The last of equal keys stays, so there is always a member behind.
			e.edits = append(e.edits, edit{members[i].start, members[i+1].start, ""})
		}
	}
	return nil
}

// key reads a name; names without quotes, which servers up to 2.x took, get theirs.
func (e *editor) key() ([]byte, error) {
	if e.at < len(e.source) && e.source[e.at] == '"' {
		start := e.at
		end := e.stringEnd()
		if end < 0 {
			return nil, e.bad("a name without end")
		}
		e.at = end
		inner := e.source[start+1 : end-1]
		if bytes.IndexByte(inner, '\\') < 0 {
			return inner, nil
		}
		return []byte(gjson.ParseBytes(e.source[start:end]).String()), nil
	}
	start := e.at
	for e.at < len(e.source) && strings.IndexByte(" \t\r\n:,{}[]\"", e.source[e.at]) < 0 {
		e.at++
	}
	if e.at == start || !e.rules.unquoted {
		return nil, e.bad("no name")
	}
	name := e.source[start:e.at]
	e.edits = append(e.edits, edit{start, e.at, string(text(string(name)))})
	return name, nil
}

// stringEnd is the offset behind the text that begins here, or -1.
func (e *editor) stringEnd() int {
	for i := e.at + 1; ; {
		n := bytes.IndexByte(e.source[i:], '"')
		if n < 0 {
			return -1
		}
		end := i + n
		slashes := 0
		for e.source[end-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end + 1
		}
		i = end + 1
	}
}

func (e *editor) value(depth int, w walk) error {
	e.space()
	if e.at >= len(e.source) {
		return e.bad("no value")
	}
	start := e.at
	switch e.source[e.at] {
	case '{':
		if w.geoPoints != nil && w.geoPoints.leaf {
			defer e.geoPoint(start)
		}
		return e.object(depth, w)
	case '[':
		return e.array(depth, w)
	case '"':
		end := e.stringEnd()
		if end < 0 {
			return e.bad("a text without end")
		}
		e.at = end
		e.scalar(start, w)
		return nil
	}
	for e.at < len(e.source) && !endsValue(e.source[e.at]) {
		e.at++
	}
	if e.at == start {
		return e.bad("no value")
	}
	if e.rules.nonFinite {
		e.finite(start)
	}
	e.scalar(start, w)
	return nil
}

func endsValue(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

func (e *editor) array(depth int, w walk) error {
	if depth > maxSourceDepth {
		return refusal("it is nested too deeply")
	}
	start := e.at
	e.at++
	e.space()
	if e.at < len(e.source) && e.source[e.at] == ']' {
		e.at++
		return nil
	}
	for {
		if err := e.value(depth+1, w); err != nil {
			return err
		}
		e.space()
		if e.at >= len(e.source) {
			return e.bad("an array without end")
		}
		c := e.source[e.at]
		e.at++
		if c == ']' {
			if w.geoPoints != nil && w.geoPoints.leaf {
				e.geoPoint(start)
			}
			return nil
		}
		if c != ',' {
			e.at--
			return e.bad("neither a comma nor a bracket after a value")
		}
	}
}
