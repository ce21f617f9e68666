package binaryjson

// This file answers: how does a YAML source become the JSON that Elasticsearch saw in it? Nothing comes next.
//
// Elasticsearch reads YAML with Jackson, and so do the rules here: plain scalars follow YAML 1.1 but only
// true and false are booleans (yes, no, on and off are text), only decimal numbers are numbers, an alias
// is the text of its name and is never expanded, and `<<` is a key like any other.

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// MaxYAML bounds a YAML source: its parser holds the whole tree, about 100 times the text.
	MaxYAML = 32 << 20
	// yamlMaxColumns bounds how many columns may be open at once, before the parser recurses over them. One
	// level of nesting opens up to four.
	yamlMaxColumns = 4 * MaxDepth

	yamlTagPrefix = "tag:yaml.org,2002:"
)

type yamlWriter struct {
	out   []byte
	limit int
}

// YAMLToJSON appends a YAML document to dst as compact JSON. On an error dst comes back as it was.
func YAMLToJSON(dst, src []byte) (out []byte, err error) {
	if len(src) > MaxYAML {
		return dst, fmt.Errorf("YAML of %d bytes: %w", len(src), ErrTooLarge)
	}
	// The parser is not ours and its input is a stranger's.
	defer func() {
		if p := recover(); p != nil {
			out, err = dst, fmt.Errorf("YAML: the parser stopped with %v: %w", p, ErrMalformed)
		}
	}()
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(src, utf8BOM)))
	if err := yamlDepth(tokens); err != nil {
		return dst, fmt.Errorf("YAML: %w", err)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		// The parser's message quotes the document; a document has no place in an error.
		line, _, _ := strings.Cut(err.Error(), "\n")
		return dst, fmt.Errorf("YAML: %s: %w", line, ErrMalformed)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if _, directive := doc.Body.(*ast.DirectiveNode); directive || doc.Body == nil {
			continue
		}
		if body != nil {
			return dst, fmt.Errorf("YAML: more than one document: %w", ErrMalformed)
		}
		body = doc.Body
	}
	if body == nil {
		return dst, fmt.Errorf("YAML: no document: %w", ErrMalformed)
	}
	w := yamlWriter{out: dst, limit: len(dst) + MaxJSON}
	if err := w.node(body, 0); err != nil {
		return dst, fmt.Errorf("YAML: %w", err)
	}
	return w.out, nil
}

// yamlDepth refuses what would make the parser recurse without bound.
func yamlDepth(tokens token.Tokens) error {
	flow := 0
	var columns []int
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		}
		if flow > MaxDepth {
			return ErrTooDeep
		}
		if flow > 0 || t.Position == nil {
			continue
		}
		column := t.Position.Column
		for len(columns) > 0 && columns[len(columns)-1] >= column {
			columns = columns[:len(columns)-1]
		}
		if columns = append(columns, column); len(columns) > yamlMaxColumns {
			return ErrTooDeep
		}
	}
	return nil
}

func (w *yamlWriter) node(n ast.Node, depth int) error {
	switch {
	case depth > MaxDepth:
		return ErrTooDeep
	case len(w.out) > w.limit:
		return ErrTooLarge
	}
	switch n := n.(type) {
	case nil:
		w.out = append(w.out, "null"...)
		return nil
	case *ast.MappingNode:
		return w.object(n.Values, depth)
	case *ast.MappingValueNode:
		return w.object([]*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		w.out = append(w.out, '[')
		for i, v := range n.Values {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			if err := w.node(v, depth+1); err != nil {
				return err
			}
		}
		w.out = append(w.out, ']')
		return nil
	case *ast.AnchorNode:
		return w.node(n.Value, depth+1)
	case *ast.TagNode:
		return w.tagged(n, depth)
	}
	text, plain, err := yamlScalar(n)
	if err != nil {
		return err
	}
	if plain {
		return w.plain(text)
	}
	return w.text(text)
}

func (w *yamlWriter) object(pairs []*ast.MappingValueNode, depth int) error {
	w.out = append(w.out, '{')
	for i, pair := range pairs {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		var key ast.Node = pair.Key
		for level := 0; ; level++ {
			if level > MaxDepth {
				return ErrTooDeep
			}
			if inner, ok := key.(*ast.MappingKeyNode); ok {
				key = inner.Value
			} else if inner, ok := key.(*ast.AnchorNode); ok {
				key = inner.Value
			} else if inner, ok := key.(*ast.TagNode); ok {
				key = inner.Value
			} else {
				break
			}
		}
		name, _, err := yamlScalar(key)
		if err != nil {
			return fmt.Errorf("key: %w", err)
		}
		if err := w.text(name); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		if err := w.node(pair.Value, depth+1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *yamlWriter) tagged(n *ast.TagNode, depth int) error {
	text, _, err := yamlScalar(n.Value)
	if err != nil {
		return w.node(n.Value, depth+1) // a tagged array or object
	}
	tag := strings.TrimPrefix(strings.TrimPrefix(n.Start.Value, "!!"), yamlTagPrefix)
	switch tag {
	case "int", "float", "bool", "null":
		return w.plain(text)
	case "binary":
		return w.text(strings.Join(strings.Fields(text), ""))
	}
	return w.text(text)
}

// yamlScalar is a scalar's text, and whether it stood there without quotes.
func yamlScalar(n ast.Node) (text string, plain bool, err error) {
	switch n := n.(type) {
	case *ast.StringNode:
		quoted := n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		return n.Value, !quoted, nil
	case *ast.LiteralNode:
		return n.Value.Value, false, nil
	case *ast.AliasNode:
		return n.Value.GetToken().Value, false, nil
	case *ast.NullNode:
		if n.Token.Type == token.ImplicitNullType {
			return "", true, nil
		}
		return n.Token.Value, true, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.MergeKeyNode:
		return n.GetToken().Value, true, nil
	}
	return "", false, fmt.Errorf("%T where a scalar belongs: %w", n, ErrMalformed)
}

// plain writes a scalar without quotes as what it means.
func (w *yamlWriter) plain(s string) error {
	switch s {
	case "", "~", "null", "Null", "NULL":
		w.out = append(w.out, "null"...)
		return nil
	case "true", "True", "TRUE":
		w.out = append(w.out, "true"...)
		return nil
	case "false", "False", "FALSE":
		w.out = append(w.out, "false"...)
		return nil
	}
	if out, ok := appendYAMLNumber(w.out, s); ok {
		w.out = out
		return nil
	}
	return w.text(s)
}

// appendYAMLNumber writes [+-] digits [. digits] [e [+-] digits], where digits may hold underscores, as a
// JSON number with the same digits.
func appendYAMLNumber(out []byte, s string) ([]byte, bool) {
	start := len(out)
	if s[0] == '-' {
		out = append(out, '-')
	}
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	whole, s := yamlDigits(s)
	fraction, point := "", false
	if strings.HasPrefix(s, ".") {
		point = true
		fraction, s = yamlDigits(s[1:])
	}
	if whole == "" && fraction == "" {
		return out[:start], false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	out = append(out, whole...)
	if point {
		if fraction == "" {
			fraction = "0"
		}
		out = append(append(out, '.'), fraction...)
	}
	if s == "" {
		return out, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return out[:start], false
	}
	out, s = append(out, 'e'), s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		out, s = append(out, s[0]), s[1:]
	}
	exponent, s := yamlDigits(s)
	if exponent == "" || s != "" {
		return out[:start], false
	}
	return append(out, exponent...), true
}

// yamlDigits cuts a run of digits off s; underscores after the first digit are dropped.
func yamlDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '_' && n > 0) {
		n++
	}
	return strings.ReplaceAll(s[:n], "_", ""), s[n:]
}

func (w *yamlWriter) text(s string) (err error) {
	w.out, err = appendString(w.out, []byte(s))
	return err
}
