package export

import (
	"fmt"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

func TestADiffOfTwoSnapshotsIsTheDifferenceOfTheirTruths(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.7.6", "2.3.2", "6.8.23", "8.15.5", "os3.3.0"} {
		fixture := recordings.Folder(t, version)
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			truth := readTruth(t, fixture)
			repository := openRepository(t, recordings.Repository(t, fixture, "repo"))
			for _, pair := range [][2]string{{"s1", "s2"}, {"s2", "s3"}, {"s3", "s1"}, {"s2", "s2"}} {
				selection := Selection{Indices: []string{"-closed-idx"}}
				found := make(map[string]Change)
				before, err := repository.Snapshot(t.Context(), pair[0])
				if err != nil {
					t.Fatal(err)
				}
				after, err := repository.Snapshot(t.Context(), pair[1])
				if err != nil {
					t.Fatal(err)
				}
				indices, err := Diff(t.Context(), Side{repository, before}, Side{repository, after}, selection, func(d ChangedDocument) error {
					found[fmt.Sprintf("%s/%s/%s/%s", d.Index, d.Type, d.ID, d.Routing)] = d.Change
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				expected, total := truthDiff(truth[pair[0]], truth[pair[1]])
				for key, change := range expected {
					// The truth of an index without _source does not show whether its content changed.
					if found[key] != change && !(change == Rewritten && found[key] == Changed) {
						t.Errorf("%v: %s is %q, truth %q", pair, key, found[key], change)
					}
				}
				for key, change := range found {
					if expected[key] == "" {
						t.Errorf("%v: %s is %q, truth says it is the same", pair, key, change)
					}
				}
				if pair[0] != pair[1] && len(expected) == 0 || pair[0] == pair[1] && len(found) != 0 {
					t.Errorf("%v: %d differences of %d documents", pair, len(expected), total)
				}
				requireCheap(t, pair, indices)
			}
		})
	}
}

// requireCheap demands that unchanged indices were not read at all.
func requireCheap(t *testing.T, pair [2]string, indices []ChangedIndex) {
	t.Helper()
	unread := 0
	for i := range indices {
		if indices[i].ReadSegments == 0 && indices[i].SharedSegments > 0 {
			unread++
		}
		if pair[0] == pair[1] && !indices[i].Same() {
			t.Errorf("%v: %+v", pair, indices[i])
		}
	}
	if unread == 0 {
		t.Errorf("%v: every index was read, though most are unchanged", pair)
	}
}

func truthDiff(before, after []truthDocument) (map[string]Change, int) {
	key := func(d truthDocument) string {
		optional := func(s *string) string {
			if s == nil {
				return ""
			}
			return *s
		}
		return fmt.Sprintf("%s/%s/%s/%s", d.Index, optional(d.Type), d.ID, optional(d.Routing))
	}
	old := make(map[string]truthDocument)
	for _, document := range before {
		if document.Index != "closed-idx" {
			old[key(document)] = document
		}
	}
	changes := make(map[string]Change)
	for _, document := range after {
		if document.Index == "closed-idx" {
			continue
		}
		was, both := old[key(document)]
		delete(old, key(document))
		switch {
		case !both:
			changes[key(document)] = Added
		case text(was.Source) != text(document.Source):
			changes[key(document)] = Changed
		case was.Version != document.Version:
			changes[key(document)] = Rewritten
		}
	}
	for key := range old {
		changes[key] = Removed
	}
	return changes, len(before)
}
