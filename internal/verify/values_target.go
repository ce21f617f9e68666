package verify

// values_target.go answers: what does the target say that documents hold? Doc values by document, and by nested object as
// hits inside the hit. What it does not give that way is counted. Next: values_counted.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// defaultInnerWindow is how many nested objects of a document a target gives since 6.0, unless its
// index.max_inner_result_window says otherwise; mostInner is how many are asked for at the most.
const (
	defaultInnerWindow = 100
	mostInner          = 10_000
)

// expensiveQueries is the setting by which a cluster since 7.7 refuses nested queries, among others; it says so.
const expensiveQueries = "search.allow_expensive_queries"

// valueTarget is the index that is asked.
type valueTarget struct {
	client  *cluster.Client
	index   string
	version es.Version
	// several: documents of several types may have an id in common.
	several bool
	window  int
	// joinless: the target refuses nested queries, so that what lies in nested objects is counted.
	joinless bool
	fields   map[string]valueField
}

func newValueTarget(ctx context.Context, client *cluster.Client, index string) (*valueTarget, error) {
	info, err := client.Detect(ctx)
	if err != nil {
		return nil, err
	}
	target := &valueTarget{client: client, index: index, version: info.Version, several: cluster.DialectFor(info.Version).TypesInURL, window: mostInner, fields: map[string]valueField{}}
	mappings, err := client.Mappings(ctx, index)
	if err != nil {
		return nil, err
	}
	for _, mapping := range mappings {
		valueFields(mapping, target.fields)
	}
	settings, err := client.Settings(ctx, index)
	if err != nil {
		return nil, err
	}
	if target.version.AtLeast(6, 0) {
		target.window = defaultInnerWindow
	}
	for _, one := range settings {
		if window, err := strconv.Atoi(one.Text("index.max_inner_result_window")); err == nil && target.version.AtLeast(6, 0) {
			target.window = min(window, mostInner)
		}
		for path, field := range target.fields {
			field.points = pointFormOf(one.Created)
			target.fields[path] = field
		}
	}
	return target, nil
}

// counts says that a field's values are only to be had by counting. Measured: of several addresses 5.5 gives the first one
// several times.
func (t *valueTarget) counts(field valueField) bool {
	return field.family() == familyIP && !t.version.AtLeast(6, 4) || field.within != "" && t.joinless
}

// valueHit is what the target has of one document; beyond names nested objects of which it has more than it gives.
type valueHit struct {
	version int64
	values  map[string][]string
	beyond  map[string]bool
}

// valueHits are by id, or by type and id where types may have one in common.
type valueHits struct {
	several bool
	by      map[string]valueHit
}

// of gives a document in the version that the source has.
func (h valueHits) of(document *sampledDocument) (valueHit, bool) {
	key := document.id
	if h.several {
		key = document.docType + "\x00" + document.id
	}
	hit, exists := h.by[key]
	return hit, exists && (document.version <= 0 || hit.version == document.version)
}

// values asks for fields of documents.
func (t *valueTarget) values(ctx context.Context, batch []sampledDocument, paths []string) (valueHits, error) {
	most := 1
	for i := range batch {
		most = max(most, batch[i].nested)
	}
	var own []any
	within := map[string][]any{}
	for _, path := range paths {
		switch field := t.fields[path]; {
		case t.counts(field):
		case field.within == "":
			own = append(own, t.asked(field))
		default:
			within[field.within] = append(within[field.within], t.asked(field))
		}
	}
	wanted := map[string]any{"must": idsQuery(batch)}
	var inside []any
	for path, asked := range within {
		hits := map[string]any{"size": min(most, t.window), "_source": false, t.key(): asked}
		inside = append(inside, map[string]any{"nested": map[string]any{"path": path, "query": map[string]any{"match_all": map[string]any{}}, "inner_hits": hits}})
	}
	if len(inside) > 0 {
		wanted["should"] = inside
	}
	body := map[string]any{"query": map[string]any{"bool": wanted}}
	if len(own) > 0 {
		body[t.key()] = own
	}
	answer, err := t.search(ctx, body, len(batch))
	if err != nil && len(inside) > 0 && strings.Contains(err.Error(), expensiveQueries) {
		t.joinless = true
		return t.values(ctx, batch, paths)
	}
	if err != nil {
		return valueHits{}, err
	}
	return t.hits(answer), nil
}

// idsQuery finds documents by id, whatever their types.
func idsQuery(batch []sampledDocument) map[string]any {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].id
	}
	return map[string]any{"ids": map[string]any{"values": ids}}
}

// search asks for so many documents with their versions.
func (t *valueTarget) search(ctx context.Context, body map[string]any, documents int) (gjson.Result, error) {
	body["size"], body["version"], body["_source"] = documents*mostTypes, true, false
	encoded, err := json.Marshal(body)
	if err != nil {
		return gjson.Result{}, fmt.Errorf("encode the search: %w", err)
	}
	response, err := t.client.Send(ctx, cluster.Request{Method: http.MethodPost, Path: cluster.Path(t.index, "_search"), Body: encoded, Repeatable: true})
	if err != nil {
		return gjson.Result{}, fmt.Errorf("read values of %s: %w", t.index, err)
	}
	return gjson.ParseBytes(response.Body), nil
}

// key is what a search calls the doc values that it wants.
func (t *valueTarget) key() string {
	if !t.version.AtLeast(5, 0) {
		return "fielddata_fields"
	}
	return "docvalue_fields"
}

// asked is how a field is asked for.
func (t *valueTarget) asked(field valueField) any {
	switch {
	case !t.version.AtLeast(6, 4):
		return field.path
	case field.family() == familyDate:
		return map[string]string{"field": field.path, "format": "epoch_millis"}
	case !t.version.AtLeast(7, 0):
		return map[string]string{"field": field.path, "format": "use_field_mapping"}
	}
	return map[string]string{"field": field.path}
}

func (t *valueTarget) hits(answer gjson.Result) valueHits {
	found := valueHits{several: t.several, by: map[string]valueHit{}}
	answer.Get("hits.hits").ForEach(func(_, hit gjson.Result) bool {
		one := valueHit{version: hit.Get("_version").Int(), values: map[string][]string{}, beyond: map[string]bool{}}
		t.take(hit, one.values)
		hit.Get("inner_hits").ForEach(func(path, inner gjson.Result) bool {
			total := inner.Get("hits.total")
			if total.IsObject() {
				total = total.Get("value")
			}
			given := inner.Get("hits.hits").Array()
			if total.Int() > int64(len(given)) {
				one.beyond[path.String()] = true
			}
			for _, object := range given {
				t.take(object, one.values)
			}
			return true
		})
		for path, values := range one.values {
			sortValues(values, t.fields[path].family())
		}
		found.by[hit.Get("_id").String()] = one
		found.by[hit.Get("_type").String()+"\x00"+hit.Get("_id").String()] = one
		return true
	})
	return found
}

// take adds the values of one hit, which is one Lucene document.
func (t *valueTarget) take(hit gjson.Result, into map[string][]string) {
	hit.Get("fields").ForEach(func(name, values gjson.Result) bool {
		path, field := name.String(), t.fields[name.String()]
		var shown []string
		for _, value := range values.Array() {
			shown = append(shown, field.shown(value))
		}
		into[path] = append(into[path], asKept(shown, field.family())...)
		return true
	})
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
	case familyPoint:
		return shownPoint(v)
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
