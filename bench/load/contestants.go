package main

// contestants.go answers: who moves the documents? Each gets a fresh index on the target, made with the same mapping and
// loosened alike, and must bring every document. Next: backfill.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/bench/rig"
)

// The contestants' names in results and flags.
const (
	byBackfill    = "hikkoshi-backfill"
	byRestore     = "hikkoshi-restore"
	byElasticdump = "elasticdump"
	byReindex     = "reindex"
	byBare        = "limit"
)

// job is one index to be moved to a fresh one.
type job struct {
	data dataset
	// from is the index on the source, to the one on the target.
	from, to string
	// repository is the folder of the snapshot that holds from.
	repository string
	// profile is where a profile goes; empty for none.
	profile string
}

// usage is what a contestant's own processes took.
type usage struct {
	CPU     float64
	PeakRSS int64
	// Wall replaces the time from outside, where making ready is no part of it; 0 otherwise.
	Wall float64
	// SetAside counts documents that were told to be left behind.
	SetAside int64
	// Tuned says how it was set up.
	Tuned string
}

func (u *usage) add(other usage) {
	u.CPU += other.CPU
	u.PeakRSS += other.PeakRSS
	u.SetAside += other.SetAside
}

// contestant is one who moves documents.
type contestant struct {
	name, title string
	// makes says that it makes the index on the target itself.
	makes bool
	// fits says whether it can make the move at all; nil is always.
	fits func(pair) bool
	move func(a *arena, ctx context.Context, j job) (usage, error)
}

func contestants() []contestant {
	return []contestant{
		{name: byBackfill, title: "hikkoshi backfill", move: (*arena).backfill},
		{name: byRestore, title: "hikkoshi restore", makes: true, fits: restorable, move: (*arena).restore},
		{name: byElasticdump, title: "elasticdump " + elasticdumpVersion, move: (*arena).elasticdump},
		{name: byReindex, title: "remote _reindex", move: (*arena).reindex},
		{name: byBare, title: "the target's own limit", move: (*arena).bare},
	}
}

// titleOf is a contestant's name for a person.
func titleOf(name string) string {
	all := contestants()
	if i := slices.IndexFunc(all, func(c contestant) bool { return c.name == name }); i >= 0 {
		return all[i].title
	}
	return name
}

// chosen are the contestants of a pair that the flags ask for.
func chosen(c config, p pair) []contestant {
	var all []contestant
	for _, one := range contestants() {
		if c.asked(one.name) && (one.fits == nil || one.fits(p)) {
			all = append(all, one)
		}
	}
	return all
}

// measures says whether a contestant takes part in a round.
func (c config) measures(one contestant, round int) bool {
	peer := one.name == byElasticdump || one.name == byReindex
	return !peer || c.peerRounds == 0 || round < c.peerRounds
}

// asked says whether the flags ask for somebody of this name.
func (c config) asked(name string) bool {
	return c.contestants == "" || slices.ContainsFunc(strings.Split(c.contestants, ","), func(part string) bool { return part != "" && strings.Contains(name, part) })
}

// process runs a program to its end and says what it took. Its standard output is given back.
func process(ctx context.Context, program string, args ...string) (usage, []byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return usage{}, out, fmt.Errorf("%s: %w: %.600s", filepath.Base(program), err, strings.Join(strings.Fields(complaints.String()), " "))
	}
	return usage{CPU: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), PeakRSS: rig.MaxRSS(cmd.ProcessState)}, out, nil
}

// together runs several processes at once and adds up what they took.
func together(ctx context.Context, count int, one func(ctx context.Context, number int) (usage, error)) (usage, error) {
	all := make([]usage, count)
	group, inner := errgroup.WithContext(ctx)
	for number := range count {
		group.Go(func() (err error) {
			all[number], err = one(inner, number)
			return err
		})
	}
	err := group.Wait()
	var sum usage
	for _, one := range all {
		sum.add(one)
	}
	return sum, err
}

// own runs this program's other half, which prints its result as JSON.
func own(ctx context.Context, argument string, order, result any) (usage, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	raw, err := json.Marshal(order)
	if err != nil {
		return usage{}, err
	}
	used, out, err := process(ctx, self, argument, string(raw))
	if err != nil {
		return used, err
	}
	if err := json.Unmarshal(out, result); err != nil {
		return used, fmt.Errorf("%s said %.200q: %w", argument, out, err)
	}
	return used, nil
}

// answer prints a child's result.
func answer(result any) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(raw, '\n'))
	return err
}

var errLost = errors.New("not all documents arrived")
