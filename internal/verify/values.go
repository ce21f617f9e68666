package verify

// values.go answers: does the target understand the documents as the source did? The same bytes can mean another value: a
// date format that both sides take may store another day. Of a sample of documents the doc values of both sides are
// compared, those of the source out of a snapshot. Next: values_mapping.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
)

const (
	// DefaultSample is how many documents of an index are compared by value.
	DefaultSample = 300
	// sampleSeed chooses the documents, the same ones each time.
	sampleSeed = 20160607
	// sampleBatch is how many documents one search asks for, fieldsBatch how many fields: a server allows 100.
	sampleBatch = 100
	fieldsBatch = 90
	// mostTypes is room for documents of several types that have an id in common, up to 6.x.
	mostTypes = 10
	// nestedBatch is how many nested objects of its documents make a batch full before that.
	nestedBatch = 5000
	// mostValueDifferences bounds what a report names.
	mostValueDifferences = 20
)

// ValuePair is one index of a snapshot and what it became.
type ValuePair struct {
	SourceIndex, TargetIndex string
	// Source is the version of the source.
	Source es.Version
	// Transform gives what the target should hold of a document, as in Pair; nil where nothing changes.
	Transform Transform
	// Intended says of a field that a person's rules change its values on purpose; nil where there are none.
	Intended func(field string) bool
	// Accepted says of a field that a person has accepted that its values mean another thing; nil where there are none.
	Accepted func(field string) bool
}

// ValueReport is the outcome for one pair.
type ValueReport struct {
	// Documents were compared; Skipped ones have another version on the target, or went elsewhere.
	Documents int `json:"documents"`
	Skipped   int `json:"skipped,omitempty"`
	// Values is how many fields of documents were compared, Rounded how many differ by what a narrower type keeps only,
	// Intended how many a person's rule changed or a person accepted.
	Values   int `json:"values"`
	Rounded  int `json:"rounded,omitempty"`
	Intended int `json:"intended,omitempty"`
	// Unsourced values stand in the source's columns and not in its _source, which leaves their fields out: nobody can
	// carry them.
	Unsourced int `json:"unsourced,omitempty"`
	// Fields is how many fields took part.
	Fields      int               `json:"fields"`
	Differing   int               `json:"differing"`
	Differences []ValueDifference `json:"differences,omitempty"`
	// LeftOut is what the documents hold and was not compared.
	LeftOut []LeftOut `json:"left_out,omitempty"`
	// Note says why nothing was compared, where it wasn't.
	Note string `json:"note,omitempty"`
}

// ValueDifference is one value that means another thing on the target.
type ValueDifference struct {
	Field  string   `json:"field"`
	ID     string   `json:"id"`
	Source []string `json:"source"`
	Target []string `json:"target"`
}

// String is the difference for a person.
func (d ValueDifference) String() string {
	return fmt.Sprintf("%s of %s is %s on the source and %s on the target", d.Field, d.ID, strings.Join(d.Source, ", "), strings.Join(d.Target, ", "))
}

// sampledDocument is what the source says of one document.
type sampledDocument struct {
	id      string
	docType string
	version int64
	nested  int
	values  map[string]fieldValues
	// unknown are fields of which the source says nothing, and why; changed are fields whose bytes the rewriting changed, absent ones those that _source does not hold.
	unknown         map[string]string
	changed, absent map[string]bool
}

// Sampler visits the documents of the pair's source index that are compared.
type Sampler func(visit func(*export.Sampled) error) error

// SampleOf is about so many documents of an index, the same ones each time.
func SampleOf(ctx context.Context, reader *export.Reader, index string, count int) Sampler {
	return func(visit func(*export.Sampled) error) error {
		return reader.Sample(ctx, index, count, sampleSeed, visit)
	}
}

// CompareValues compares sampled documents of one pair, whose source index reader has. A difference is no error.
func CompareValues(ctx context.Context, reader *export.Reader, client *cluster.Client, pair ValuePair, sampler Sampler) (ValueReport, error) {
	var report ValueReport
	target, err := newValueTarget(ctx, client, pair.TargetIndex)
	if err != nil {
		return report, err
	}
	about, err := reader.Metadata(ctx, pair.SourceIndex)
	if err != nil {
		return report, err
	}
	created, err := es.VersionFromID(int(about.CreatedID))
	if err != nil {
		created = pair.Source // the source's own indices, unless it says otherwise
	}
	there := sourceFields(about.Mappings, pair.Source, created)
	fields, others := comparableFields(there, target.fields)
	if report.Fields = len(fields); report.Fields == 0 {
		report.Note = "no field has doc values on both sides"
		return report, nil
	}
	comparison := valueComparison{pair: pair, target: target, there: there, fields: fields, others: others, report: &report}
	nested := 0
	err = sampler(func(one *export.Sampled) error {
		document, wanted, err := comparison.sampled(one)
		if err != nil {
			return err
		}
		if !wanted {
			report.Skipped++
			return nil
		}
		comparison.batch = append(comparison.batch, document)
		if nested += document.nested; len(comparison.batch) < sampleBatch && nested < nestedBatch {
			return nil
		}
		nested = 0
		return comparison.flush(ctx)
	})
	if err == nil {
		err = comparison.flush(ctx)
	}
	return report, err
}

// valueComparison is one pair while it is compared.
type valueComparison struct {
	pair   ValuePair
	target *valueTarget
	there  map[string]valueField
	fields []string
	// others are fields that cannot be compared, with the reason.
	others map[string]string
	batch  []sampledDocument
	report *ValueReport
}

// sampled gives what a document holds by the source's understanding, and where it is on the target.
func (c *valueComparison) sampled(one *export.Sampled) (sampledDocument, bool, error) {
	before, err := one.Document.ES()
	if err != nil {
		return sampledDocument{}, false, err
	}
	after, wanted := before, true
	if c.pair.Transform != nil {
		after, wanted, err = c.pair.Transform(before)
		if why := Withhold(""); errors.As(err, &why) {
			return sampledDocument{}, false, nil
		}
		if err != nil || !wanted {
			return sampledDocument{}, false, err
		}
	}
	document := sampledDocument{id: after.ID, docType: after.Type, version: before.Version, values: map[string]fieldValues{}, unknown: map[string]string{}, changed: map[string]bool{}, absent: map[string]bool{}}
	source := gjson.ParseBytes(before.Source)
	for path, why := range c.others {
		if len(written(source, c.there[path].base())) > 0 {
			document.unknown[path] = why
		}
	}
	for _, path := range c.fields {
		field := c.there[path]
		values, why, err := field.of(one, before.Source)
		if err != nil {
			return document, false, err
		}
		document.values[path] = values
		held := field.filled || len(written(source, field.base())) > 0
		if why != "" && held {
			document.unknown[path] = why
		}
		document.absent[path] = len(values) > 0 && !held
		if c.pair.Intended != nil && c.pair.Intended(path) && !slices.EqualFunc(written(source, path), written(gjson.ParseBytes(after.Source), path), func(a, b gjson.Result) bool { return a.Raw == b.Raw }) {
			document.changed[path] = true
		}
		if field.within != "" {
			if document.nested, err = one.Nested(); err != nil {
				return document, false, err
			}
		}
	}
	return document, true, nil
}

// flush compares the documents gathered.
func (c *valueComparison) flush(ctx context.Context) error {
	if len(c.batch) == 0 {
		return nil
	}
	compared := map[int]bool{}
	for some := range slices.Chunk(c.fields, fieldsBatch) {
		found, err := c.target.values(ctx, c.batch, some)
		if err != nil {
			return err
		}
		var beyond []countedValue
		for i := range c.batch {
			document := &c.batch[i]
			hit, exists := found.of(document)
			if !exists {
				continue // written or deleted since; the digests speak of that
			}
			compared[i] = true
			for _, path := range some {
				here, then := c.target.fields[path], document.values[path]
				switch {
				case document.unknown[path] != "": // booked below
				case c.target.counts(here) || hit.beyond[here.within]:
					beyond = append(beyond, countedValue{document: document, field: here, then: then.each(here.family())})
				default:
					c.report.compare(document, path, c.there[path], here, then.all(here.family()), hit.values[path], c.pair.Accepted)
				}
			}
		}
		if err := c.compareCounted(ctx, beyond); err != nil {
			return err
		}
	}
	for i := range compared {
		for path, why := range c.batch[i].unknown {
			c.report.leave(path, why)
		}
	}
	c.report.Documents += len(compared)
	c.report.Skipped += len(c.batch) - len(compared)
	c.batch = c.batch[:0]
	return nil
}
