package load

// scroll.go answers: how do documents come through a source's search API without hurting its other work? All readers of a
// process share one Source, which lets only so many documents and bytes a second be asked for. Next: job.go.

import (
	"context"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// What a source that serves people is asked for unless somebody says otherwise: a fraction of what a node of the smallest
// kind can give.
const (
	DefaultSourceRate      = 5000.0
	DefaultSourceMegabytes = 10.0
	DefaultSourceReaders   = 2
	megabyte               = 1e6
)

// SourceLimits are what may be asked of a source. 0 is the default of each, negative no limit.
type SourceLimits struct {
	// Documents and Megabytes are a second's.
	Documents, Megabytes float64
	// Readers is how many searches run at once.
	Readers int
}

func orDefault(value, usual float64) float64 {
	switch {
	case value == 0:
		return usual
	case value < 0:
		return 0
	}
	return value
}

// Source is a cluster that is read through its search API.
type Source struct {
	client *cluster.Client
	limits SourceLimits

	mutex sync.Mutex
	// free is when the next page may be asked for.
	free time.Time
	// busy is why the source is being waited for, busyUntil how long.
	busy      string
	busyUntil time.Time
}

// Seconds is how long so much takes at the least.
func (l SourceLimits) Seconds(documents, bytes int64) float64 {
	l = l.withDefaults()
	seconds := 0.0
	if l.Documents > 0 {
		seconds = float64(documents) / l.Documents
	}
	if l.Megabytes > 0 {
		seconds = max(seconds, float64(bytes)/(l.Megabytes*megabyte))
	}
	return seconds
}

func (l SourceLimits) withDefaults() SourceLimits {
	l.Documents, l.Megabytes = orDefault(l.Documents, DefaultSourceRate), orDefault(l.Megabytes, DefaultSourceMegabytes)
	return l
}

// NewSource makes a source with limits.
func NewSource(client *cluster.Client, limits SourceLimits) *Source {
	limits = limits.withDefaults()
	if limits.Readers <= 0 {
		limits.Readers = DefaultSourceReaders
	}
	return &Source{client: client, limits: limits}
}

// Readers is how many units may be read at once.
func (s *Source) Readers() int { return s.limits.Readers }

// Busy says why the source is being waited for just now; "" when it is not.
func (s *Source) Busy() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if time.Now().After(s.busyUntil) {
		return ""
	}
	return s.busy
}

// ScrollUnit is a piece of an index to be read through the search API. It is written as JSON for workers elsewhere.
type ScrollUnit cluster.ReadUnit

// ScrollUnits cuts an index into units.
func ScrollUnits(ctx context.Context, source *Source, index string) ([]ScrollUnit, error) {
	pieces, err := source.client.ReadUnits(ctx, index)
	if err != nil {
		return nil, err
	}
	units := make([]ScrollUnit, len(pieces))
	for i, piece := range pieces {
		units[i] = ScrollUnit(piece)
	}
	return units, nil
}

// Feed gives the unit's documents. By point in time it goes on behind any position; a scroll begins anew, and what was
// sent before is sent again, with the same versions.
func (u ScrollUnit) Feed(source *Source) Feed { return &scrollFeed{unit: u, source: source} }

type scrollFeed struct {
	unit   ScrollUnit
	source *Source
}

// Each reads the unit.
func (f *scrollFeed) Each(ctx context.Context, from int64, visit func(position int64, document *es.Document) error) error {
	options := cluster.ReadOptions{AfterPage: f.source.paid, Busy: f.source.waits}
	return f.source.client.Read(ctx, cluster.ReadUnit(f.unit), from, options, func(position int64, document es.Document) error {
		return visit(position, &document)
	})
}

// paid waits until the source has rested for what a page took from it.
func (s *Source) paid(ctx context.Context, documents, bytes int64) error {
	var cost time.Duration
	if s.limits.Documents > 0 {
		cost = time.Duration(float64(documents) / s.limits.Documents * float64(time.Second))
	}
	if s.limits.Megabytes > 0 {
		cost = max(cost, time.Duration(float64(bytes)/(s.limits.Megabytes*megabyte)*float64(time.Second)))
	}
	s.mutex.Lock()
	now := time.Now()
	// Time that nobody used is not saved up: a rest is a rest.
	if s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(cost)
	wait := s.free.Sub(now)
	s.mutex.Unlock()
	return cluster.Pause(ctx, wait)
}

func (s *Source) waits(wait time.Duration, cause error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.busy, s.busyUntil = "the source asks for patience: "+cause.Error(), time.Now().Add(wait)
}
