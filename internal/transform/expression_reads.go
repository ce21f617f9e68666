package transform

// expression_reads.go answers: what does an expression look at of a document? Names that follow doc in its text are found
// once; only their values are decoded of each document. Next: json_edit.go.

import (
	"github.com/expr-lang/expr/ast"
	"github.com/tidwall/gjson"
)

// fieldRead is a field that an expression looks at. Unlike in a path, a dot in its name is a part of the name.
type fieldRead struct {
	name string
	// whole says that it is looked at by itself: all below it must be there.
	whole bool
	below []*fieldRead
}

func (f *fieldRead) find(name []byte) *fieldRead {
	for _, child := range f.below {
		if child.name == string(name) {
			return child
		}
	}
	return nil
}

// readFinder walks over an expression from its leaves up: what is not gone below from is looked at by itself.
type readFinder struct {
	top *fieldRead
	at  map[ast.Node]*fieldRead
}

func newReadFinder() *readFinder {
	return &readFinder{top: &fieldRead{}, at: map[ast.Node]*fieldRead{}}
}

// Visit hears of each node after those below it.
func (f *readFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		switch n.Value {
		case "doc":
			f.at[n] = f.top
		case "$env": // holds doc
			f.top.whole = true
		}
	case *ast.MemberNode:
		f.below(n, n.Node, n.Property)
	case *ast.BinaryNode:
		if n.Operator == "in" {
			f.below(n, n.Right, n.Left)
		}
	case *ast.ChainNode:
		if read := f.at[n.Node]; read != nil {
			delete(f.at, n.Node)
			f.at[n] = read
		}
	}
}

// below hears that a node asks for a member of an object.
func (f *readFinder) below(node, object, name ast.Node) {
	read := f.at[object]
	if text, ok := name.(*ast.StringNode); ok && read != nil {
		delete(f.at, object)
		child := read.find([]byte(text.Value))
		if child == nil {
			child = &fieldRead{name: text.Value}
			read.below = append(read.below, child)
		}
		f.at[node] = child
	}
}

// found gives what the whole expression looks at.
func (f *readFinder) found() *fieldRead {
	for _, read := range f.at {
		read.whole = true
	}
	return f.top
}

// read decodes what an expression looks at of the source that look has walked. Of equal names the first counts.
func (s *Scratch) read(reads *fieldRead) map[string]any {
	e := &s.editor
	if reads.whole {
		fields, _ := gjson.ParseBytes(e.source).Value().(map[string]any)
		return fields
	}
	e.rules = &noRules // they have had their walk
	// Nothing of what is given can hold this map, since an expression that looks at doc by itself reads it whole.
	if s.machine.doc == nil {
		s.machine.doc = make(map[string]any, len(reads.below))
	}
	fields := s.machine.doc
	clear(fields)
	for i := range e.top {
		m := &e.top[i]
		e.readMember(fields, reads, m.key, m.value, m.end)
	}
	return fields
}

func (e *editor) readMember(fields map[string]any, reads *fieldRead, key []byte, start, end int) {
	read := reads.find(key)
	if read == nil {
		return
	}
	if _, there := fields[read.name]; there {
		return
	}
	if read.whole || e.source[start] != '{' {
		fields[read.name] = gjson.ParseBytes(e.source[start:end]).Value()
		return
	}
	e.at = start
	fields[read.name] = e.readObject(read)
}

// readObject decodes of the object that begins here what is looked at. One that is damaged has what stands before.
func (e *editor) readObject(reads *fieldRead) map[string]any {
	fields := make(map[string]any, len(reads.below))
	e.at++
	for len(fields) < len(reads.below) {
		e.space()
		key, err := e.key()
		if err != nil { // or the end of the object
			break
		}
		if e.space(); e.at >= len(e.source) || e.source[e.at] != ':' {
			break
		}
		e.at++
		e.space()
		start := e.at
		if e.value(1, walk{}) != nil {
			break
		}
		end := e.at
		e.readMember(fields, reads, key, start, end)
		e.at = end
		if e.space(); e.at >= len(e.source) || e.source[e.at] != ',' {
			break
		}
		e.at++
	}
	return fields
}
