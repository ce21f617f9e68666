package main

// client.go answers: what do a document and a megabyte cost the client, when the target costs nothing? Next: odd.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// The ways that are measured against the mock.
const (
	wayPlain = "hikkoshi"
	wayRule  = "hikkoshi, a rule changes every document"
	wayExpr  = "hikkoshi, an expression changes every document"
	// Bodies are compressed unless the target is on the same machine.
	wayPlainGzip = "hikkoshi, gzip"
	wayRuleGzip  = "hikkoshi, a rule changes every document, gzip"
	wayDumpFile  = "elasticdump, file to HTTP"
	wayDumpLive  = "elasticdump, cluster to HTTP"
	wayBodies    = "bodies made before, sent by the bare client"
)

// clientWay is one way to bring an index to the mock.
type clientWay struct {
	name string
	// peer says that it is another program's, which takes the most time.
	peer bool
	run  func(ctx context.Context, url string, j job) (usage, error)
}

func (a *arena) clientWays() []clientWay {
	hikkoshi := func(rule string, gzip load.Gzip) func(context.Context, string, job) (usage, error) {
		return func(ctx context.Context, url string, j job) (usage, error) {
			order := a.order(j)
			order.Target, order.Rule, order.Gzip = url, rule, gzip
			name := fmt.Sprintf("mock-%s-%s-rule=%s-gzip=%s", a.pair, j.data.name, rule, gzip)
			order.Profile = a.config.profileName(name)
			var result backfillResult
			used, err := own(ctx, backfillArgument, order, &result)
			used.PeakRSS = result.PeakRSS
			if err == nil && result.SetAside > 0 {
				err = fmt.Errorf("%d documents were set aside: %.300s", result.SetAside, result.Reasons)
			}
			return used, err
		}
	}
	return []clientWay{
		{name: wayPlain, run: hikkoshi("", load.GzipOff)},
		{name: wayRule, run: hikkoshi(ruleOfFields, load.GzipOff)},
		{name: wayExpr, run: hikkoshi(ruleOfExpression, load.GzipOff)},
		{name: wayPlainGzip, run: hikkoshi("", load.GzipOn)},
		{name: wayRuleGzip, run: hikkoshi(ruleOfFields, load.GzipOn)},
		{name: wayBodies, run: func(ctx context.Context, url string, j job) (usage, error) {
			var result bareResult
			used, err := own(ctx, bareArgument, bareOrder{Folder: a.bodies(j.data), Target: url, Concurrency: 2}, &result)
			used.CPU, used.Wall, used.PeakRSS = result.CPU, result.Wall, result.PeakRSS
			return used, err
		}},
		{name: wayDumpFile, peer: true, run: func(ctx context.Context, url string, j job) (usage, error) {
			return dumpFile(ctx, a.config.cache, a.dumpPath(j.data), url, j.to, j.page())
		}},
		{name: wayDumpLive, peer: true, run: func(ctx context.Context, url string, j job) (usage, error) {
			return a.dumpTo(ctx, url, j)
		}},
	}
}

// measuresWay says whether a way is measured in a round.
func (c config) measuresWay(way clientWay, round int) bool {
	return c.asked(way.name) && (!way.peer || c.peerRounds == 0 || round < c.peerRounds)
}

func (a *arena) dumpPath(d dataset) string { return filepath.Join(a.work, d.name+".dump") }

// measureClients runs every way against the mock.
func (a *arena) measureClients(ctx context.Context, results *results) error {
	for _, d := range a.source.data {
		if err := writeDump(a.bodies(d), a.dumpPath(d)); err != nil {
			return err
		}
		for round := range a.config.repeat {
			for _, way := range a.clientWays() {
				if !a.config.measuresWay(way, round) || results.has(kindClient, a.pair, d, way.name, round) {
					continue
				}
				e, err := a.measureClient(ctx, d, way, round)
				if err != nil {
					return fmt.Errorf("%s: %w", way.name, err)
				}
				if err := results.add(e); err != nil {
					return err
				}
			}
		}
		if err := os.Remove(a.dumpPath(d)); err != nil {
			return err
		}
	}
	return nil
}

func (a *arena) measureClient(ctx context.Context, d dataset, way clientWay, round int) (entry, error) {
	e := a.entry(kindClient, d, way.name, round)
	url, stop, err := startMock(ctx, mockOrder{Version: a.pair.target})
	if err != nil {
		return e, err
	}
	defer stop()
	say("%s %s: %s to a target that costs nothing, round %d", a.pair, d.name, way.name, round+1)
	used, wall, err := timed(func() (usage, error) { return way.run(ctx, url, a.job(d)) })
	if err != nil {
		return e, err
	}
	e.set(used, wall)
	text, err := rig.Call(ctx, http.MethodGet, url+"/counts", nil)
	if err != nil {
		return e, err
	}
	var counts mockCounts
	if err := json.Unmarshal(text, &counts); err != nil {
		return e, err
	}
	if counts.Documents != d.documents {
		return e, fmt.Errorf("%w: %d of %d", errLost, counts.Documents, d.documents)
	}
	e.Requests, e.Wire = counts.Requests, counts.Wire
	return e, nil
}
