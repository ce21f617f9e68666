package cutover

// logstash_syntax.go answers: which plugins does a Logstash pipeline have, and where do their settings stand?
// Next: logstash_edit.go.
//
//	output {
//	  if [type] == "nginx" {                 conditions nest; =~ has a regular expression behind it
//	    elasticsearch {
//	      hosts => ["http://a:9200", 'b']    strings, words, numbers, [lists], { "k" => "v" }; # comments
//	      index => "x-%{+YYYY.MM.dd}"        ${VAR} and ${VAR:default} come from the environment
//	    }
//	  }
//	}

import (
	"fmt"
	"strings"
)

// stashValue is one scalar.
type stashValue struct {
	token int
	text  string
	quote byte // 0, ' or "
}

type stashSetting struct {
	name   string
	token  int
	values []stashValue // of a list all
	isList bool
	end    int // last token of the value
}

// stashPlugin is one plugin in an input, filter or output.
type stashPlugin struct {
	draft    *draft
	stage    string // input, filter, output
	name     string
	open     int // token of the name
	brace    int // token of the opening brace
	settings []stashSetting
}

func (p *stashPlugin) line() int { return p.draft.tokens[p.open].line }

func (p *stashPlugin) get(name string) (stashSetting, bool) {
	for _, s := range p.settings {
		if s.name == name {
			return s, true
		}
	}
	return stashSetting{}, false
}

func (p *stashPlugin) text(name, otherwise string) string {
	if s, ok := p.get(name); ok && len(s.values) == 1 {
		return s.values[0].text
	}
	return otherwise
}

type stashScanner struct {
	draft   *draft
	text    string
	at      int
	kept    int
	stage   string
	depth   int
	plugins []*stashPlugin
}

func parseLogstash(path, text string) (*draft, []*stashPlugin, error) {
	s := &stashScanner{draft: newDraft(path, text), text: text}
	for {
		s.blank()
		if s.at >= len(s.text) {
			break
		}
		if err := s.statement(); err != nil {
			return nil, nil, err
		}
	}
	if s.depth != 0 {
		return nil, nil, s.errorf("%s { lacks its }", s.stage)
	}
	s.flush()
	return s.draft, s.plugins, nil
}

func (s *stashScanner) flush() {
	s.draft.addTrivia(s.text[s.kept:s.at])
	s.kept = s.at
}

func (s *stashScanner) take(n int) int {
	s.flush()
	index := s.draft.add(s.text[s.at : s.at+n])
	s.at += n
	s.kept = s.at
	return index
}

func (s *stashScanner) errorf(format string, arguments ...any) error {
	line := 1 + countLines(s.text[:min(s.at, len(s.text))])
	return problem("correct the line; logstash --config.test_and_exit says more",
		fmt.Errorf("%s:%d: %w: %s", s.draft.path, line, ErrSyntax, fmt.Sprintf(format, arguments...)))
}

// blank passes over white space and comments.
func (s *stashScanner) blank() { s.at += blankLength(s.text[s.at:], true) }

// statement reads a brace, a condition or a plugin.
func (s *stashScanner) statement() error {
	switch c := s.text[s.at]; {
	case c == '}':
		s.at++
		if s.depth--; s.depth < 0 {
			return s.errorf("} closes nothing")
		}
		if s.depth == 0 {
			s.stage = ""
		}
		return nil
	case !wordByte(c):
		return s.errorf("%q is no plugin", firstWord(s.text[s.at:]))
	}
	n := wordLength(s.text[s.at:])
	name := s.text[s.at : s.at+n]
	if name == "if" || name == "else" {
		s.at += n
		return s.condition()
	}
	gap := blankLength(s.text[s.at+n:], true)
	if s.at+n+gap >= len(s.text) || s.text[s.at+n+gap] != '{' {
		return s.errorf("%s lacks its {", name)
	}
	if s.depth == 0 {
		s.stage = name
		s.depth = 1
		s.at += n + gap + 1
		return nil
	}
	plugin := &stashPlugin{draft: s.draft, stage: s.stage, name: name}
	plugin.open = s.take(n)
	s.at += gap
	plugin.brace = s.take(1)
	s.plugins = append(s.plugins, plugin)
	return s.body(plugin)
}

// condition passes over `if ... {`, `else if ... {`, `else {`.
func (s *stashScanner) condition() error {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch c := rest[0]; {
		case c == '{':
			s.at++
			s.depth++
			return nil
		case c == '"' || c == '\'':
			n := rubyString(rest)
			if n < 0 {
				return s.errorf("a string is not closed")
			}
			s.at += n
		case strings.HasPrefix(rest, "=~") || strings.HasPrefix(rest, "!~"):
			s.at += len("=~")
			s.blank()
			if s.at < len(s.text) && s.text[s.at] == '/' {
				n := rubyString(s.text[s.at:]) // ends at the next / that is not escaped
				if n < 0 {
					return s.errorf("a regular expression is not closed")
				}
				s.at += n
			}
		case c == '#':
			s.at += lineLength(rest)
		default:
			s.at++
		}
	}
	return s.errorf("a condition lacks its {")
}

// body reads a plugin's settings up to its brace.
func (s *stashScanner) body(plugin *stashPlugin) error {
	for {
		s.blank()
		if s.at >= len(s.text) {
			return s.errorf("%s { of line %d lacks its }", plugin.name, plugin.line())
		}
		if s.text[s.at] == '}' {
			s.at++
			return nil
		}
		setting, err := s.setting()
		if err != nil {
			return err
		}
		plugin.settings = append(plugin.settings, setting)
	}
}

func (s *stashScanner) setting() (stashSetting, error) {
	var setting stashSetting
	name, err := s.scalar()
	if err != nil {
		return setting, err
	}
	setting.name, setting.token = name.text, name.token
	s.blank()
	if !strings.HasPrefix(s.text[s.at:], "=>") {
		return setting, s.errorf("%s lacks its =>", setting.name)
	}
	s.at += len("=>")
	s.blank()
	if s.at >= len(s.text) {
		return setting, s.errorf("%s has no value", setting.name)
	}
	switch s.text[s.at] {
	case '[':
		setting.isList = true
		return setting, s.list(&setting)
	case '{':
		return setting, s.hash(&setting)
	}
	if n := wordLength(s.text[s.at:]); n > 0 {
		// A plugin as a value is a codec: codec => json { charset => "x" }.
		gap := blankLength(s.text[s.at+n:], false)
		if s.at+n+gap < len(s.text) && s.text[s.at+n+gap] == '{' {
			s.at += n + gap
			return setting, s.hash(&setting)
		}
	}
	value, err := s.scalar()
	setting.values, setting.end = []stashValue{value}, value.token
	return setting, err
}

func (s *stashScanner) list(setting *stashSetting) error {
	s.at++
	for {
		s.blank()
		switch {
		case s.at >= len(s.text):
			return s.errorf("the list of %s lacks its ]", setting.name)
		case s.text[s.at] == ']':
			setting.end = s.take(1)
			return nil
		case s.text[s.at] == ',':
			s.at++
		case s.text[s.at] == '[' || s.text[s.at] == '{':
			if err := s.nested(); err != nil {
				return err
			}
		default:
			value, err := s.scalar()
			if err != nil {
				return err
			}
			setting.values = append(setting.values, value)
		}
	}
}

// hash passes over { ... }; no hash holds an address.
func (s *stashScanner) hash(setting *stashSetting) error {
	if err := s.nested(); err != nil {
		return err
	}
	s.at--
	setting.end = s.take(1)
	return nil
}

// nested passes over one pair of brackets with all within.
func (s *stashScanner) nested() error {
	depth := 0
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch rest[0] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				s.at++
				return nil
			}
		case '"', '\'':
			n := rubyString(rest)
			if n < 0 {
				return s.errorf("a string is not closed")
			}
			s.at += n - 1
		case '#':
			s.at += lineLength(rest) - 1
		}
		s.at++
	}
	return s.errorf("a bracket is not closed")
}

// scalar reads a string, or a word or number without quotes.
func (s *stashScanner) scalar() (stashValue, error) {
	rest := s.text[s.at:]
	if c := rest[0]; c == '"' || c == '\'' {
		n := rubyString(rest)
		if n < 0 {
			return stashValue{}, s.errorf("a string is not closed")
		}
		// Backslashes mean themselves, also before a quote (config.support_escapes is off by default).
		return stashValue{text: rest[1 : n-1], quote: c, token: s.take(n)}, nil
	}
	n := wordLength(rest)
	if n == 0 {
		return stashValue{}, s.errorf("%q is no value", firstWord(rest))
	}
	return stashValue{text: rest[:n], token: s.take(n)}, nil
}
