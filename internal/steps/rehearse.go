package steps

// rehearse.go answers: would a move by this plan go through, how long does it take, and is there room? A share of every
// index goes the way that all of it will go, rules, load engine and all, into scratch indices of the real target; it is
// compared whole, and what it took tells what the rest will take. Next: rehearse_snapshot.go, then rehearse_load.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// RehearseOptions are the choices of a rehearsal.
type RehearseOptions struct {
	// Share is the part of each index that is moved, above 0 and up to 1.
	Share float64
	// Keep leaves the scratch indices on the target.
	Keep bool
	// Journal is the migration's, held by the caller, so that nothing else works on it meanwhile.
	Journal *engine.Journal
	// Sink hears of progress.
	Sink engine.Sink
}

// rehearsing is one run.
type rehearsing struct {
	move    *Move
	options RehearseOptions
	reader  *export.Reader
	source  *load.Source
	result  *Rehearsal
}

// Rehearse moves a share of each index into scratch indices, compares it, reckons from it what the whole takes, and keeps
// the result. What is found is no error; an error says that it could not be found out.
func (m *Move) Rehearse(ctx context.Context, options RehearseOptions) (*Rehearsal, error) {
	target, err := m.Sides.Target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil, engine.WithHint(fmt.Errorf("there is no target yet to rehearse on: %w: %w", engine.ErrBlocked, err), "`hikkoshi apply` makes the domain; `hikkoshi preflight` checks the documents without one")
	}
	if err != nil {
		return nil, err
	}
	r := &rehearsing{move: m, options: options, result: &Rehearsal{At: time.Now().UTC(), Target: m.Wanted.Target.Label(), Share: options.Share, Decisions: m.Plan.Decisions(), Left: map[string]string{}}}
	left, err := m.ClearScratch(ctx)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		r.note("deleted what an earlier rehearsal left: %s", listed(left))
	}
	disk, err := target.Disk(ctx)
	if err != nil {
		return nil, err
	}
	if disk.Known {
		r.result.DiskFree, r.result.DiskTotal = disk.Available, disk.Total
	}
	names := r.indices()
	if err := r.openSnapshot(ctx, names); err != nil {
		return nil, err
	}
	group, inner := errgroup.WithContext(ctx)
	watching, rest := context.WithCancel(inner)
	group.Go(func() error {
		load.Watch(watching, target, m.Valve())
		return nil
	})
	group.Go(func() error {
		defer rest()
		if err := r.tryRestore(inner); err != nil {
			return err
		}
		return r.all(inner, names)
	})
	if err := errors.Join(group.Wait(), r.tidy(ctx)); err != nil {
		return nil, err
	}
	r.sum()
	return r.result, r.result.save(m.Wanted)
}

// indices are those of the plan that can be rehearsed; the others are left with a reason.
func (r *rehearsing) indices() []string {
	names := sources(r.move.Plan.Moving(plan.Restore, plan.Backfill, plan.Scroll))
	return slices.DeleteFunc(names, func(name string) bool {
		index, _ := r.move.Plan.Facts.Source.Index(name)
		if index.Closed {
			r.result.Left[name] = "it is closed, and only apply opens it"
		}
		return index.Closed
	})
}

// openSnapshot opens the snapshot for what is not read through the search API.
func (r *rehearsing) openSnapshot(ctx context.Context, names []string) error {
	var wanted []string
	for _, name := range names {
		if r.kind(name) != plan.Scroll {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	repository, info, err := r.move.rehearsalSnapshot(ctx, r.options.Journal, r.options.Sink, wanted)
	if err != nil {
		return err
	}
	r.reader = export.NewReader(ctx, repository, info)
	r.result.Snapshot, r.result.SnapshotAt = info.Name, info.Start
	r.note("reading snapshot %s, taken %s", info.Name, info.Start.Local().Format(time.DateTime))
	return nil
}

// kind is the route of an index; all that it becomes travel the same way.
func (r *rehearsing) kind(name string) plan.RouteKind { return r.route(name).Kind }

func (r *rehearsing) route(name string) plan.Route {
	at := slices.IndexFunc(r.move.Plan.Routes, func(route plan.Route) bool { return route.Source == name && route.Kind != plan.Skip })
	return r.move.Plan.Routes[at]
}

// all rehearses index by index, so that each one's time is its own.
func (r *rehearsing) all(ctx context.Context, names []string) error {
	target, err := r.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	for i, name := range names {
		r.options.Sink(engine.Event{Kind: engine.EventProgress, Current: int64(i), Total: int64(len(names)), Unit: "indices", Message: name})
		row, err := r.index(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.result.Rows = append(r.result.Rows, row)
		r.note("%s: %s", name, row.summary())
		if r.options.Keep {
			continue
		}
		for _, scratch := range row.Scratch { // now, so that the disk holds one index's share at a time
			if err := target.DeleteIndex(ctx, scratch); err != nil {
				return fmt.Errorf("delete %s on the target: %w", scratch, err)
			}
		}
	}
	return nil
}

// tidyPatience is how long a rehearsal that is stopped may take to delete its scratch indices: a busy target needs seconds for
// each, and what is left lies there until the next rehearsal.
const tidyPatience = time.Minute

// tidy takes the scratch indices away, or names those that stay; also after an error, and when the person stops.
func (r *rehearsing) tidy(ctx context.Context) (err error) {
	farewell, cancel := lasting(ctx, tidyPatience)
	defer cancel()
	if r.options.Keep {
		r.result.Kept, err = r.move.scratchIndices(farewell)
		return err
	}
	_, err = r.move.ClearScratch(farewell)
	return err
}

// fastest is the highest rate, in bytes a second, that any half of some size reached; 0 where none had that size.
func (r *rehearsing) fastest() (best float64) {
	const someSize = 1 << 20
	for _, row := range r.result.Rows {
		for _, part := range row.Measured.Parts {
			if part.Bytes >= someSize && part.Seconds > 0 {
				best = max(best, float64(part.Bytes)/part.Seconds)
			}
		}
	}
	return best
}

// sum adds the rows up. Servers are slow when they begin, so that what was measured shortly may be done as fast as the
// fastest.
func (r *rehearsing) sum() {
	r.foreseeRestores()
	best := r.fastest()
	for i := range r.result.Rows {
		row := &r.result.Rows[i]
		if row.Forecast.Rough != "" && row.Forecast.Seconds != nil && row.Route.Loads() && best > 0 {
			row.Forecast.AtBest(row.Measured.Making + float64(row.Measured.BodyBytes(row.documents))/best)
		}
		if row.Route == plan.Scroll && row.Forecast.Seconds != nil {
			row.Forecast.AtLeast(r.move.sourceLimits().Seconds(row.documents, row.Measured.BodyBytes(row.documents)))
		}
	}
	result := r.result
	var seconds, sent, bytes float64
	var total forecast.Forecast
	for _, row := range result.Rows {
		result.Moved += row.Moved
		result.Aside += row.Aside
		total.Documents += row.Forecast.Documents
		total.Primaries = total.Primaries.Plus(row.Forecast.Primaries)
		total.Stored = total.Stored.Plus(row.Forecast.Stored)
		if row.Forecast.Rough != "" {
			total.Rough = "some indices are"
		}
		if row.Forecast.Seconds == nil {
			result.Untimed += int64(row.Forecast.Primaries.Likely)
			continue
		}
		if total.Seconds == nil {
			total.Seconds = new(forecast.Span)
		}
		*total.Seconds = total.Seconds.Plus(*row.Forecast.Seconds)
		for _, part := range row.Measured.Parts {
			if !row.Route.Loads() {
				break // no load of the move
			}
			seconds, sent, bytes = seconds+part.Seconds, sent+float64(part.Documents), bytes+float64(part.Bytes)
		}
	}
	if seconds > 0 {
		total.DocumentsPerSecond, total.BytesPerSecond = sent/seconds, bytes/seconds
	}
	result.Total, result.Seconds = total, time.Since(result.At).Seconds()
}

func (r *rehearsing) note(format string, arguments ...any) {
	r.options.Sink(engine.Event{Kind: engine.EventNote, Message: fmt.Sprintf(format, arguments...)})
}
