package transform

// es5_mapping.go answers: which other parameters of fields and types did 5.0 take away, and what stands for them?
// Next: es5_timestamp.go.

import "slices"

func es5FieldParameters() Rule {
	return Rule{Name: "es5_field_parameters", Rows: []string{"2-05", "2-06", "2-11"}, Since: elasticsearch(5, 0),
		Why: "index is true or false since 5.0, and options of the old number and point formats are refused", field: dropFieldParameters}
}

// numericKinds are the types whose values are numbers.
var numericKinds = []string{"long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long"}

func isNumeric(kind string) bool { return slices.Contains(numericKinds, kind) }

func dropFieldParameters(d *draft, f field) {
	kind := f.kind()
	if kind == "text" || kind == "keyword" || kind == "string" || kind == "object" || kind == "nested" || kind == "" && !f.template {
		return
	}
	where := d.where(f)
	switch index := f.body.text("index"); {
	case index == "no":
		d.replace(where, f.body, "index", "index", boolean(false), "index is true or false since 5.0")
	case index == "not_analyzed" || index == "analyzed":
		d.drop(where, f.body, "index", "index is true or false since 5.0; true is the default")
	}
	for _, key := range []string{"precision_step", "fielddata", "norms", "omit_norms", "analyzer", "index_analyzer", "search_analyzer", "position_increment_gap", "term_vector"} {
		if kind == "completion" || kind == "token_count" || kind == "search_as_you_type" || kind == "percolator" || kind == "{dynamic_type}" && key != "fielddata" && key != "precision_step" {
			break
		}
		if key == "precision_step" || key == "fielddata" || isNumeric(kind) || slices.Contains([]string{"date", "boolean", "ip", "geo_point", "binary"}, kind) {
			d.drop(where, f.body, key, "without meaning for "+kind+", and refused since 5.0")
		}
	}
	if f.template && f.body.has("fielddata") {
		d.drop(where, f.body, "fielddata", "fielddata is for text only since 5.0")
	}
}

func es5Norms() Rule {
	return Rule{Name: "es5_norms", Rows: []string{"2-07"}, Since: elasticsearch(5, 0), Why: "norms is true or false since 5.0; 7.0 refuses the old forms", field: func(d *draft, f field) {
		where := d.where(f)
		if options := f.body.object("norms"); options != nil {
			if enabled := options.text("enabled"); enabled != "" {
				d.replace(where, f.body, "norms", "norms", boolean(isTrue(enabled)), "norms.enabled and norms.loading are one boolean")
			} else {
				d.drop(where, f.body, "norms", "norms.loading has no successor")
			}
		}
		if omit := f.body.text("omit_norms"); omit != "" {
			d.replace(where, f.body, "omit_norms", "norms", boolean(!isTrue(omit)), "omit_norms is the opposite of norms")
		}
	}}
}

// isTrue reads a setting as servers up to 5.x did: false, 0, off, no and nothing are false, all else is true.
func isTrue(s string) bool { return s != "false" && s != "0" && s != "off" && s != "no" && s != "" }

func es5Fielddata() Rule {
	return Rule{Name: "es5_fielddata", Rows: []string{"2-08", "2-09"}, Since: elasticsearch(5, 0), Why: "fielddata is true or false since 5.0, for text only, and off by default", field: func(d *draft, f field) {
		options := f.body.object("fielddata")
		if options == nil {
			if f.kind() == "text" && !f.template && !d.created.AtLeast(5, 0) && !f.body.has("fielddata") && f.body.text("index") != "false" {
				d.found(Info, d.whereType(f.docType), "sorting and aggregating on analyzed texts is off since 5.0", "use a keyword field, or set fielddata: true by a rule of your own")
			}
			return
		}
		where := d.where(f)
		if options.text("loading") == "eager_global_ordinals" {
			f.body.set("eager_global_ordinals", boolean(true))
		}
		filter := options.object("filter").object("frequency")
		if f.kind() == "text" && filter.len() > 0 {
			f.body.set("fielddata_frequency_filter", filter)
		}
		if options.object("filter").object("regex") != nil {
			d.found(Warning, where, "fielddata.filter.regex has no successor", "")
		}
		d.drop(where, f.body, "fielddata", "its options are gone; fielddata is a boolean")
	}}
}

func es5Floats() Rule {
	return Rule{Name: "es5_floats", Rows: []string{"2-10"}, Since: elasticsearch(5, 0), Why: "fractions in new fields become float since 5.0; they were double", mapping: func(d *draft, t *docType) {
		if d.created.AtLeast(5, 0) || t.mapping.text("dynamic") == "false" || t.mapping.text("dynamic") == "strict" || d.template {
			return
		}
		items, _ := t.mapping.get("dynamic_templates").(list)
		for _, rule := range dynamicTemplates(t.mapping) {
			if matching := rule.body.text("match_mapping_type"); matching == "double" || matching == "*" {
				return
			}
		}
		added := newObject("doubles", newObject("match_mapping_type", text("double"), "mapping", newObject("type", text("double"))))
		t.mapping.set("dynamic_templates", append(slices.Clone(items), added))
		d.changed(d.whereType(t)+" dynamic_templates", nil, added, "fractions in new fields stay double")
	}}
}

func es5GeoPoint() Rule {
	return Rule{Name: "es5_geo_point", Rows: []string{"2-06", "1-21"}, Since: elasticsearch(2, 0), Why: "geo_point lost lat_lon and geohash in 5.0, validate and normalize in 2.0", field: func(d *draft, f field) {
		if f.kind() != "geo_point" {
			return
		}
		where := d.where(f)
		keys := []string{"validate", "validate_lat", "validate_lon", "normalize", "normalize_lat", "normalize_lon"}
		if d.target.AtLeast(5, 0) {
			if isTrue(f.body.text("geohash")) && f.body.has("geohash") || isTrue(f.body.text("geohash_prefix")) && f.body.has("geohash_prefix") {
				d.found(Warning, where, "queries on "+f.path+".geohash stop working", "use geohash_grid or geo_bounding_box")
			}
			keys = append(keys, "lat_lon", "geohash", "geohash_prefix", "geohash_precision", "fielddata", "precision_step")
		}
		for _, key := range keys {
			d.drop(where, f.body, key, "refused for geo_point by the target")
		}
		if !d.created.AtLeast(2, 0) && !f.template {
			f.docType.traits.mark(&f.docType.traits.geoPoints, f.path)
		}
	}}
}

func es5Mapping() Rule {
	return Rule{Name: "es5_mapping", Rows: []string{"2-12", "2-13", "2-15", "2-16", "2-22"}, Since: elasticsearch(5, 0), Why: "scripts at index time, source formats and old boosts are refused since 5.0",
		mapping: func(d *draft, t *docType) {
			where := d.whereType(t)
			if t.mapping.has("transform") {
				d.found(Blocker, where, "its transform script changes what is indexed, not the source; the target has no such thing", "write an ingest pipeline that does the same and name it in settings.index.default_pipeline (6.5+) or in the writers, or drop it by a rule of your own")
				d.drop(where, t.mapping, "transform", "scripts at index time are gone since 5.0")
			}
			if source := t.mapping.object("_source"); source != nil {
				for _, key := range []string{"format", "compress", "compress_threshold"} {
					d.drop(where+" _source", source, key, "the source is kept as it came since 5.0")
				}
			}
			d.drop(where, t.mapping, "_boost", "boosts by document are gone")
			if names := t.mapping.object("_field_names"); names != nil && names.text("enabled") == "false" {
				d.drop(where, t.mapping, "_field_names", "exists needs it, or it costs nothing any more")
			}
			if t.mapping.has("_parent") && !d.target.AtLeast(6, 0) {
				d.found(Info, where, "the field _parent is joined by another way since 5.0; queries on _parent need parent_id", "")
			}
		},
		field: func(d *draft, f field) {
			for _, key := range []string{"_boost", "transform"} {
				d.drop(d.where(f), f.body, key, "refused since 5.0")
			}
			if d.target.AtLeast(5, 0) && f.body.has("boost") && !d.created.AtLeast(5, 0) {
				d.found(Info, d.where(f), "boost works at search time since 5.0", "")
			}
		}}
}
