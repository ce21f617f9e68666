package export

// selection.go answers: which indices and documents are meant? Next: where.go.

import (
	"path"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Selection chooses documents. The zero value chooses all.
type Selection struct {
	// Indices are patterns with * and ?; one that begins with "-" takes away from what those before it chose.
	Indices []string
	// Types are names; none means all.
	Types []string
	// Where are conditions on the source, all of which must hold.
	Where []Condition
	// IDs are document ids; none means all.
	IDs map[string]bool
	// Limit is how many documents are read at most; 0 means all. A limit makes one worker read in order.
	Limit int64
}

// MatchIndex says whether an index is chosen.
func (s *Selection) MatchIndex(name string) bool { return MatchName(s.Indices, name) }

// MatchName applies patterns as index expressions do: in order, later ones overruling. None chooses every name.
func MatchName(patterns []string, name string) bool {
	chosen := len(patterns) == 0
	for i, pattern := range patterns {
		exclusion, excludes := strings.CutPrefix(pattern, "-")
		if excludes {
			if i == 0 {
				chosen = true
			}
			pattern = exclusion
		}
		if pattern == "_all" || matchPattern(pattern, name) {
			chosen = !excludes
		}
	}
	return chosen
}

// matchPattern knows * and ? only: names may hold brackets.
func matchPattern(pattern, name string) bool {
	escaped := strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(pattern)
	matched, err := path.Match(escaped, name)
	return err == nil && matched
}

// matches says whether a document is chosen, the index aside.
func (s *Selection) matches(d *Document) bool {
	if len(s.Types) > 0 && !slices.Contains(s.Types, string(d.Type)) {
		return false
	}
	if s.IDs != nil && !s.IDs[string(d.ID)] {
		return false
	}
	for i := range s.Where {
		if !s.Where[i].holds(d.Source) {
			return false
		}
	}
	return true
}

// indices gives the chosen indices of a snapshot, sorted.
func (s *Selection) indices(info *snapshot.Info) []string {
	var names []string
	for _, name := range info.Indices {
		if s.MatchIndex(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
