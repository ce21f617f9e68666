package steps

// workers.go answers: who works on the load just now? The leader writes it down, so that status can tell it without
// reaching the fleet. Next: join.go.

import (
	"time"

	"github.com/hikkoshi/hikkoshi/internal/fleet"
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
	return saveState(m.Wanted.StateFile(workersFile), "the workers", workersList{At: time.Now().UTC(), Workers: workers})
}

// Workers lists who works on the load, as its leader last saw it; nobody when no load runs.
func (m *Move) Workers() ([]fleet.Worker, error) {
	var list workersList
	if found, err := loadState(m.Wanted.StateFile(workersFile), "the workers", &list); err != nil || !found {
		return nil, err
	}
	if time.Since(list.At) > workersAge {
		return nil, nil
	}
	return list.Workers, nil
}
