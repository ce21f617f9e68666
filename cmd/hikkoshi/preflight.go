package main

// preflight.go answers: which documents would the target refuse, or read otherwise, before anything is sent?

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/preflight"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type preflightCommand struct {
	moveFlags
	Snapshot string `help:"The snapshot to read; by default the migration's own, or the newest whole one that holds the indices."`
	Restored bool   `help:"Look at the indices that are restored too, whose documents no parser reads again."`
}

// Run reads every document of a snapshot and tells what the target would say. It writes to neither cluster.
func (c *preflightCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.planned(ctx, call)
	if err != nil {
		return err
	}
	report, err := move.Preflight(ctx, steps.PreflightOptions{Snapshot: c.Snapshot, Restored: c.Restored}, func(current, total int64, unit, message string) {
		call.View.Event(engine.Event{Kind: engine.EventProgress, Current: current, Total: total, Unit: unit, Message: message})
	})
	if err != nil {
		return err
	}
	showPreflight(call.View, report)
	if err := call.View.Result(report); err != nil {
		return err
	}
	if len(report.Undecided()) > 0 {
		return errFindings
	}
	return nil
}

// planned takes the saved plan where it fits migration.yaml, and else makes one that is not saved: a plan with blockers
// still says what each index becomes.
func (f moveFlags) planned(ctx context.Context, call *invocation) (*steps.Move, error) {
	move, err := f.openMove(call)
	if err == nil || !errors.Is(err, errRefused) && !errors.Is(err, plan.ErrStale) && !errors.Is(err, os.ErrNotExist) {
		return move, err
	}
	wanted, sides, err := f.open(call)
	if err != nil {
		return nil, err
	}
	facts, err := steps.Look(ctx, wanted, sides)
	if err != nil {
		return nil, err
	}
	return &steps.Move{Wanted: wanted, Sides: sides, Plan: plan.Make(facts, wanted)}, nil
}

func showPreflight(view *ui.View, report *preflight.Report) {
	table := ui.Table{Title: fmt.Sprintf("\nEvery document of snapshot %s, as the target would read it", report.Snapshot),
		Headings: []string{"index", "problem", "field", ">documents", "what happens"}}
	for _, index := range report.Indices {
		if len(index.Rows) == 0 {
			table.Rows = append(table.Rows, []string{index.Index, "none", "", ui.Count(index.Documents), "all are taken"})
		}
		for _, row := range index.Rows {
			what := row.WillDo
			if row.Outcome == preflight.Undecided {
				what = "DECIDE: " + row.Means
			}
			table.Rows = append(table.Rows, []string{index.Index, string(row.Kind), row.Field, ui.Count(row.Documents), what})
		}
	}
	table.Footer = []string{"together", "", "", ui.Count(report.Documents), fmt.Sprintf("%s mended by rules, %s would be refused", ui.Count(report.Repaired), ui.Count(report.Refused))}
	view.Table(table)
	for _, index := range report.Indices {
		for _, row := range index.Rows {
			if row.Outcome != preflight.Undecided {
				continue
			}
			view.Print(fmt.Sprintf("\n■ decide  %s, %s: %s [%s]\n            %d documents, such as %s%s\n            what to do: %s", index.Index, cmp.Or(row.Field, "the whole document"), row.Means, row.Kind,
				row.Documents, strings.Join(row.Examples, ", "), valueText(row.Value), row.Decide))
		}
		if len(index.Unchecked) > 0 {
			view.Print(fmt.Sprintf("· note  %s: values of the types %s are not, or not wholly, looked at", index.Index, strings.Join(index.Unchecked, ", ")))
		}
		if index.Note != "" {
			view.Print("· note  " + index.Index + ": " + index.Note)
		}
	}
	if len(report.Undecided()) == 0 {
		view.Print("Nothing has to be decided.")
	}
}

func valueText(value string) string {
	if value == "" {
		return ""
	}
	return " (" + value + ")"
}
