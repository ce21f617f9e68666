package main

// plan_show.go answers: how are findings and a plan told to a person?

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

func showFindings(view *ui.View, findings []plan.Finding) {
	marks := map[plan.Severity]string{plan.Blocker: "■ decide", plan.Warning: "▲ mind", plan.Info: "· note"}
	for _, finding := range plan.Group(findings) {
		text := fmt.Sprintf("%s  %s: %s [%s]", marks[finding.Severity], ui.Names(finding.Subjects), finding.Message, finding.ID)
		if finding.WillDo != "" {
			text += "\n            → " + finding.WillDo
		}
		if finding.Decide != "" {
			text += "\n            what to do: " + finding.Decide
		}
		view.Print(text)
	}
	if len(findings) == 0 {
		view.Print("Nothing stands in the way.")
	}
}

func showPlan(view *ui.View, made *plan.Plan) {
	showRoutes(view, made)
	showAltered(view, made)
	things := ui.Table{Title: "\nWhat comes along beside the indices", Headings: []string{"what", "becomes", "or stays, because"}}
	for _, thing := range made.Things {
		if thing.Left == "" || !thing.There {
			things.Rows = append(things.Rows, []string{thing.ID(), string(thing.Becomes), thing.Left})
		}
	}
	if len(things.Rows) > 0 {
		view.Table(things)
	}
	table := ui.Table{Title: "\nThe steps", Headings: []string{"phase", "step", "undo"}}
	for _, step := range made.Steps {
		undo := "yes"
		if !step.Undoable {
			undo = "NO: point of no return"
		}
		table.Rows = append(table.Rows, []string{step.Phase, step.Title, undo})
	}
	view.Table(table)
}

// showRoutes tells the way of each index. A reason that holds for many is written once, below the table.
func showRoutes(view *ui.View, made *plan.Plan) {
	routes := ui.Table{Title: "\nHow each index travels", Headings: []string{"index", "becomes", "route", ">documents", ">size", "because"}}
	times := map[string]int{}
	for _, route := range made.Routes {
		times[route.Reason]++
	}
	var documents, bytes int64
	var notes []string
	for _, route := range made.Routes {
		if route.Kind != plan.Skip {
			documents += route.Documents
			bytes += route.Bytes
		}
		because := route.Reason
		if times[because] > 1 {
			number := slices.Index(notes, because)
			if number < 0 {
				number, notes = len(notes), append(notes, because)
			}
			because = fmt.Sprintf("(%d)", number+1)
		}
		routes.Rows = append(routes.Rows, []string{route.Source, route.Target, string(route.Kind), ui.Count(route.Documents), ui.Bytes(route.Bytes), because})
	}
	routes.Footer = []string{"moving", "", "", ui.Count(documents), ui.Bytes(bytes), ""}
	view.Table(routes)
	for i, note := range notes {
		view.Print(fmt.Sprintf("(%d) %s", i+1, note))
	}
}

// longestValue keeps the table readable; --json and --show-mappings give the whole.
const longestValue = 60

// showAltered tells everything that is dropped by name, and what is changed by reason.
func showAltered(view *ui.View, made *plan.Plan) {
	dropped, changed := made.Altered()
	if len(dropped) > 0 {
		table := ui.Table{Title: "\nSettings and parameters that are left out", Headings: []string{"what", "its value", "because", "in"}}
		for _, one := range dropped {
			value := es.Clip(strings.Join(one.Values, ", "), longestValue)
			if len(one.Values) > 1 {
				value = fmt.Sprintf("%d values", len(one.Values))
			}
			table.Rows = append(table.Rows, []string{one.What, value, one.Why, ui.Names(one.In)})
		}
		view.Table(table)
	}
	if len(changed) > 0 {
		table := ui.Table{Title: "\nWhat is changed (`hikkoshi plan --show-mappings` shows each place)", Headings: []string{"because", ">places", "in"}}
		for _, one := range changed {
			table.Rows = append(table.Rows, []string{one.Why, ui.Count(int64(one.Places)), ui.Names(one.In)})
		}
		view.Table(table)
	}
}
