package verify

// table.go answers: what would _cat/indices show on both sides, side by side, and where do they differ? Printing is
// package ui's.

import (
	"context"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

// Row is one pair in the table. A side that has no such index has a zero IndexRow.
type Row struct {
	Pair   string           `json:"pair"`
	Source cluster.IndexRow `json:"source"`
	Target cluster.IndexRow `json:"target"`
	// SourceDocuments and TargetDocuments are whole documents by _count (those in the rows count nested ones too);
	// -1 where an index is missing or closed.
	SourceDocuments int64 `json:"source_documents"`
	TargetDocuments int64 `json:"target_documents"`
	// Differences are for people, most important first; empty when the pair looks as it should.
	Differences []string `json:"differences,omitempty"`
}

// Table reads both sides and puts them beside each other. Sizes are never a difference: another version packs otherwise.
func Table(ctx context.Context, source, target *cluster.Client, pairs []Pair) ([]Row, error) {
	var sides [2]map[string]cluster.IndexRow
	for i, client := range []*cluster.Client{source, target} {
		rows, err := client.Indices(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the indices of the %s: %w", []Side{Source, Target}[i], err)
		}
		sides[i] = map[string]cluster.IndexRow{}
		for _, row := range rows {
			sides[i][row.Name] = row
		}
	}
	table := make([]Row, 0, len(pairs))
	for _, pair := range pairs {
		row := Row{Pair: pair.Name(), Source: sides[0][pair.SourceIndex], Target: sides[1][pair.TargetIndex]}
		var err error
		if row.SourceDocuments, err = wholeDocuments(ctx, source, row.Source, (&view{pair: pair, side: Source}).query()); err != nil {
			return nil, err
		}
		if row.TargetDocuments, err = wholeDocuments(ctx, target, row.Target, nil); err != nil {
			return nil, err
		}
		row.Differences = row.differences()
		table = append(table, row)
	}
	return table, nil
}

func wholeDocuments(ctx context.Context, client *cluster.Client, row cluster.IndexRow, query []byte) (int64, error) {
	if row.Name == "" || !row.Open {
		return -1, nil
	}
	return client.Count(ctx, row.Name, query)
}

func (r Row) differences() []string {
	switch {
	case r.Source.Name == "" && r.Target.Name == "":
		return []string{"on neither side"}
	case r.Target.Name == "":
		return []string{"missing on the target"}
	case r.Source.Name == "":
		return []string{"missing on the source"}
	}
	var differences []string
	if r.Source.Open != r.Target.Open {
		differences = append(differences, fmt.Sprintf("%s on the source, %s on the target", openness(r.Source), openness(r.Target)))
	} else if delta := r.TargetDocuments - r.SourceDocuments; delta != 0 {
		differences = append(differences, fmt.Sprintf("%+d documents", delta))
	}
	if r.Target.Health == "red" {
		differences = append(differences, "red on the target")
	}
	if r.Source.Primaries != r.Target.Primaries {
		differences = append(differences, fmt.Sprintf("%d shards became %d", r.Source.Primaries, r.Target.Primaries))
	}
	if r.Source.Replicas != r.Target.Replicas {
		differences = append(differences, fmt.Sprintf("%d replicas became %d", r.Source.Replicas, r.Target.Replicas))
	}
	return differences
}

func openness(row cluster.IndexRow) string {
	if row.Open {
		return "open"
	}
	return "closed"
}
