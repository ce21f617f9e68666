package main

// whole.go answers: what does a whole move cost around the load? The real program, as a person runs it: `hikkoshi plan` and
// `hikkoshi apply`, with a snapshot of its own, the load, the catch-up and the proof. Next: mock.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

const (
	wholeContestant = "hikkoshi apply"
	wholeRepository = "whole"
)

// measureWhole moves each dataset once by the program itself.
func (a *arena) measureWhole(ctx context.Context, results *results) error {
	binary := filepath.Join(a.work, "hikkoshi")
	if _, _, err := process(ctx, "go", "build", "-o", binary, "github.com/hikkoshi/hikkoshi/cmd/hikkoshi"); err != nil {
		return err
	}
	for _, d := range a.source.data {
		if results.has(kindWhole, a.pair, d, wholeContestant, 0) {
			continue
		}
		say("%s %s: the whole move by `hikkoshi apply`", a.pair, d.name)
		e, err := a.moveWhole(ctx, binary, d)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			e.Failed = err.Error()
			say("%s %s: the whole move failed: %v", a.pair, d.name, err)
		}
		if err := errors.Join(results.add(e), a.clearWhole(ctx, d)); err != nil {
			return err
		}
	}
	return nil
}

func (a *arena) moveWhole(ctx context.Context, binary string, d dataset) (entry, error) {
	e := a.entry(kindWhole, d, wholeContestant, 0)
	folder, err := os.MkdirTemp(a.work, "whole-")
	if err != nil {
		return e, err
	}
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %q}\ntarget: {url: %q}\nrepository: {type: fs, name: %s, location: %q}\nindices: {include: [%q], routes: {%q: backfill}, existing: replace}\n",
		a.source.node.URL(), a.target.URL(), wholeRepository, a.wholeFolder(), d.sourceIndex(), d.sourceIndex())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return e, err
	}
	if _, out, err := process(ctx, binary, "plan", "-c", config, "--yes"); err != nil {
		return e, fmt.Errorf("plan: %w: %.400s", err, out)
	}
	before, err := countersOf(ctx, a.source.node)
	if err != nil {
		return e, err
	}
	target := rig.ProcessCPU(a.target.PID())
	used, wall, err := timed(func() (usage, error) {
		used, out, err := process(ctx, binary, "apply", "-c", config, "--yes")
		if err != nil {
			err = fmt.Errorf("apply: %w: %.400s", err, out)
		}
		return used, err
	})
	if err != nil {
		return e, err
	}
	e.set(used, wall)
	after, err := countersOf(ctx, a.source.node)
	if err != nil {
		return e, err
	}
	e.Source, e.TargetCPU = after.since(before), rig.ProcessCPU(a.target.PID())-target
	if e.Arrived, err = a.count(ctx, d.sourceIndex()); err != nil {
		return e, err
	}
	if e.Arrived != d.documents {
		return e, fmt.Errorf("%w: %d of %d", errLost, e.Arrived, d.documents)
	}
	wanted, err := migration.Load(config)
	if err != nil {
		return e, err
	}
	e.Steps, err = stepSeconds(wanted.StateFile("journal"))
	return e, err
}

func (a *arena) wholeFolder() string { return filepath.Join(a.source.folder, wholeRepository) }

// clearWhole takes back what the move left on both sides.
func (a *arena) clearWhole(ctx context.Context, d dataset) error {
	err := a.deleteIndex(ctx, d.sourceIndex())
	for _, url := range []string{a.source.node.URL(), a.target.URL()} {
		// A move that failed early registered nothing.
		_, _ = rig.Call(ctx, http.MethodDelete, url+"/_snapshot/"+wholeRepository, nil)
	}
	return errors.Join(err, os.RemoveAll(a.wholeFolder()))
}

// stepSeconds reads from the journal how long each step took.
func stepSeconds(path string) (map[string]float64, error) {
	journal, err := engine.ReadJournal(path)
	if err != nil {
		return nil, err
	}
	steps, begun := map[string]float64{}, map[string]time.Time{}
	for _, record := range journal.Records() {
		switch record.Kind {
		case engine.RecordBegin:
			begun[record.Step] = record.Time
		case engine.RecordDone:
			if at, ok := begun[record.Step]; ok {
				steps[record.Step] = record.Time.Sub(at).Seconds()
			}
		}
	}
	return steps, nil
}
