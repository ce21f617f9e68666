package transform

// es6_defaults.go answers: what becomes of _default_ mappings, of dynamic templates that can't match, and of the setting
// that turned new types off? Next: es6_parent_join.go.

import "slices"

func es6Defaults() Rule {
	return Rule{Name: "es6_defaults", Rows: []string{"3-13", "4-03"}, Since: elasticsearch(6, 0), Why: "_default_ is deprecated since 6.0 and refused since 7.0", index: func(d *draft) error {
		if d.defaults == nil || d.template && len(d.types) == 0 && !d.target.AtLeast(7, 0) {
			return nil // 6.x still takes it in templates, where the name of the type to come is not known
		}
		for _, t := range d.types {
			uniteDynamicTemplates(t.mapping, d.defaults)
			if merge(t.mapping, d.defaults) {
				d.changed(d.whereType(t), nil, "what "+defaultType+" says", "new types took it over; there are none any more")
			}
		}
		if len(d.types) == 0 {
			d.types = []*docType{{name: "doc", mapping: d.defaults}}
			d.changed("mapping "+defaultType, defaultType, "doc", "the only mapping there is")
		} else {
			d.changed("mapping "+defaultType, d.defaults, nil, "folded into the types")
		}
		d.defaults = nil
		return nil
	}}
}

// uniteDynamicTemplates adds those of another mapping behind the ones that are there.
func uniteDynamicTemplates(into, from *object) {
	items, _ := into.get("dynamic_templates").(list)
	names := map[string]bool{}
	for _, rule := range dynamicTemplates(into) {
		names[rule.name] = true
	}
	added := false
	for _, rule := range dynamicTemplates(from) {
		if !names[rule.name] {
			items, added = append(slices.Clone(items), newObject(rule.name, rule.body.clone())), true
		}
	}
	if added {
		into.set("dynamic_templates", items)
	}
}

// merge adds what into lacks, and says whether there was anything.
func merge(into, from *object) bool {
	merged := false
	from.each(func(key string, v value) {
		switch {
		case !into.has(key):
			into.set(key, cloneValue(v))
			merged = true
		case into.object(key) != nil && from.object(key) != nil && key != "mapping":
			merged = merge(into.object(key), from.object(key)) || merged
		}
	})
	return merged
}

func es6DynamicTemplates() Rule {
	return Rule{Name: "es6_dynamic_templates", Rows: []string{"3-10", "3-11", "5-03"}, Since: elasticsearch(5, 0), Why: "a dynamic template with an unknown type is refused, or accepted and then refuses each document it matches", mapping: func(d *draft, t *docType) {
		items, isList := t.mapping.get("dynamic_templates").(list)
		if !isList {
			return
		}
		kept := list{}
		for _, item := range items {
			entry, ok := item.(*object)
			if !ok {
				continue
			}
			entry.each(func(name string, v value) {
				body, ok := v.(*object)
				where := d.whereType(t) + " [" + name + "]"
				if !ok || !slices.Contains(matchable, body.text("match_mapping_type")) {
					d.changed(where, v, nil, "match_mapping_type names no type that the target knows; it never matched")
					entry.delete(name)
					return
				}
				if !hasCondition(body) && d.target.AtLeast(6, 0) {
					d.changed(where, v, newObject("match", text("*")), "a template needs a condition")
					body.set("match", text("*"))
				}
				if mapping := body.object("mapping"); mapping != nil && (mapping.text("index") == "not_analyzed" || mapping.text("index") == "no" || mapping.text("index") == "analyzed") {
					value := boolean(mapping.text("index") != "no")
					d.replace(where, mapping, "index", "index", value, "index is true or false since 5.0")
				}
			})
			if entry.len() > 0 {
				kept = append(kept, entry)
			}
		}
		if len(kept) == 0 {
			t.mapping.delete("dynamic_templates")
			return
		}
		t.mapping.set("dynamic_templates", kept)
	}}
}

// matchable are the types that a dynamic template may match, since 1.x.
var matchable = []string{"", "*", "string", "long", "double", "boolean", "date", "object", "binary"}

func hasCondition(body *object) bool {
	for _, key := range []string{"match", "path_match", "match_mapping_type", "unmatch_mapping_type", "unmatch", "path_unmatch", "match_pattern"} {
		if body.has(key) {
			return true
		}
	}
	return false
}

func es6MapperDynamic() Rule {
	return Rule{Name: "es6_mapper_dynamic", Rows: []string{"3-15"}, Since: elasticsearch(6, 0), Why: "index.mapper.dynamic is refused since 6.0 or 7.0", index: func(d *draft) error {
		if written := d.settings.text("index.mapper.dynamic"); written != "" && !isTrue(written) {
			// It forbade new types, not new fields: with one type there is nothing left to forbid.
			d.found(Info, "settings index.mapper.dynamic", "it forbade new types, of which there are none any more; new fields still map themselves", "set dynamic: strict by a rule of your own where that was not meant")
		}
		d.drop("settings", d.settings, "index.mapper.dynamic", "types come by creation only since 6.0")
		return nil
	}}
}
