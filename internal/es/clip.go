package es

// clip.go answers: how is an id, a value or a reason told that may be long, or no text at all?

import (
	"fmt"
	"strings"
)

// Clip shortens a text that would fill the screen to about so many bytes, and says how long it was. What is no UTF-8 in it
// can be shown to nobody.
func Clip(text string, most int) string {
	if len(text) <= most {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ToValidUTF8(text[:most], "") + fmt.Sprintf("… (%d bytes)", len(text))
}
