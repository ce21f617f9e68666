package cutover

// rsyslog_syntax.go answers: which objects of an rsyslog configuration matter here, and where do they stand? RainerScript
// objects are read whole: name(parameter="value" list=["a","b"]); filters, statements and the legacy lines around them
// are passed over, but for `$Directive value`. The tokens tile the file. Next: rsyslog_load.go.
//
//	action(type="omelasticsearch" server=["es1","es2"] serverport="9200")   parameter names in any case
//	"..." with \" escapes; `...` is filled from the environment; # and /* */ are comments

import (
	"fmt"
	"slices"
	"strings"
)

// rsyslogObjects are the names that begin an object. Functions in expressions look alike and are passed over.
var rsyslogObjects = []string{"action", "global", "include", "input", "lookup_table", "main_queue", "module", "parser", "ruleset", "template", "timezone"}

// rsyslogValue is one string of an object.
type rsyslogValue struct {
	token int
	text  string
	// dynamic says that the environment fills it.
	dynamic bool
}

type rsyslogParameter struct {
	name   string // lower case
	token  int    // of the name
	values []rsyslogValue
	// end is the last token of the value: the string, or the ] of a list.
	end int
}

// rsyslogObject is one object.
type rsyslogObject struct {
	draft      *draft
	name       string
	open       int // token of the name with its parenthesis
	parameters []rsyslogParameter
	// ruleset is the ruleset whose braces it stands in; nil outside.
	ruleset *rsyslogObject
}

func (o *rsyslogObject) line() int { return o.draft.tokens[o.open].line }

// get gives a parameter by its lower-case name.
func (o *rsyslogObject) get(name string) (rsyslogParameter, bool) {
	if o == nil {
		return rsyslogParameter{}, false
	}
	for _, p := range o.parameters {
		if p.name == name {
			return p, true
		}
	}
	return rsyslogParameter{}, false
}

// text gives a parameter's only value, or a default.
func (o *rsyslogObject) text(name, otherwise string) string {
	if p, ok := o.get(name); ok && len(p.values) == 1 {
		return p.values[0].text
	}
	return otherwise
}

// on reads a binary parameter.
func (o *rsyslogObject) on(name string, otherwise bool) bool {
	switch strings.ToLower(o.text(name, "")) {
	case "on", "yes", "1", "true":
		return true
	case "":
		return otherwise
	}
	return false
}

// rsyslogDirective is a legacy line `$Name value`.
type rsyslogDirective struct {
	draft *draft
	token int
	name  string // lower case, without $
	value string
}

// rsyslogFile is one file.
type rsyslogFile struct {
	draft      *draft
	objects    []*rsyslogObject
	directives []rsyslogDirective
	// legacy are tokens of lines that send to omelasticsearch the old way, which it never took.
	legacy []int
}

type rsyslogScanner struct {
	file  *rsyslogFile
	draft *draft
	text  string
	at    int
	kept  int // start of what is not yet a token
	depth int // of braces
	// ruleset and its depth, while in its braces; pending has been named and waits for them.
	ruleset, pending *rsyslogObject
	rulesetDepth     int
}

func parseRsyslog(path, text string) (*rsyslogFile, error) {
	d := newDraft(path, text)
	s := &rsyslogScanner{file: &rsyslogFile{draft: d}, draft: d, text: text}
	lineStart := true
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case c == '\n':
			s.at++
			lineStart = true
			continue
		case c == ' ' || c == '\t' || c == '\r':
			s.at++
			continue
		case c == '$' && lineStart:
			s.directive()
		case c == '#' || strings.HasPrefix(s.text[s.at:], "/*"):
			s.at += commentLength(s.text[s.at:])
			continue
		case c == '"' || c == '\'':
			s.at += s.lineString()
		case c == '{' || c == '}':
			s.brace(c)
		case strings.HasPrefix(s.text[s.at:], ":omelasticsearch:"):
			s.flush()
			s.file.legacy = append(s.file.legacy, s.take(len(":omelasticsearch:")))
		case wordByte(c):
			if err := s.word(); err != nil {
				return nil, err
			}
		default:
			s.at++
		}
		lineStart = false
	}
	s.flush()
	return s.file, nil
}

// flush makes what was passed over into tokens, one per line.
func (s *rsyslogScanner) flush() {
	s.draft.addTrivia(s.text[s.kept:s.at])
	s.kept = s.at
}

// take makes the next n bytes a token.
func (s *rsyslogScanner) take(n int) int {
	index := s.draft.add(s.text[s.at : s.at+n])
	s.at += n
	s.kept = s.at
	return index
}

func (s *rsyslogScanner) errorf(format string, arguments ...any) error {
	return problem("correct the line; rsyslogd -N1 says more",
		fmt.Errorf("%s:%d: %w: %s", s.draft.path, s.draft.line, ErrSyntax, fmt.Sprintf(format, arguments...)))
}

func wordByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func wordLength(text string) int {
	n := 0
	for n < len(text) && wordByte(text[n]) {
		n++
	}
	return n
}

// commentLength counts the bytes of the comment a text begins with, the line's end left out.
func commentLength(text string) int {
	if text[0] == '#' {
		return lineLength(text)
	}
	if end := strings.Index(text[2:], "*/"); end >= 0 {
		return end + 4
	}
	return len(text)
}

// lineString passes over a string outside of objects. A quote without partner on its line is an apostrophe in a legacy line.
func (s *rsyslogScanner) lineString() int {
	line := s.text[s.at : s.at+lineLength(s.text[s.at:])]
	if n := rubyString(line); n > 0 {
		return n
	}
	return 1
}

// directive reads `$Name value` with lines continued by a backslash.
func (s *rsyslogScanner) directive() {
	s.flush()
	n := lineLength(s.text[s.at:])
	for n > 0 && s.text[s.at+n-1] == '\\' && s.at+n < len(s.text) {
		newline := 1
		if strings.HasPrefix(s.text[s.at+n:], "\r\n") {
			newline++
		}
		n += newline + lineLength(s.text[s.at+n+newline:])
	}
	text := s.text[s.at : s.at+n]
	name, value, _ := strings.Cut(strings.ReplaceAll(text[1:], "\t", " "), " ")
	s.file.directives = append(s.file.directives, rsyslogDirective{draft: s.draft, token: s.take(n), name: strings.ToLower(name), value: strings.TrimSpace(value)})
}

func (s *rsyslogScanner) brace(c byte) {
	s.at++
	if c == '{' {
		s.depth++
		if s.pending != nil {
			s.ruleset, s.rulesetDepth, s.pending = s.pending, s.depth, nil
		}
		return
	}
	if s.ruleset != nil && s.depth == s.rulesetDepth {
		s.ruleset = nil
	}
	s.depth--
}

// word reads an object, or passes over a word.
func (s *rsyslogScanner) word() error {
	n := wordLength(s.text[s.at:])
	name := strings.ToLower(s.text[s.at : s.at+n])
	gap := blankLength(s.text[s.at+n:], false)
	if s.at+n+gap >= len(s.text) || s.text[s.at+n+gap] != '(' || !slices.Contains(rsyslogObjects, name) {
		s.at += n
		return nil
	}
	s.flush()
	object := &rsyslogObject{draft: s.draft, name: name, ruleset: s.ruleset}
	object.open = s.take(n + gap + 1)
	for {
		s.blank()
		if s.at >= len(s.text) {
			return s.errorf("%s( of line %d lacks its )", name, object.line())
		}
		if s.text[s.at] == ')' {
			s.take(1)
			break
		}
		p, err := s.parameter()
		if err != nil {
			return err
		}
		object.parameters = append(object.parameters, p)
	}
	s.file.objects = append(s.file.objects, object)
	if name == "ruleset" {
		s.pending = object
	}
	return nil
}

// blank passes over white space and comments within an object.
func (s *rsyslogScanner) blank() {
	for s.at < len(s.text) {
		if n := blankLength(s.text[s.at:], true); n > 0 {
			s.at += n
		} else if strings.HasPrefix(s.text[s.at:], "/*") {
			s.at += commentLength(s.text[s.at:])
		} else {
			break
		}
	}
	s.flush()
}

func (s *rsyslogScanner) parameter() (rsyslogParameter, error) {
	n := wordLength(s.text[s.at:])
	if n == 0 {
		return rsyslogParameter{}, s.errorf("%q is no parameter", firstWord(s.text[s.at:]))
	}
	p := rsyslogParameter{name: strings.ToLower(s.text[s.at : s.at+n])}
	p.token = s.take(n)
	s.blank()
	if s.at >= len(s.text) || s.text[s.at] != '=' {
		return p, s.errorf("parameter %s has no value", p.name)
	}
	s.take(1)
	s.blank()
	if s.at >= len(s.text) || s.text[s.at] != '[' {
		v, err := s.value()
		p.values, p.end = []rsyslogValue{v}, v.token
		return p, err
	}
	s.take(1)
	for {
		s.blank()
		switch {
		case s.at >= len(s.text):
			return p, s.errorf("the list of %s lacks its ]", p.name)
		case s.text[s.at] == ']':
			p.end = s.take(1)
			return p, nil
		case s.text[s.at] == ',':
			s.take(1)
		default:
			v, err := s.value()
			if err != nil {
				return p, err
			}
			p.values = append(p.values, v)
		}
	}
}

// value reads one string, or a word without quotes.
func (s *rsyslogScanner) value() (rsyslogValue, error) {
	rest := s.text[s.at:]
	if rest == "" {
		return rsyslogValue{}, s.errorf("a value is missing")
	}
	if c := rest[0]; c != '"' && c != '\'' && c != '`' {
		n := strings.IndexAny(rest, " \t\r\n),]\"'`")
		if n <= 0 {
			return rsyslogValue{}, s.errorf("%q is no value", firstWord(rest))
		}
		return rsyslogValue{text: rest[:n], token: s.take(n)}, nil
	}
	n := rubyString(rest)
	if n < 0 {
		return rsyslogValue{}, s.errorf("%q is not closed", firstWord(rest))
	}
	var text strings.Builder
	for at := 1; at < n-1; at++ {
		if rest[at] == '\\' && at+1 < n-1 {
			at++
		}
		text.WriteByte(rest[at])
	}
	return rsyslogValue{text: text.String(), dynamic: rest[0] == '`', token: s.take(n)}, nil
}
