package transform

// es6_parent_join.go answers: how do parents and children live in one type? Next: es6_single_type.go.

import "slices"

func es6ParentJoin() Rule {
	return Rule{Name: "es6_parent_join", Rows: []string{"3-02", "4-03", "1-23"}, Since: elasticsearch(6, 0), Why: "a parent is no type but a join field since 6.0", index: func(d *draft) error {
		relations := &object{}
		for _, t := range d.types {
			parent := t.mapping.object("_parent").text("type")
			if parent == "" {
				t.mapping.delete("_parent")
				continue
			}
			t.traits.parentType = parent
			children, _ := relations.get(parent).(list)
			relations.set(parent, append(children, text(t.name)))
			d.changed(d.whereType(t), newObject("_parent", t.mapping.get("_parent")), nil, "the join field says whose child a document is")
			t.mapping.delete("_parent")
		}
		if relations.len() == 0 {
			return nil
		}
		d.joinName = or(d.choices.JoinField, "join")
		for slices.ContainsFunc(d.types, func(t *docType) bool { return t.mapping.object("properties").has(d.joinName) }) {
			d.joinName += "_field"
		}
		relations.each(func(parent string, v value) {
			if children := v.(list); len(children) == 1 {
				relations.set(parent, children[0])
			}
			if !slices.ContainsFunc(d.types, func(t *docType) bool { return t.name == parent }) {
				d.types = append(d.types, &docType{name: parent, mapping: &object{}})
			}
		})
		join := newObject("type", text("join"), "relations", relations)
		for _, t := range d.types {
			if t.traits.parentType != "" || relations.has(t.name) {
				t.traits.joinField, t.traits.relation = d.joinName, t.name
				properties := t.mapping.object("properties")
				if properties == nil {
					properties = &object{}
					t.mapping.set("properties", properties)
				}
				properties.set(d.joinName, join)
				// Routing is required of children; a parent has none, and the one mapping holds for both.
				if routing := t.mapping.object("_routing"); routing != nil && t.traits.parentType != "" {
					t.mapping.delete("_routing")
				}
			}
		}
		d.changed("mapping", nil, newObject(d.joinName, join), "documents of the family share one type; children keep their parent's routing")
		d.found(Info, "mapping", "has_child, has_parent and parent_id go on working; searches that name a type need the field "+d.joinName, "")
		return nil
	}}
}
