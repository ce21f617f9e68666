package transform

// es2_mapping.go answers: which parameters that 1.x stored without a look does everything since 2.0 refuse?
// Next: es2_names.go.

import (
	"slices"
	"strings"
)

func es2Mapping() Rule {
	return Rule{Name: "es2_mapping", Rows: []string{"1-07", "1-16", "1-19", "1-11"}, Since: elasticsearch(2, 0), Why: "2.0 refuses configured metadata fields and unknown parameters; 1.x stored any", mapping: func(d *draft, t *docType) {
		where := d.whereType(t)
		for _, key := range []string{"_routing", "_id", "_timestamp"} {
			meta := t.mapping.object(key)
			if meta == nil || !meta.has("path") {
				continue
			}
			d.drop(where+" "+key, meta, "path", "the document keeps the value that was taken from this path")
		}
		for _, key := range []string{"_id", "_type", "_index", "_boost", "_size", "_uid", "_version"} {
			if key == "_size" && d.created.AtLeast(2, 0) {
				d.drop(where, t.mapping, key, "needs a plugin that the target may lack")
				continue
			}
			d.drop(where, t.mapping, key, "metadata fields are not configured since 2.0")
		}
		if t.mapping.has("_analyzer") {
			d.found(Blocker, where, "the analyzer is named by each document (_analyzer); nothing replaces that", "make an index per analyzer by a split rule of your own, or accept one analyzer for all")
			d.drop(where, t.mapping, "_analyzer", "refused since 2.0")
		}
		if source := t.mapping.object("_source"); source != nil {
			for _, key := range []string{"compress", "compress_threshold"} {
				d.drop(where+" _source", source, key, "sources are always compressed since 2.0")
			}
		}
		if timestamp := t.mapping.object("_timestamp"); timestamp != nil && !d.target.AtLeast(5, 0) {
			keepOnly(d, where+" _timestamp", timestamp, []string{"enabled", "format", "default", "ignore_missing"})
		}
		if d.created.AtLeast(2, 0) {
			return
		}
		t.traits.unwrap = t.name
		analyzer, indexAnalyzer := t.mapping.text("analyzer"), t.mapping.text("index_analyzer")
		searchAnalyzer := t.mapping.text("search_analyzer")
		t.traits.defaultAnalyzer, t.traits.defaultSearchAnalyzer = or(indexAnalyzer, analyzer), searchAnalyzer
		keepOnly(d, where, t.mapping, []string{"properties", "dynamic", "dynamic_templates", "dynamic_date_formats", "date_detection", "numeric_detection", "enabled", "include_in_all",
			"_all", "_source", "_routing", "_parent", "_timestamp", "_ttl", "_field_names", "_meta", "transform"})
	}}
}

// keepOnly drops what is not on the list, each drop noted.
func keepOnly(d *draft, where string, o *object, known []string) {
	o.each(func(key string, _ value) {
		if !slices.Contains(known, key) {
			d.drop(where, o, key, "unknown to the target, which refuses it; 1.x stored any parameter")
		}
	})
}

// parametersOfKinds are the parameters of 1.x that 2.0 knows, by type; of other types all stay.
var (
	everyField   = []string{"type", "copy_to", "fields", "store", "index", "doc_values", "boost", "include_in_all", "null_value", "similarity", "index_options", "ignore_malformed", "coerce", "norms", "omit_norms", "fielddata"}
	stringFields = []string{"analyzer", "search_analyzer", "search_quote_analyzer", "position_increment_gap", "term_vector", "ignore_above"}
)

var parametersOfKinds = map[string][]string{
	"string": stringFields, "long": {"precision_step"}, "integer": {"precision_step"}, "short": {"precision_step"}, "byte": {"precision_step"}, "double": {"precision_step"}, "float": {"precision_step"},
	"boolean": {}, "binary": {}, "ip": {"precision_step"}, "date": {"format", "precision_step", "locale", "numeric_resolution"},
	"token_count": {"analyzer", "precision_step"}, "geo_point": {"lat_lon", "geohash", "geohash_prefix", "geohash_precision", "precision_step"},
	"completion": {"analyzer", "search_analyzer", "payloads", "preserve_separators", "preserve_position_increments", "max_input_length", "context", "contexts"},
	"object":     {"dynamic", "enabled", "properties"}, "nested": {"dynamic", "enabled", "properties", "include_in_parent", "include_in_root"},
}

func es2FieldParameters() Rule {
	return Rule{Name: "es2_field_parameters", Rows: []string{"1-03", "1-10", "1-16", "1-17", "1-18", "1-22", "1-19", "2-41"}, Since: elasticsearch(2, 0), Why: "2.0 refuses parameters that it doesn't know, and has one name for each that 1.x had two of", field: func(d *draft, f field) {
		where := d.where(f)
		multiField(d, f)
		kind := f.kind()
		if kind == "murmur3" && f.multi {
			d.changed(where, f.body, nil, "murmur3 needs a plugin that the target may lack; cardinality hashes by itself")
			if f.parent.delete(f.name); f.parent.len() == 0 {
				f.owner.delete("fields")
			}
			return
		}
		indexName := f.body.text("index_name")
		if indexName != "" && indexName != f.name && !f.template {
			f.body.set("copy_to", append(textList(f.body.get("copy_to")), text(indexName)))
			d.addPlain(f.docType, indexName, kind)
		}
		d.drop(where, f.body, "index_name", "a second name is made by copy_to since 2.0")
		if path := f.body.text("path"); path != "" && kind != "alias" {
			d.drop(where, f.body, "path", "just_name is gone since 2.0")
			if path == "just_name" && f.body.has("properties") {
				f.body.object("properties").each(func(name string, v value) {
					if inner, ok := v.(*object); ok && !inner.has("properties") {
						inner.set("copy_to", append(textList(inner.get("copy_to")), text(name)))
						d.addPlain(f.docType, name, inner.text("type"))
					}
				})
			}
		}
		if f.body.has("index_analyzer") {
			d.replace(where, f.body, "index_analyzer", "analyzer", f.body.get("index_analyzer"), "index_analyzer is called analyzer since 2.0")
		}
		if kind == "string" && !f.body.has("analyzer") && f.docType.traits.defaultAnalyzer != "" && f.body.text("index") != "not_analyzed" && f.body.text("index") != "no" {
			f.body.set("analyzer", text(f.docType.traits.defaultAnalyzer))
			d.changed(where, nil, newObject("analyzer", f.body.get("analyzer")), "a type has no analyzer of its own since 2.0")
		}
		if kind == "string" && f.docType.traits.defaultSearchAnalyzer != "" && !f.body.has("search_analyzer") && f.body.has("analyzer") {
			f.body.set("search_analyzer", text(f.docType.traits.defaultSearchAnalyzer))
		}
		if kind == "string" && f.body.has("search_analyzer") && !f.body.has("analyzer") {
			f.body.set("analyzer", text("default"))
			if !slices.Contains(d.components("analysis.analyzer"), "default") {
				f.body.set("analyzer", text("standard"))
			}
			d.changed(where, nil, newObject("analyzer", f.body.get("analyzer")), "search_analyzer needs an analyzer beside it")
		}
		if f.body.has("position_offset_gap") {
			d.replace(where, f.body, "position_offset_gap", "position_increment_gap", f.body.get("position_offset_gap"), "renamed in 2.0")
		}
		if f.multi && f.body.has("copy_to") {
			if d.created.AtLeast(2, 0) {
				return
			}
			d.found(Warning, where, "copy_to inside a multi-field is refused; move it to the main field by a rule of your own if it is needed", "")
			d.drop(where, f.body, "copy_to", "refused inside a multi-field since 2.0")
		}
		if omits := f.body.text("omit_norms") != "" && isTrue(f.body.text("omit_norms")) || f.body.object("norms").text("enabled") == "false" || f.body.text("index") == "not_analyzed"; omits && !d.target.AtLeast(5, 0) {
			d.drop(where, f.body, "boost", "2.x refuses documents with a boosted field that has no norms")
		}
		for _, key := range []string{"postings_format", "doc_values_format"} {
			d.drop(where, f.body, key, "formats are the server's since 2.0")
		}
		if format := f.body.object("fielddata"); format != nil && format.has("format") {
			if format.text("format") == "doc_values" && f.body.text("index") == "not_analyzed" {
				f.body.set("doc_values", boolean(true))
			}
			if written := format.text("format"); written == "fst" || written == "compressed" || written == "doc_values" || !d.created.AtLeast(2, 0) && written != "disabled" {
				d.drop(where+" fielddata", format, "format", "fst, compressed and doc_values are gone since 2.0")
			}
		}
		if format := f.body.object("doc_values"); format != nil {
			d.drop(where, f.body, "doc_values", "its formats are gone; true is the default")
		}
		if d.created.AtLeast(2, 0) {
			return
		}
		if known, ok := parametersOfKinds[or(kind, "object")]; ok && !(f.template && kind == "") {
			allowed := everyField
			if kind == "object" || kind == "nested" {
				allowed = []string{"type", "include_in_all"}
			}
			keepOnly(d, where, f.body, append(slices.Clone(allowed), known...))
		}
	}}
}

func textList(v value) list {
	if items, ok := v.(list); ok {
		return items
	}
	if written := textOf(v); written != "" {
		return texts(written)
	}
	return nil
}

// addPlain maps a field that others copy into.
func (d *draft) addPlain(t *docType, name, kind string) {
	properties := t.mapping.object("properties")
	if properties != nil && !properties.has(name) && !strings.Contains(name, ".") {
		properties.set(name, newObject("type", text(or(kind, "string"))))
		d.changed(d.whereType(t)+" "+name, nil, properties.get(name), "searches by the short name go on working")
	}
}

// multiField turns the type multi_field into the field that bears its name, with the others below it (since 5.0 a must).
func multiField(d *draft, f field) {
	if f.kind() != "multi_field" {
		return
	}
	before := f.body.clone()
	fields := f.body.object("fields")
	if fields == nil {
		fields = &object{}
	}
	main := fields.object(f.name)
	if main == nil {
		main = newObject("type", text("string"), "index", text("no"))
	}
	fields.delete(f.name)
	if fields.len() > 0 {
		main.set("fields", fields)
	}
	*f.body = *main
	d.changed(d.where(f), before, f.body.clone(), "multi_field is a field with fields since 5.0")
}
