package load

// limits.go answers: what may a person demand of a load while it runs, and what is told of it? Both are plain values, so
// that they travel over a socket or to workers on other machines. Next: valve.go.

import (
	"errors"
	"fmt"
	"time"
)

// The bounds of bodies under way.
const (
	// startBodies is how many bodies are under way at first.
	startBodies = 2
	// mostBodies is how many at the most, whatever the target answers: beyond it memory goes and nothing comes.
	mostBodies = 16
)

// Limits are what a person allows. The zero value lets the target's answers decide.
type Limits struct {
	// Paused holds everything that is not under way yet.
	Paused bool `json:"paused,omitempty"`
	// MaxRate is documents a second at the most; 0 is no limit.
	MaxRate float64 `json:"max_rate,omitempty"`
	// MaxMegabytes is MB of bodies a second at the most; 0 is no limit.
	MaxMegabytes float64 `json:"max_megabytes,omitempty"`
	// MaxBodies is how many bodies may be under way at once; 0 is 16.
	MaxBodies int `json:"max_bodies,omitempty"`
	// WriteQueue is how many requests may wait in a target node's write queue before the load slows down; 0 is half of
	// the queue's size.
	WriteQueue int `json:"write_queue,omitempty"`
	// CPU is the percentage of a target node's processors above which the load slows down; 0 does not look.
	CPU int `json:"cpu,omitempty"`
	// DiskFree is the percentage of a target node's disk that must stay free, else the load pauses; 0 does not look.
	DiskFree int `json:"disk_free,omitempty"`
}

// errLimits: a limit that cannot be meant.
var errLimits = errors.New("a limit is out of its range")

// Check refuses what cannot be meant.
func (l Limits) Check() error {
	switch {
	case l.MaxRate < 0 || l.MaxMegabytes < 0 || l.MaxBodies < 0 || l.WriteQueue < 0:
		return fmt.Errorf("%w: a limit below zero (0 takes a limit away)", errLimits)
	case l.CPU < 0 || l.CPU > 100 || l.DiskFree < 0 || l.DiskFree > 100:
		return fmt.Errorf("%w: cpu and disk_free are percentages", errLimits)
	}
	return nil
}

func (l Limits) bodies() int {
	if l.MaxBodies > 0 {
		return l.MaxBodies
	}
	return mostBodies
}

// Live is how a load is doing just now.
type Live struct {
	// Documents and Bytes are what was answered for, Refused what of it was set aside, Retries how often the target asked
	// for patience.
	Documents int64 `json:"documents"`
	Bytes     int64 `json:"bytes"`
	Refused   int64 `json:"refused,omitempty"`
	Retries   int64 `json:"retries,omitempty"`
	// DocumentsPerSecond and BytesPerSecond are of the last seconds.
	DocumentsPerSecond float64 `json:"documents_per_second"`
	BytesPerSecond     float64 `json:"bytes_per_second"`
	// InFlight is how many bodies are under way, Allowed how many may be.
	InFlight int `json:"in_flight"`
	Allowed  int `json:"allowed"`
	// Total is how many documents there are in all, where known; Remaining how long they may take at this speed.
	Total     int64         `json:"total,omitempty"`
	Remaining time.Duration `json:"remaining,omitempty"`
	// Throttle says why the load is not faster; empty when nothing holds it but the target's own speed.
	Throttle       string    `json:"throttle,omitempty"`
	ThrottledSince time.Time `json:"throttled_since,omitzero"`
	Limits         Limits    `json:"limits"`
}

// Join adds the numbers of another worker of the same load.
func (l Live) Join(other Live) Live {
	l.Documents += other.Documents
	l.Bytes += other.Bytes
	l.Refused += other.Refused
	l.Retries += other.Retries
	l.DocumentsPerSecond += other.DocumentsPerSecond
	l.BytesPerSecond += other.BytesPerSecond
	l.InFlight += other.InFlight
	l.Allowed += other.Allowed
	if l.Throttle == "" {
		l.Throttle, l.ThrottledSince = other.Throttle, other.ThrottledSince
	}
	l.Total = max(l.Total, other.Total)
	l.Remaining = remaining(l.Total-l.Documents, l.DocumentsPerSecond)
	return l
}

func remaining(documents int64, perSecond float64) time.Duration {
	if documents <= 0 || perSecond <= 0 {
		return 0
	}
	return time.Duration(float64(documents) / perSecond * float64(time.Second)).Round(time.Second)
}
