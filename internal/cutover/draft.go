package cutover

// draft.go answers: how is a file changed without touching any other byte? The scanners of the configuration
// languages cut a file into tokens that tile it; a change replaces the text of single tokens or adds whole lines.
// Next: replace.go.

import (
	"fmt"
	"os"
	"strings"
)

// maxConfigBytes is far above any configuration a person writes; a larger file is something else.
const maxConfigBytes = 8 << 20

// token is a piece of a file. White space and comments are tokens too, cut at each line's end.
type token struct {
	text string
	line int // of its first byte, from 1
	// replaced tells a replacement by the empty text from no replacement.
	replaced    bool
	replacement string
	// suffix is added right behind this token; after are whole lines below it, without line ends.
	suffix string
	after  []string
}

// draft is a file being edited.
type draft struct {
	path    string
	newline string // the file's own: "\n" or "\r\n"
	tokens  []token
	scanned int // bytes given to tokens so far
	line    int
}

func newDraft(path, text string) *draft {
	d := &draft{path: path, newline: "\n", line: 1}
	if first := strings.IndexByte(text, '\n'); first > 0 && text[first-1] == '\r' {
		d.newline = "\r\n"
	}
	return d
}

// add appends a token and gives its number.
func (d *draft) add(text string) int {
	d.tokens = append(d.tokens, token{text: text, line: d.line})
	d.scanned += len(text)
	d.line += countLines(text)
	return len(d.tokens) - 1
}

// addTrivia appends white space and comments, one token per line.
func (d *draft) addTrivia(text string) {
	for text != "" {
		end := strings.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		d.add(text[:end])
		text = text[end:]
	}
}

func countLines(text string) int { return strings.Count(text, "\n") }

// replace gives a token another text. Replacing by what is there already changes nothing.
func (d *draft) replace(index int, text string) error {
	t := &d.tokens[index]
	if t.replaced && t.replacement != text {
		return fmt.Errorf("%s:%d: one line would have to become both %q and %q", d.path, t.line, maskSecrets(t.replacement), maskSecrets(text))
	}
	if t.text != text {
		t.replaced, t.replacement = true, text
	}
	return nil
}

// extend adds text right behind a token, once.
func (d *draft) extend(index int, text string) {
	if t := &d.tokens[index]; !strings.Contains(t.suffix, text) {
		t.suffix += text
	}
}

// insertLine adds a line below the line that a token ends on. A line that is already to be added there is not added twice.
func (d *draft) insertLine(index int, line string) {
	for index < len(d.tokens)-1 && !strings.HasSuffix(d.tokens[index].text, "\n") {
		index++
	}
	t := &d.tokens[index]
	for _, have := range t.after {
		if have == line {
			return
		}
	}
	t.after = append(t.after, line)
}

// before gives the text before a token on its line.
func (d *draft) before(index int) string {
	text := ""
	for i := index - 1; i >= 0; i-- {
		piece := d.tokens[i].text
		if cut := strings.LastIndexByte(piece, '\n'); cut >= 0 {
			return piece[cut+1:] + text
		}
		text = piece + text
	}
	return text
}

// endsLine says whether nothing but white space and a comment follows a token on its line.
func (d *draft) endsLine(index int) bool {
	for _, t := range d.tokens[index+1:] {
		rest := strings.TrimLeft(t.text, " \t")
		if rest == "" {
			continue
		}
		return strings.ContainsRune("#\r\n", rune(rest[0]))
	}
	return true
}

// indent is the white space a token's line begins with.
func (d *draft) indent(index int) string {
	line := d.before(index)
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// String is the file with all changes.
func (d *draft) String() string {
	var out strings.Builder
	for i, t := range d.tokens {
		if t.replaced {
			out.WriteString(t.replacement)
		} else {
			out.WriteString(t.text)
		}
		out.WriteString(t.suffix)
		for _, line := range t.after {
			// Only the last line of a file may lack its end.
			if i == len(d.tokens)-1 && !strings.HasSuffix(out.String(), "\n") {
				out.WriteString(d.newline + line)
				continue
			}
			out.WriteString(line + d.newline)
		}
	}
	return out.String()
}

// original is the file as it was read.
func (d *draft) original() string {
	var out strings.Builder
	for _, t := range d.tokens {
		out.WriteString(t.text)
	}
	return out.String()
}

func (d *draft) changed() bool {
	for _, t := range d.tokens {
		if t.replaced || t.suffix != "" || len(t.after) > 0 {
			return true
		}
	}
	return false
}

// readConfig reads a configuration file of reasonable size.
func readConfig(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", problem("check the path and the rights of the user who runs this", fmt.Errorf("read configuration: %w", err))
	}
	if !info.Mode().IsRegular() || info.Size() > maxConfigBytes {
		return "", problem("name the configuration file itself", fmt.Errorf("%s is no configuration file: %s, %d bytes", path, info.Mode(), info.Size()))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", problem("check the rights of the user who runs this", fmt.Errorf("read configuration: %w", err))
	}
	return string(data), nil
}
