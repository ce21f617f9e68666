package transform

// tree.go answers: how is a mapping held so that rules can change it and its order and number literals stay?
// Next: rule.go.

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

// maxTreeDepth bounds the recursion over mappings; no server takes a tenth of it.
const maxTreeDepth = 500

var (
	errNoJSON  = errors.New("not a JSON object")
	errTooDeep = errors.New("nested too deeply")
)

// value is one JSON value: *object, list, or literal.
type value any

// list is a JSON array.
type list []value

// literal is a number, text, boolean or null exactly as it was written.
type literal string

// object is a JSON object in the order of its keys. The zero value is empty and ready.
type object struct {
	keys   []string
	values map[string]value
}

func newObject(pairs ...any) *object {
	o := &object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// get gives a member, or nil; of no object, nothing.
func (o *object) get(key string) value {
	if o == nil {
		return nil
	}
	return o.values[key]
}

func (o *object) has(key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.values[key]
	return ok
}

func (o *object) object(key string) *object {
	child, _ := o.get(key).(*object)
	return child
}

// text gives a value's content as text: "true" for true and for "true" alike; empty when absent or not a scalar.
func (o *object) text(key string) string { return textOf(o.get(key)) }

func textOf(v value) string {
	written, ok := v.(literal)
	if !ok || written == "null" {
		return ""
	}
	if strings.HasPrefix(string(written), `"`) {
		return gjson.Parse(string(written)).String()
	}
	return string(written)
}

func (o *object) set(key string, v value) {
	if o.values == nil {
		o.values = map[string]value{}
	}
	if !o.has(key) {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

func (o *object) delete(key string) {
	if o.has(key) {
		delete(o.values, key)
		o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
	}
}

// rename keeps the place of the key; it does nothing when the new name is taken.
func (o *object) rename(from, to string) bool {
	if !o.has(from) || o.has(to) {
		return false
	}
	o.keys[slices.Index(o.keys, from)] = to
	o.values[to] = o.values[from]
	delete(o.values, from)
	return true
}

// each visits the members; the visitor may change the object.
func (o *object) each(visit func(key string, v value)) {
	if o == nil {
		return
	}
	for _, key := range slices.Clone(o.keys) {
		if v, ok := o.values[key]; ok {
			visit(key, v)
		}
	}
}

func (o *object) len() int {
	if o == nil {
		return 0
	}
	return len(o.keys)
}

func cloneValue(v value) value {
	switch v := v.(type) {
	case *object:
		copied := &object{}
		v.each(func(key string, member value) { copied.set(key, cloneValue(member)) })
		return copied
	case list:
		copied := make(list, len(v))
		for i := range v {
			copied[i] = cloneValue(v[i])
		}
		return copied
	}
	return v
}

func (o *object) clone() *object { return cloneValue(o).(*object) }

func text(s string) literal {
	quoted, err := binaryjson.AppendString(nil, []byte(s))
	if err != nil { // not UTF-8: cannot come out of valid JSON
		return literal(strconv.QuoteToASCII(s))
	}
	return literal(quoted)
}

func boolean(b bool) literal { return literal(strconv.FormatBool(b)) }

func number(n int) literal { return literal(strconv.Itoa(n)) }

func texts(items ...string) list {
	out := make(list, len(items))
	for i, item := range items {
		out[i] = text(item)
	}
	return out
}

// textsOf reads a text or an array of texts, commas in one text included where the servers split there.
func textsOf(v value) []string {
	switch v := v.(type) {
	case list:
		var out []string
		for _, item := range v {
			out = append(out, textOf(item))
		}
		return out
	case literal:
		if v == "null" {
			return nil
		}
		var out []string
		for _, item := range strings.Split(textOf(v), ",") {
			if item = strings.TrimSpace(item); item != "" {
				out = append(out, item)
			}
		}
		return out
	}
	return nil
}

// parseObject reads one JSON object.
func parseObject(raw []byte) (*object, error) {
	if !gjson.ValidBytes(raw) {
		return nil, errNoJSON
	}
	parsed, err := parseValue(gjson.ParseBytes(raw), 0)
	if err != nil {
		return nil, err
	}
	o, ok := parsed.(*object)
	if !ok {
		return nil, errNoJSON
	}
	return o, nil
}

func parseAny(raw []byte) (value, error) {
	if !gjson.ValidBytes(raw) {
		return nil, fmt.Errorf("%.40q: no JSON", raw)
	}
	return parseValue(gjson.ParseBytes(raw), 0)
}

func parseValue(result gjson.Result, depth int) (value, error) {
	if depth > maxTreeDepth {
		return nil, errTooDeep
	}
	var err error
	switch {
	case result.IsObject():
		o := &object{}
		result.ForEach(func(key, member gjson.Result) bool {
			var parsed value
			if parsed, err = parseValue(member, depth+1); err == nil {
				o.set(key.String(), parsed)
			}
			return err == nil
		})
		return o, err
	case result.IsArray():
		items := list{}
		result.ForEach(func(_, member gjson.Result) bool {
			var parsed value
			if parsed, err = parseValue(member, depth+1); err == nil {
				items = append(items, parsed)
			}
			return err == nil
		})
		return items, err
	}
	return literal(result.Raw), nil
}

func appendValue(dst []byte, v value) []byte {
	switch v := v.(type) {
	case *object:
		dst = append(dst, '{')
		first := true
		v.each(func(key string, member value) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, text(key)...), ':')
			dst = appendValue(dst, member)
		})
		return append(dst, '}')
	case list:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, item)
		}
		return append(dst, ']')
	case literal:
		return append(dst, v...)
	}
	return append(dst, "null"...)
}

func write(v value) string {
	if v == nil {
		return ""
	}
	return string(appendValue(nil, v))
}
