package es

// pattern.go answers: does a pattern of a server match a name? Its star is the only sign that means something else.

import (
	"path"
	"strings"
)

var plainSigns = strings.NewReplacer("[", `\[`, "?", `\?`, `\`, `\\`)

// MatchStar says whether a pattern of templates matches a name.
func MatchStar(pattern, name string) bool {
	matched, err := path.Match(plainSigns.Replace(pattern), strings.ReplaceAll(name, "/", "_")) // whose star stops at no slash
	return err == nil && matched
}
