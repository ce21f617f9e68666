package transform

// expression.go answers: what does a person's expression make of a document? Next: expression_reads.go.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// expressionNodes bounds the size of an expression.
const expressionNodes = 2000

// expression is a person's expression, compiled. Nothing in it changes.
type expression struct {
	program *vm.Program
	// reads is what it looks at of a document.
	reads *fieldRead
}

// compileExpression gives nil where a rule has none.
func compileExpression(source string) (*expression, error) {
	if source == "" {
		return nil, nil
	}
	finder := newReadFinder()
	program, err := expr.Compile(source, expr.Env(expressionInput{}), expr.MaxNodes(expressionNodes), expr.Patch(finder))
	if err != nil {
		return nil, err
	}
	return &expression{program: program, reads: finder.found()}, nil
}

// expressionInput is what an expression sees: the source as the rules before it left it, and the rest as the source has it.
type expressionInput struct {
	Doc     map[string]any `expr:"doc"`
	ID      string         `expr:"id"`
	Type    string         `expr:"type"`
	Routing string         `expr:"routing"`
	Index   string         `expr:"index"`
}

// machine is memory that expressions are computed in, of one caller at a time.
type machine struct {
	vm      vm.VM
	doc     map[string]any
	names   []string
	text    bytes.Buffer
	encoder *json.Encoder
	// given is what each expression gave last.
	given map[*expression]*givenFields
}

// givenFields are the passes that write what an expression gives. They are made again only when it gives other names.
type givenFields struct {
	names  []string
	passes []*pass
	// fields are those of the names, whose value is another for each document.
	fields []*fieldStep
}

// look makes the walk that an expression needs: for what it looks at, and for where what it gives is written, if that has
// the names of the document before.
func (s *Scratch) look(doc *es.Document, rules *editRules, t *traits, additions []member, x *expression) error {
	if given := s.machine.given[x]; given != nil && len(given.passes) > 0 {
		s.editor.begin(doc.Source, rules, t, additions, given.passes[0])
		s.editor.keepTop = true
		if s.editor.walk() == nil {
			return nil
		} // it may have gone where nothing is written this time
	}
	s.editor.begin(doc.Source, rules, t, additions, nil)
	s.editor.keepTop = true
	return s.editor.walk()
}

// run computes the expression. looked says that look has been there.
func (x *expression) run(scratch *Scratch, doc, original *es.Document, index string, looked bool) (result any, reason string, err error) {
	if !looked {
		if err := scratch.look(doc, &noRules, &noTraits, nil, x); err != nil {
			_, reason, err := unreadable(err)
			return nil, reason, err
		}
	}
	input := expressionInput{Doc: scratch.read(x.reads), ID: original.ID, Type: original.Type, Routing: original.Routing, Index: index}
	if result, err = scratch.machine.vm.Run(x.program, input); err != nil {
		return nil, "the expression can't be computed for it: " + err.Error(), nil
	}
	return result, "", nil
}

// holds says whether the expression is true.
func (x *expression) holds(scratch *Scratch, doc, original *es.Document, index string) (holds bool, reason string, err error) {
	result, reason, err := x.run(scratch, doc, original, index, false)
	if err != nil || reason != "" {
		return false, reason, err
	}
	holds, ok := result.(bool)
	if !ok {
		return false, fmt.Sprintf("keep gives neither true nor false, but %T", result), nil
	}
	return holds, "", nil
}

// apply changes a document by the expression. Only what it returns is written: numbers elsewhere keep their literals.
func (x *expression) apply(scratch *Scratch, doc, original *es.Document, index string, looked bool) (changed bool, reason string, err error) {
	result, reason, err := x.run(scratch, doc, original, index, looked)
	if err != nil || reason != "" {
		return false, reason, err
	}
	switch result := result.(type) {
	case nil:
		return false, "", nil
	case bool:
		if !result {
			return false, "the expression is false for it", nil
		}
		return false, "", nil
	case map[string]any:
		return scratch.merge(doc, x, result)
	}
	return false, fmt.Sprintf("the expression gives neither true, false nor a map, but %T", result), nil
}

// merge writes what an expression gave. Where look went for it, no walk is left to make.
func (s *Scratch) merge(doc *es.Document, x *expression, given map[string]any) (changed bool, reason string, err error) {
	fields := s.machine.fieldsOf(x, given)
	for i, name := range fields.names {
		if fields.fields[i].set, err = s.machine.encode(given[name]); err != nil {
			return false, "the expression's " + name + " can't be written: " + err.Error(), nil
		}
	}
	for i, p := range fields.passes {
		var one bool
		if i == 0 && s.editor.fields.pass == p {
			one, err = s.write(doc)
		} else {
			one, err = s.rewrite(doc, p)
		}
		if err != nil {
			_, reason, err := unreadable(err)
			return false, reason, err
		}
		changed = changed || one
	}
	return changed, "", nil
}

// fieldsOf gives the passes that write the names of a map.
func (m *machine) fieldsOf(x *expression, given map[string]any) *givenFields {
	m.names = m.names[:0]
	for name := range given {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	if last := m.given[x]; last != nil && slices.Equal(last.names, m.names) {
		return last
	}
	made := &givenFields{names: slices.Clone(m.names)}
	list := make([]fieldChange, len(made.names))
	for i, name := range made.names {
		list[i] = fieldChange{path: name, set: "null"}
	}
	made.passes = passes(list)
	for _, p := range made.passes { // which numbers its fields in the order in which they are named
		for _, f := range p.all {
			if f.set != "" {
				made.fields = append(made.fields, f)
			}
		}
	}
	if m.given == nil {
		m.given = map[*expression]*givenFields{}
	}
	m.given[x] = made
	return made
}

// encode gives a value as JSON.
func (m *machine) encode(value any) (string, error) {
	if m.encoder == nil {
		m.encoder = json.NewEncoder(&m.text)
		m.encoder.SetEscapeHTML(false)
	}
	m.text.Reset()
	if err := m.encoder.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimSpace(m.text.Bytes())), nil
}
