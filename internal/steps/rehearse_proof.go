package steps

// rehearse_proof.go answers: is every document that was rehearsed on the target as the rules say, and does it mean the same?
// The share is read once more and compared as a proof compares, and then by value. Next: values.go.

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

// prove compares everything that was sent and not refused.
func (r *rehearsing) prove(ctx context.Context, target *cluster.Client, made *transform.IndexPlan, chosen sample, row *RehearsalRow) error {
	sourceless := keepNoSource(made)
	expected := func(document es.Document) (es.Document, bool, error) {
		rewritten, wanted, err := load.Becomes(nil, made, document)
		if err != nil || row.refused[keyOf(document, true)] {
			return document, false, nil // booked when it was sent
		}
		rewritten.Index = r.move.scratchName(rewritten.Index)
		if sourceless[wanted.Name] {
			rewritten.Source = nil
		}
		return rewritten, true, nil
	}
	pair := verify.Pair{SourceIndex: row.Source, TargetIndex: row.Scratch[0], Parts: row.Scratch[1:], Transform: expected}
	documents := func(ctx context.Context, visit func(es.Document) error) error {
		return everyDocument(ctx, chosen, visit)
	}
	report, err := verify.CompareDocuments(ctx, documents, target, pair, verify.Options{})
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	row.Proof = &report
	if len(sourceless) > 0 {
		row.Remark = "the index keeps no source on the target either: ids and values are compared, no sources"
	}
	if row.Moved-row.Aside != report.Source.Documents {
		return fmt.Errorf("%d documents were sent and %d compared", row.Moved-row.Aside, report.Source.Documents)
	}
	columns, has := chosen.(interface {
		columns(ctx context.Context, visit func(*export.Sampled) error) error
	})
	if !has {
		row.Remark = "values were not compared: there is no snapshot"
		return nil
	}
	return r.proveValues(ctx, target, row, expected, columns.columns)
}

// proveValues compares by value what lies in each scratch index.
func (r *rehearsing) proveValues(ctx context.Context, target *cluster.Client, row *RehearsalRow, expected verify.Transform, columns func(context.Context, func(*export.Sampled) error) error) error {
	moved, err := acceptedMoves(r.move.Wanted)
	if err != nil {
		return err
	}
	row.Values = map[string]verify.ValueReport{}
	for _, name := range row.Scratch {
		pair := verify.ValuePair{SourceIndex: row.Source, TargetIndex: name, Source: r.move.Plan.Facts.Source.Version, Intended: intended(r.move.Wanted.Transform, row.Source), Accepted: moved[row.Source]}
		pair.Transform = func(document es.Document) (es.Document, bool, error) {
			after, wanted, err := expected(document)
			return after, wanted && after.Index == name, err
		}
		report, err := verify.CompareValues(ctx, r.reader, target, pair, func(visit func(*export.Sampled) error) error { return columns(ctx, visit) })
		if err != nil {
			return fmt.Errorf("compare values: %w", err)
		}
		row.Values[name] = report
	}
	return nil
}

// keepNoSource names the target indices whose mapping switches _source off.
func keepNoSource(made *transform.IndexPlan) map[string]bool {
	without := map[string]bool{}
	for _, wanted := range made.Targets {
		if plan.KeepsNoSource([]byte(gjson.GetBytes(wanted.Body, "mappings").Raw)) {
			without[wanted.Name] = true
		}
	}
	return without
}
