package main

// measured.go answers: what is kept of a run? Next: forecast.go.

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// measured is everything; the page and each forecast are made of it.
type measured struct {
	Machine    []string `json:"machine"`
	Date       string   `json:"date"`
	Command    string   `json:"command"`
	LoadBefore string   `json:"load_before"`
	LoadAfter  string   `json:"load_after"`
	// SyncMilliseconds is what 512 bytes take that are written and synced.
	SyncMilliseconds float64 `json:"sync_ms"`
	Small            shared  `json:"small"`
	Large            shared  `json:"large"`
	Queue            queue   `json:"queue"`
	Crowds           []Crowd `json:"crowds"`
	Reads            []Reads `json:"reads"`
}

// shared is one kind of units, sent in several ways; the first way is without a fleet.
type shared struct {
	Units     int   `json:"units"`
	Documents int   `json:"documents"`
	Size      int   `json:"size"`
	Ways      []way `json:"ways"`
}

type way struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	// CPU is seconds of leader and workers, not of the target.
	CPU      float64 `json:"cpu_seconds"`
	Megabyte float64 `json:"mb_per_second"`
	// Peak is the most memory that one worker process held, in bytes; 0 where this process works.
	Peak int64 `json:"peak_bytes,omitempty"`
}

// queue is what units without documents cost.
type queue struct {
	Units           int     `json:"units"`
	PutPerSecond    float64 `json:"put_per_second"`
	CommitPerSecond float64 `json:"commit_per_second"`
	// Disk, Heap and Messages are of each unit: bytes, bytes, and messages between leader, worker and server.
	Disk     float64 `json:"disk_bytes"`
	Heap     float64 `json:"heap_bytes"`
	Messages float64 `json:"messages"`
}

// sending is one measurement.
type sending struct {
	took  time.Duration
	cpu   float64 // seconds, of the leader and its workers, not of the target
	bytes int64
	peak  int64
}

func (s *shared) add(name string, r sending) {
	one := way{Name: name, Seconds: r.took.Seconds(), CPU: r.cpu, Megabyte: float64(r.bytes) / 1e6 / r.took.Seconds(), Peak: r.peak}
	say("%+v", one)
	s.Ways = append(s.Ways, one)
}

// CPUEach is what a way costs a unit more than without a fleet, in milliseconds of processor time.
func (s *shared) CPUEach(w way) float64 { return 1e3 * (w.CPU - s.Ways[0].CPU) / float64(s.Units) }

// TimeEach is the same in milliseconds of the clock.
func (s *shared) TimeEach(w way) float64 {
	return 1e3 * (w.Seconds - s.Ways[0].Seconds) / float64(s.Units)
}

func readMeasured(path string) (*measured, error) {
	m := &measured{}
	content, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(content, m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (m *measured) write(path string) error {
	content, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}
