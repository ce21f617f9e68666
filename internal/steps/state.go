package steps

// state.go answers: how is something kept beside the journal, as JSON that a person can read? Next: proof.go.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// saveState writes a value to a file of the state; what names it in errors.
func saveState(path, what string, value any) error {
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", what, err)
	}
	return plan.WriteFile(path, append(encoded, '\n'))
}

// loadState reads what saveState wrote; found is false where there is none.
func loadState(path, what string, into any) (found bool, err error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", what, err)
	}
	return true, nil
}
