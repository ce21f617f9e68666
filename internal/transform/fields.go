package transform

// fields.go answers: which fields does a rule of migration.yaml rename, drop and set? What it names becomes a tree of names,
// so that one walk over a source finds all. A rule is one pass, unless two of its paths meet: then what comes later in the
// rule is a pass of its own over what the earlier made. Next: field_edit.go.

import (
	"slices"
	"strings"
)

// pass is what one walk does.
type pass struct {
	top *fieldStep
	// all are the fields of the tree, by number.
	all       []*fieldStep
	renamings []*renaming
	// writes says that a field may have to be written that is not there.
	writes bool
}

// fieldStep is a step of the paths of a pass.
type fieldStep struct {
	number     int
	name, path string
	// label is the name as JSON with a colon behind it.
	label    string
	children []*fieldStep
	// What happens to it. An empty set writes nothing.
	drop     bool
	set      string
	from, to *renaming
	// setBelow says that a rule writes a field below it in every document.
	setBelow bool
}

// renaming moves a field. One that stays in its object keeps its place there, also within arrays.
type renaming struct {
	number   int
	from, to string
	// leaf is the new name as JSON, for a renaming that stays in its object.
	leaf  string
	stays bool
	// target is the field of its new name.
	target *fieldStep
}

// fieldChange is one thing that a rule names.
type fieldChange struct {
	path string
	// to is set for a renaming, set for a value that is written; neither drops the field.
	to, set string
}

// changes lists what a rule names, in the order in which it happens.
func (r UserRule) changes() []fieldChange {
	var list []fieldChange
	for _, from := range sortedKeys(r.Rename) {
		if to := r.Rename[from]; to != from {
			list = append(list, fieldChange{path: from, to: to})
		}
	}
	for _, name := range r.Drop {
		list = append(list, fieldChange{path: name})
	}
	for _, name := range sortedKeys(r.Set) {
		list = append(list, fieldChange{path: name, set: r.Set[name]})
	}
	return list
}

// passes groups changes.
func passes(changes []fieldChange) []*pass {
	var list []*pass
	var taken []string
	for _, change := range changes {
		paths := []string{change.path}
		if change.to != "" {
			paths = append(paths, change.to)
		}
		if len(list) == 0 || slices.ContainsFunc(paths, func(path string) bool {
			return slices.ContainsFunc(taken, func(other string) bool { return meet(path, other) })
		}) {
			list, taken = append(list, newPass()), nil
		}
		list[len(list)-1].take(change)
		taken = append(taken, paths...)
	}
	return list
}

// meet says that one path is the other or lies below it.
func meet(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

func newPass() *pass {
	p := &pass{}
	p.top = p.field("", "")
	return p
}

func (p *pass) field(name, path string) *fieldStep {
	f := &fieldStep{number: len(p.all), name: name, path: path, label: label(name)}
	p.all = append(p.all, f)
	return f
}

// at finds the field of a path, and makes it.
func (p *pass) at(path string) (f *fieldStep) {
	f = p.top
	for step := range strings.SplitSeq(path, ".") {
		next := f.child([]byte(step))
		if next == nil {
			next = p.field(step, strings.TrimPrefix(f.path+"."+step, "."))
			f.children = append(f.children, next)
		}
		f = next
	}
	return f
}

func (p *pass) take(change fieldChange) {
	f := p.at(change.path)
	switch {
	case change.to != "":
		fromObject, _ := cutLeaf(change.path)
		toObject, leaf := cutLeaf(change.to)
		r := &renaming{number: len(p.renamings), from: change.path, to: change.to, leaf: string(text(leaf)), stays: fromObject == toObject, target: p.at(change.to)}
		p.renamings = append(p.renamings, r)
		f.from, r.target.to = r, r
		p.writes = p.writes || !r.stays
	case change.set != "":
		f.set, p.writes = change.set, true
		for above, _ := cutLeaf(change.path); above != ""; above, _ = cutLeaf(above) {
			p.at(above).setBelow = true
		}
	default:
		f.drop = true
	}
}

// cutLeaf cuts the last step off a path.
func cutLeaf(path string) (object, leaf string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func (f *fieldStep) child(name []byte) *fieldStep {
	for _, child := range f.children {
		if child.name == string(name) {
			return child
		}
	}
	return nil
}

// step goes down by a key; a dotted key goes down several levels.
func (f *fieldStep) step(key []byte, dotted bool) *fieldStep {
	if f == nil || len(f.children) == 0 {
		return nil
	}
	if next := f.child(key); next != nil || !dotted {
		return next
	}
	for step := range strings.SplitSeq(string(key), ".") {
		if f = f.child([]byte(step)); f == nil {
			return nil
		}
	}
	return f
}
