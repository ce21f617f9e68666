package transform

// os_types.go answers: which field types are newer than the target, or belong to the other product, and what stands for
// them? Next: userrules.go.

import "github.com/hikkoshi/hikkoshi/internal/es"

// fieldType is one row of the table of types: since when each product has it (zero: never), and what replaces it.
type fieldType struct {
	kind       string
	elastic    es.Version
	opensearch es.Version
	fallbacks  []string
	report     string
}

func fieldTypes() []fieldType {
	never := es.Version{}
	return []fieldType{
		{"text", elasticsearch(5, 0), openSearch(1, 0), []string{"string"}, ""},
		{"keyword", elasticsearch(5, 0), openSearch(1, 0), []string{"string"}, ""},
		{"half_float", elasticsearch(5, 0), openSearch(1, 0), []string{"float"}, ""},
		{"scaled_float", elasticsearch(5, 0), openSearch(1, 0), []string{"double"}, ""},
		{"date_nanos", elasticsearch(7, 0), openSearch(1, 0), []string{"date"}, "fractions beyond milliseconds are not indexed"},
		{"rank_feature", elasticsearch(7, 0), openSearch(1, 0), []string{"float"}, "rank_feature queries stop working"},
		{"rank_features", elasticsearch(7, 0), openSearch(1, 0), []string{disabledObject}, "rank_feature queries stop working"},
		{"search_as_you_type", elasticsearch(7, 2), openSearch(1, 0), []string{"text"}, "its subfields are gone"},
		{"flattened", elasticsearch(7, 3), never, []string{"flat_object", disabledObject}, ""},
		{"flat_object", never, openSearch(2, 7), []string{"flattened", disabledObject}, ""},
		{"constant_keyword", elasticsearch(7, 7), openSearch(2, 14), []string{"keyword"}, "documents without the value no longer match it"},
		{"wildcard", elasticsearch(7, 9), openSearch(2, 15), []string{"keyword"}, ""},
		{"unsigned_long", elasticsearch(7, 10), openSearch(2, 8), []string{"keyword"}, "sorted and compared as text"},
		{"match_only_text", elasticsearch(7, 14), openSearch(2, 12), []string{"text"}, ""},
		{"version", elasticsearch(7, 10), openSearch(3, 2), []string{"keyword"}, "sorted as text"},
		{"sparse_vector", elasticsearch(8, 11), never, []string{"rank_features", disabledObject}, "queries must be rewritten"},
		{"histogram", elasticsearch(7, 6), never, []string{disabledObject}, "aggregations on it stop working"},
		{"aggregate_metric_double", elasticsearch(7, 11), never, []string{disabledObject}, "aggregations on it stop working"},
		{"counted_keyword", elasticsearch(8, 14), never, []string{"keyword"}, "values count once"},
		{"passthrough", elasticsearch(8, 15), never, []string{"object"}, ""},
		{"semantic_text", elasticsearch(8, 15), never, []string{"text"}, "semantic queries need a model on the target"},
		{"rank_vectors", elasticsearch(8, 18), never, []string{disabledObject}, "vector queries stop working"},
		{"point", elasticsearch(7, 8), never, []string{"xy_point", disabledObject}, "queries must name the other type"},
		{"shape", elasticsearch(7, 4), never, []string{"xy_shape", disabledObject}, "queries must name the other type"},
		{"xy_point", never, openSearch(2, 4), []string{"point", disabledObject}, "queries must name the other type"},
		{"xy_shape", never, openSearch(2, 4), []string{"shape", disabledObject}, "queries must name the other type"},
	}
}

const disabledObject = "object enabled:false"

func newTypes() Rule {
	return Rule{Name: "new_types", Rows: []string{"7-04", "7-20", "7-21", "5-11", "3.9"}, Why: "a field type exists only from some version of one product on", field: func(d *draft, f field) {
		kind := f.kind()
		if !d.target.AtLeast(5, 0) && (kind == "text" || kind == "keyword") {
			return
		}
		d.dropMetric(f, "time_series_metric", es.OpenSearch)
		d.dropMetric(f, "time_series_dimension", es.OpenSearch)
		if kind == "sparse_vector" && !d.source.AtLeast(8, 0) && d.target.AtLeast(8, 0) {
			d.found(Blocker, d.where(f), "sparse_vector of 7.x is another type than that of 8.11", "map it as rank_features or drop it by a rule of your own")
			return
		}
		if known, row := knownType(kind, d.target); !known {
			now := disabledObject
			for _, candidate := range row.fallbacks {
				if ok, _ := knownType(candidate, d.target); ok {
					now = candidate
					break
				}
			}
			before := f.body.clone()
			d.replaceType(f, now)
			d.changed(d.where(f), before, f.body.clone(), "the target has no type "+kind)
			if row.report != "" || now == disabledObject {
				d.found(Warning, d.where(f), kind+" becomes "+now+": "+or(row.report, "it is kept but can't be searched"), "")
			}
		}
	}, mapping: func(d *draft, t *docType) {
		if d.target.AtLeast(8, 0) || d.target.Product == es.Elasticsearch && d.target.AtLeast(7, 11) {
			return
		}
		where := d.whereType(t)
		if t.mapping.has("runtime") {
			d.found(Warning, where, "runtime fields are computed at search; the target has none", "from OpenSearch 2.15 on write them as derived fields")
			d.drop(where, t.mapping, "runtime", "unknown to the target")
		}
		if t.mapping.text("dynamic") == "runtime" {
			d.replace(where, t.mapping, "dynamic", "dynamic", boolean(false), "dynamic runtime fields are unknown to the target; new fields stay unmapped")
		}
		d.drop(where, t.mapping, "subobjects", "unknown to the target")
		if d.target.Product == es.Elasticsearch {
			d.drop(where, t.mapping, "_data_stream_timestamp", "belongs to a data stream")
		}
		if source := t.mapping.object("_source"); source != nil && source.has("mode") {
			d.drop(where+" _source", source, "mode", "unknown to the target")
		}
	}}
}

func knownType(kind string, target es.Version) (bool, fieldType) {
	for _, row := range fieldTypes() {
		if row.kind != kind {
			continue
		}
		since := row.elastic
		if target.Product == es.OpenSearch {
			since = row.opensearch
		}
		return !since.IsZero() && es.Compare(target, since) >= 0, row
	}
	return true, fieldType{}
}

// replaceType keeps the parameters that nearly every type has.
func (d *draft) replaceType(f field, now string) {
	kept := &object{}
	if now == disabledObject {
		kept.set("type", text("object"))
		kept.set("enabled", boolean(false))
	} else {
		kept.set("type", text(now))
		for _, key := range []string{"copy_to", "fields", "store", "index", "ignore_above", "format", "analyzer", "search_analyzer", "properties", "dynamic", "null_value"} {
			if f.body.has(key) && !(key == "ignore_above" && now != "keyword" && now != "flattened" && now != "wildcard") && !(now == "flat_object" && key != "type") {
				kept.set(key, f.body.get(key))
			}
		}
	}
	*f.body = *kept
}

func (d *draft) dropMetric(f field, key string, unless es.Product) {
	if d.target.Product == unless || !d.target.AtLeast(7, 16) {
		d.drop(d.where(f), f.body, key, "unknown to the target")
	}
}

func osVectors() Rule {
	return Rule{Name: "os_vectors", Rows: []string{"7-05"}, Since: openSearch(1, 0), Why: "dense_vector is knn_vector in OpenSearch", field: func(d *draft, f field) {
		if f.kind() != "dense_vector" {
			return
		}
		before := f.body.clone()
		now := newObject("type", text("knn_vector"))
		if dims := f.body.get("dims"); dims != nil {
			now.set("dimension", dims)
		} else {
			d.found(Blocker, d.where(f), "a knn_vector must say its dimension, and the source's mapping doesn't", "set dimension by a rule of your own")
		}
		if isTrue(or(f.body.text("index"), "false")) || f.body.has("similarity") {
			space := map[string]string{"": "cosinesimil", "cosine": "cosinesimil", "l2_norm": "l2", "dot_product": "innerproduct", "max_inner_product": "innerproduct"}[f.body.text("similarity")]
			now.set("method", newObject("name", text("hnsw"), "engine", text("lucene"), "space_type", text(or(space, "l2"))))
		}
		*f.body = *now
		d.settings.set("index.knn", boolean(true))
		d.changed(d.where(f), before, now, "OpenSearch calls it knn_vector; quantised index options are lost")
		d.found(Warning, d.where(f), "vector queries are written in another way", "use the knn query; the target needs the k-NN plugin")
	}}
}

func osLifecycle() Rule {
	return Rule{Name: "os_lifecycle", Rows: []string{"7-02", "7-03", "5-13", "5-14"}, Why: "lifecycle policies are attached by name, and would act on the copy while it is loaded", index: func(d *draft) error {
		for _, key := range []string{"index.lifecycle.name", "index.plugins.index_state_management.policy_id", "index.opendistro.index_state_management.policy_id"} {
			if policy := d.settings.text(key); policy != "" && d.template { // package plan tells of an index, with the request that puts its policy on
				d.found(Warning, "settings "+key, "the policy "+policy+" manages what the template makes; it is left out for the time of the move", "put it back into the template after the cutover")
			}
		}
		if isTrue(d.settings.text("index.frozen")) {
			d.found(Warning, "settings index.frozen", "the index is frozen; the copy is not", "")
		}
		return nil
	}}
}
