package main

// measure.go answers: what is measured of each contestant, and under which conditions? Next: mock.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	// settleLimit is how long the target may finish what the one before left to merge.
	settleLimit = 2 * time.Minute
	settlePause = 500 * time.Millisecond
	warmName    = "warm-up"
)

// arena is where one pair's contestants meet: the target, and what they need.
type arena struct {
	config config
	pair   pair
	source *source
	target *lab.Node
	work   string
	// best is the bare client's best way for each dataset.
	best map[string]bareOrder
}

// openArena starts the target and keeps the bodies that hikkoshi sends.
func openArena(ctx context.Context, c config, p pair, old *source) (*arena, error) {
	work, err := os.MkdirTemp("", "hikkoshi-bench-load-")
	if err != nil {
		return nil, err
	}
	a := &arena{config: c, pair: p, source: old, work: work, best: map[string]bareOrder{}}
	settings := map[string]string{"reindex.remote.whitelist": "127.0.0.1:*"}
	if _, opensearch := cutOpenSearch(p.target); opensearch {
		settings = map[string]string{"reindex.remote.allowlist": "127.0.0.1:*"}
	}
	if a.target, err = startNode(ctx, c, p.target, "", settings, old.folder, work); err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	for _, d := range old.data {
		if err := a.keepBodies(ctx, d); err != nil {
			a.close(context.WithoutCancel(ctx))
			return nil, fmt.Errorf("keep the bodies of %s: %w", d.name, err)
		}
	}
	return a, nil
}

func (a *arena) close(ctx context.Context) {
	// What was measured is kept already.
	_ = a.target.Stop(ctx)
	_ = os.RemoveAll(a.work)
}

func (a *arena) bodies(d dataset) string { return filepath.Join(a.work, "bodies-"+d.name) }

func (a *arena) job(d dataset) job {
	return job{data: d, from: d.sourceIndex(), to: d.index, repository: a.source.repository(d)}
}

// keepBodies lets hikkoshi load into a mock that writes everything down.
func (a *arena) keepBodies(ctx context.Context, d dataset) error {
	if err := os.MkdirAll(a.bodies(d), 0o755); err != nil {
		return err
	}
	url, stop, err := startMock(ctx, mockOrder{Version: a.pair.target, Keep: a.bodies(d)})
	if err != nil {
		return err
	}
	defer stop()
	order := a.order(a.job(d))
	order.Target = url
	var result backfillResult
	if _, err := own(ctx, backfillArgument, order, &result); err != nil {
		return err
	}
	if result.Written != d.documents {
		return fmt.Errorf("%w: %d of %d: %.300s", errLost, result.Written, d.documents, result.Reasons)
	}
	return nil
}

// measureLoads lets everyone move everything, round by round, each round beginning with another.
func (a *arena) measureLoads(ctx context.Context, results *results) error {
	all := chosen(a.config, a.pair)
	for _, d := range a.source.data {
		warm := false
		for round := range a.config.repeat {
			for i := range all {
				one := all[(i+round)%len(all)]
				if !a.config.measures(one, round) || results.has(kindLoad, a.pair, d, one.name, round) {
					continue
				}
				if !warm {
					if err := a.warmUp(ctx, d); err != nil {
						return fmt.Errorf("warm up with %s: %w", d.name, err)
					}
					warm = true
				}
				e, err := a.measure(ctx, d, one, round)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err != nil {
					e.Failed = err.Error()
					say("%s %s: %s failed: %v", a.pair, d.name, one.title, err)
				}
				if err := results.add(e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// warmUp finds the bare client's best way and brings the target's compilers to work.
func (a *arena) warmUp(ctx context.Context, d dataset) error {
	names, err := bodyNames(a.bodies(d))
	if err != nil {
		return err
	}
	first, fastest := max(trialLeast, len(names)/trialShare), 0.0
	// The first way is tried once more at the end of the list: what is cold at first is no fault of its own.
	choices := append([]bareOrder{{Concurrency: 2}}, bareChoices()...)
	for i, order := range choices {
		if err := a.makeIndex(ctx, a.job(d)); err != nil {
			return err
		}
		order.Folder, order.Target, order.First = a.bodies(d), a.target.URL(), first
		var result bareResult
		if _, err := own(ctx, bareArgument, order, &result); err != nil {
			return err
		}
		rate := float64(result.Documents) / result.Wall
		say("%s %s: the target takes %.0f documents/s, %s", a.pair, d.name, rate, order)
		if i > 0 && rate > fastest {
			fastest, order.First = rate, 0
			a.best[d.name] = order
		}
		if err := a.settle(ctx); err != nil {
			return err
		}
	}
	return a.sendAll(ctx, d)
}

// sendAll loads everything once by the bare client: parts of the bodies leave the target's compilers and merges cold.
func (a *arena) sendAll(ctx context.Context, d dataset) error {
	if err := a.makeIndex(ctx, a.job(d)); err != nil {
		return err
	}
	if _, err := a.bare(ctx, a.job(d)); err != nil {
		return err
	}
	return errors.Join(a.settle(ctx), a.deleteIndex(ctx, d.index))
}

// makeIndex makes the target's index anew, as hikkoshi's rules say, set for loading.
func (a *arena) makeIndex(ctx context.Context, j job) error {
	if err := a.deleteIndex(ctx, j.to); err != nil {
		return err
	}
	_, _, made, err := openIndex(ctx, a.order(j))
	if err != nil {
		return err
	}
	for _, target := range made.Targets {
		if _, err := rig.Call(ctx, http.MethodPut, a.target.URL()+"/"+target.Name, json.RawMessage(target.Body)); err != nil {
			return err
		}
		if err := a.loosen(ctx, target.Name); err != nil {
			return err
		}
	}
	return nil
}

// loosen sets an index for loading, alike for everybody.
func (a *arena) loosen(ctx context.Context, index string) error {
	_, err := rig.Call(ctx, http.MethodPut, a.target.URL()+"/"+index+"/_settings", rig.Object{"index": rig.Object{"refresh_interval": "-1", "number_of_replicas": 0}})
	return err
}

func (a *arena) deleteIndex(ctx context.Context, index string) error {
	_, err := rig.Call(ctx, http.MethodDelete, a.target.URL()+"/"+index, nil)
	if err != nil && strings.Contains(err.Error(), "404") {
		return nil
	}
	return err
}

// settle waits until the target merges nothing any more.
func (a *arena) settle(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < settleLimit; {
		answer, err := rig.Call(ctx, http.MethodGet, a.target.URL()+"/_nodes/stats/indices", nil)
		if err != nil {
			return err
		}
		if gjson.GetBytes(answer, "nodes.*.indices.merges.current").Int() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(settlePause):
		}
	}
	return nil
}

// counters are what a node has done so far.
type counters struct {
	CPU                                   float64
	Searches, Scrolls, Fetches, Connected int64
	Written                               int64
}

func countersOf(ctx context.Context, node *lab.Node) (counters, error) {
	answer, err := rig.Call(ctx, http.MethodGet, node.URL()+"/_nodes/stats/indices,http", nil)
	if err != nil {
		return counters{}, err
	}
	search := gjson.GetBytes(answer, "nodes.*.indices.search")
	return counters{CPU: rig.ProcessCPU(node.PID()), Written: rig.ProcessWritten(node.PID()), Searches: search.Get("query_total").Int(), Scrolls: search.Get("scroll_total").Int(),
		Fetches: search.Get("fetch_total").Int(), Connected: gjson.GetBytes(answer, "nodes.*.http.total_opened").Int()}, nil
}

func (c counters) since(before counters) counters {
	return counters{c.CPU - before.CPU, c.Searches - before.Searches, c.Scrolls - before.Scrolls, c.Fetches - before.Fetches, c.Connected - before.Connected, c.Written - before.Written}
}

// timed runs one and gives the time of the clock, or its own.
func timed(one func() (usage, error)) (usage, float64, error) {
	began := time.Now()
	used, err := one()
	wall := time.Since(began).Seconds()
	if used.Wall > 0 {
		wall = used.Wall
	}
	return used, wall, err
}

// measure lets one contestant move one dataset.
func (a *arena) measure(ctx context.Context, d dataset, one contestant, round int) (entry, error) {
	e, j := a.entry(kindLoad, d, one.name, round), a.job(d)
	j.profile = a.config.profileName("load-" + a.pair.String() + "-" + d.name)
	var err error
	if one.makes {
		err = a.deleteIndex(ctx, j.to)
	} else {
		err = a.makeIndex(ctx, j)
	}
	if err == nil {
		err = a.settle(ctx)
	}
	if err != nil {
		return e, err
	}
	say("%s %s: %s, round %d", a.pair, d.name, one.title, round+1)
	oldBefore, err := countersOf(ctx, a.source.node)
	if err != nil {
		return e, err
	}
	newBefore := rig.ProcessCPU(a.target.PID())
	used, wall, moveErr := timed(func() (usage, error) { return one.move(a, ctx, j) })
	e.set(used, wall)
	e.TargetCPU = rig.ProcessCPU(a.target.PID()) - newBefore
	oldAfter, err := countersOf(ctx, a.source.node)
	if err := errors.Join(moveErr, err); err != nil {
		return e, err
	}
	e.Source = oldAfter.since(oldBefore)
	if e.Arrived, err = a.count(ctx, j.to); err != nil {
		return e, err
	}
	say("%s %s: %s: %.0f documents/s", a.pair, d.name, one.title, float64(d.documents)/wall)
	if err := a.deleteIndex(ctx, j.to); err != nil {
		return e, err
	}
	if e.Arrived != d.documents {
		return e, fmt.Errorf("%w: %d of %d", errLost, e.Arrived, d.documents)
	}
	return e, nil
}

func (a *arena) count(ctx context.Context, index string) (int64, error) {
	if _, err := rig.Call(ctx, http.MethodPost, a.target.URL()+"/"+index+"/_refresh", nil); err != nil {
		return 0, err
	}
	answer, err := rig.Call(ctx, http.MethodGet, a.target.URL()+"/"+index+"/_count", nil)
	return gjson.GetBytes(answer, "count").Int(), err
}
