package verify

// values.go answers: does the target understand the documents as the source did? The same bytes can mean another value: a
// date format that both sides take may store another day. Of a sample of documents the doc values of both sides are
// compared, those of the source out of a snapshot. Next: values_source.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

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
	values  map[string][]string
	// changed are fields whose bytes the rewriting changed, absent ones those that _source does not hold.
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
func CompareValues(ctx context.Context, reader *export.Reader, target *cluster.Client, pair ValuePair, sampler Sampler) (ValueReport, error) {
	var report ValueReport
	mappings, err := target.Mappings(ctx, pair.TargetIndex)
	if err != nil {
		return report, err
	}
	here := map[string]valueField{}
	for _, mapping := range mappings {
		valueFields(mapping, here)
	}
	info, err := target.Detect(ctx)
	if err != nil {
		return report, err
	}
	for path, field := range here {
		// Measured: 5.x gives no columns of addresses ("cannot run scripts on ip fields").
		field.columns = field.columns && (field.typ != "ip" || info.Version.AtLeast(6, 4))
		here[path] = field
	}
	about, err := reader.Metadata(ctx, pair.SourceIndex)
	if err != nil {
		return report, err
	}
	there := sourceFields(about.Mappings, pair.Source)
	fields := comparableFields(there, here)
	if report.Fields = len(fields); report.Fields == 0 {
		report.Note = "no field has doc values on both sides"
		return report, nil
	}
	var batch []sampledDocument
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := compareBatch(ctx, target, pair, batch, fields, there, here, &report)
		batch = batch[:0]
		return err
	}
	err = sampler(func(one *export.Sampled) error {
		document, wanted, err := pair.sampled(one, fields, there)
		if err != nil {
			return err
		}
		if !wanted {
			report.Skipped++
			return nil
		}
		if batch = append(batch, document); len(batch) == sampleBatch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return report, err
}

// comparableFields are those that have values to compare on both sides.
func comparableFields(there, here map[string]valueField) []string {
	var fields []string
	for path, source := range there {
		if target, both := here[path]; both && source.family() != familyNone && source.family() == target.family() && target.columns && !source.nested && !target.nested {
			fields = append(fields, path)
		}
	}
	slices.Sort(fields)
	return fields
}

// sampled gives what a document holds by the source's understanding, and where it is on the target.
func (p ValuePair) sampled(one *export.Sampled, fields []string, there map[string]valueField) (sampledDocument, bool, error) {
	before, err := one.Document.ES()
	if err != nil {
		return sampledDocument{}, false, err
	}
	after, wanted := before, true
	if p.Transform != nil {
		if after, wanted, err = p.Transform(before); err != nil || !wanted {
			return sampledDocument{}, false, err
		}
	}
	document := sampledDocument{id: after.ID, docType: after.Type, version: before.Version, values: map[string][]string{}, changed: map[string]bool{}, absent: map[string]bool{}}
	for _, path := range fields {
		values, known, err := there[path].of(one, before.Source)
		if err != nil {
			return document, false, err
		}
		if known {
			document.values[path] = values
		}
		if len(values) > 0 && !there[path].filled && len(scalars(before.Source, there[path].base())) == 0 {
			document.absent[path] = true
		}
		if p.Intended != nil && p.Intended(path) && strings.Join(scalars(before.Source, path), "\x00") != strings.Join(scalars(after.Source, path), "\x00") {
			document.changed[path] = true
		}
	}
	return document, true, nil
}

func compareBatch(ctx context.Context, target *cluster.Client, pair ValuePair, batch []sampledDocument, fields []string, there, here map[string]valueField, report *ValueReport) error {
	info, err := target.Detect(ctx)
	if err != nil {
		return err
	}
	compared, several := map[string]bool{}, cluster.DialectFor(info.Version).TypesInURL
	for start := 0; start < len(fields); start += fieldsBatch {
		some := fields[start:min(start+fieldsBatch, len(fields))]
		found, err := docValues(ctx, target, pair.TargetIndex, batch, some, here)
		if err != nil {
			return err
		}
		for i := range batch {
			document := &batch[i]
			hit, exists := found[document.id]
			if several { // types of one index may have an id in common
				hit, exists = found[document.docType+"\x00"+document.id]
			}
			if !exists || document.version > 0 && hit.version != document.version {
				continue // written or deleted since; the digests speak of that
			}
			compared[document.docType+"\x00"+document.id] = true
			for _, path := range some {
				report.compare(document, path, there[path], here[path], hit.values[path], pair.Accepted)
			}
		}
	}
	report.Documents += len(compared)
	report.Skipped += len(batch) - len(compared)
	return nil
}

// compare holds one field of one document against the target's.
func (r *ValueReport) compare(document *sampledDocument, path string, there, here valueField, now []string, accepted func(string) bool) {
	then, known := document.values[path]
	if !known || len(then) == 0 && len(now) == 0 {
		return
	}
	if document.changed[path] {
		r.Intended++
		return
	}
	if document.absent[path] && len(now) == 0 {
		r.Unsourced++
		return
	}
	r.Values++
	if slices.Equal(then, now) {
		return
	}
	if here.family() == familyNumber && roundedAlike(then, now, narrower(there.typ, here.typ)) {
		r.Rounded++
		return
	}
	if accepted != nil && accepted(path) {
		r.Intended++
		return
	}
	r.Differing++
	if len(r.Differences) < mostValueDifferences {
		r.Differences = append(r.Differences, ValueDifference{Field: path, ID: document.id, Source: then, Target: now})
	}
}

// narrower is the type that keeps less of a fraction.
func narrower(a, b string) string {
	for _, typ := range []string{"half_float", "float", "scaled_float"} {
		if a == typ || b == typ {
			return typ
		}
	}
	return ""
}

// roundedAlike says whether numbers are the same as far as the narrower type keeps them.
func roundedAlike(a, b []string, typ string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, err1 := strconv.ParseFloat(a[i], 64)
		y, err2 := strconv.ParseFloat(b[i], 64)
		if err1 != nil || err2 != nil {
			return false
		}
		switch typ {
		case "float":
			if float32(x) != float32(y) {
				return false
			}
		case "half_float":
			const half = 1.0 / 1024
			if math.Abs(x-y) > math.Abs(x)*half {
				return false
			}
		case "scaled_float":
			const close = 1e-9
			if math.Abs(x-y) > max(math.Abs(x), 1)*close {
				return false
			}
		default:
			if x != y {
				return false
			}
		}
	}
	return true
}

// valueHit is what the target has of one document.
type valueHit struct {
	version int64
	values  map[string][]string
}

// docValues asks the target for columns of documents by id.
func docValues(ctx context.Context, target *cluster.Client, index string, batch []sampledDocument, fields []string, here map[string]valueField) (map[string]valueHit, error) {
	info, err := target.Detect(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].id
	}
	var asked []any
	key := "docvalue_fields"
	for _, path := range fields {
		switch {
		case !info.Version.AtLeast(5, 0):
			key = "fielddata_fields"
			asked = append(asked, path)
		case !info.Version.AtLeast(6, 4):
			asked = append(asked, path)
		case here[path].family() == familyDate:
			asked = append(asked, map[string]string{"field": path, "format": "epoch_millis"})
		case !info.Version.AtLeast(7, 0):
			asked = append(asked, map[string]string{"field": path, "format": "use_field_mapping"})
		default:
			asked = append(asked, map[string]string{"field": path})
		}
	}
	body, err := json.Marshal(map[string]any{"size": len(ids) * mostTypes, "version": true, "_source": false, "query": map[string]any{"ids": map[string]any{"values": ids}}, key: asked})
	if err != nil {
		return nil, fmt.Errorf("encode the search: %w", err)
	}
	response, err := target.Send(ctx, cluster.Request{Method: http.MethodPost, Path: cluster.Path(index, "_search"), Body: body, Repeatable: true})
	if err != nil {
		return nil, fmt.Errorf("read values of %s: %w", index, err)
	}
	found := map[string]valueHit{}
	gjson.GetBytes(response.Body, "hits.hits").ForEach(func(_, hit gjson.Result) bool {
		one := valueHit{version: hit.Get("_version").Int(), values: map[string][]string{}}
		hit.Get("fields").ForEach(func(name, values gjson.Result) bool {
			for _, value := range values.Array() {
				one.values[name.String()] = append(one.values[name.String()], here[name.String()].shown(value))
			}
			sortValues(one.values[name.String()], here[name.String()].family())
			return true
		})
		found[hit.Get("_id").String()] = one
		found[hit.Get("_type").String()+"\x00"+hit.Get("_id").String()] = one
		return true
	})
	return found, nil
}

// shown writes a value of the target as the source's are written.
func (f valueField) shown(v gjson.Result) string {
	switch f.family() {
	case familyDate:
		text := v.String()
		if instant, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return dateText(instant.UnixMilli())
		}
		if millis, err := strconv.ParseFloat(text, 64); err == nil {
			return dateText(int64(millis))
		}
		return text
	case familyNumber:
		return numberText(v.Raw)
	case familyBoolean:
		switch v.String() {
		case "1", "T":
			return "true"
		case "0", "F":
			return "false"
		}
	case familyIP:
		if address, err := netip.ParseAddr(v.String()); err == nil {
			return address.Unmap().String()
		}
	}
	return v.String()
}

// dateText shows an instant so that a person sees which day it is.
func dateText(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}

// numberText writes a number in one form: whole ones with all digits.
func numberText(raw string) string {
	raw = strings.Trim(raw, `"`)
	if _, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return raw
	}
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	const exact = 1 << 53
	if v == math.Trunc(v) && math.Abs(v) < exact {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
