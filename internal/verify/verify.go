// Package verify proves that two clusters hold the same documents: it counts them, digests the content of each on
// both sides through the search API, and drills down from a differing digest to ids and to the first differing field.
//
// Read verify.go first, then canonical.go, digest.go, drill.go, report.go, table.go.
package verify

// verify.go answers: do the indices of two clusters hold the same documents? It reads top to bottom: freeze the
// counters, digest both sides of each pair, drill down, read the counters again. Next: canonical.go.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

const (
	// DefaultParallel is how many shards of one cluster are read at a time: kind to a production cluster.
	DefaultParallel = 4
	// DefaultMaxDifferences is how many differing documents one pair lists before it says "and more".
	DefaultMaxDifferences = 10_000
	// DefaultMaxPaths is how many of them are fetched from both sides to name the first differing field.
	DefaultMaxPaths = 100
	// shardAttempts: a scan that broke off begins anew, since its pages can't be asked for again.
	shardAttempts = 3
)

// Transform turns a source document into what the target should hold. Returning false says that the target should
// hold nothing of it. The document's Source may be replaced, never changed in place.
type Transform func(es.Document) (es.Document, bool, error)

// Withhold is the error by which a Transform keeps a document out of the comparison for a reason that the report counts.
type Withhold string

// Error gives the reason.
func (w Withhold) Error() string { return "withheld: " + string(w) }

// Pair is one index and what it became.
type Pair struct {
	SourceIndex string `json:"source_index"`
	TargetIndex string `json:"target_index"`
	// Parts are further indices of the target over which the source's documents are spread, as Transform says of each. The
	// index in which a document lies counts then.
	Parts []string `json:"parts,omitempty"`
	// SourceType restricts the source side to one type, where an index was split by type.
	SourceType string `json:"source_type,omitempty"`
	// Types maps source types to target types; a type not in it keeps its name.
	Types map[string]string `json:"types,omitempty"`
	// IgnoreType compares without types. It is always so when one side has none (7.0 and later).
	IgnoreType bool `json:"ignore_type,omitempty"`
	// IgnoreParent compares without parents. It is always so when one side has none (7.0 and later): routing, which
	// the parent determines, is still compared.
	IgnoreParent bool `json:"ignore_parent,omitempty"`
	// Transform is applied to the source's documents before they are hashed, for indices that a rule changed.
	Transform Transform `json:"-"`
	// TargetFilter says whether a document of the target counts; nil means that all do. Kibana writes its own.
	TargetFilter func(es.Document) bool `json:"-"`
}

// Name is the pair for people: "logs", or "logs -> logs-new".
func (p Pair) Name() string {
	name := p.SourceIndex
	if p.SourceType != "" {
		name += "/" + p.SourceType
	}
	if p.SourceIndex != p.TargetIndex {
		name += " -> " + p.TargetIndex
	}
	return name
}

// Options are the choices of a comparison; the zero value is a good one.
type Options struct {
	// Parallel shards per cluster; zero means DefaultParallel.
	Parallel int
	// MaxDifferences per pair and MaxPaths per pair; zero means the defaults, negative none.
	MaxDifferences, MaxPaths int
	// Progress hears of every page's worth of documents. Calls come from several goroutines, one at a time.
	Progress func(Progress)
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// Side is the source or the target.
type Side string

// The two sides.
const (
	Source Side = "source"
	Target Side = "target"
)

// Progress says how far one side of one pair has come.
type Progress struct {
	Pair      string
	Side      Side
	Phase     string // "digest", "drill"
	Documents int64
	// Total is what _count said, so Documents may run past it while somebody writes.
	Total int64
}

// Compare compares all pairs and returns the report, also when they differ: a difference is no error. An error says
// that the comparison itself could not be done; nothing is proved then.
func Compare(ctx context.Context, source, target *cluster.Client, pairs []Pair, options Options) (Report, error) {
	options = options.withDefaults()
	comparison := &comparison{options: options}
	var err error
	var speaking sync.Mutex // both sides report progress one at a time
	if comparison.source, err = newReader(ctx, Source, source, options, &speaking); err != nil {
		return Report{}, fmt.Errorf("source: %w", err)
	}
	if comparison.target, err = newReader(ctx, Target, target, options, &speaking); err != nil {
		return Report{}, fmt.Errorf("target: %w", err)
	}
	report := Report{Began: options.Now().UTC(), Source: comparison.source.info, Target: comparison.target.info, Pairs: make([]PairReport, len(pairs))}
	// A few pairs at a time keep the shard readers busy; which of them wait is the readers' own limit.
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(options.Parallel)
	for i, pair := range pairs {
		group.Go(func() error {
			one, err := comparison.pair(inner, pair)
			if err != nil {
				return fmt.Errorf("compare %s: %w", pair.Name(), err)
			}
			report.Pairs[i] = one
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	report.Ended = options.Now().UTC()
	report.sum()
	return report, nil
}

// Documents reads documents that are not in a cluster, always the same ones. A document is valid until visit returns; its
// texts may be kept.
type Documents func(ctx context.Context, visit func(es.Document) error) error

// CompareDocuments compares documents, as Transform and the pair say, with what an index of the target and its parts hold.
// A difference is no error.
func CompareDocuments(ctx context.Context, documents Documents, target *cluster.Client, pair Pair, options Options) (PairReport, error) {
	options = options.withDefaults()
	there, err := newReader(ctx, Target, target, options, new(sync.Mutex))
	if err != nil {
		return PairReport{}, fmt.Errorf("target: %w", err)
	}
	here := *there
	here.side, here.client, here.slots = Source, nil, semaphore.NewWeighted(1)
	comparison := &comparison{options: options, source: &here, target: there}
	views := comparison.views(pair)
	views[0].documents = documents
	return comparison.between(ctx, pair, views)
}

func (o Options) withDefaults() Options {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.MaxDifferences == 0 {
		o.MaxDifferences = DefaultMaxDifferences
	}
	if o.MaxPaths == 0 {
		o.MaxPaths = DefaultMaxPaths
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

type comparison struct {
	options        Options
	source, target *reader
}

func (c *comparison) pair(ctx context.Context, pair Pair) (PairReport, error) {
	return c.between(ctx, pair, c.views(pair))
}

func (c *comparison) between(ctx context.Context, pair Pair, views [2]*view) (PairReport, error) {
	report := PairReport{Pair: pair}
	var before, after [2]cluster.WriteCounters
	digests := [2]*tally{}
	group, inner := errgroup.WithContext(ctx)
	for i, view := range views {
		group.Go(func() (err error) {
			if err = view.prepare(inner); err != nil {
				return err
			}
			if before[i], err = view.counters(inner); err != nil {
				return err
			}
			if digests[i], err = view.digest(inner); err != nil {
				return err
			}
			after[i], err = view.counters(inner)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return report, err
	}
	report.Source, report.Target = digests[0].side(before[0], after[0]), digests[1].side(before[1], after[1])
	report.Withheld, report.Reasons = digests[0].withheld, digests[0].reasons
	differing := digests[0].digest.Differing(&digests[1].digest)
	report.Equal = len(differing) == 0
	report.DifferingBuckets = len(differing)
	if report.Equal || c.options.MaxDifferences < 0 {
		return report, nil
	}
	err := c.drill(ctx, views, digests, differing, &report)
	return report, err
}

// views are the two sides of a pair, each with what makes its documents comparable with the other's.
func (c *comparison) views(pair Pair) [2]*view {
	source := &view{reader: c.source, index: pair.SourceIndex, pair: pair, side: Source}
	target := &view{reader: c.target, index: pair.TargetIndex, pair: pair, side: Target}
	types := c.source.dialect.TypesInURL && c.target.dialect.TypesInURL && !pair.IgnoreType
	parents := c.source.dialect.ParentMeta && c.target.dialect.ParentMeta && !pair.IgnoreParent
	source.types, target.types = types, types
	source.parents, target.parents = parents, parents
	target.parts = pair.Parts
	source.places, target.places = len(pair.Parts) > 0, len(pair.Parts) > 0
	return [2]*view{source, target}
}

// ErrNotComparable: one side can't be read in a way that proves anything.
var ErrNotComparable = errors.New("not comparable")
