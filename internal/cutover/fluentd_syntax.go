package cutover

// fluentd_syntax.go answers: which parts of a fluentd configuration are sections, parameters and includes, and where in
// the file do they stand? It follows lib/fluent/config/v1_parser.rb and literal_parser.rb (the same from 0.12 on; the
// v0 syntax before it differs in its quotes, and in `<include path/>`, which is read here too). The tokens tile the
// file, so what is not changed stays byte for byte. Next: fluentd_include.go.
//
//	<name argument>          section, closed by </name>; the argument may be quoted
//	  key value              to the line's end; a # behind white space begins a comment
//	  key "v\n#{ruby}"       escapes and Ruby between double quotes, also over several lines
//	  key '...'              \' and \\ only
//	  key [..] or {..}       JSON over any number of lines, with # comments
//	  @include path          also `include path` outside of sections

import (
	"fmt"
	"strings"
)

// maxDepth of nested sections and of includes within includes; real ones have four.
const maxDepth = 64

// quoting says how a value is written.
type quoting int

const (
	bare quoting = iota
	doubleQuoted
	singleQuoted
	jsonValue
)

// value is a literal with its place.
type value struct {
	token   int // -1 when the parameter has none
	text    string
	quoting quoting
	// dynamic says that Ruby code decides the value.
	dynamic bool
}

// parameter is one `key value` of a section.
type parameter struct {
	draft *draft
	key   string
	name  int // token of the key
	value value
}

func (p parameter) line() int { return p.draft.tokens[p.name].line }

// section is `<name argument> ... </name>`, or a whole file. items keep the order of the file.
type section struct {
	draft     *draft
	name, arg string
	open      int // token of "<"; the first token for a file
	parent    *section
	items     []item
}

func (s *section) line() int {
	if s.open < len(s.draft.tokens) {
		return s.draft.tokens[s.open].line
	}
	return 1
}

// item is one of a parameter, a section, an include.
type item struct {
	parameter *parameter
	section   *section
	include   *include
}

// include is an `@include` and, once followed, the files it brought.
type include struct {
	draft *draft
	token int
	path  value
	files []*section
}

// fluentdScanner reads one file.
type fluentdScanner struct {
	draft *draft
	text  string
	at    int
	depth int
}

// parseFluentd reads a file's text. The section it gives is the file itself.
func parseFluentd(path, text string) (*section, error) {
	s := &fluentdScanner{draft: newDraft(path, text), text: text}
	file := &section{draft: s.draft}
	if strings.HasPrefix(text, "\ufeff") {
		s.take(len("\ufeff"))
	}
	if err := s.body(file); err != nil {
		return nil, err
	}
	return file, nil
}

func (s *fluentdScanner) errorf(format string, arguments ...any) error {
	return problem("correct the line; fluentd would not start with it either",
		fmt.Errorf("%s:%d: %w: %s", s.draft.path, s.draft.line, ErrSyntax, fmt.Sprintf(format, arguments...)))
}

// take makes the next n bytes a token.
func (s *fluentdScanner) take(n int) int {
	index := s.draft.add(s.text[s.at : s.at+n])
	s.at += n
	return index
}

func (s *fluentdScanner) rest() string { return s.text[s.at:] }
func (s *fluentdScanner) done() bool   { return s.at >= len(s.text) }

func (s *fluentdScanner) trivia(n int) {
	s.draft.addTrivia(s.text[s.at : s.at+n])
	s.at += n
}

// blank skips white space and, where asked, comments.
func (s *fluentdScanner) blank(comments bool) {
	s.trivia(blankLength(s.rest(), comments))
}

func blankLength(text string, comments bool) int {
	n := 0
	for n < len(text) {
		switch c := text[n]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			n++
		case c == '#' && comments:
			n += lineLength(text[n:])
		default:
			return n
		}
	}
	return n
}

// lineLength counts the bytes up to the line's end.
func lineLength(text string) int {
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		return end
	}
	return len(text)
}

// sameLine skips spaces and tabs.
func (s *fluentdScanner) sameLine() {
	rest := s.rest()
	s.trivia(len(rest) - len(strings.TrimLeft(rest, " \t")))
}

// lineEnd wants nothing more on this line but a comment.
func (s *fluentdScanner) lineEnd(after string) error {
	s.sameLine()
	if rest := s.rest(); rest != "" && !strings.ContainsRune("#\r\n", rune(rest[0])) {
		return s.errorf("%q is too much behind %s", firstWord(rest), after)
	}
	return nil
}

func firstWord(text string) string {
	const shown = 20
	return maskSecrets(text[:min(lineLength(text), shown)])
}

func nameLength(text string) int {
	n := 0
	for n < len(text) && (text[n] == '_' || text[n] >= '0' && text[n] <= '9' || text[n]|0x20 >= 'a' && text[n]|0x20 <= 'z') {
		n++
	}
	return n
}

// body reads up to the closing tag of the section, or the end of the file.
func (s *fluentdScanner) body(into *section) error {
	if s.depth++; s.depth > maxDepth {
		return s.errorf("sections nested more than %d deep", maxDepth)
	}
	defer func() { s.depth-- }()
	for {
		s.blank(true)
		switch rest := s.rest(); {
		case s.done():
			if into.parent != nil {
				return s.errorf("</%s> is missing for <%s> of line %d", into.name, into.name, into.line())
			}
			return nil
		case strings.HasPrefix(rest, "</"):
			return s.closeTag(into)
		case strings.HasPrefix(rest, "<include "):
			if err := s.oldInclude(into); err != nil {
				return err
			}
		case rest[0] == '<':
			if err := s.openTag(into); err != nil {
				return err
			}
		default:
			if err := s.keyed(into); err != nil {
				return err
			}
		}
	}
}

func (s *fluentdScanner) closeTag(of *section) error {
	n := len("</")
	name := nameLength(s.text[s.at+n:])
	got := s.text[s.at+n : s.at+n+name]
	n += name
	n += blankLength(s.text[s.at+n:], true)
	if s.at+n >= len(s.text) || s.text[s.at+n] != '>' {
		return s.errorf("%q is no closing tag", firstWord(s.rest()))
	}
	if of.parent == nil {
		return s.errorf("</%s> closes nothing", got)
	}
	if got != of.name {
		return s.errorf("</%s> closes <%s> of line %d", got, of.name, of.line())
	}
	s.take(n + 1)
	return s.lineEnd("a closing tag")
}

func (s *fluentdScanner) openTag(into *section) error {
	name := nameLength(s.text[s.at+1:])
	if name == 0 {
		return s.errorf("%q is no section", firstWord(s.rest()))
	}
	child := &section{draft: s.draft, parent: into, name: s.text[s.at+1 : s.at+1+name]}
	child.open = s.take(1 + name)
	s.blank(true)
	if !s.done() && s.rest()[0] != '>' {
		argument, err := s.argument()
		if err != nil {
			return err
		}
		child.arg = argument.text
		s.blank(true)
	}
	if s.done() || s.rest()[0] != '>' {
		return s.errorf("<%s lacks its >", child.name)
	}
	s.take(1)
	if err := s.lineEnd("a tag"); err != nil {
		return err
	}
	into.items = append(into.items, item{section: child})
	return s.body(child)
}

// argument reads what stands between a section's name and its ">".
func (s *fluentdScanner) argument() (value, error) {
	if c := s.rest()[0]; c == '"' || c == '\'' {
		return s.quoted()
	}
	// A bare argument ends where only white space is left before ">": `match {a,b}.** >`.
	rest := s.rest()
	end := strings.IndexByte(rest[:lineLength(rest)], '>')
	if end < 0 {
		return value{}, s.errorf("%q lacks its >", firstWord(rest))
	}
	text := strings.TrimRight(rest[:end], " \t")
	return value{token: s.take(len(text)), text: text}, nil
}

// oldInclude reads `<include path/>` of the v0 syntax.
func (s *fluentdScanner) oldInclude(into *section) error {
	rest := s.rest()
	line := rest[:lineLength(rest)]
	end := strings.Index(line, "/>")
	path := ""
	if end > 0 {
		path = strings.TrimSpace(line[len("<include "):end])
	}
	if path == "" {
		return s.errorf("%q is no include", firstWord(rest))
	}
	start := strings.Index(line, path)
	s.take(start)
	token := s.take(len(path))
	s.take(end + len("/>") - start - len(path))
	into.items = append(into.items, item{include: &include{draft: s.draft, token: token, path: value{token: token, text: path}}})
	return s.lineEnd("an include")
}

// keyed reads `key value`, `key` alone, or an include.
func (s *fluentdScanner) keyed(into *section) error {
	key, err := s.key()
	if err != nil {
		return err
	}
	p := parameter{draft: s.draft, key: key.text, name: key.token, value: value{token: -1}}
	here := s.at
	s.blank(false)
	alone := s.done() || strings.Contains(s.text[here:s.at], "\n")
	isInclude := p.key == "@include" || p.key == "include" && into.parent == nil
	switch {
	case alone && isInclude:
		return s.errorf("%s names no file", p.key)
	case alone:
	case isInclude:
		path, err := s.literal(false)
		if err != nil {
			return err
		}
		into.items = append(into.items, item{include: &include{draft: s.draft, token: key.token, path: path}})
		return s.lineEnd("an include")
	default:
		if p.value, err = s.literal(true); err != nil {
			return err
		}
		if err := s.lineEnd("the value of " + p.key); err != nil {
			return err
		}
	}
	into.items = append(into.items, item{parameter: &p})
	return nil
}

// key reads up to white space. A quoted key is legal, if odd.
func (s *fluentdScanner) key() (value, error) {
	if c := s.rest()[0]; c == '"' || c == '\'' {
		return s.quoted()
	}
	n := strings.IndexAny(s.rest(), " \t\r\n")
	if n < 0 {
		n = len(s.rest())
	}
	text := s.rest()[:n]
	return value{token: s.take(n), text: text}, nil
}

// literal reads a value; json says whether [ and { begin one.
func (s *fluentdScanner) literal(json bool) (value, error) {
	rest := s.rest()
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		return s.quoted()
	case json && (c == '[' || c == '{'):
		return s.json()
	}
	text := bareValue(rest)
	return value{token: s.take(len(text)), text: text}, nil
}

// bareValue gives a value without quotes: to the line's end or to white space with a # behind it.
func bareValue(text string) string {
	line := text[:lineLength(text)]
	for at := 0; at < len(line); at++ {
		if line[at] != ' ' && line[at] != '\t' {
			continue
		}
		behind := strings.TrimLeft(line[at:], " \t")
		if behind == "" || behind[0] == '#' {
			return line[:at]
		}
		at = len(line) - len(behind)
	}
	return line
}

// quoted reads a value between quotes.
func (s *fluentdScanner) quoted() (value, error) {
	rest := s.rest()
	if rest[0] == '\'' {
		return s.singleQuoted()
	}
	var text strings.Builder
	v := value{quoting: doubleQuoted}
	for at := 1; at < len(rest); {
		switch c := rest[at]; {
		case c == '"':
			v.text, v.token = text.String(), s.take(at+1)
			return v, nil
		case c == '\\' && at+1 < len(rest):
			text.WriteString(unescape(rest[at+1]))
			at += 2
		case strings.HasPrefix(rest[at:], "#{"):
			n := rubyLength(rest[at+len("#{"):])
			if n < 0 {
				return v, s.errorf("#{ lacks its }")
			}
			end := at + len("#{") + n + 1
			text.WriteString(rest[at:end])
			v.dynamic, at = true, end
		default:
			text.WriteByte(c)
			at++
		}
	}
	return v, s.errorf("a double quote is not closed")
}

func unescape(c byte) string {
	switch c {
	case 'r':
		return "\r"
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'f':
		return "\f"
	case 'b':
		return "\b"
	case '0':
		return "\x00"
	case '\n':
		return "" // a line continued
	}
	return string([]byte{c})
}

func (s *fluentdScanner) singleQuoted() (value, error) {
	rest := s.rest()
	var text strings.Builder
	for at := 1; at < len(rest); at++ {
		switch c := rest[at]; {
		case c == '\'':
			return value{token: s.take(at + 1), text: text.String(), quoting: singleQuoted}, nil
		case c == '\\' && at+1 < len(rest) && (rest[at+1] == '\'' || rest[at+1] == '\\'):
			at++
			text.WriteByte(rest[at])
		default:
			text.WriteByte(c)
		}
	}
	return value{}, s.errorf("a single quote is not closed")
}

// rubyLength counts the bytes of Ruby code up to the brace that closes it, or -1. fluentd asks Ruby's own parser; here
// braces are counted outside of strings, which is the same for all but here-documents and %-literals with odd braces.
func rubyLength(text string) int {
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return at
			}
			depth--
		case '"', '\'', '`':
			n := rubyString(text[at:])
			if n < 0 {
				return -1
			}
			at += n - 1
		}
	}
	return -1
}

// rubyString counts the bytes of a quoted string, quotes included, or -1.
func rubyString(text string) int {
	for at := 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case text[0]:
			return at + 1
		}
	}
	return -1
}

// json reads an array or a hash over any number of lines. Only its extent matters here.
func (s *fluentdScanner) json() (value, error) {
	rest := s.rest()
	depth, dynamic := 0, false
	for at := 0; at < len(rest); at++ {
		switch c := rest[at]; c {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return value{token: s.take(at + 1), text: rest[:at+1], quoting: jsonValue, dynamic: dynamic}, nil
			}
		case '#':
			at += lineLength(rest[at:]) - 1
		case '"':
			n := rubyString(rest[at:])
			if n < 0 {
				return value{}, s.errorf("a string is not closed")
			}
			dynamic = dynamic || strings.Contains(rest[at:at+n], "#{")
			at += n - 1
		}
	}
	return value{}, s.errorf("%c is not closed", rest[0])
}
