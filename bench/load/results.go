package main

// results.go answers: how are measurements kept, so that a run goes on where it was stopped, and the report can be made
// again? One line of JSON each. Next: report.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
)

// The kinds of entries.
const (
	kindMachine  = "machine"
	kindSnapshot = "snapshot"
	kindLoad     = "load"
	kindClient   = "client"
	kindFidelity = "fidelity"
	kindWhole    = "whole"
)

// entry is one measurement.
type entry struct {
	Kind       string
	Pair       string `json:",omitempty"`
	Data       string `json:",omitempty"`
	Contestant string `json:",omitempty"`
	Round      int    `json:",omitempty"`
	When       string `json:",omitempty"`
	// Load is the load average when it ended.
	Load string `json:",omitempty"`
	// Machine and Heap say on what was measured.
	Machine []string `json:",omitempty"`
	Heap    string   `json:",omitempty"`

	Documents, Bytes int64   `json:",omitempty"` // of source
	Wall, CPU        float64 `json:",omitempty"` // CPU of the contestant's own processes
	PeakRSS          int64   `json:",omitempty"`
	TargetCPU        float64 `json:",omitempty"`
	Arrived          int64   `json:",omitempty"`
	Tuned            string  `json:",omitempty"`
	Failed           string  `json:",omitempty"`
	// Source is what the source did meanwhile.
	Source counters `json:",omitzero"`
	// Requests and Wire are the requests and bytes that the mock was sent.
	Requests int64 `json:",omitempty"`
	Wire     int64 `json:",omitempty"`
	// Snapshot is what it took from the source.
	Snapshot made `json:",omitzero"`
	// Steps are the seconds of each step of a whole move.
	Steps map[string]float64 `json:",omitempty"`
	// Verdicts are those of the odd documents, by their names.
	Verdicts map[string]string `json:",omitempty"`
}

// results are all measurements of a run.
type results struct {
	path    string
	entries []entry
}

func loadResults(ctx context.Context, c config) (*results, error) {
	r := &results{path: c.results}
	if c.results != "" {
		raw, err := os.ReadFile(c.results)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if r.entries, err = parseEntries(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", c.results, err)
		}
	}
	if c.reportOnly || slices.ContainsFunc(r.entries, func(e entry) bool { return e.Kind == kindMachine }) {
		return r, nil
	}
	return r, r.add(entry{Kind: kindMachine, Machine: rig.Machine(ctx), Heap: c.heap, When: now(), Load: rig.LoadAverage()})
}

func now() string { return time.Now().UTC().Format("2006-01-02 15:04") }

func parseEntries(raw []byte) ([]entry, error) {
	var all []entry
	lines := json.NewDecoder(bytes.NewReader(raw))
	for {
		var e entry
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}

// add keeps one, also on disk.
func (r *results) add(e entry) error {
	r.entries = append(r.entries, e)
	if r.path == "" {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// entry begins one.
func (a *arena) entry(kind string, d dataset, contestant string, round int) entry {
	e := entry{Kind: kind, Pair: a.pair.String(), Data: d.name, Contestant: contestant, Round: round, When: now(), Documents: d.documents, Bytes: a.source.made[d.key()].Bytes}
	return e
}

// set takes over what was measured.
func (e *entry) set(used usage, wall float64) {
	e.CPU, e.PeakRSS, e.Tuned, e.Wall, e.Load = used.CPU, used.PeakRSS, used.Tuned, wall, rig.LoadAverage()
}

// has says whether a measurement is there already. One that failed is made again.
func (r *results) has(kind string, p pair, d dataset, contestant string, round int) bool {
	return slices.ContainsFunc(r.entries, func(e entry) bool {
		return e.Kind == kind && e.Pair == p.String() && e.Data == d.name && e.Documents == d.documents && e.Contestant == contestant && e.Round == round && e.Failed == ""
	})
}

// keepSnapshots takes over what the snapshots of a pair cost its source.
func (r *results) keepSnapshots(p pair, s *source) {
	for _, d := range s.data {
		if slices.ContainsFunc(r.entries, func(e entry) bool {
			return e.Kind == kindSnapshot && e.subject() == subject{p.String(), d.name, d.documents}
		}) {
			continue
		}
		// What cannot be written now fails with the first measurement.
		_ = r.add(entry{Kind: kindSnapshot, Pair: p.String(), Data: d.name, Documents: d.documents, Snapshot: s.made[d.key()]})
	}
}

// complete says whether nothing of a pair is left to measure.
func (r *results) complete(c config, p pair) bool {
	for _, d := range datasets(c) {
		if c.wants(partWhole) && !r.has(kindWhole, p, d, wholeContestant, 0) {
			return false
		}
		for round := range c.repeat {
			for _, one := range chosen(c, p) {
				if c.wants(partLoad) && c.measures(one, round) && !r.has(kindLoad, p, d, one.name, round) {
					return false
				}
			}
			for _, way := range (&arena{}).clientWays() {
				if c.wants(partClient) && c.measuresWay(way, round) && !r.has(kindClient, p, d, way.name, round) {
					return false
				}
			}
		}
	}
	for _, one := range chosen(c, p) {
		if c.wants(partFidelity) && one.name != byBare && !r.has(kindFidelity, p, dataset{}, one.name, 0) {
			return false
		}
	}
	return true
}
