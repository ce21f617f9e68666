package transform

// es6_all.go answers: what becomes of _all? Next: es6_booleans.go.

func es6All() Rule {
	return Rule{Name: "es6_all", Rows: []string{"3-04", "2-12", "4-03"}, Since: elasticsearch(6, 0), Why: "_all is off since 6.0 and refused since 7.0, include_in_all since 6.0",
		mapping: func(d *draft, t *docType) {
			where := d.whereType(t)
			all := t.mapping.object("_all")
			enabled := all == nil && !d.created.AtLeast(6, 0) || all != nil && (all.text("enabled") == "" || isTrue(all.text("enabled")))
			d.drop(where, t.mapping, "_all", "_all is gone")
			d.drop(where, t.mapping, "include_in_all", "_all is gone")
			if !enabled || t.name == defaultType {
				return
			}
			if d.choices.AllField == "" {
				d.found(Warning, where, "searches without a field name looked into _all; now they look into every field", "set all_field to gather the texts in a field, if scores or speed of such searches matter")
				return
			}
			properties := t.mapping.object("properties")
			if properties == nil || properties.has(d.choices.AllField) {
				return
			}
			properties.set(d.choices.AllField, newObject("type", text("text")))
			d.settings.set("index.query.default_field", text(d.choices.AllField))
			d.changed(where+" "+d.choices.AllField, nil, newObject("type", text("text")), "gathers what _all held, by copy_to of each field")
		},
		field: func(d *draft, f field) {
			included := f.body.text("include_in_all")
			d.drop(d.where(f), f.body, "include_in_all", "_all is gone")
			if d.choices.AllField == "" || f.multi || f.template || f.name == d.choices.AllField || included == "false" || f.body.has("properties") {
				return
			}
			if kind := f.kind(); kind != "text" && kind != "keyword" && !isNumeric(kind) && kind != "date" && kind != "ip" && kind != "boolean" {
				return
			}
			targets, isList := f.body.get("copy_to").(list)
			if !isList && f.body.text("copy_to") != "" {
				targets = texts(f.body.text("copy_to"))
			}
			f.body.set("copy_to", append(targets, text(d.choices.AllField)))
		}}
}
