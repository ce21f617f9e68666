package verify

// report.go answers: what was proved, when, and does it still stand? A report is plain data, kept beside the plan.
// Next: table.go.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

// Report is the outcome of one comparison.
type Report struct {
	Began  time.Time    `json:"began"`
	Ended  time.Time    `json:"ended"`
	Source cluster.Info `json:"source"`
	Target cluster.Info `json:"target"`
	// Equal says that every pair is, and that there is one.
	Equal bool `json:"equal"`
	// Steady says that nobody wrote to either side while they were read.
	Steady bool `json:"steady"`
	// Documents is how many were found on the target, Differences how many are listed as differing.
	Documents   int64        `json:"documents"`
	Differences int          `json:"differences"`
	Pairs       []PairReport `json:"pairs"`
}

// PairReport is the outcome for one pair of indices.
type PairReport struct {
	Pair
	Source SideReport `json:"source"`
	Target SideReport `json:"target"`
	Equal  bool       `json:"equal"`
	// Withheld is how many documents of the source are not meant for the target.
	Withheld int64 `json:"withheld,omitempty"`
	// Reasons counts those that were withheld for one.
	Reasons map[Withhold]int64 `json:"reasons,omitempty"`
	// DifferingBuckets of 256; Differences are the documents behind them, Truncated when there are more than are listed.
	DifferingBuckets int          `json:"differing_buckets,omitempty"`
	Differences      []Difference `json:"differences,omitempty"`
	Truncated        bool         `json:"truncated,omitempty"`
}

// SideReport is what one side of a pair holds.
type SideReport struct {
	Index string `json:"index"`
	// Counted is the server's _count before the reading, Documents how many were read and hashed.
	Counted   int64  `json:"counted"`
	Documents int64  `json:"documents"`
	Digest    string `json:"digest"`
	// Sourceless documents have no source: only their ids, types and routings are proved. Unparsed ones have a source
	// that is no JSON, and are compared byte by byte.
	Sourceless int64 `json:"sourceless,omitempty"`
	Unparsed   int64 `json:"unparsed,omitempty"`
	// Writes are the counters after the reading, Steady that they were the same before it.
	Writes cluster.WriteCounters `json:"writes"`
	Steady bool                  `json:"steady"`
}

func (t *tally) side(before, after cluster.WriteCounters) SideReport {
	return SideReport{
		Index: t.index, Counted: t.counted, Documents: t.digest.Documents(), Digest: t.digest.String(),
		Sourceless: t.sourceless, Unparsed: t.unparsed, Writes: after, Steady: before == after,
	}
}

func (r *Report) sum() {
	r.Equal, r.Steady = len(r.Pairs) > 0, true
	for _, pair := range r.Pairs {
		r.Equal = r.Equal && pair.Equal
		r.Steady = r.Steady && pair.Source.Steady && pair.Target.Steady
		r.Documents += pair.Target.Documents
		r.Differences += len(pair.Differences)
	}
}

// Repair is one action that would make the target equal to the source.
type Repair struct {
	// Pair is the place in Report.Pairs.
	Pair int `json:"pair"`
	// Delete removes the document from the target; otherwise it is copied from the source.
	Delete  bool   `json:"delete,omitempty"`
	ID      string `json:"id"`
	Type    string `json:"type,omitempty"`
	Routing string `json:"routing,omitempty"`
	Parent  string `json:"parent,omitempty"`
}

// Repairs lists what would make the target equal to the source, deletions first: a document at a wrong routing must go
// before the right one comes, since both may lie in one shard. It says complete when no pair's list was truncated.
func (r Report) Repairs() (repairs []Repair, complete bool) {
	complete = true
	var copies []Repair
	for i, pair := range r.Pairs {
		complete = complete && !pair.Truncated && (pair.Equal || len(pair.Differences) > 0)
		for _, one := range pair.Differences {
			if one.Kind != Missing && one.Kind != Content {
				repairs = append(repairs, Repair{Pair: i, Delete: true, ID: one.ID, Type: one.TargetType, Routing: one.TargetRouting, Parent: one.TargetParent})
			}
			if one.Kind != Extra {
				copies = append(copies, Repair{Pair: i, ID: one.ID, Type: one.Type, Routing: one.Routing, Parent: one.Parent})
			}
		}
	}
	return append(repairs, copies...), complete
}

// Reasons why a proof does not stand. Use errors.Is; Standing joins all that apply.
var (
	// ErrUnproved: the sides differed, or nothing was compared.
	ErrUnproved = errors.New("the two sides were not proved equal")
	// ErrStaleProof: the proof is too old.
	ErrStaleProof = errors.New("the proof is too old")
	// ErrWrittenSince: the source was written to since, or while it was read.
	ErrWrittenSince = errors.New("the source was written to")
	// ErrOtherCluster: the proof is of another cluster.
	ErrOtherCluster = errors.New("the proof is of another cluster")
)

// Standing says whether the proof still stands: equal, no older than maxAge, of this source, and with nobody having
// written to the source since it began. nil means that it stands. What was written to the target does not count: it
// lives on.
func (r Report) Standing(ctx context.Context, source *cluster.Client, now time.Time, maxAge time.Duration) error {
	var reasons []error
	if !r.Equal {
		reasons = append(reasons, fmt.Errorf("%w (%d documents differ)", ErrUnproved, r.Differences))
	}
	if age := now.Sub(r.Ended); age > maxAge || age < 0 {
		reasons = append(reasons, fmt.Errorf("%w: made %s, and only %s are allowed", ErrStaleProof, r.Ended.Format(time.RFC3339), maxAge))
	}
	info, err := source.Detect(ctx)
	if err != nil {
		return err
	}
	if info.ClusterName != r.Source.ClusterName || info.ClusterUUID != r.Source.ClusterUUID {
		reasons = append(reasons, fmt.Errorf("%w: %s, and not %s", ErrOtherCluster, r.Source.ClusterName, info.ClusterName))
		return errors.Join(reasons...)
	}
	seen := map[string]bool{}
	for _, pair := range r.Pairs {
		index := pair.Source.Index
		if seen[index] {
			continue
		}
		seen[index] = true
		if !pair.Source.Steady {
			reasons = append(reasons, fmt.Errorf("%w: index %s, while it was read", ErrWrittenSince, index))
			continue
		}
		now, err := countersOf(ctx, source, index)
		if err != nil {
			return err
		}
		if now != pair.Source.Writes {
			reasons = append(reasons, fmt.Errorf("%w: index %s (%+d indexed, %+d deleted since; a shard that moved counts anew)",
				ErrWrittenSince, index, now.Indexed-pair.Source.Writes.Indexed, now.Deleted-pair.Source.Writes.Deleted))
		}
	}
	return errors.Join(reasons...)
}
