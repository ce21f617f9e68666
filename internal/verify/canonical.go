package verify

// canonical.go answers: which bytes stand for a JSON value, whoever wrote it? White space goes, keys are sorted,
// string escapes take one form; number literals stay exactly as written, since a detour through float64 would make
// 9007199254740993 and 9007199254740992 equal; duplicate keys stay in their order. Next: digest.go.

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds recursion. Servers refuse from 1,000 levels on, in all versions that have a limit.
const maxDepth = 5000

// ErrNotJSON says that a source is no single JSON value.
var ErrNotJSON = errors.New("not JSON")

// Canonicaliser turns JSON into its canonical form. It keeps its buffers between calls; not for concurrent use.
type Canonicaliser struct {
	in      []byte
	at      int
	out     []byte
	scratch []byte
	members []member
}

// member is one key and value of an object that is being written, as places in out.
type member struct {
	start, keyEnd, end int
}

// Canonical gives the canonical form, valid until the next call.
func (c *Canonicaliser) Canonical(source []byte) ([]byte, error) {
	c.in, c.at, c.out, c.members = source, 0, c.out[:0], c.members[:0]
	if err := c.value(0); err != nil {
		return nil, err
	}
	c.space()
	if c.at != len(c.in) {
		return nil, c.bad("something after the value")
	}
	return c.out, nil
}

func (c *Canonicaliser) bad(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrNotJSON, what, c.at)
}

func (c *Canonicaliser) space() {
	for c.at < len(c.in) {
		switch c.in[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// next skips white space and gives the byte there, 0 at the end.
func (c *Canonicaliser) next() byte {
	c.space()
	if c.at == len(c.in) {
		return 0
	}
	return c.in[c.at]
}

func (c *Canonicaliser) value(depth int) error {
	if depth > maxDepth {
		return c.bad(fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	switch char := c.next(); {
	case char == '{':
		return c.object(depth)
	case char == '[':
		return c.array(depth)
	case char == '"':
		return c.text()
	case char == '-' || char >= '0' && char <= '9':
		return c.number()
	}
	for _, word := range words {
		if rest := c.in[c.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			c.at += len(word)
			c.out = append(c.out, word...)
			return nil
		}
	}
	return c.bad("no value")
}

// words that are values; Elasticsearch up to 5.x stores what its lenient parser let through, the last two too.
var words = [...]string{"true", "false", "null", "NaN", "Infinity"}

// number copies the literal as it is written.
func (c *Canonicaliser) number() error {
	start := c.at
	for c.at < len(c.in) {
		char := c.in[c.at]
		if char >= '0' && char <= '9' || char == '.' || char == 'e' || char == 'E' || char == '+' || char == '-' {
			c.at++
			continue
		}
		break
	}
	if c.at == start+1 && c.in[start] == '-' {
		if bytes.HasPrefix(c.in[c.at:], []byte("Infinity")) {
			c.at += len("Infinity")
		} else {
			return c.bad("no number")
		}
	}
	c.out = append(c.out, c.in[start:c.at]...)
	return nil
}

func (c *Canonicaliser) array(depth int) error {
	c.at++
	c.out = append(c.out, '[')
	for first := true; ; first = false {
		char := c.next()
		if char == ']' && first {
			break
		}
		if !first {
			if char == ']' {
				break
			}
			if char != ',' {
				return c.bad("no comma in an array")
			}
			c.at++
			c.out = append(c.out, ',')
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	c.at++
	c.out = append(c.out, ']')
	return nil
}

func (c *Canonicaliser) object(depth int) error {
	c.at++
	c.out = append(c.out, '{')
	base, begin, sorted := len(c.members), len(c.out), true
	for first := true; ; first = false {
		char := c.next()
		if char == '}' {
			break
		}
		if !first {
			if char != ',' {
				return c.bad("no comma in an object")
			}
			c.at++
			char = c.next()
			c.out = append(c.out, ',')
		}
		if char != '"' {
			return c.bad("no key")
		}
		one := member{start: len(c.out)}
		if err := c.text(); err != nil {
			return err
		}
		one.keyEnd = len(c.out)
		if c.next() != ':' {
			return c.bad("no colon after a key")
		}
		c.at++
		c.out = append(c.out, ':')
		if err := c.value(depth + 1); err != nil {
			return err
		}
		one.end = len(c.out)
		if last := len(c.members); sorted && last > base && bytes.Compare(c.key(c.members[last-1]), c.key(one)) > 0 {
			sorted = false
		}
		c.members = append(c.members, one)
	}
	c.at++
	if !sorted {
		c.sort(c.members[base:], begin)
	}
	c.members = c.members[:base]
	c.out = append(c.out, '}')
	return nil
}

func (c *Canonicaliser) key(m member) []byte { return c.out[m.start:m.keyEnd] }

// sort puts the members into the order of their keys; equal keys keep theirs.
func (c *Canonicaliser) sort(members []member, begin int) {
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(bytes.Compare(c.key(a), c.key(b)), a.start-b.start)
	})
	c.scratch = c.scratch[:0]
	for i, one := range members {
		if i > 0 {
			c.scratch = append(c.scratch, ',')
		}
		c.scratch = append(c.scratch, c.out[one.start:one.end]...)
	}
	c.out = append(c.out[:begin], c.scratch...)
}

// text writes a string with only those escapes that JSON demands. Halves of surrogate pairs keep their escape, since
// no UTF-8 stands for them; bytes that are no UTF-8 stay as they are.
func (c *Canonicaliser) text() error {
	c.at++
	c.out = append(c.out, '"')
	for {
		rest := c.in[c.at:]
		plain := 0
		for plain < len(rest) && rest[plain] != '"' && rest[plain] != '\\' && rest[plain] >= ' ' {
			plain++
		}
		c.out = append(c.out, rest[:plain]...)
		c.at += plain
		if plain == len(rest) {
			return c.bad("a string without end")
		}
		switch char := c.in[c.at]; {
		case char == '"':
			c.at++
			c.out = append(c.out, '"')
			return nil
		case char < ' ':
			c.at++
			c.control(rune(char))
		default:
			if err := c.escape(); err != nil {
				return err
			}
		}
	}
}

func (c *Canonicaliser) escape() error {
	if c.at+1 >= len(c.in) {
		return c.bad("an escape without end")
	}
	char := c.in[c.at+1]
	c.at += 2
	switch char {
	case '"', '\\':
		c.out = append(c.out, '\\', char)
	case 'b':
		c.control('\b')
	case 'f':
		c.control('\f')
	case 'n':
		c.control('\n')
	case 'r':
		c.control('\r')
	case 't':
		c.control('\t')
	case 'u':
		return c.unicode()
	default:
		// "\/" and, from lenient writers, any other.
		c.out = append(c.out, char)
	}
	return nil
}

const unicodeDigits = 4

func (c *Canonicaliser) unicode() error {
	unit, ok := hexUnit(c.in[c.at:])
	if !ok {
		return c.bad(`no four digits after \u`)
	}
	c.at += unicodeDigits
	switch {
	case utf16.IsSurrogate(unit):
		if rest := c.in[c.at:]; len(rest) >= 2 && rest[0] == '\\' && rest[1] == 'u' {
			if low, ok := hexUnit(rest[2:]); ok {
				if whole := utf16.DecodeRune(unit, low); whole != utf8.RuneError {
					c.at += 2 + unicodeDigits
					c.out = utf8.AppendRune(c.out, whole)
					return nil
				}
			}
		}
		c.out = fmt.Appendf(c.out, `\u%04x`, unit)
	case unit < ' ':
		c.control(unit)
	case unit == '"' || unit == '\\':
		c.out = append(c.out, '\\', byte(unit))
	default:
		c.out = utf8.AppendRune(c.out, unit)
	}
	return nil
}

func (c *Canonicaliser) control(char rune) { c.out = fmt.Appendf(c.out, `\u%04x`, char) }

func hexUnit(digits []byte) (rune, bool) {
	if len(digits) < unicodeDigits {
		return 0, false
	}
	var unit rune
	for _, digit := range digits[:unicodeDigits] {
		switch {
		case digit >= '0' && digit <= '9':
			unit = unit<<4 | rune(digit-'0')
		case digit >= 'a' && digit <= 'f':
			unit = unit<<4 | rune(digit-'a'+10)
		case digit >= 'A' && digit <= 'F':
			unit = unit<<4 | rune(digit-'A'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
