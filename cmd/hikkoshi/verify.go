package main

// verify.go answers: is every document of the source on the target, unchanged?

import (
	"context"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type verifyCommand struct{ moveFlags }

// Run compares counts and a content digest of every document on both sides, and keeps the proof.
func (c *verifyCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	if err := mustBeLoaded(move); err != nil {
		return err
	}
	proof, err := move.Prove(ctx, call.View.Event)
	if err != nil {
		return err
	}
	showProof(call.View, proof)
	if err := call.View.Result(proof); err != nil {
		return err
	}
	if !proof.Holds {
		call.View.Say("The sides differ. `hikkoshi sync` brings over what is missing; then verify again.")
		return errFindings
	}
	return tellQuarantine(call.View, move)
}

// showSideBySide writes what _cat/indices says of both sides, as one table.
func showSideBySide(ctx context.Context, view *ui.View, move *steps.Move) error {
	rows, err := move.SideBySide(ctx)
	if err != nil {
		return err
	}
	table := ui.Table{Title: "\n_cat/indices, both sides", Headings: []string{"index", "health", ">shards", ">documents", ">size", "health there", ">shards", ">documents", ">size", "difference"}}
	for _, row := range rows {
		shards := func(primaries, replicas int) string { return fmt.Sprintf("%d×%d", primaries, 1+replicas) }
		table.Rows = append(table.Rows, []string{row.Pair,
			row.Source.Health, shards(row.Source.Primaries, row.Source.Replicas), ui.Count(row.SourceDocuments), ui.Bytes(row.Source.Bytes),
			row.Target.Health, shards(row.Target.Primaries, row.Target.Replicas), ui.Count(row.TargetDocuments), ui.Bytes(row.Target.Bytes),
			strings.Join(row.Differences, "; ")})
	}
	view.Table(table)
	return nil
}

func showProof(view *ui.View, proof steps.Proof) {
	table := ui.Table{Title: "\nWritten on the source, found on the target", Headings: []string{"index", "on the target", ">written", ">found", ">missing", ">changed", ">newer there", "content"}}
	var written, found, aside int64
	for _, row := range proof.Rows {
		content := "equal"
		switch {
		case row.OtherValues() && row.Missing == 0 && row.Changed == 0:
			content = "MEANS OTHER VALUES"
		case !row.Holds():
			content = "DIFFERS"
		case row.Surplus > 0:
			content = "all there"
		}
		if row.SetAside > 0 {
			content += ", " + ui.Count(row.SetAside) + " set aside"
		}
		if row.LeftOut > 0 {
			content += ", " + ui.Count(row.LeftOut) + " left out"
		}
		aside += row.SetAside
		written += row.Written
		found += row.Found
		table.Rows = append(table.Rows, []string{row.Source, row.Target, ui.Count(row.Written), ui.Count(row.Found), ui.Count(row.Missing), ui.Count(row.Changed), ui.Count(row.Surplus), content})
	}
	verdict := "nothing is lost"
	switch {
	case !proof.Holds:
		verdict = "NOT PROVED"
	case aside > 0:
		verdict += ", " + ui.Count(aside) + " set aside"
	}
	table.Footer = []string{"together", "", ui.Count(written), ui.Count(found), "", "", "", verdict}
	view.Table(table)
	compared := 0
	for _, row := range proof.Rows {
		if row.Values != nil {
			compared += row.Values.Documents
		}
	}
	if compared > 0 {
		view.Print(fmt.Sprintf("What values mean: %s values of %s sampled documents compared.", ui.Count(proof.Values), ui.Count(int64(compared))))
	}
	noted := ""
	told := map[string]bool{} // indices made from one template have the same fields left out
	for _, row := range proof.Rows {
		if row.Values != nil && row.Values.Note != "" && row.Values.Note != noted {
			noted = row.Values.Note
			view.Print("  " + row.Source + ": " + noted)
		}
		if row.Values != nil {
			for _, left := range row.Values.LeftOut {
				if line := left.String(); !told[line] {
					told[line] = true
					view.Print("  " + row.Source + ": " + line)
				}
			}
		}
		for _, example := range row.Examples {
			view.Print(fmt.Sprintf("  %s: %s", row.Target, example))
		}
	}
}
