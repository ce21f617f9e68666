package steps

// workers.go answers: who works on the load just now? The leader writes it down, so that status can tell it without
// reaching the fleet. Next: join.go.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// workersAge is how old the list may be: older, and the leader is gone.
const workersAge = 30 * time.Second

// workersList is the file.
type workersList struct {
	At      time.Time      `json:"at"`
	Workers []fleet.Worker `json:"workers"`
}

// saveWorkers writes the list down.
func (m *Move) saveWorkers(workers []fleet.Worker) error {
	encoded, err := json.MarshalIndent(workersList{At: time.Now().UTC(), Workers: workers}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the workers: %w", err)
	}
	return plan.WriteFile(m.Wanted.StateFile(workersFile), append(encoded, '\n'))
}

// Workers lists who works on the load, as its leader last saw it; nobody when no load runs.
func (m *Move) Workers() ([]fleet.Worker, error) {
	content, err := os.ReadFile(m.Wanted.StateFile(workersFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the workers: %w", err)
	}
	var list workersList
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, fmt.Errorf("read the workers: %w", err)
	}
	if time.Since(list.At) > workersAge {
		return nil, nil
	}
	return list.Workers, nil
}
