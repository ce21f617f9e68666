package transform

// es8_mapping.go answers: what of mappings does Elasticsearch 8 and 9 refuse, or read otherwise? Next: os_types.go.

func es8Mapping() Rule {
	return Rule{Name: "es8_mapping", Rows: []string{"5-05", "5-06", "5-07", "5-10", "5-15", "6-04", "6-13"}, Since: elasticsearch(8, 0), Why: "boosts, multi-fields inside multi-fields and _field_names are refused since 8.0",
		mapping: func(d *draft, t *docType) {
			d.drop(d.whereType(t), t.mapping, "_field_names", "refused since 8.0")
			if d.target.AtLeast(9, 0) {
				for _, meta := range []string{"_source", "_routing", "_id", "_index", "_ignored", "_doc_count", "_size"} {
					for _, key := range []string{"type", "fields", "copy_to", "boost"} {
						if body := t.mapping.object(meta); body != nil {
							d.drop(d.whereType(t)+" "+meta, body, key, "refused inside metadata fields since 9.0")
						}
					}
				}
			}
		},
		field: func(d *draft, f field) {
			where := d.where(f)
			d.drop(where, f.body, "boost", "refused since 8.0; boost in the query instead")
			if f.multi {
				if inner := f.body.object("fields"); inner != nil {
					inner.each(func(name string, v value) {
						if flat := f.name + "_" + name; !f.parent.has(flat) {
							f.parent.set(flat, v)
							d.changed(where+"."+name, v, flat, "a multi-field inside a multi-field is refused since 8.0")
						}
					})
					d.found(Warning, where, "its subfields have names of their own beside it now", "searches that name them must follow")
				}
				f.body.delete("fields")
			}
		}}
}

func es8DenseVector() Rule {
	return Rule{Name: "es8_dense_vector", Rows: []string{"5-08"}, Since: elasticsearch(8, 11), Why: "a new field with 128 to 4096 fractions becomes a dense_vector since 8.11, and refuses arrays of another length", mapping: func(d *draft, t *docType) {
		if dynamic := t.mapping.text("dynamic"); d.source.AtLeast(8, 11) || dynamic == "false" || dynamic == "strict" {
			return
		}
		items, _ := t.mapping.get("dynamic_templates").(list)
		for _, rule := range dynamicTemplates(t.mapping) {
			if matching := rule.body.text("match_mapping_type"); matching == "double" || matching == "*" {
				return
			}
		}
		added := newObject("fractions", newObject("match_mapping_type", text("double"), "mapping", newObject("type", text("float"))))
		t.mapping.set("dynamic_templates", append(append(list{}, items...), added))
		d.changed(d.whereType(t)+" dynamic_templates", nil, added, "long arrays of fractions stay float")
	}}
}

func es9Source() Rule {
	return Rule{Name: "es9_source", Rows: []string{"6-03", "6-06"}, Since: elasticsearch(9, 0), Why: "_source.mode is ignored since 9.0, and logs-*-* would rebuild its sources", mapping: func(d *draft, t *docType) {
		if source := t.mapping.object("_source"); source != nil && source.has("mode") {
			mode := source.text("mode")
			d.settings.set("index.mapping.source.mode", text(mode))
			d.changed(d.whereType(t), newObject("_source", source.clone()), "index.mapping.source.mode: "+mode, "_source.mode is a setting since 9.0")
			source.delete("mode")
			if source.len() == 0 {
				t.mapping.delete("_source")
			}
		}
	}, index: func(d *draft) error {
		if len(d.name) > 5 && d.name[:5] == "logs-" && !d.settings.has("index.mode") {
			d.settings.set("index.mode", text("standard"))
			d.changed("settings index.mode", nil, text("standard"), "logs-*-* rebuilds its sources since 9.0: their bytes would differ")
		}
		return nil
	}}
}
