package transform

// es6_booleans.go answers: which values of booleans did old servers take, and what did they mean by them? The values in
// documents are in json_edit.go. Next: es6_defaults.go.

import "slices"

func es6Booleans() Rule {
	return Rule{Name: "es6_booleans", Rows: []string{"3-05", "2-43"}, Since: elasticsearch(5, 0), Why: "a boolean is true or false since 6.0; 5.x reads an empty text as true where 2.x read false",
		mapping: func(d *draft, t *docType) {
			for _, key := range []string{"date_detection", "numeric_detection"} {
				strictBoolean(d, d.whereType(t), t.mapping, key)
			}
			if dynamic := t.mapping.text("dynamic"); dynamic != "strict" && dynamic != "runtime" && dynamic != "strict_allow_templates" && dynamic != "false_allow_templates" {
				strictBoolean(d, d.whereType(t), t.mapping, "dynamic")
			}
			for _, meta := range []string{"_routing", "_source", "_all", "_size"} {
				if body := t.mapping.object(meta); body != nil {
					strictBoolean(d, d.whereType(t)+" "+meta, body, "required")
					strictBoolean(d, d.whereType(t)+" "+meta, body, "enabled")
				}
			}
		},
		field: func(d *draft, f field) {
			for _, key := range []string{"store", "index", "doc_values", "norms", "coerce", "ignore_malformed", "enabled", "include_in_parent", "include_in_root", "eager_global_ordinals", "fielddata", "preserve_separators", "preserve_position_increments"} {
				strictBoolean(d, d.where(f), f.body, key)
			}
			if f.kind() == "boolean" && !f.multi && !f.template && !d.source.AtLeast(6, 0) {
				f.docType.traits.mark(&f.docType.traits.booleans, f.path)
			}
			if f.kind() == "boolean" && f.body.has("null_value") {
				strictBoolean(d, d.where(f), f.body, "null_value")
			}
		}}
}

func strictBoolean(d *draft, where string, o *object, key string) {
	written := o.text(key)
	if _, scalar := o.get(key).(literal); !scalar || written == "" || slices.Contains([]string{"true", "false", "strict", "null"}, written) || !d.target.AtLeast(6, 0) {
		return
	}
	d.replace(where, o, key, key, boolean(isTrue(written)), "a boolean is true or false since 6.0")
}
