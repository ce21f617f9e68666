package transform

// field_edit.go answers: what does a pass change in one source? It hears of each member and object on the walk that it
// knows a field of, and notes edits. Next: json_walk.go.

import "strings"

// fieldEditor is what a pass has found in one source.
type fieldEditor struct {
	pass      *pass
	edits     []edit
	assigned  []assignment
	found     []foundField
	renamings []foundRenaming
	// scope is the number of the innermost element of an array around the current place; 0 is outside of any.
	scope, scopes int
	refused       refusal
}

// foundField is what a source has of a field.
type foundField struct {
	// object says that it is an object outside of arrays, whose brace closes at end; members says that any stay in it.
	object, members bool
	end             int
	// array and value say that it is one, or holds something that is no object, so that nothing can be written below it.
	array, value bool
	there        bool
}

// assignment is a field that is there, and gets a value. Which value may be said after the walk.
type assignment struct {
	field *fieldStep
	value span
}

// foundRenaming is what a source has of both names of a renaming: the scopes in which they were met, counted from 1.
type foundRenaming struct {
	fromScope, toScope int
	value              span
}

func (e *fieldEditor) begin(p *pass) {
	e.pass, e.scope, e.scopes, e.refused = p, 0, 0, ""
	e.edits, e.assigned = e.edits[:0], e.assigned[:0]
	if p != nil {
		e.found = cleared(e.found, len(p.all))
		e.renamings = cleared(e.renamings, len(p.renamings))
	}
}

// cleared gives a list of n zero values in the memory of another.
func cleared[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n)
	}
	list = list[:n]
	clear(list)
	return list
}

func (e *fieldEditor) root() *fieldStep {
	if e.pass == nil {
		return nil
	}
	return e.pass.top
}

func (e *fieldEditor) refuse(why ...string) {
	if e.refused == "" {
		e.refused = refusal(strings.Join(why, ""))
	}
}

// array hears of an array that begins. Its scope before is to be put back at its end.
func (e *fieldEditor) array(f *fieldStep) {
	e.found[f.number] = foundField{array: true}
}

// element hears of the next element of the innermost array.
func (e *fieldEditor) element() {
	e.scopes++
	e.scope = e.scopes
}

// member hears of a member whose field the pass knows, once its value is walked.
func (e *fieldEditor) member(source *editor, f *fieldStep, m *seen) {
	found := &e.found[f.number]
	found.there = true
	if r := f.to; r != nil {
		e.renamings[r.number].toScope = e.scope + 1
		e.both(r)
	}
	switch {
	case f.from != nil:
		e.renamed(f.from, m)
		if !f.from.stays {
			e.forget(f) // what is below it goes along
		}
	case f.drop:
		m.dropped = true
	case f.set != "":
		if e.scope > 0 {
			e.refuse("set ", f.path, ": it lies in an array")
		} else {
			e.assigned = append(e.assigned, assignment{f, span{m.value, m.end}})
		}
	case len(f.children) > 0:
		switch c := source.source[m.value]; {
		case c == '{' || c == '[':
		case f.setBelow && string(source.source[m.value:m.end]) == "null":
			m.dropped = true // an object takes its place
		default:
			*found = foundField{value: true}
		}
	}
}

// forget takes back what was found at a field and below.
func (e *fieldEditor) forget(f *fieldStep) {
	e.found[f.number] = foundField{}
	for _, child := range f.children {
		e.forget(child)
	}
}

// renamed hears of a field that gets another name.
func (e *fieldEditor) renamed(r *renaming, m *seen) {
	state := &e.renamings[r.number]
	state.fromScope = e.scope + 1
	e.both(r)
	if r.stays {
		now := r.leaf
		if i := strings.LastIndexByte(string(m.key), '.'); i >= 0 { // a dotted name keeps its first steps
			now = string(text(string(m.key[:i+1]) + r.target.name))
		}
		e.edits = append(e.edits, edit{from: m.start, to: m.keyEnd, now: now})
		return
	}
	if e.scope > 0 {
		e.refuse("rename ", r.from, ": it lies in an array, so it can't leave its object")
	}
	m.dropped = true
	state.value = span{m.value, m.end}
}

func (e *fieldEditor) both(r *renaming) {
	if state := &e.renamings[r.number]; state.fromScope > 0 && state.fromScope == state.toScope {
		e.refuse("it has both ", r.from, " and ", r.to)
	}
}

// object hears of an object whose field the pass knows, once its members are walked.
func (e *fieldEditor) object(source *editor, f *fieldStep, members []seen) {
	stay := e.remove(members)
	if e.scope == 0 {
		e.found[f.number] = foundField{object: true, members: stay, end: source.at - 1}
	}
}

// remove takes members out, each with one comma, and says whether any stay.
func (e *fieldEditor) remove(members []seen) (stay bool) {
	last := -1 // the last that stays
	for i := range members {
		if !members[i].dropped {
			last = i
		}
	}
	for i := range max(last, 0) {
		if members[i].dropped {
			members[i].dropped = false // the walk has marks of its own to set
			e.edits = append(e.edits, edit{from: members[i].start, to: members[i+1].start})
		}
	}
	if behind := members[last+1:]; len(behind) > 0 {
		from := behind[0].start
		if last >= 0 {
			from = members[last].end
		}
		e.edits = append(e.edits, edit{from: from, to: behind[len(behind)-1].end})
		for i := range behind {
			behind[i].dropped = false
		}
	}
	return last >= 0
}

// finish writes what is not there yet, and gives all edits.
func (e *fieldEditor) finish(source []byte) ([]edit, error) {
	if e.pass == nil {
		return nil, nil
	}
	for _, a := range e.assigned {
		if string(source[a.value.from:a.value.to]) != a.field.set {
			e.edits = append(e.edits, edit{from: a.value.from, to: a.value.to, now: a.field.set})
		}
	}
	fields := e.pass.all
	if !e.pass.writes {
		fields = nil
	}
	for _, f := range fields {
		found := &e.found[f.number]
		if !found.object {
			continue
		}
		for _, child := range f.children {
			if e.missing(child) {
				if found.members {
					e.edits = append(e.edits, edit{from: found.end, to: found.end, now: ","})
				}
				found.members = true
				e.create(child, found.end)
			}
		}
	}
	if e.refused != "" {
		return nil, e.refused
	}
	return e.edits, nil
}

// missing says whether a field must be made for what is written to it or below.
func (e *fieldEditor) missing(f *fieldStep) bool {
	found := &e.found[f.number]
	if found.object {
		return false // what lies below goes into it
	}
	if f.set != "" {
		return !found.there
	}
	missing := f.to != nil && e.renamings[f.to.number].value.to > 0
	for _, child := range f.children {
		missing = e.missing(child) || missing
	}
	if missing && (found.array || found.value) {
		e.refuse(f.path, " is no object, so nothing can be written into it")
	}
	return missing
}

// create writes a field that is missing.
func (e *fieldEditor) create(f *fieldStep, at int) {
	piece := edit{from: at, to: at, now: f.label}
	switch {
	case f.set != "":
		e.edits = append(e.edits, piece, edit{from: at, to: at, now: f.set})
		return
	case f.to != nil && e.renamings[f.to.number].value.to > 0:
		piece.copied = e.renamings[f.to.number].value
		e.edits = append(e.edits, piece)
		return
	}
	piece.now += "{"
	e.edits = append(e.edits, piece)
	comma := false
	for _, child := range f.children {
		if !e.missing(child) {
			continue
		}
		if comma {
			e.edits = append(e.edits, edit{from: at, to: at, now: ","})
		}
		comma = true
		e.create(child, at)
	}
	e.edits = append(e.edits, edit{from: at, to: at, now: "}"})
}
