package steps

// values.go answers: do the documents that are the same on both sides mean the same? Package verify compares a sample by
// doc values; the source's come out of the snapshot, so that the old cluster is not asked. Next: proof.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/preflight"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/internal/verify"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// compareValues adds to each row of a proof what a sample of its values says. Where there is no snapshot to read, the row
// says so: the digests stand without it.
func (m *Move) compareValues(ctx context.Context, proof *Proof, routes []plan.Route, progress progressOf) error {
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return err
	}
	repository, info, why := m.sampleFrom(ctx, routes)
	if errors.Is(why, context.Canceled) {
		return why
	}
	moved, err := acceptedMoves(m.Wanted)
	if err != nil {
		return err
	}
	var reader *export.Reader
	if why == nil {
		reader = export.NewReader(ctx, repository, info)
	}
	for i, route := range routes {
		row := &proof.Rows[i]
		switch {
		case why != nil:
			row.Values = &verify.ValueReport{Note: "values were not compared: " + why.Error()}
			continue
		case !slices.Contains(info.Indices, route.Source):
			row.Values = &verify.ValueReport{Note: "values were not compared: the snapshot " + info.Name + " does not hold the index"}
			continue
		}
		progress(int64(i), int64(len(routes)), "indices compared by value", route.Source)
		pair := verify.ValuePair{SourceIndex: route.Source, TargetIndex: route.Target, Source: m.Plan.Facts.Source.Version, Intended: intended(m.Wanted.Transform, route.Source), Accepted: moved[route.Source]}
		if pair.Transform, err = m.valued(ctx, route); err != nil {
			return err
		}
		report, err := verify.CompareValues(ctx, reader, target, pair, verify.SampleOf(ctx, reader, route.Source, verify.DefaultSample))
		if err != nil {
			return fmt.Errorf("%s: %w", route.Source, err)
		}
		row.Values = &report
		if report.Unsourced > 0 && row.Note == "" {
			row.Note = "fields that _source leaves out had values on the source, which cannot be carried over"
		}
		proof.Values += int64(report.Values)
		for _, difference := range report.Differences {
			if len(row.Examples) < examplesMost {
				row.Examples = append(row.Examples, difference.String())
			}
		}
		proof.Holds = proof.Holds && row.Holds()
	}
	return nil
}

// valued is comparable without the documents that a person mended: the values of theirs stand nowhere on the source.
func (m *Move) valued(ctx context.Context, route plan.Route) (verify.Transform, error) {
	becomes, err := m.comparable(ctx, route)
	if err != nil {
		return nil, err
	}
	mended, err := m.mendedSources()
	if err != nil || len(mended) == 0 {
		return becomes, err
	}
	return func(document es.Document) (es.Document, bool, error) {
		if _, known := mended[versionKey(&document)]; known {
			return document, false, nil
		}
		if becomes == nil {
			return document, true, nil
		}
		return becomes(document)
	}, nil
}

// acceptedMoves gives, by index, the fields whose dates become others and of which migration.yaml says so.
func acceptedMoves(wanted *migration.Migration) (map[string]func(string) bool, error) {
	report, err := LoadPreflight(wanted)
	if err != nil || report == nil {
		return nil, err
	}
	accepts, moved := preflight.Accepts(wanted.Accept), map[string]func(string) bool{}
	for _, index := range report.Indices {
		var fields []string
		for _, row := range index.Rows {
			if row.Kind == preflight.DateMoves && accepts(row.Kind, index.Index) {
				fields = append(fields, row.Field)
			}
		}
		if len(fields) > 0 {
			moved[index.Index] = func(field string) bool { return slices.Contains(fields, field) }
		}
	}
	return moved, nil
}

// sampleFrom finds a snapshot that holds the indices; the error is why there is none to read.
func (m *Move) sampleFrom(ctx context.Context, routes []plan.Route) (*snapshot.Repository, *snapshot.Info, error) {
	if m.Wanted.Repository.Type == migration.RepositoryNone {
		return nil, nil, errors.New("there is no snapshot, since there is no repository")
	}
	return m.readable(ctx, "", sources(routes))
}

// sampled is one line on how many values were compared.
func (p Proof) sampled() string {
	if p.Values > 0 {
		left := 0
		for _, row := range p.Rows {
			if row.Values != nil && len(row.Values.LeftOut) > 0 {
				left++
			}
		}
		text := fmt.Sprintf("%d values of a sample compared by what they mean", p.Values)
		if left > 0 {
			text += fmt.Sprintf("; fields of %d indices were left out, `hikkoshi verify` names them", left)
		}
		return text
	}
	for _, row := range p.Rows {
		if row.Values != nil && row.Values.Note != "" {
			return row.Values.Note
		}
	}
	return "no values to compare"
}

// intended says which fields of an index a person's rules write; an expression may write any.
func intended(choices transform.Choices, index string) func(string) bool {
	var rules []transform.UserRule
	for _, rule := range choices.Rules {
		if rule.Matches(index) {
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 {
		return nil
	}
	return func(field string) bool {
		for _, rule := range rules {
			if rule.Expr != "" {
				return true
			}
			var written []string
			for from, to := range rule.Rename {
				written = append(written, from, to)
			}
			written = append(written, rule.Drop...)
			for name := range rule.Set {
				written = append(written, name)
			}
			if slices.ContainsFunc(written, func(name string) bool {
				return name == field || strings.HasPrefix(field, name+".")
			}) {
				return true
			}
		}
		return false
	}
}
