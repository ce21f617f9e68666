package transform

// es2_names.go answers: which names of fields and types does the target refuse, and what are they called then? In
// documents the same names change in json_edit.go. Next: es2_dates.go.

import (
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// metaNames are the names that servers keep for themselves. Measured: 2.x to 6.x refuse all, 7.0 gives back those of
// features that it no longer has, and 3-08 names came in 6.0.
func reservedNames(target es.Version) []string {
	names := []string{"_id", "_routing", "_source", "_index", "_field_names", "_version"}
	if target.AtLeast(6, 0) {
		names = append(names, "_seq_no", "_ignored")
	}
	if !target.AtLeast(7, 0) {
		names = append(names, "_parent", "_all", "_uid")
		names = append(names, "_timestamp", "_ttl")
	}
	if !target.AtLeast(8, 0) && (target.Product != es.OpenSearch || target.Major < 2) {
		names = append(names, "_type")
	}
	return names
}

// fitName is the name that the target takes for a field, the same when it takes it.
func fitName(name string, root bool, target es.Version, c Choices) string {
	if root && slices.Contains(reservedNames(target), name) {
		return c.reserved() + name
	}
	blank := isBlank(name)
	switch {
	case name == "" && target.AtLeast(5, 0):
		return "_empty"
	case blank && name != "" && (target.AtLeast(8, 0) || target.Major == 5 && target.Product == es.Elasticsearch):
		return "_blank"
	case !strings.Contains(name, "."):
		return name
	}
	parts := strings.Split(name, ".")
	for i, part := range parts {
		if isBlank(part) && !(i == len(parts)-1 && i > 0 && target.AtLeast(5, 0) && strings.Trim(name, ".") != "") {
			parts[i] = "_empty"
		}
	}
	if target.Product == es.Elasticsearch && target.Major == 2 {
		return strings.Join(parts, c.dots())
	}
	return strings.Join(parts, ".")
}

// isBlank is what Java's trim leaves nothing of; wide spaces are characters to it.
func isBlank(name string) bool {
	return strings.TrimLeftFunc(name, func(r rune) bool { return r <= ' ' }) == ""
}

func es2FieldNames() Rule {
	return Rule{Name: "es2_field_names", Rows: []string{"1-04", "1-05", "1-08", "2-18", "3-08", "5-07"}, Since: elasticsearch(2, 0), Why: "blank, dotted and reserved names of fields are refused by one version or another", mapping: func(d *draft, t *docType) {
		if properties := t.mapping.object("properties"); properties != nil {
			d.fitNames(t, properties, "", true)
		}
	}}
}

func (d *draft) fitNames(t *docType, properties *object, prefix string, root bool) {
	properties.each(func(name string, v value) {
		body, ok := v.(*object)
		if !ok {
			return
		}
		if inner := body.object("properties"); inner != nil {
			d.fitNames(t, inner, prefix+name+".", false)
		}
		now := fitName(name, root, d.target, d.choices)
		where := d.whereType(t) + " " + prefix + name
		if now != name {
			if !properties.rename(name, now) {
				d.found(Blocker, where, "it must be called "+now+", and there is such a field already", "rename it by a rule of your own")
				properties.delete(name)
				return
			}
			d.changed(where, name, now, "the target refuses the name")
		}
		if strings.Contains(now, ".") {
			d.expandDots(t, properties, now, body, where)
		}
	})
}

// expandDots makes objects of a dotted name, as the target would.
func (d *draft) expandDots(t *docType, properties *object, name string, body *object, where string) {
	parts := strings.Split(strings.TrimRight(name, "."), ".")
	properties.delete(name)
	at := properties
	for i, part := range parts {
		if i == len(parts)-1 {
			if old := at.object(part); old != nil {
				if !(old.has("properties") && body.has("properties")) {
					d.found(Blocker, where, "there is a field and an object of that name: the target refuses one inside the other", "rename one of them by a rule of your own")
					return
				}
				merge(old, body)
				return
			}
			at.set(part, body)
			return
		}
		next := at.object(part)
		if next == nil {
			next = newObject("properties", &object{})
			at.set(part, next)
		}
		if next.object("properties") == nil {
			if next.text("type") != "" && next.text("type") != "object" && next.text("type") != "nested" {
				d.found(Blocker, where, "a field of the name "+part+" exists beside it: the target refuses one inside the other", "rename one of them by a rule of your own")
				return
			}
			next.set("properties", &object{})
		}
		at = next.object("properties")
	}
}

func es2TypeNames() Rule {
	return Rule{Name: "es2_type_names", Rows: []string{"1-06", "1-23", "1-24"}, Since: elasticsearch(2, 0), Why: "names of types must not begin with a dot, hold a comma or be longer than 255", index: func(d *draft) error {
		if strings.HasPrefix(d.name, "_river") {
			d.found(Blocker, "index", "rivers are gone since 2.0", "leave the index out")
		}
		const longest = 255
		for _, t := range d.types {
			now := t.name
			if strings.HasPrefix(now, ".") && now != ".percolator" {
				now = "_dot" + now
				now = strings.TrimLeft(now, "_")
			}
			now = strings.ReplaceAll(now, ",", "_")
			if len(now) > longest {
				now = strings.ToValidUTF8(now[:longest], "")
			}
			if now != t.name {
				d.changed("mapping", t.name, now, "the target refuses the type's name")
				t.traits.sourceName = t.name
				t.name = now
			}
		}
		return nil
	}}
}

func es2Conflicts() Rule {
	return Rule{Name: "es2_conflicts", Rows: []string{"1-01", "1-02"}, Since: elasticsearch(2, 0), Why: "a field must be mapped alike in all types of an index since 2.0", index: func(d *draft) error {
		if len(d.types) < 2 || d.created.AtLeast(2, 0) {
			return nil
		}
		seen := map[string]string{}
		for _, t := range d.types {
			d.eachField(t, func(f field) {
				if f.template || f.multi || f.body.has("properties") {
					return
				}
				shape := f.body.clone()
				for _, key := range []string{"copy_to", "dynamic", "enabled", "ignore_above", "include_in_all", "properties"} {
					shape.delete(key)
				}
				written := write(shape)
				if first, ok := seen[f.path]; ok && first != written {
					if d.target.AtLeast(6, 0) && d.choices.Types != typesJoin {
						return // each type gets an index of its own
					}
					d.found(Blocker, "mapping "+f.path, "types of the index map this field differently: "+first+" and "+written, "rename it in one of the types by a rule of your own, or choose types: split")
					return
				}
				seen[f.path] = written
			})
		}
		return nil
	}}
}
