package verify

// values_counted.go answers: what does the target hold where it does not give doc values by document? An aggregation below a
// filter on one document counts how many of its Lucene documents hold each value. Next: values_point.go.

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"
)

// mostBuckets is how many different values one search asks for: since 7.0 a server gives no more than 10,000
// (search.max_buckets), the filters around them included.
const mostBuckets = 9000

// countedValue is one field of one document, with the source's values, each once for a Lucene document.
type countedValue struct {
	document *sampledDocument
	field    valueField
	then     []string
}

// buckets is how many the answer takes: one more than the source's different values tells that there are others.
func (c countedValue) buckets() int {
	different := 1
	for i, value := range c.then {
		if i == 0 || value != c.then[i-1] {
			different++
		}
	}
	return different
}

// uncountable says why a field is not counted, "" where it is.
func (t *valueTarget) uncountable(value countedValue) string {
	kept := value.field.family() != familyPoint && value.field.typ != "date_nanos"
	switch {
	case !kept && t.joinless:
		return "the target refuses nested queries (" + expensiveQueries + "), and values of this type are not counted"
	case !kept:
		return fmt.Sprintf("a document holds more nested objects than the %d that the target gives of one (index.max_inner_result_window)", t.window)
	case value.buckets() >= mostBuckets:
		return fmt.Sprintf("a document holds more than %d different values of it in nested objects, which is more than the target counts", mostBuckets)
	}
	return ""
}

// compareCounted compares values that the target counts, in as many searches as their number takes.
func (c *valueComparison) compareCounted(ctx context.Context, values []countedValue) error {
	var some []countedValue
	buckets := 0
	for _, one := range values {
		if why := c.target.uncountable(one); why != "" {
			if len(one.then) > 0 {
				c.report.leave(one.field.path, why)
			}
			continue
		}
		const around = 2 // the filter on the document, and the nested objects
		if buckets += one.buckets() + around; buckets > mostBuckets {
			if err := c.countSome(ctx, some); err != nil {
				return err
			}
			some, buckets = some[:0], one.buckets()+around
		}
		some = append(some, one)
	}
	return c.countSome(ctx, some)
}

func (c *valueComparison) countSome(ctx context.Context, values []countedValue) error {
	if len(values) == 0 {
		return nil
	}
	aggregations := map[string]any{}
	var documents []sampledDocument
	for i, one := range values {
		if i == 0 || values[i-1].document != one.document {
			documents = append(documents, *one.document)
		}
		only := map[string]any{"values": []string{one.document.id}}
		if c.target.several {
			only["type"] = one.document.docType
		}
		inner := map[string]any{"values": map[string]any{"terms": map[string]any{"field": one.field.path, "size": one.buckets()}}}
		if one.field.within != "" {
			inner = map[string]any{"objects": map[string]any{"nested": map[string]any{"path": one.field.within}, "aggs": inner}}
		}
		aggregations[fmt.Sprint(i)] = map[string]any{"filter": map[string]any{"ids": only}, "aggs": inner}
	}
	answer, err := c.target.search(ctx, map[string]any{"query": idsQuery(documents), "aggs": aggregations}, len(documents))
	if err != nil {
		return err
	}
	found := c.target.hits(answer)
	for i, one := range values {
		if _, exists := found.of(one.document); !exists {
			continue // written or deleted since the first search
		}
		counted := answer.Get("aggregations").Get(fmt.Sprint(i))
		if one.field.within != "" {
			counted = counted.Get("objects")
		}
		now := one.field.counted(counted.Get("values.buckets"), one.field.within != "")
		c.report.compare(one.document, one.field.path, c.there[one.field.path], one.field, one.then, now, c.pair.Accepted)
	}
	return nil
}

// counted writes out buckets as values, each as often as Lucene documents hold it.
func (f valueField) counted(buckets gjson.Result, often bool) []string {
	var values []string
	for _, bucket := range buckets.Array() {
		key := bucket.Get("key")
		if text := bucket.Get("key_as_string"); text.Exists() && (f.family() == familyIP || f.family() == familyBoolean) {
			key = text
		}
		times := int64(1)
		if often {
			times = bucket.Get("doc_count").Int()
		}
		for range times {
			values = append(values, f.shown(key))
		}
	}
	sortValues(values, f.family())
	return values
}
