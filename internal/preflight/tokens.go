package preflight

// tokens.go answers: where does one token of JSON end, and is it one? Next: values.go.

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

func (c *Checker) space() {
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
func (c *Checker) next() byte {
	c.space()
	if c.at == len(c.in) {
		return 0
	}
	return c.in[c.at]
}

// skip passes over something too deep to be walked; what is inside is not judged any more.
func (c *Checker) skip(open, closing byte) bool {
	level := 0
	for c.at < len(c.in) {
		switch c.in[c.at] {
		case '"':
			if _, _, ok := c.string(); !ok {
				return false
			}
			continue
		case open:
			level++
		case closing:
			if level--; level == 0 {
				c.at++
				return true
			}
		}
		c.at++
	}
	return false
}

// string reads a text and gives what is between the quotes. Control characters and bytes that are no UTF-8 are refused by
// every server.
func (c *Checker) string() (raw []byte, escaped, ok bool) {
	start := c.at + 1
	high := byte(0)
	for i := start; i < len(c.in); i++ {
		char := c.in[i]
		switch {
		case char == '"':
			c.at = i + 1
			raw = c.in[start:i]
			return raw, escaped, high < utf8.RuneSelf || utf8.Valid(raw)
		case char == '\\':
			escaped = true
			i++
			if i == len(c.in) || !escapes(c.in[i:]) {
				return nil, false, false
			}
		case char < ' ':
			return nil, false, false
		}
		high |= char
	}
	return nil, false, false
}

// escapes says whether an escape begins with the letter that JSON knows.
func escapes(rest []byte) bool {
	if rest[0] != 'u' {
		return strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0
	}
	const digits = 4
	if len(rest) <= digits {
		return false
	}
	for _, digit := range rest[1 : 1+digits] {
		if strings.IndexByte("0123456789abcdefABCDEF", digit) < 0 {
			return false
		}
	}
	return true
}

// numeral reads a number as JSON writes it.
func (c *Checker) numeral() ([]byte, bool) {
	start := c.at
	digits := func() bool {
		from := c.at
		for c.at < len(c.in) && c.in[c.at] >= '0' && c.in[c.at] <= '9' {
			c.at++
		}
		return c.at > from
	}
	if c.in[c.at] == '-' {
		c.at++
	}
	whole := c.at
	if !digits() || c.in[whole] == '0' && c.at-whole > 1 {
		return nil, false
	}
	if c.at < len(c.in) && c.in[c.at] == '.' {
		if c.at++; !digits() {
			return nil, false
		}
	}
	if c.at < len(c.in) && (c.in[c.at] == 'e' || c.in[c.at] == 'E') {
		c.at++
		if c.at < len(c.in) && (c.in[c.at] == '+' || c.in[c.at] == '-') {
			c.at++
		}
		if !digits() {
			return nil, false
		}
	}
	return c.in[start:c.at], true
}

func unescape(raw []byte) []byte {
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(append(append(quoted, '"'), raw...), '"')
	return []byte(gjson.ParseBytes(quoted).String())
}
