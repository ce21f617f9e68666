package steps

// late.go answers: which indices of the target were made although the plan does not have them, because an index or a type
// appeared on the source since? They are remembered beside the journal, so that a rollback takes them back, too.
// Next: parts.go.

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

// lateFile holds the names of indices that were made after the plan.
const lateFile = "late.json"

// late lists them.
func (m *Move) late() ([]string, error) {
	var names []string
	_, err := loadState(m.Wanted.StateFile(lateFile), "which indices were made after the plan", &names)
	return names, err
}

// aboutToMake remembers an index before it is made.
func (m *Move) aboutToMake(index string) error {
	names, err := m.late()
	if err != nil || slices.Contains(names, index) {
		return err
	}
	return saveState(m.Wanted.StateFile(lateFile), "which indices were made after the plan", append(names, index))
}

// deleteLate takes them back.
func (m *Move) deleteLate(ctx context.Context, target *cluster.Client) error {
	names, err := m.late()
	if err != nil || len(names) == 0 {
		return err
	}
	for _, index := range names {
		if err := target.DeleteIndex(ctx, index); err != nil {
			return fmt.Errorf("delete %s on the target: %w", index, err)
		}
	}
	return os.Remove(m.Wanted.StateFile(lateFile))
}
