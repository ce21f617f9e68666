package plan

// replan.go answers: how does a plan that is under way look at the world, when it is made anew for other rules? What its own
// first steps did is no surprise, and what appeared since comes with the rounds as it would have. Next: plan.go.

import (
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// Again gives facts of now as the plan's own first steps would have found them. It gives ErrStale where somebody else changed
// what the plan stands on.
func (p *Plan) Again(now *Facts, wanted *migration.Migration) (*Facts, error) {
	seen := *now
	seen.Source.Indices = slices.Clone(now.Source.Indices)
	seen.Source.Indices = slices.DeleteFunc(seen.Source.Indices, func(index Index) bool {
		_, known := p.Facts.Source.Index(index.Name)
		return !known
	})
	for i := range seen.Source.Indices {
		index := &seen.Source.Indices[i]
		old, _ := p.Facts.Source.Index(index.Name)
		index.Closed = old.Closed // opened for the snapshot
	}
	seen.Repository.Snapshots = slices.DeleteFunc(slices.Clone(now.Repository.Snapshots), func(name string) bool { return name == SnapshotName(wanted) })
	unchanged := *p
	unchanged.Wanted = HashWanted(wanted)
	return &seen, unchanged.CheckFresh(&seen, wanted)
}
