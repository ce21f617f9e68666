package steps

import (
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

func TestARehearsalIsGoodOnlyIfEveryIndexThatIsLoadedIsVerifiedAndThereIsRoom(t *testing.T) {
	t.Parallel()
	good := func() *Rehearsal {
		return &Rehearsal{DiskFree: 100, DiskTotal: 200, Total: forecast.Forecast{Stored: forecast.Span{Low: 10, Likely: 50, High: 100}},
			Restored: &RestoreTrial{}, Rows: []RehearsalRow{{Route: plan.Backfill, Proof: &verify.PairReport{Equal: true}}}}
	}
	for name, one := range map[string]struct {
		change func(*Rehearsal)
		good   bool
	}{
		"nothing wrong":                          {func(*Rehearsal) {}, true},
		"the worst case does not fit":            {func(r *Rehearsal) { r.DiskFree = 99 }, false},
		"a target that does not tell its disk":   {func(r *Rehearsal) { r.DiskFree, r.DiskTotal = 0, 0 }, true},
		"a document was refused":                 {func(r *Rehearsal) { r.Rows[0].Aside = 1 }, false},
		"a document differs":                     {func(r *Rehearsal) { r.Rows[0].Proof.Equal = false }, false},
		"nothing was compared":                   {func(r *Rehearsal) { r.Rows[0].Proof = nil }, false},
		"an index could not be made":             {func(r *Rehearsal) { r.Rows[0].Failed = "refused" }, false},
		"a value means another thing":            {func(r *Rehearsal) { r.Rows[0].Values = map[string]verify.ValueReport{"a": {Differing: 1}} }, false},
		"an index could not be restored":         {func(r *Rehearsal) { r.Restored.Failed = "no such repository" }, false},
		"a restored index's document is refused": {func(r *Rehearsal) { r.Rows[0].Route, r.Rows[0].Aside = plan.Restore, 1 }, true},
	} {
		rehearsal := good()
		one.change(rehearsal)
		if rehearsal.Good() != one.good {
			t.Errorf("%s: good is %t", name, !one.good)
		}
	}
}

func TestScratchNamesKeepMigrationsApartAndFitServers(t *testing.T) {
	t.Parallel()
	ours, theirs := &Move{Wanted: &migration.Migration{Name: "logs"}}, &Move{Wanted: &migration.Migration{Name: "logs-2"}}
	if strings.HasPrefix(theirs.scratchName("a"), ours.scratchOf()) {
		t.Errorf("%s would be deleted by another migration", theirs.scratchName("a"))
	}
	long := strings.Repeat("é", longestIndexName/2)
	first, second := ours.scratchName(long+"1"), ours.scratchName(long+"2")
	if len(first) > longestIndexName || first == second || !strings.HasPrefix(first, ours.scratchOf()) {
		t.Errorf("%s %s", first, second)
	}
}
