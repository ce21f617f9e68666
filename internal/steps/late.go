package steps

// late.go answers: which indices of the target were made although the plan does not have them, because an index or a type
// appeared on the source since? They are remembered beside the journal, so that a rollback takes them back, too.
// Next: parts.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// lateFile holds the names of indices that were made after the plan.
const lateFile = "late.json"

// late lists them.
func (m *Move) late() ([]string, error) {
	content, err := os.ReadFile(m.Wanted.StateFile(lateFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which indices were made after the plan: %w", err)
	}
	var names []string
	if err := json.Unmarshal(content, &names); err != nil {
		return nil, fmt.Errorf("read %s: %w", m.Wanted.StateFile(lateFile), err)
	}
	return names, nil
}

// aboutToMake remembers an index before it is made.
func (m *Move) aboutToMake(index string) error {
	names, err := m.late()
	if err != nil || slices.Contains(names, index) {
		return err
	}
	encoded, err := json.Marshal(append(names, index))
	if err != nil {
		return fmt.Errorf("encode names of indices: %w", err)
	}
	return plan.WriteFile(m.Wanted.StateFile(lateFile), encoded)
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
