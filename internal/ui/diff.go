package ui

// diff.go answers: how does a unified diff look on a terminal, and everywhere else?

import "strings"

const (
	colourRemoved = "\x1b[31m"
	colourAdded   = "\x1b[32m"
	colourPlace   = "\x1b[36m"
	colourOff     = "\x1b[0m"
)

// Diff prints a unified diff, in colours where a person looks at it.
func (v *View) Diff(text string) {
	if !v.Colour {
		v.Print(text)
		return
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		bare, end, _ := strings.Cut(line, "\n")
		colour := ""
		switch {
		case strings.HasPrefix(bare, "@@"):
			colour = colourPlace
		case strings.HasPrefix(bare, "-"):
			colour = colourRemoved
		case strings.HasPrefix(bare, "+"):
			colour = colourAdded
		}
		if colour != "" {
			bare = colour + bare + colourOff
		}
		out.WriteString(bare + "\n" + end)
	}
	v.Print(out.String())
}
