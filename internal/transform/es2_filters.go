package transform

// es2_filters.go answers: how is the filter of an alias, or a stored query, written so that the target reads it?
// Next: es5_string_split.go.

import (
	"slices"
	"strings"
)

func es2Filters() Rule {
	return Rule{Name: "es2_filters", Rows: []string{"1-28", "2-34", "2-42", "3-20", "5-19", "1-02", "3-03"}, Since: elasticsearch(2, 0), Why: "filters were merged into queries in 2.0; and, or, not, filtered, missing and more are refused since 5.0", alias: func(d *draft, name string, body *object) {
		where := "alias " + name
		if filter := body.object("filter"); filter != nil {
			before := filter.clone()
			now := d.query(where, filter)
			if write(now) != write(before) {
				body.set("filter", now)
				d.changed(where+" filter", before, now, "written as the target reads it")
			}
		}
		for _, pair := range [][2]string{{"indexRouting", "index_routing"}, {"index-routing", "index_routing"}, {"searchRouting", "search_routing"}, {"search-routing", "search_routing"}} {
			if body.has(pair[0]) {
				d.replace(where, body, pair[0], pair[1], body.get(pair[0]), "written in one way since 5.0")
			}
		}
		if !d.target.AtLeast(6, 4) {
			d.drop(where, body, "is_write_index", "unknown to the target")
		}
		if !d.target.AtLeast(7, 7) {
			d.drop(where, body, "is_hidden", "unknown to the target")
		}
	}}
}

// query rewrites one query; what it doesn't know it leaves, with what is inside.
func (d *draft) query(where string, q *object) *object {
	if q.len() != 1 {
		return q
	}
	kind := q.keys[0]
	body := q.object(kind)
	bool_ := func(clause string, v value) *object { return newObject("bool", newObject(clause, v)) }
	switch kind {
	case "and", "or":
		clause := map[string]string{"and": "must", "or": "should"}[kind]
		return bool_(clause, d.queries(where, q, kind))
	case "not":
		inner := body
		if body.object("filter") != nil {
			inner = body.object("filter")
		} else if body.object("query") != nil {
			inner = body.object("query")
		}
		if inner == nil {
			return q
		}
		return bool_("must_not", d.query(where, inner))
	case "query", "fquery":
		if inner := body.object("query"); kind == "fquery" && inner != nil {
			return d.query(where, inner)
		}
		if kind == "query" && body != nil {
			return d.query(where, body)
		}
	case "filtered":
		out := &object{}
		if inner := body.object("query"); inner != nil {
			out.set("must", d.query(where, inner))
		}
		if inner := body.object("filter"); inner != nil {
			out.set("filter", d.query(where, inner))
		}
		return newObject("bool", out)
	case "missing":
		if field := body.text("field"); field != "" {
			return bool_("must_not", newObject("exists", newObject("field", text(field))))
		}
	case "in":
		return newObject("terms", body)
	case "limit":
		return newObject("match_all", &object{})
	case "geo_bbox":
		return newObject("geo_bounding_box", body)
	case "mlt":
		return newObject("more_like_this", body)
	case "fuzzy_match", "match_fuzzy":
		return newObject("match", body)
	case "bool":
		for _, clause := range []string{"must", "should", "must_not", "filter"} {
			switch v := body.get(clause).(type) {
			case *object:
				body.set(clause, d.query(where, v))
			case list:
				body.set(clause, d.queryList(where, v))
			}
		}
		return q
	case "nested", "has_child", "has_parent", "constant_score":
		for _, inner := range []string{"query", "filter"} {
			if o := body.object(inner); o != nil {
				now := d.query(where, o)
				name := inner
				if kind != "constant_score" {
					name = "query"
				}
				body.rename(inner, name)
				body.set(name, now)
			}
		}
		if mode := body.text("score_type"); mode != "" {
			body.rename("score_type", "score_mode")
		}
		return q
	case "term", "terms", "prefix", "range", "match", "wildcard", "regexp":
		d.plainParameters(where, kind, body)
		return q
	case "type":
		if d.target.AtLeast(7, 0) {
			d.found(Warning, where, "it asks for a type, of which the target has none", "take the filter away where each type has an index, or ask for the field that holds the type")
		}
	case "fuzzy_like_this", "fuzzy_like_this_field", "flt", "mlt_field", "more_like_this_field", "top_children", "indices", "template", "geohash_cell", "geo_distance_range", "script":
		d.found(Blocker, where, "the query "+kind+" has no successor that means the same", "write the filter anew, or leave the alias out")
	case "common", "cutoff_frequency":
		if d.target.AtLeast(8, 0) {
			d.found(Blocker, where, "the query "+kind+" is gone since 8.0", "use match")
		}
	}
	return q
}

// plainParameters drops the options of filters and of executions that queries never had.
func (d *draft) plainParameters(where, kind string, body *object) {
	for _, key := range []string{"_cache", "_cache_key", "_name", "execution"} {
		if key != "_name" {
			body.delete(key)
		}
	}
	body.each(func(name string, v value) {
		if now := d.fullPath(name); now != name {
			body.rename(name, now)
		}
		if d.target.AtLeast(5, 0) && d.unindexed(name) {
			d.found(Blocker, where, "its filter asks for "+name+", which is not indexed: 1.x and 2.x found nothing, and the target refuses the alias", "map the field with an index, or leave the alias out")
		}
		inner, ok := v.(*object)
		if !ok || kind != "range" {
			return
		}
		for _, pair := range [][2]string{{"ge", "gte"}, {"le", "lte"}} {
			inner.rename(pair[0], pair[1])
		}
		if inner.has("from") {
			inner.rename("from", map[bool]string{true: "gte", false: "gt"}[inner.text("include_lower") != "false"])
		}
		if inner.has("to") {
			inner.rename("to", map[bool]string{true: "lte", false: "lt"}[inner.text("include_upper") != "false"])
		}
		inner.delete("include_lower")
		inner.delete("include_upper")
		for _, key := range []string{"gt", "gte", "lt", "lte"} {
			if written, ok := inner.get(key).(literal); ok && written == "null" {
				inner.delete(key)
			}
		}
	})
}

func (d *draft) queries(where string, q *object, kind string) list {
	if items, ok := q.get(kind).(list); ok {
		return d.queryList(where, items)
	}
	if body := q.object(kind); body != nil {
		if items, ok := body.get("filters").(list); ok {
			return d.queryList(where, items)
		}
	}
	return list{}
}

func (d *draft) queryList(where string, items list) list {
	out := make(list, len(items))
	for i, item := range items {
		out[i] = item
		if o, ok := item.(*object); ok {
			out[i] = d.query(where, o)
		}
	}
	return out
}

// unindexed says whether a field is mapped without an index in one of the types.
func (d *draft) unindexed(name string) bool {
	found := false
	for _, t := range d.types {
		d.eachField(t, func(f field) {
			index := f.body.text("index")
			found = found || f.path == name && !f.template && (index == "no" || index == "false")
		})
	}
	return found
}

// fullPath is the field that a filter of 1.x meant by a short name, or by one that began with the type.
func (d *draft) fullPath(name string) string {
	if name == "_uid" {
		return "_id"
	}
	if d.created.AtLeast(2, 0) {
		return name
	}
	var all []string
	for _, t := range d.types {
		d.eachField(t, func(f field) { all = append(all, f.path) })
	}
	if slices.Contains(all, name) {
		return name
	}
	for _, t := range d.types {
		if rest, ok := strings.CutPrefix(name, t.name+"."); ok && slices.Contains(all, rest) {
			return rest
		}
	}
	found := ""
	for _, path := range all {
		if strings.HasSuffix(path, "."+name) && path != found {
			if found != "" {
				return name // two are called so: nothing says which was meant
			}
			found = path
		}
	}
	return or(found, name)
}
