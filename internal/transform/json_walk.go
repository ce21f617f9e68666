package transform

// json_walk.go answers: what are the tokens of a source, and which of them must change? Next: json_values.go.

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/tidwall/gjson"
)

// maxSourceDepth bounds recursion; every server stops long before.
const maxSourceDepth = 1100

// walk is where the fields of interest lie below the current place.
type walk struct {
	booleans, geoPoints, dates *paths
	field                      *fieldStep
}

func (w walk) step(key []byte, dotted bool) walk {
	return walk{w.booleans.step(key, dotted), w.geoPoints.step(key, dotted), w.dates.step(key, dotted), w.field.step(key, dotted)}
}

// seen is one member of an object: where its key begins and ends, and its value.
type seen struct {
	key                       []byte
	start, keyEnd, value, end int
	dropped                   bool
}

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

// mayNotFit says of nearly every name at a glance that every server takes it.
func mayNotFit(key []byte, dotted bool) bool {
	return dotted || len(key) == 0 || key[0] == '_' || key[0] <= ' '
}

func (e *editor) object(depth int, w walk) error {
	if depth > maxSourceDepth {
		return refusal("it is nested too deeply")
	}
	e.at++
	first := len(e.members)
	var keys keySet
	kept := e.rules.duplicates || w.field != nil || depth == 0 && (len(e.additions) > 0 || e.keepTop)
	e.space()
	if e.at < len(e.source) && e.source[e.at] == '}' {
		e.at++
		return e.closed(depth, w, nil, false)
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
		searched := w != (walk{})
		dotted := (searched || e.rules.names) && bytes.IndexByte(key, '.') >= 0
		if e.rules.names && mayNotFit(key, dotted) {
			if now := fitName(string(key), depth == 0, e.rules.target, e.rules.choices); now != string(key) {
				e.replace(start, keyEnd, string(text(now)))
				key = []byte(now)
				dotted = bytes.IndexByte(key, '.') >= 0
			}
		}
		e.space()
		value, inner := e.at, w
		if searched {
			inner = w.step(key, dotted)
		}
		field := inner.field
		if field != nil && len(field.children) == 0 {
			inner.field = nil
		}
		if err := e.value(depth+1, inner); err != nil {
			return err
		}
		if kept {
			if e.rules.duplicates {
				keys.add(key)
			}
			e.members = append(e.members, seen{key: key, start: start, keyEnd: keyEnd, value: value, end: e.at})
			if field != nil {
				e.fields.member(e, field, &e.members[len(e.members)-1])
			}
		}
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
	members := e.members[first:]
	e.members = e.members[:first]
	return e.closed(depth, w, members, keys.twice)
}

// closed looks at the members of an object that ends here. twice says that two may have the same key.
func (e *editor) closed(depth int, w walk, members []seen, twice bool) error {
	if w.field != nil {
		e.fields.object(e, w.field, members)
	}
	if depth == 0 && e.keepTop {
		e.top = members
	}
	if depth == 0 && len(e.additions) > 0 {
		if err := e.add(members); err != nil {
			return err
		}
	}
	if twice {
		e.duplicates(members)
	}
	return nil
}

// keySet tells at a glance, of nearly all objects, that no key comes twice.
type keySet struct {
	bits  [8]uint64
	twice bool // perhaps
}

func (s *keySet) add(key []byte) {
	if s.twice {
		return
	}
	n := len(key)
	hash := uint(n)
	if n > 0 {
		hash = hash*31 ^ uint(key[0])*67 ^ uint(key[n-1])*13 ^ uint(key[n/2])*151
	}
	word, bit := hash/64%uint(len(s.bits)), uint64(1)<<(hash%64)
	s.twice = s.bits[word]&bit != 0
	s.bits[word] |= bit
}

// manyMembers is where comparing all with all becomes slower than a map.
const manyMembers = 24

// duplicates drops all but the last of equal keys.
func (e *editor) duplicates(members []seen) {
	if len(members) <= manyMembers {
		for i := range members {
			for j := i + 1; j < len(members); j++ {
				if bytes.Equal(members[i].key, members[j].key) {
					members[i].dropped = true
					break
				}
			}
		}
	} else {
		last := make(map[string]int, len(members))
		for i := range members {
			if before, ok := last[string(members[i].key)]; ok {
				members[before].dropped = true
			}
			last[string(members[i].key)] = i
		}
	}
	for i := range members {
		if members[i].dropped {
			// The last of equal keys stays, so there is always a member behind.
			e.replace(members[i].start, members[i+1].start, "")
		}
	}
}

// key reads a name; names without quotes, which servers up to 2.x took, get theirs.
func (e *editor) key() ([]byte, error) {
	if e.at < len(e.source) && e.source[e.at] == '"' {
		start := e.at
		end, escaped := e.stringEnd()
		if end < 0 {
			return nil, e.bad("a name without end")
		}
		e.at = end
		if !escaped {
			return e.source[start+1 : end-1], nil
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
	e.replace(start, e.at, string(text(string(name))))
	return name, nil
}

// stringEnd is the offset behind the text that begins here, or -1. escaped says that it holds a backslash.
func (e *editor) stringEnd() (end int, escaped bool) {
	const (
		word    = 8
		ones    = 0x0101010101010101
		highest = ones << 7
	)
	i := e.at + 1
	for i < len(e.source) {
		if i+word <= len(e.source) {
			// A byte that becomes zero here is a quote or a backslash; of bytes that borrow from it only the lowest counts.
			eight := binary.LittleEndian.Uint64(e.source[i:])
			quotes, slashes := eight^'"'*ones, eight^'\\'*ones
			found := ((quotes-ones)&^quotes | (slashes-ones)&^slashes) & highest
			if found == 0 {
				i += word
				continue
			}
			i += bits.TrailingZeros64(found) / 8
		}
		switch e.source[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			i++
		}
		i++
	}
	return -1, escaped
}

func (e *editor) value(depth int, w walk) error {
	e.space()
	if e.at >= len(e.source) {
		return e.bad("no value")
	}
	start := e.at
	switch e.source[e.at] {
	case '{':
		if w.geoPoints.ends() {
			defer e.geoPoint(start)
		}
		if w == (walk{}) && !e.rules.everyToken() {
			return e.skip()
		}
		return e.object(depth, w)
	case '[':
		if w == (walk{}) && !e.rules.everyToken() {
			return e.skip()
		}
		return e.array(depth, w)
	case '"':
		end, _ := e.stringEnd()
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

// skip goes behind an object or array in which nothing can change. What is wrong inside is for the target to refuse.
func (e *editor) skip() error {
	for depth := 0; e.at < len(e.source); e.at++ {
		switch e.source[e.at] {
		case '"':
			end, _ := e.stringEnd()
			if end < 0 {
				return e.bad("a text without end")
			}
			e.at = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				e.at++
				return nil
			}
		}
	}
	return e.bad("an object or array without end")
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
	if w.field != nil {
		outer := e.fields.scope
		defer func() { e.fields.scope = outer }()
		e.fields.array(w.field)
	}
	if e.at < len(e.source) && e.source[e.at] == ']' {
		e.at++
		return nil
	}
	for {
		if w.field != nil {
			e.fields.element()
		}
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
			if w.geoPoints.ends() {
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
