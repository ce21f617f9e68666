package steps

// rehearse_restore.go answers: can the target restore out of the repository at all, and how fast? One index of those that
// will be restored is, whole, into a scratch index: there is no part of a restore. Next: rehearse_load.go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// RestoreTrial is one index that was restored as a whole.
type RestoreTrial struct {
	Source    string  `json:"source"`
	Documents int64   `json:"documents"`
	Bytes     int64   `json:"bytes"`
	Seconds   float64 `json:"seconds"`
	// Failed says why it could not be restored.
	Failed string `json:"failed,omitempty"`
}

// trialSteps make the repository known to the target, as apply does.
func (m *Move) trialSteps() []engine.Step {
	return []engine.Step{&registerRepository{wanted: m.Wanted, sides: m.Sides, open: m.Sides.Target, side: "target", readOnly: true}}
}

// tryRestore restores one index. What the target says against it is in the trial.
func (r *rehearsing) tryRestore(ctx context.Context) error {
	route, any := r.trialRoute()
	if !any {
		return nil
	}
	trial := &RestoreTrial{Source: route.Source}
	r.result.Restored = trial
	err := r.restoreOne(ctx, route, trial)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		trial.Failed = err.Error()
		if hint := Hint(err); hint != "" {
			trial.Failed += " (" + hint + ")"
		}
		r.note("%s could not be restored: %s", route.Source, trial.Failed)
		return nil
	}
	r.note("%s: restored as files, %d documents", route.Source, trial.Documents)
	return nil
}

// trialRoute chooses the smallest index that is the share of all that will be restored, or else the largest.
func (r *rehearsing) trialRoute() (plan.Route, bool) {
	routes := slices.DeleteFunc(r.move.Plan.Moving(plan.Restore), func(route plan.Route) bool {
		_, left := r.result.Left[route.Source]
		return left
	})
	if len(routes) == 0 {
		return plan.Route{}, false
	}
	var all int64
	for _, route := range routes {
		all += route.Bytes
	}
	slices.SortFunc(routes, func(a, b plan.Route) int { return cmp.Compare(a.Bytes, b.Bytes) })
	for _, route := range routes {
		if float64(route.Bytes) >= r.options.Share*float64(all) {
			return route, true
		}
	}
	return routes[len(routes)-1], true
}

func (r *rehearsing) restoreOne(ctx context.Context, route plan.Route, trial *RestoreTrial) error {
	target, err := r.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	if r.result.DiskTotal > 0 && route.Bytes > r.result.DiskFree {
		return fmt.Errorf("the target has not enough room for its %d bytes", route.Bytes)
	}
	if ours, _, err := registered(ctx, target, r.move.Wanted); err != nil {
		return err
	} else if !ours {
		runner := r.move.rehearsalRunner(r.options.Journal, r.options.Sink, r.move.trialSteps())
		// It may have been taken away since an earlier rehearsal.
		if err := errors.Join(runner.Undo(ctx), runner.Run(ctx)); err != nil {
			return err
		}
	}
	route.Target = r.move.scratchName("restored." + route.Target)
	step := restoreIndices{target: r.move.Sides.Target, repository: r.move.Wanted.Repository.Name, snapshot: r.result.Snapshot}
	began := time.Now()
	if err := step.restore(ctx, target, []plan.Route{route}); err != nil {
		return err
	}
	trial.Seconds = time.Since(began).Seconds()
	if err := target.Refresh(ctx, route.Target); err != nil {
		return err
	}
	var errs [2]error
	trial.Documents, errs[0] = target.Count(ctx, route.Target, nil)
	trial.Bytes, errs[1] = target.SegmentBytes(ctx, route.Target)
	if err := errors.Join(errs[:]...); err != nil || r.options.Keep {
		return err
	}
	return target.DeleteIndex(ctx, route.Target)
}

// foreseeRestores tells from the trial how long files take.
func (r *rehearsing) foreseeRestores() {
	trial := r.result.Restored
	if trial == nil || trial.Failed != "" || trial.Bytes == 0 {
		return
	}
	for i := range r.result.Rows {
		if row := &r.result.Rows[i]; row.Route == plan.Restore {
			seconds := forecast.Exactly(row.Forecast.Primaries.Likely / float64(trial.Bytes) * trial.Seconds)
			row.Forecast.Seconds, row.Forecast.Rough = &seconds, forecast.RoughBy(trial.Seconds)
		}
	}
}
