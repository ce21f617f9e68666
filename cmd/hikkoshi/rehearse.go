package main

// rehearse.go answers: would the plan go through, how long does it take, and is there room (plan --rehearse)?

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

// defaultShare is the part of each index that is rehearsed.
const defaultShare = "1%"

// parseShare reads 0.01 or 1%.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("--share %s: a part of each index is wanted, such as 0.01 or 1%%: %w", text, errWrongUse)
	}
	return share, nil
}

// plannedRehearsal is the result of plan for programs, where it rehearses.
type plannedRehearsal struct {
	*plan.Plan
	Rehearsal *steps.Rehearsal `json:"rehearsal,omitempty"`
}

// rehearseBegun rehearses the plan that apply began with: it stands as it is.
func (c *planCommand) rehearseBegun(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	call.View.Say("%s is under way; its saved plan is rehearsed.", move.Wanted.Name)
	return c.rehearse(ctx, call, move)
}

// rehearse moves a share of each index by a saved plan, and shows what came of it.
func (c *planCommand) rehearse(ctx context.Context, call *invocation, move *steps.Move) (err error) {
	share, err := parseShare(c.Share)
	if err != nil {
		return err
	}
	if err := confirm(call, fmt.Sprintf("Rehearse on %s, in indices of its own?", move.Wanted.Target.Label())); err != nil {
		return err
	}
	// Its lock keeps another hikkoshi from applying the plan meanwhile.
	journal, err := engine.OpenJournal(move.Wanted.StateFile(journalFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	killForTests(journal)
	rehearsal, err := move.Rehearse(ctx, steps.RehearseOptions{Share: share, Keep: c.Keep, Journal: journal, Sink: call.View.Event})
	if err != nil {
		return err
	}
	showRehearsal(call.View, rehearsal)
	if err := call.View.Result(plannedRehearsal{move.Plan, rehearsal}); err != nil {
		return err
	}
	if !rehearsal.Good() {
		return errFindings
	}
	return nil
}

func showRehearsal(view *ui.View, rehearsal *steps.Rehearsal) {
	table := ui.Table{Title: fmt.Sprintf("\nRehearsed on %s, %s", rehearsal.Target, rehearsal.At.Local().Format(time.DateTime)),
		Headings: []string{"index", "route", ">moved", "verified", ">documents", ">a second", ">MB/s", ">takes", ">on disk", "between"}}
	for _, row := range rehearsal.Rows {
		table.Rows = append(table.Rows, append([]string{row.Source, string(row.Route), ui.Count(row.Moved - row.Aside), verdict(row)}, forecastCells(row.Forecast)...))
	}
	table.Footer = append([]string{"together", "", ui.Count(rehearsal.Moved - rehearsal.Aside), "", ""}, forecastCells(rehearsal.Total)[1:]...)
	table.Footer[4] = ui.Count(rehearsal.Total.Documents)
	view.Table(table)
	for _, row := range rehearsal.Rows {
		showRehearsedRow(view, row)
	}
	for _, name := range slices.Sorted(maps.Keys(rehearsal.Left)) {
		view.Print(fmt.Sprintf("· note  %s was not rehearsed: %s", name, rehearsal.Left[name]))
	}
	if trial := rehearsal.Restored; trial != nil && trial.Failed != "" {
		view.Print(fmt.Sprintf("■ %s could not be restored, and so the others will not be: %s", trial.Source, trial.Failed))
	} else if trial != nil {
		view.Print(fmt.Sprintf("· note  %s was restored as files: %s documents, %s in %s; the time of other restores is reckoned from it. It was tried whether documents of restored indices can be written again, as rounds do",
			trial.Source, ui.Count(trial.Documents), ui.Bytes(trial.Bytes), duration(trial.Seconds)))
	}
	if rehearsal.Untimed > 0 {
		view.Print(fmt.Sprintf("▲ mind  %s are not in the time foretold: nothing of them could be measured", ui.Bytes(rehearsal.Untimed)))
	}
	view.Print(roomLine(rehearsal))
	if len(rehearsal.Kept) > 0 {
		view.Print("kept on the target: " + strings.Join(rehearsal.Kept, ", ") + "\n  `hikkoshi rollback`, `hikkoshi retire` or the next rehearsal delete them")
	}
}

// verdict says of one index whether what was moved is there.
func verdict(row steps.RehearsalRow) string {
	switch {
	case row.Failed != "":
		return "FAILED"
	case !row.Verified():
		return "NO"
	case row.Aside > 0:
		return fmt.Sprintf("yes, but %d refused", row.Aside)
	}
	return "yes"
}

// forecastCells are documents, documents a second, MB a second, time, size and between what it lies.
func forecastCells(f forecast.Forecast) []string {
	cells := []string{ui.Count(f.Documents), "", "", "", ui.Bytes(int64(f.Stored.Likely)), ""}
	if f.Seconds != nil {
		cells[3] = duration(f.Seconds.Likely)
		if f.DocumentsPerSecond > 0 {
			cells[1], cells[2] = fmt.Sprintf("%.0f", f.DocumentsPerSecond), fmt.Sprintf("%.1f", f.BytesPerSecond/1e6)
		}
		if f.Seconds.Low < f.Seconds.High || f.Stored.Low < f.Stored.High {
			cells[5] = fmt.Sprintf("%s to %s, %s to %s", duration(f.Seconds.Low), duration(f.Seconds.High), ui.Bytes(int64(f.Stored.Low)), ui.Bytes(int64(f.Stored.High)))
		}
	}
	if f.Rough != "" {
		cells[5] += "; rough: " + f.Rough
	}
	return cells
}

func duration(seconds float64) string {
	whole := time.Duration(seconds * float64(time.Second))
	if whole < 10*time.Second {
		return whole.Round(100 * time.Millisecond).String()
	}
	return whole.Round(time.Second).String()
}

// showRehearsedRow tells what is wrong with one index.
func showRehearsedRow(view *ui.View, row steps.RehearsalRow) {
	mark, fate := "■", "would be set aside"
	if !row.Route.Loads() {
		mark, fate = "▲ mind ", "would be refused if written again"
	}
	if row.Failed != "" {
		view.Print(fmt.Sprintf("%s %s could not be rehearsed: %s", mark, row.Source, row.Failed))
	}
	if row.Remark != "" {
		view.Print(fmt.Sprintf("· note  %s: %s", row.Source, row.Remark))
	}
	showQuarantine(view, fate, row.Refusals)
	if row.Proof != nil {
		for _, difference := range row.Proof.Differences[:min(len(row.Proof.Differences), shownDifferences)] {
			view.Print(fmt.Sprintf("%s %s: %s is not as on the source: %s %s", mark, row.Source, difference.ID, difference.Kind, difference.Path))
		}
		if more := len(row.Proof.Differences) - shownDifferences; more > 0 {
			view.Print(fmt.Sprintf("  and %d more", more))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(row.Values)) {
		for _, difference := range row.Values[name].Differences[:min(len(row.Values[name].Differences), shownDifferences)] {
			view.Print(fmt.Sprintf("%s %s: %s", mark, row.Source, difference))
		}
		for _, left := range row.Values[name].LeftOut {
			view.Print(fmt.Sprintf("  %s: %s", row.Source, left))
		}
	}
}

// shownDifferences bounds what is shown of one index.
const shownDifferences = 5

func roomLine(rehearsal *steps.Rehearsal) string {
	if rehearsal.DiskTotal == 0 {
		return "The target does not tell how much disk it has."
	}
	needed := fmt.Sprintf("%s (at the most %s), replicas included, and the target has %s free of %s", ui.Bytes(int64(rehearsal.Total.Stored.Likely)), ui.Bytes(int64(rehearsal.Total.Stored.High)), ui.Bytes(rehearsal.DiskFree), ui.Bytes(rehearsal.DiskTotal))
	switch left := rehearsal.FreeAfter(); {
	case !rehearsal.Fits():
		return "■ The target has not enough room: the move needs " + needed + "."
	case left < lowWatermark:
		return fmt.Sprintf("▲ mind  The move needs %s: %.0f%% stay free, and by default nodes take no more shards below 15%%.", needed, 100*left)
	}
	return "There is room: the move needs " + needed + "."
}

// lowWatermark is the free part of a disk below which nodes take no new shards: cluster.routing.allocation.disk.watermark.low
// is 85% unless somebody set it.
const lowWatermark = 0.15

// showLastRehearsal tells in a line or two what the last rehearsal found, and whether it was of this plan.
func showLastRehearsal(view *ui.View, rehearsal *steps.Rehearsal, stands bool) {
	if rehearsal == nil {
		return
	}
	outcome := "all of it verified"
	if !rehearsal.Good() {
		outcome = "with findings"
	}
	text := fmt.Sprintf("last rehearsal: %s, %s documents moved, %s; foretold: %s of disk", rehearsal.At.Local().Format(time.DateTime), ui.Count(rehearsal.Moved), outcome, ui.Bytes(int64(rehearsal.Total.Stored.Likely)))
	if takes := rehearsal.Total.Seconds; takes != nil {
		text += fmt.Sprintf(", %s (%s to %s) of load", duration(takes.Likely), duration(takes.Low), duration(takes.High))
	}
	if !stands {
		text += "; the plan has changed since"
	}
	view.Print(text)
}
