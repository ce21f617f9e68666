package transform

// es5_names.go answers: which names of indices, limits and similarities does 5.0 refuse? Next: es5_analysis.go.

import (
	"strconv"
	"strings"
)

func es5IndexNames() Rule {
	return Rule{Name: "es5_index_names", Rows: []string{"2-24"}, Since: elasticsearch(5, 0), Why: "names of indices must not begin with - or + since 5.0", index: func(d *draft) error {
		d.renameIndex(func(name string) bool { return !strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "+") })
		return nil
	}}
}

// renameIndex gives the index another name when its own is not fit.
func (d *draft) renameIndex(fit func(string) bool) {
	if fit(d.name) {
		return
	}
	now := lowerName(d.name)
	d.changed("index", d.name, now, "the target refuses the old name, as an alias too")
	d.found(Warning, "index", "clients that name "+d.name+" must name "+now, "choose another name under names, or follow in the clients")
	d.name = now
}

func es5Similarity() Rule {
	return Rule{Name: "es5_similarity", Rows: []string{"2-21"}, Since: elasticsearch(5, 0), Why: "the similarity default is called classic since 5.0", index: func(d *draft) error {
		for _, name := range d.components("similarity") {
			key := "index.similarity." + name + ".type"
			if name == "BM25" || name == "classic" || name == "boolean" {
				d.dropComponent("similarity", name, "", "names of built-in similarities are reserved since 5.0")
				continue
			}
			if d.settings.text(key) == "default" && !d.target.AtLeast(7, 0) {
				d.replace("settings", d.settings, key, key, text("classic"), "default is called classic since 5.0")
			}
		}
		if !d.created.AtLeast(5, 0) && !d.template {
			d.found(Info, "index", "scores are computed by BM25 since 5.0, by TF/IDF before: their values and sometimes the order change", "")
		}
		return nil
	}, field: func(d *draft, f field) {
		if f.body.text("similarity") == "default" && !d.target.AtLeast(7, 0) {
			d.replace(d.where(f), f.body, "similarity", "similarity", text("classic"), "default is called classic since 5.0")
		}
	}}
}

func es5Limits() Rule {
	return Rule{Name: "es5_limits", Rows: []string{"2-17", "4-16"}, Since: elasticsearch(2, 3), Why: "a mapping may have 1000 fields, 20 levels and 50 nested fields", index: func(d *draft) error {
		if d.template {
			return nil
		}
		fields, depth, nested := 0, 0, 0
		for _, t := range d.types {
			d.eachField(t, func(f field) {
				if f.template {
					return
				}
				fields++
				depth = max(depth, strings.Count(f.path, ".")+1)
				if f.kind() == "nested" {
					nested++
				}
			})
		}
		const searchedAtOnce = 1024
		if fields > searchedAtOnce && d.target.AtLeast(7, 0) && !d.settings.has("index.query.default_field") {
			d.found(Warning, "settings index.query.default_field", "a search without a field name looks into at most 1024 fields, and the mapping has "+strconv.Itoa(fields), "set all_field, or index.query.default_field on the target")
		}
		for _, limit := range []struct {
			key            string
			need, default_ int
		}{{"index.mapping.total_fields.limit", fields, 1000}, {"index.mapping.depth.limit", depth, 20}, {"index.mapping.nested_fields.limit", nested, 50}} {
			set, err := strconv.Atoi(d.settings.text(limit.key))
			if err != nil {
				set = limit.default_
			}
			if limit.need+limit.need/headroom <= set {
				continue
			}
			now := limit.need + limit.need/headroom + 1
			d.changed("settings "+limit.key, d.settings.get(limit.key), number(now), "the mapping needs more than the default")
			d.settings.set(limit.key, text(strconv.Itoa(now)))
			if limit.need > 2*limit.default_ {
				d.found(Warning, "settings "+limit.key, "the mapping has "+strconv.Itoa(limit.need)+", more than twice the default", "fewer fields make a faster cluster")
			}
		}
		return nil
	}}
}

// headroom is the part of the need that is added to a limit: fields of new documents, and what servers count besides.
const headroom = 5
