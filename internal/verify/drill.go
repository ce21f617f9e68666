package verify

// drill.go answers: which documents make two digests differ, and in which field first? Only the differing buckets are
// collected, few enough at a time that memory stays bounded. Next: path.go, report.go.

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/zeebo/xxh3"
)

const (
	// drillBudget is how many documents of both sides are held at a time, about 150 bytes each.
	drillBudget = 500_000
	// fetchAtOnce is how many differing documents are fetched at a time, sources and all.
	fetchAtOnce = 20
)

// Kind says how a document differs.
type Kind string

// The kinds of differences.
const (
	// Missing on the target.
	Missing Kind = "missing"
	// Extra on the target: the source has no such document.
	Extra Kind = "extra"
	// Content: the source bytes mean something else.
	Content Kind = "content"
	// Routing, DocType, Parent: the document is the same, and addressed otherwise.
	Routing Kind = "routing"
	DocType Kind = "type"
	Parent  Kind = "parent"
)

// Difference is one document that isn't the same on both sides.
type Difference struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
	// Type, Routing and Parent are those of the source, or of the target for an extra document.
	Type    string `json:"type,omitempty"`
	Routing string `json:"routing,omitempty"`
	Parent  string `json:"parent,omitempty"`
	// Target's own where it is the difference, and for removing the wrong one.
	TargetType    string `json:"target_type,omitempty"`
	TargetRouting string `json:"target_routing,omitempty"`
	TargetParent  string `json:"target_parent,omitempty"`
	// Path is the first field that differs, with both sides' literals, shortened; "" for a side without it.
	Path        string `json:"path,omitempty"`
	SourceValue string `json:"source_value,omitempty"`
	TargetValue string `json:"target_value,omitempty"`
}

// place is where documents are compared with each other: an id, and an index where that counts.
type place struct{ id, index string }

// entry is one document in the comparison of buckets.
type entry struct {
	docType, routing, parent string
	high, low                uint64
}

// portion is what one pass over both sides collects: some buckets, or a part of one that is too large.
type portion struct {
	buckets     [es.DigestBuckets]bool
	part, parts uint64
}

func (p *portion) holds(id string) bool {
	if !p.buckets[es.Bucket(id)] {
		return false
	}
	// The bucket is the hash's highest byte, the part comes from its lowest bits.
	return p.parts <= 1 || xxh3.HashString(id)&0xFFFFFF%p.parts == p.part
}

// portions cuts the differing buckets into passes.
func portions(differing []int, documents func(bucket int) int64) []portion {
	var all []portion
	var current portion
	var held int64
	flush := func() {
		if held > 0 {
			all = append(all, current)
		}
		current, held = portion{}, 0
	}
	for _, bucket := range differing {
		count := max(documents(bucket), 1)
		if count > drillBudget {
			flush()
			parts := uint64((count + drillBudget - 1) / drillBudget)
			for part := range parts {
				one := portion{part: part, parts: parts}
				one.buckets[bucket] = true
				all = append(all, one)
			}
			continue
		}
		if held+count > drillBudget {
			flush()
		}
		current.buckets[bucket] = true
		held += count
	}
	flush()
	return all
}

// drill finds the differing documents, up to the limit, and names the first differing field of some.
func (c *comparison) drill(ctx context.Context, views [2]*view, digests [2]*tally, differing []int, report *PairReport) error {
	documents := func(bucket int) int64 {
		return digests[0].digest.Buckets[bucket].Documents + digests[1].digest.Buckets[bucket].Documents
	}
	for _, one := range portions(differing, documents) {
		if len(report.Differences) >= c.options.MaxDifferences {
			report.Truncated = true
			break
		}
		source, err := views[0].collect(ctx, &one)
		if err != nil {
			return err
		}
		target, err := views[1].collect(ctx, &one)
		if err != nil {
			return err
		}
		report.Differences = append(report.Differences, compareEntries(source, target, views[0])...)
	}
	slices.SortFunc(report.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Kind, b.Kind))
	})
	if len(report.Differences) > c.options.MaxDifferences {
		report.Differences, report.Truncated = report.Differences[:c.options.MaxDifferences], true
	}
	return c.namePaths(ctx, views, report.Differences)
}

// collect reads one side again and keeps the documents of a portion.
func (v *view) collect(ctx context.Context, wanted *portion) (map[place][]entry, error) {
	entries := map[place][]entry{}
	var mutex sync.Mutex
	err := v.shards(ctx, func(_ context.Context, read func(each func(hashed)) (*tally, error)) error {
		type found struct {
			place
			entry
		}
		var here []found
		_, err := read(func(one hashed) {
			if wanted.holds(one.document.ID) {
				at := place{id: one.document.ID}
				if v.places {
					at.index = one.document.Index
				}
				here = append(here, found{at, entry{one.document.Type, one.document.Routing, one.document.Parent, one.high, one.low}})
			}
		})
		if err != nil {
			return err
		}
		mutex.Lock()
		defer mutex.Unlock()
		for _, one := range here {
			entries[one.place] = append(entries[one.place], one.entry)
		}
		return nil
	})
	v.reader.tell(Progress{Pair: v.pair.Name(), Phase: "drill", Documents: int64(len(entries)), Total: int64(len(entries))})
	return entries, err
}

// compareEntries pairs off what is equal and names the rest. One id may stand for several documents: one per type, and
// one per shard where the same id was written with different routings.
func compareEntries(source, target map[place][]entry, view *view) []Difference {
	var differences []Difference
	for at, left := range source {
		left, right := subtract(left, target[at])
		for len(left) > 0 && len(right) > 0 {
			near := closest(left[0], right)
			differences = append(differences, view.differ(at.id, left[0], right[near]))
			left, right = left[1:], slices.Delete(right, near, near+1)
		}
		for _, one := range left {
			differences = append(differences, Difference{Kind: Missing, ID: at.id, Type: one.docType, Routing: one.routing, Parent: one.parent})
		}
		for _, one := range right {
			differences = append(differences, extra(at.id, one))
		}
	}
	for at, right := range target {
		if _, both := source[at]; both {
			continue
		}
		for _, one := range right {
			differences = append(differences, extra(at.id, one))
		}
	}
	return differences
}

func extra(id string, one entry) Difference {
	return Difference{Kind: Extra, ID: id, Type: one.docType, Routing: one.routing, Parent: one.parent,
		TargetType: one.docType, TargetRouting: one.routing, TargetParent: one.parent}
}

// subtract takes the equal ones out of both lists.
func subtract(left, right []entry) (onlyLeft, onlyRight []entry) {
	onlyRight = slices.Clone(right)
	for _, one := range left {
		at := slices.IndexFunc(onlyRight, func(other entry) bool { return other.high == one.high && other.low == one.low })
		if at < 0 {
			onlyLeft = append(onlyLeft, one)
			continue
		}
		onlyRight = slices.Delete(onlyRight, at, at+1)
	}
	return onlyLeft, onlyRight
}

// closest finds the document that the other one most likely became: same address, else same type, else the first.
func closest(one entry, others []entry) int {
	for _, same := range []func(entry) bool{
		func(other entry) bool { return other.docType == one.docType && other.routing == one.routing },
		func(other entry) bool { return other.docType == one.docType },
		func(other entry) bool { return other.routing == one.routing },
	} {
		if at := slices.IndexFunc(others, same); at >= 0 {
			return at
		}
	}
	return 0
}

func (v *view) differ(id string, source, target entry) Difference {
	difference := Difference{
		Kind: Content, ID: id, Type: source.docType, Routing: source.routing, Parent: source.parent,
		TargetType: target.docType, TargetRouting: target.routing, TargetParent: target.parent,
	}
	switch {
	case v.types && source.docType != target.docType:
		difference.Kind = DocType
	case source.routing != target.routing:
		difference.Kind = Routing
	case v.parents && source.parent != target.parent:
		difference.Kind = Parent
	}
	return difference
}

// namePaths fetches some of the documents that are on both sides, and names the first field that differs.
func (c *comparison) namePaths(ctx context.Context, views [2]*view, differences []Difference) error {
	var both []*Difference
	for i := range differences {
		if kind := differences[i].Kind; kind != Missing && kind != Extra && len(both) < c.options.MaxPaths {
			both = append(both, &differences[i])
		}
	}
	for some := range slices.Chunk(both, fetchAtOnce) {
		ids := make([]string, 0, len(some))
		for _, one := range some {
			ids = append(ids, one.ID)
		}
		source, err := views[0].fetch(ctx, ids)
		if err != nil {
			return err
		}
		target, err := views[1].fetch(ctx, ids)
		if err != nil {
			return err
		}
		for _, one := range some {
			left, right := source[address{one.ID, one.Type, one.Routing}], target[address{one.ID, one.TargetType, one.TargetRouting}]
			if left != nil && right != nil {
				one.Path, one.SourceValue, one.TargetValue = firstDifference(left, right)
			}
		}
	}
	return nil
}

type address struct{ id, docType, routing string }

// fetch reads documents by id, in canonical form. A transform that changes ids makes a search by the source's own ids
// miss them: then no path is named.
func (v *view) fetch(ctx context.Context, ids []string) (map[address][]byte, error) {
	query, err := json.Marshal(map[string]any{"ids": map[string]any{"values": ids}})
	if err != nil {
		return nil, fmt.Errorf("ask for documents by id: %w", err)
	}
	found := map[address][]byte{}
	for _, index := range v.indices() {
		_, err := v.scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards, Query: query, Page: fetchAtOnce}, func(one hashed) {
			if v.documents == nil || slices.Contains(ids, one.document.ID) { // documents from elsewhere cannot be asked for by id
				found[address{one.document.ID, one.document.Type, one.document.Routing}] = slices.Clone(one.canonical)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
