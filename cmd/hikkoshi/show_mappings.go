package main

// show_mappings.go answers: what does each index, template and pipeline look like on both sides?

import (
	"fmt"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

// showMappings prints a diff of each thing, or both documents as JSON.
func showMappings(view *ui.View, facts *plan.Facts, wanted *migration.Migration, pattern string) error {
	sides, err := plan.ShowBothSides(facts, wanted, pattern)
	if err != nil {
		return fmt.Errorf("%w: %w", errWrongUse, err)
	}
	for _, one := range sides {
		note := one.Note
		if note != "" {
			note = " (" + note + ")"
		}
		switch changed := diff.Diff("source/"+one.Kind+"/"+one.Name, plan.Lines(one.Source), "target/"+one.Kind+"/"+one.Becomes, plan.Lines(one.Target)); {
		case one.Left != "":
			view.Print(fmt.Sprintf("%s %s stays behind: %s", one.Kind, one.Name, one.Left))
		case len(changed) == 0:
			view.Print(fmt.Sprintf("%s %s: no change%s", one.Kind, one.Name, note))
		default:
			view.Print(fmt.Sprintf("%s %s%s", one.Kind, one.Name, note))
			view.Diff(string(changed))
		}
	}
	if len(sides) == 0 {
		view.Say("Nothing has a name like %s.", pattern)
	}
	return view.Result(sides)
}
