package cutover

// fluentbit_syntax.go answers: which sections does a fluent-bit configuration have, in its classic or its YAML form, and
// where do their values stand? Next: fluentbit_edit.go.
//
//	[OUTPUT]            classic: a section, then `Key value` to the line's end; a # begins a comment only as the
//	    Name  es        line's first character; ${VAR} is filled from the environment or by @SET
//	@INCLUDE more.conf  relative to the including file, with globs
//
//	pipeline:           YAML: outputs is a list of mappings; includes lists further files
//	  outputs:
//	    - name: es

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	yamltoken "github.com/goccy/go-yaml/token"
)

// bitEntry is one `key value`.
type bitEntry struct {
	key   string // lower case
	name  int    // token of the key
	text  string
	value int // token of the value
}

// bitSection is one section: "output", "input", "service".
type bitSection struct {
	draft   *draft
	name    string
	line    int
	yaml    bool
	entries []bitEntry
}

func (s *bitSection) get(key string) (bitEntry, bool) {
	for i := len(s.entries) - 1; i >= 0; i-- {
		if s.entries[i].key == key {
			return s.entries[i], true
		}
	}
	return bitEntry{}, false
}

func (s *bitSection) text(key, otherwise string) string {
	if e, ok := s.get(key); ok {
		return e.text
	}
	return otherwise
}

func (s *bitSection) on(key string) bool {
	switch strings.ToLower(s.text(key, "")) {
	case "on", "true", "yes", "1":
		return true
	}
	return false
}

func (s *bitSection) lineOf(e bitEntry) int { return s.draft.tokens[e.name].line }

// bitTree is a configuration with all its files.
type bitTree struct {
	drafts   []*draft
	sections []*bitSection
	seen     map[string]bool
}

func loadFluentBit(path string) (*bitTree, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	tree := &bitTree{seen: map[string]bool{}}
	return tree, tree.load(absolute)
}

func (t *bitTree) load(path string) error {
	if t.seen[path] {
		return nil
	}
	t.seen[path] = true
	text, err := readConfig(path)
	if err != nil {
		return err
	}
	var includes []string
	var d *draft
	var sections []*bitSection
	if extension := strings.ToLower(filepath.Ext(path)); extension == ".yaml" || extension == ".yml" {
		d, sections, includes, err = parseBitYAML(path, text)
	} else {
		d, sections, includes, err = parseBitClassic(path, text)
	}
	if err != nil {
		return err
	}
	t.drafts, t.sections = append(t.drafts, d), append(t.sections, sections...)
	for _, include := range includes {
		if !filepath.IsAbs(include) {
			include = filepath.Join(filepath.Dir(path), include)
		}
		paths, err := glob(include)
		if err != nil {
			return fmt.Errorf("included in %s: %w", path, err)
		}
		if len(paths) == 0 {
			return problem("correct the path; fluent-bit would not start with it either", fmt.Errorf("%s includes %s, which does not exist", path, include))
		}
		for _, included := range paths {
			if err := t.load(included); err != nil {
				return fmt.Errorf("included in %s: %w", path, err)
			}
		}
	}
	return nil
}

// named gives all sections of a name.
func (t *bitTree) named(name string) []*bitSection {
	var found []*bitSection
	for _, s := range t.sections {
		if s.name == name {
			found = append(found, s)
		}
	}
	return found
}

// service gives a setting of the service.
func (t *bitTree) service(key string) string {
	for _, s := range t.named("service") {
		if e, ok := s.get(key); ok {
			return e.text
		}
	}
	return ""
}

func parseBitClassic(path, text string) (*draft, []*bitSection, []string, error) {
	d := newDraft(path, text)
	var sections []*bitSection
	var includes []string
	for text != "" {
		line := text[:lineLength(text)]
		rest := strings.TrimLeft(line, " \t")
		lead := line[:len(line)-len(rest)]
		rest = strings.TrimRight(rest, " \t")
		d.addTrivia(lead)
		at := len(lead)
		switch {
		case rest == "" || rest[0] == '#':
		case rest[0] == '@':
			word, argument, _ := strings.Cut(rest, " ")
			if strings.EqualFold(word, "@include") {
				includes = append(includes, strings.TrimSpace(argument))
			}
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, nil, nil, problem("correct the line", fmt.Errorf("%s:%d: %w: %q lacks its ]", path, d.line, ErrSyntax, firstWord(rest)))
			}
			sections = append(sections, &bitSection{draft: d, name: strings.ToLower(rest[1:end]), line: d.line})
		case len(sections) == 0:
			return nil, nil, nil, problem("correct the line", fmt.Errorf("%s:%d: %w: %q stands before any section", path, d.line, ErrSyntax, firstWord(rest)))
		default:
			n := strings.IndexAny(rest, " \t")
			if n < 0 {
				break // a key without a value
			}
			entry := bitEntry{key: strings.ToLower(rest[:n]), name: d.add(rest[:n]), text: strings.TrimLeft(rest[n:], " \t")}
			d.addTrivia(rest[n : len(rest)-len(entry.text)])
			entry.value = d.add(entry.text)
			at += len(rest)
			s := sections[len(sections)-1]
			s.entries = append(s.entries, entry)
		}
		end := len(line)
		for end < len(text) && (text[end] == '\r' || text[end] == '\n') {
			end++
			if text[end-1] == '\n' {
				break
			}
		}
		d.addTrivia(text[at:end])
		text = text[end:]
	}
	return d, sections, includes, nil
}

// bitSpan is a scalar of a YAML file in bytes.
type bitSpan struct {
	start, end int
	token      *int
}

func parseBitYAML(path, text string) (*draft, []*bitSection, []string, error) {
	// The parser counts \r\n as two lines; columns and lines are the same without the \r.
	file, err := parser.ParseBytes([]byte(strings.ReplaceAll(text, "\r\n", "\n")), 0)
	if err != nil {
		return nil, nil, nil, problem("correct the file", fmt.Errorf("%s: %w: %w", path, ErrSyntax, err))
	}
	r := &bitYAML{draft: newDraft(path, text), lines: strings.SplitAfter(text, "\n")}
	var includes []string
	for _, document := range file.Docs {
		root, ok := document.Body.(*ast.MappingNode)
		if !ok {
			continue
		}
		for _, pair := range root.Values {
			switch key := strings.ToLower(pair.Key.GetToken().Value); key {
			case "service":
				r.section("service", pair.Value)
			case "includes":
				if list, ok := pair.Value.(*ast.SequenceNode); ok {
					for _, value := range list.Values {
						includes = append(includes, value.GetToken().Value)
					}
				}
			case "pipeline":
				r.pipeline(pair.Value)
			}
		}
	}
	return r.finish(text, includes)
}

// bitYAML collects sections and cuts the file at their values afterwards.
type bitYAML struct {
	draft    *draft
	lines    []string
	sections []*bitSection
	spans    []bitSpan
	err      error
}

func (r *bitYAML) pipeline(node ast.Node) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return
	}
	for _, pair := range mapping.Values {
		list, ok := pair.Value.(*ast.SequenceNode)
		if !ok {
			continue
		}
		for _, value := range list.Values {
			r.section(strings.TrimSuffix(strings.ToLower(pair.Key.GetToken().Value), "s"), value)
		}
	}
}

func (r *bitYAML) section(name string, node ast.Node) {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	}
	s := &bitSection{draft: r.draft, name: name, yaml: true}
	for _, pair := range pairs {
		key := pair.Key.GetToken()
		if s.line == 0 {
			s.line = key.Position.Line
		}
		switch pair.Value.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
			value := pair.Value.GetToken()
			s.entries = append(s.entries, bitEntry{key: strings.ToLower(key.Value), text: value.Value})
		}
	}
	r.sections = append(r.sections, s)
	if name != "output" {
		return // only read, so their values may have any form
	}
	i := 0
	for _, pair := range pairs {
		switch pair.Value.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
			r.span(pair.Key.GetToken(), &s.entries[i].name)
			r.span(pair.Value.GetToken(), &s.entries[i].value)
			i++
		}
	}
}

// span finds a scalar's bytes by its line and column, and insists on finding its text there.
func (r *bitYAML) span(t *yamltoken.Token, index *int) {
	start := 0
	for _, line := range r.lines[:min(t.Position.Line-1, len(r.lines))] {
		start += len(line)
	}
	if t.Position.Line > len(r.lines) {
		r.err = fmt.Errorf("a scalar stands behind the end")
		return
	}
	line := r.lines[t.Position.Line-1]
	column := 0
	for at := range line {
		if column++; column == t.Position.Column {
			start += at
			line = line[at:]
			break
		}
	}
	n := len(t.Value)
	switch {
	case line != "" && (line[0] == '"' || line[0] == '\''):
		if n = rubyString(line); n < 0 {
			n = 0
		}
	case !strings.HasPrefix(line, t.Value):
		n = 0
	}
	if n == 0 {
		r.err = fmt.Errorf("line %d: a value over several lines", t.Position.Line)
		return
	}
	r.spans = append(r.spans, bitSpan{start, start + n, index})
}

func (r *bitYAML) finish(text string, includes []string) (*draft, []*bitSection, []string, error) {
	at := 0
	for _, s := range r.spans {
		if r.err == nil && s.start < at {
			r.err = fmt.Errorf("values out of order")
		}
		if r.err != nil {
			return nil, nil, nil, problem("write sections in block form with plain values, or move this writer by a command of your own", fmt.Errorf("%s: %w", r.draft.path, r.err))
		}
		r.draft.addTrivia(text[at:s.start])
		*s.token = r.draft.add(text[s.start:s.end])
		at = s.end
	}
	if r.err != nil {
		return nil, nil, nil, problem("write sections in block form with plain values, or move this writer by a command of your own", fmt.Errorf("%s: %w", r.draft.path, r.err))
	}
	r.draft.addTrivia(text[at:])
	return r.draft, r.sections, includes, nil
}
