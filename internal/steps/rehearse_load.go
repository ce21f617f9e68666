package steps

// rehearse_load.go answers: how is the share of one index moved and measured? The index is made as the load makes it, the
// share is sent in two halves by as many readers as a load has, and behind each half it is seen what lies on the disk.
// Next: rehearse_proof.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// index rehearses one index. What the target refuses is in the row; an error ends the rehearsal.
func (r *rehearsing) index(ctx context.Context, name string) (RehearsalRow, error) {
	row := RehearsalRow{Source: name, Route: r.kind(name), documents: documentsOf(r.move.Plan.Routes, name)}
	target, err := r.move.Sides.Target(ctx)
	if err != nil {
		return row, err
	}
	made, err := r.move.indexPlan(ctx, name)
	if err != nil {
		return row, err
	}
	began := time.Now()
	err = r.create(ctx, target, made, &row)
	row.Measured.Making = time.Since(began).Seconds()
	if err == nil {
		err = r.moveShare(ctx, target, made, &row)
	}
	if err != nil {
		if ctx.Err() != nil {
			return row, context.Cause(ctx)
		}
		if !itsOwn(err) {
			return row, err
		}
		row.Failed = err.Error()
	}
	for i := range row.Refusals {
		row.Refusals[i].Repair = row.Refusals[i].Repair.Beforehand()
	}
	r.foresee(&row)
	return row, nil
}

// errNothingMoved keeps an index from being called verified of which nothing was.
var errNothingMoved = errors.New("none of its documents was found where its share was looked for")

// itsOwn says that an error is the index's own and does not keep the others from being rehearsed.
func itsOwn(err error) bool {
	var failure *cluster.Error
	return errors.As(err, &failure) && failure.Status >= 400 && failure.Status < 500 || errors.Is(err, load.ErrAllRefused) || errors.Is(err, errNothingMoved)
}

// create makes the scratch indices with the bodies of the plan, loosened as for the load.
func (r *rehearsing) create(ctx context.Context, target *cluster.Client, made *transform.IndexPlan, row *RehearsalRow) error {
	for i := range made.Targets {
		wanted := &made.Targets[i]
		name := r.move.scratchName(wanted.Name)
		row.Scratch = append(row.Scratch, name)
		row.Replicas = max(row.Replicas, replicasOf(wanted.Body))
		if err := target.CreateIndex(ctx, name, wanted.Body); err != nil {
			return fmt.Errorf("create what %s becomes: %w", row.Source, err)
		}
		if err := target.PutSettings(ctx, name, load.LooseSettings(wanted.Body)); err != nil {
			return err
		}
	}
	return nil
}

// replicasOf reads the number of replicas from a create body; servers make one unless told otherwise.
func replicasOf(body []byte) int {
	written, set := load.OwnSettings(body)["index.number_of_replicas"].(json.RawMessage)
	number, err := strconv.Atoi(strings.Trim(string(written), `"`))
	if !set || err != nil {
		return 1
	}
	return number
}

// moveShare sends, measures and compares.
func (r *rehearsing) moveShare(ctx context.Context, target *cluster.Client, made *transform.IndexPlan, row *RehearsalRow) error {
	chosen, err := r.sample(ctx, row)
	if err != nil {
		return err
	}
	parts := &partNames{}
	job := r.move.job(target, r.rewrite(ctx, made, parts))
	for half := range halves {
		feeds := chosen.feeds(half, runtime.GOMAXPROCS(0))
		if len(feeds) == 0 {
			continue // a handful of documents, or none
		}
		part, err := r.send(ctx, job, feeds, row)
		if err != nil {
			return err
		}
		row.Scratch = parts.with(row.Scratch)
		if part.Stored, err = r.settleScratch(ctx, target, row); err != nil {
			return err
		}
		row.Measured.Parts = append(row.Measured.Parts, part)
	}
	if row.Moved+row.LeftOut == 0 && row.documents > 0 {
		return errNothingMoved
	}
	row.Measured.Whole, row.Measured.Spread = chosen.whole(), chosen.spread() // before everything is read once more
	return r.prove(ctx, target, made, chosen, row)
}

// rewrite is that of the load, into scratch indices.
func (r *rehearsing) rewrite(ctx context.Context, made *transform.IndexPlan, parts *partNames) func() load.Rewrite {
	return func() load.Rewrite {
		var scratch transform.Scratch
		return func(document es.Document) (es.Document, error) {
			rewritten, wanted, err := load.Becomes(&scratch, made, document)
			if err != nil {
				return rewritten, err
			}
			part := wanted.Split && rewritten.Index != wanted.Name
			if rewritten.Index = r.move.scratchName(rewritten.Index); part {
				parts.add(rewritten.Index)
				err = r.move.makePart(ctx, wanted, rewritten.Index)
			}
			return rewritten, err
		}
	}
}

// partNames are the scratch indices that were made for values, where a rule splits an index.
type partNames struct {
	mutex sync.Mutex
	names []string
}

func (p *partNames) add(name string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
}

// with adds them to others.
func (p *partNames) with(others []string) []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, name := range p.names {
		if !slices.Contains(others, name) {
			others = append(others, name)
		}
	}
	return others
}

// send sends one half by all readers at once.
func (r *rehearsing) send(ctx context.Context, job *load.Job, feeds []load.Feed, row *RehearsalRow) (forecast.Part, error) {
	var mutex sync.Mutex
	var total load.Outcome
	began := time.Now()
	group, inner := errgroup.WithContext(ctx)
	for _, feed := range feeds {
		group.Go(func() error {
			_, err := job.Run(inner, feed, 0, func(_ int64, outcome load.Outcome) error {
				mutex.Lock()
				defer mutex.Unlock()
				row.book(outcome.Refused)
				outcome.Refused = nil
				total.Add(outcome)
				return nil
			})
			return err
		})
	}
	err := group.Wait()
	row.Moved += total.Sent
	row.Aside += total.Aside
	row.LeftOut += total.LeftOut
	return forecast.Part{Documents: total.Sent - total.Aside, Bytes: total.Bytes, Seconds: time.Since(began).Seconds()}, err
}

// settleScratch brings the scratch indices into a state in which sizes can be compared, and gives the size.
func (r *rehearsing) settleScratch(ctx context.Context, target *cluster.Client, row *RehearsalRow) (int64, error) {
	for _, name := range row.Scratch {
		if err := errors.Join(target.Flush(ctx, name), target.Refresh(ctx, name)); err != nil {
			return 0, err
		}
		if err := target.Merge(ctx, name); err != nil {
			return 0, fmt.Errorf("merge %s: %w", name, err)
		}
	}
	return target.SegmentBytes(ctx, row.Scratch...)
}

// foresee reckons what the whole index takes. One that is restored keeps its files; only its sources were tried. Of one of
// which nothing could be measured its size on the source is all that is known.
func (r *rehearsing) foresee(row *RehearsalRow) {
	index, _ := r.move.Plan.Facts.Source.Index(row.Source)
	nothing := row.documents > 0 && row.Measured.BodyBytes(1) == 0
	if row.Route != plan.Restore && !nothing {
		row.Forecast = forecast.Of(row.documents, row.Replicas, row.Measured)
		return
	}
	if row.Route == plan.Restore {
		row.Replicas = index.Replicas
	} else {
		row.Forecast.Rough = "not measured: its size on the source"
	}
	row.Forecast.Documents, row.Forecast.Primaries = row.documents, forecast.Exactly(float64(index.Bytes))
	row.Forecast.Stored = row.Forecast.Primaries.Times(float64(1 + row.Replicas))
}

// summary is one line for a person who waits.
func (r *RehearsalRow) summary() string {
	if r.Failed != "" {
		return r.Failed
	}
	verdict := "verified"
	if !r.Verified() {
		verdict = "NOT as on the source"
	}
	text := fmt.Sprintf("%d documents moved, %s", r.Moved-r.Aside, verdict)
	if r.Aside > 0 {
		text += fmt.Sprintf(", %d refused", r.Aside)
	}
	return text
}
