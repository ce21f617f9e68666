package transform

// json_edit.go answers: how does a source change without being decoded? One walk over the tokens (json_walk.go) notes edits
// (from, to, new bytes); what has none is never copied. The first of a person's passes (fields.go) goes along on that walk.
// Next: json_walk.go.

import (
	"fmt"
	"slices"

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

// everyToken says that each name or number must be looked at, wherever it lies.
func (r *editRules) everyToken() bool { return r.duplicates || r.nonFinite || r.names || r.unquoted }

// noRules and noTraits are those of a walk that is made for a pass alone.
var (
	noRules  editRules
	noTraits traits
)

// edit replaces source[from:to] by now and, behind it, by what lies elsewhere in the source.
type edit struct {
	from, to int
	now      string
	copied   span
}

// span is a range of bytes of a source.
type span struct{ from, to int }

// member is a field that is written: its name, the same as JSON with a colon, and its value as JSON.
type member struct{ name, label, raw string }

func newMember(name string, raw literal) member {
	return member{name: name, label: label(name), raw: string(raw)}
}

func label(name string) string { return string(text(name)) + ":" }

// editor walks one source. Its lists are used again from document to document.
type editor struct {
	rules     *editRules
	traits    *traits
	source    []byte
	additions []member
	at        int
	edits     []edit
	members   []seen
	fields    fieldEditor
	// open and end are where the object begins and ends; other says that it is not the whole source.
	open, end int
	other     bool
	// keepTop says that an expression looks at the members of the outermost object, which then lie in top.
	keepTop bool
	top     []seen
}

// begin makes the editor ready for a source. pass may be nil.
func (e *editor) begin(source []byte, rules *editRules, traits *traits, additions []member, pass *pass) {
	e.source, e.rules, e.traits, e.additions, e.at = source, rules, traits, additions, 0
	e.edits, e.members, e.top, e.keepTop = e.edits[:0], e.members[:0], nil, false
	e.fields.begin(pass)
}

// walk goes over the source, and notes what must change.
func (e *editor) walk() error {
	start := e.unwrapped()
	e.at = start
	e.space()
	if e.at >= len(e.source) || e.source[e.at] != '{' {
		return e.bad("no object")
	}
	e.open = e.at
	if err := e.object(0, walk{e.traits.booleans, e.traits.geoPoints, e.traits.dates, e.fields.root()}); err != nil {
		return err
	}
	e.end = e.at
	e.space()
	trailing := start == 0 && e.at < len(e.source)
	if trailing && !e.rules.unquoted {
		return e.bad("something after the object")
	}
	e.other = start > 0 || trailing
	return nil
}

// ruled says that rules change something. Then a pass is to be made anew, since it is about what they make of it.
func (e *editor) ruled() bool { return len(e.edits) > 0 || e.other }

// write writes what the rules or else the pass make of the source behind dst.
func (e *editor) write(dst []byte) (out []byte, changed bool, err error) {
	edits := e.edits
	if !e.ruled() {
		if edits, err = e.fields.finish(e.source); err != nil || len(edits) == 0 {
			return dst, false, err
		}
	}
	return e.written(dst, edits), true, nil
}

// written puts together what the edits leave of the object.
func (e *editor) written(dst []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	out, position := dst, e.open
	for i := range edits {
		edit := &edits[i]
		if edit.from < position {
			continue // inside something that went as a whole
		}
		out = append(append(out, e.source[position:edit.from]...), edit.now...)
		out = append(out, e.source[edit.copied.from:edit.copied.to]...)
		position = edit.to
	}
	return append(out, e.source[position:e.end]...)
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
func (e *editor) add(existing []seen) error {
	comma, end := len(existing) > 0, e.at-1
	for i := range e.additions {
		addition := &e.additions[i]
		there := false
		for j := len(existing) - 1; j >= 0 && !there; j-- { // the last of equal keys counts
			if there = string(existing[j].key) == addition.name; there && string(e.source[existing[j].value:existing[j].end]) != addition.raw {
				return refusal("it has a field " + addition.name + " already, which a rule must write")
			}
		}
		if there {
			continue
		}
		if comma {
			e.insert(end, ",")
		}
		comma = true
		e.insert(end, addition.label)
		e.insert(end, addition.raw)
	}
	return nil
}

func (e *editor) insert(at int, now string) {
	e.edits = append(e.edits, edit{from: at, to: at, now: now})
}

func (e *editor) replace(from, to int, now string) {
	e.edits = append(e.edits, edit{from: from, to: to, now: now})
}

func (e *editor) bad(what string) error { return fmt.Errorf("%s at byte %d", what, e.at) }
