package transform

// es6_single_type.go answers: where do the documents of an index with several types go? Next: es7_dates.go.

import (
	"slices"
	"strings"
)

func es6SingleType() Rule {
	return Rule{Name: "es6_single_type", Rows: []string{"3-01", "3-03", "4-02"}, Since: elasticsearch(6, 0), Why: "an index has one type since 6.0, and none since 7.0", index: singleType}
}

// joinedType is the one type of an index that several types share, on a target that still has types.
const joinedType = "doc"

func singleType(d *draft) error {
	if len(d.types) < 2 {
		return nil
	}
	var groups [][]*docType
	if d.choices.Types == typesJoin {
		groups = [][]*docType{d.types}
	} else {
		groups = families(d.types)
	}
	for _, group := range groups {
		t := &targetIndex{name: d.name, types: group, mapped: group[0].name, mapping: group[0].mapping}
		if len(groups) > 1 {
			t.name = lowerName(d.name + "-" + group[0].name)
			for slices.ContainsFunc(d.split, func(other *targetIndex) bool { return other.name == t.name }) {
				t.name += "-2"
			}
		}
		if len(group) > 1 {
			d.joinTypes(t)
		}
		d.changed("index", d.name, t.name+" with "+strings.Join(t.sourceTypes(), ", "), "an index has one type since 6.0")
		d.split = append(d.split, t)
	}
	if len(groups) > 1 {
		if !d.template {
			d.aliases.set(d.name, &object{})
			d.changed("alias "+d.name, nil, &object{}, "the old name goes on reading all that it held")
		}
		d.found(Warning, "index", "writers name the index "+d.name+" with a type; the type's index is now a name of its own, and an alias over several indices takes no writes", "point the writers to the new names, or choose types: join")
	}
	return nil
}

// families puts a parent with its children and grandchildren, and every other type by itself, in order of appearance.
func families(types []*docType) [][]*docType {
	var groups [][]*docType
	for _, t := range types {
		group := []*docType{t}
		var rest [][]*docType
		for _, other := range groups {
			if slices.ContainsFunc(other, func(o *docType) bool {
				return o.traits.parentType == t.name || t.traits.parentType == o.name && o.name != ""
			}) {
				group = append(slices.Clone(other), group...)
				continue
			}
			rest = append(rest, other)
		}
		groups = append(rest, group)
	}
	// The eldest gives the index its name.
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b *docType) int { return generation(a, group) - generation(b, group) })
	}
	return groups
}

func generation(t *docType, group []*docType) int {
	for depth := range len(group) {
		parent := slices.IndexFunc(group, func(o *docType) bool { return o.name == t.traits.parentType })
		if t.traits.parentType == "" || parent < 0 {
			return depth
		}
		t = group[parent]
	}
	return len(group)
}

// joinTypes makes one mapping of several, and has each document carry its type.
func (d *draft) joinTypes(t *targetIndex) {
	t.joined, t.mapped = true, joinedType
	union := &object{}
	for _, docType := range t.types {
		unite(d, t, union, docType.mapping, "", docType.name)
	}
	if slices.ContainsFunc(t.types, func(o *docType) bool { return !o.mapping.has("_routing") }) {
		d.drop("mapping", union, "_routing", "not all types that share the index require routing")
	}
	field := d.choices.typeField()
	properties := union.object("properties")
	if properties == nil {
		properties = &object{}
		union.set("properties", properties)
	}
	if !properties.has(field) {
		properties.set(field, newObject("type", text("keyword")))
	}
	d.changed("mapping "+field, nil, newObject("type", text("keyword")), "holds what was the type")
	if d.choices.IDs != idsKeep {
		d.changed("_id", "id", "type#id", "the same id in two types must not collide")
	}
	for _, docType := range t.types {
		docType.traits.typeField = field
		docType.traits.prefixIDs = d.choices.IDs != idsKeep
	}
	t.mapping = union
}

func unite(d *draft, t *targetIndex, union, mapping *object, at, from string) {
	mapping.each(func(key string, v value) {
		old, both := union.object(key), mapping.object(key)
		switch {
		case !union.has(key):
			union.set(key, cloneValue(v))
		case old != nil && both != nil:
			if kind := both.text("type"); at != "" && old.text("type") != kind {
				d.found(Blocker, "mapping "+strings.TrimPrefix(at+"."+key, "."), "types of the index disagree on this field: "+or(old.text("type"), "object")+" and "+or(kind, "object")+" ("+from+")", "choose types: split, or rename it in one of the types")
				return
			}
			inside := at
			if key == "properties" && at == "" {
				inside = " "
			} else if key != "properties" && key != "fields" && at != "" {
				inside = strings.TrimSpace(at) + "." + key
			}
			unite(d, t, old, both, inside, from)
		case key == "dynamic_templates":
			first, _ := union.get(key).(list)
			second, _ := v.(list)
			for _, item := range second {
				if !slices.ContainsFunc(first, func(o value) bool { return write(o) == write(item) }) {
					first = append(first, item)
				}
			}
			union.set(key, first)
		case write(union.get(key)) != write(v) && key != "copy_to":
			d.found(Warning, "mapping "+strings.TrimSpace(at), "types of the index disagree on "+key+": "+write(union.get(key))+" stays, "+write(v)+" of "+from+" goes", "")
		}
	})
}
