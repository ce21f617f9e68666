package transform

// es7_mapping.go answers: what else of a mapping and its analysis does 7.0 refuse? Next: es8_mapping.go.

import (
	"slices"
	"strings"
)

func es7Mapping() Rule {
	return Rule{Name: "es7_mapping", Rows: []string{"4-03", "4-08", "4-09", "4-29"}, Since: elasticsearch(7, 0), Why: "metadata fields, options of numbers and old geo_shape options are refused or deprecated since 7.0",
		mapping: func(d *draft, t *docType) {
			for _, key := range []string{"_all", "_uid", "_parent", "_default_", "_type", "_id", "_index", "_timestamp", "_ttl"} {
				d.drop(d.whereType(t), t.mapping, key, "refused since 7.0")
			}
			d.drop(d.whereType(t), t.mapping, "_field_names", "deprecated since 7.0, refused by 8.0")
		},
		field: func(d *draft, f field) {
			where := d.where(f)
			if kind := f.kind(); isNumeric(kind) || kind == "date" || kind == "boolean" || kind == "ip" {
				d.drop(where, f.body, "index_options", "for texts only")
				d.drop(where, f.body, "similarity", "for texts only")
			}
			if f.kind() == "geo_shape" {
				for _, key := range []string{"tree", "tree_levels", "precision", "distance_error_pct", "strategy", "points_only"} {
					d.drop(where, f.body, key, "shapes are indexed as triangles since 6.6")
				}
			}
			if f.kind() == "nested" && !d.source.AtLeast(7, 0) && !f.template {
				d.found(Info, "mapping", "a document with more than 10,000 nested objects is refused since 7.0", "set index.mapping.nested_objects.limit by a rule of your own when the pre-flight finds one")
			}
		}}
}

func es7Similarity() Rule {
	return Rule{Name: "es7_similarity", Rows: []string{"4-10", "2-21", "3-17"}, Since: elasticsearch(7, 0), Why: "classic and some DFR models are gone since 7.0", index: func(d *draft) error {
		for _, name := range d.components("similarity") {
			kind := d.settings.text("index.similarity." + name + ".type")
			model := d.settings.text("index.similarity." + name + ".basic_model")
			if kind == "classic" || kind == "base" || kind == "default" || kind == "DFR" && slices.Contains([]string{"be", "d", "p"}, model) {
				d.dropComponent("similarity", name, "type", "its similarity "+or(model, kind)+" is gone since 7.0")
				d.replace("settings", d.settings, "index.similarity."+name+".type", "index.similarity."+name+".type", text("BM25"), "the similarity is gone since 7.0; scores change")
				continue
			}
			known, isKnown := similarityOptions[kind]
			if !isKnown {
				continue
			}
			for _, option := range d.options("similarity", name) {
				if option != "type" && !slices.Contains(known, option) {
					d.drop("settings", d.settings, "index.similarity."+name+"."+option, "7.0 refuses options that "+kind+" does not know")
				}
			}
		}
		return nil
	}, field: func(d *draft, f field) {
		if similarity := f.body.text("similarity"); similarity == "classic" || similarity == "default" {
			d.replace(d.where(f), f.body, "similarity", "similarity", text("BM25"), "classic is gone since 7.0; scores change")
		}
	}}
}

var similarityOptions = map[string][]string{
	"BM25": {"k1", "b", "discount_overlaps"},
	"DFR":  {"basic_model", "after_effect", "normalization", "normalization.h1.c", "normalization.h2.c", "normalization.h3.c", "normalization.z.z", "discount_overlaps"},
	"IB":   {"distribution", "lambda", "normalization", "normalization.h1.c", "normalization.h2.c", "normalization.h3.c", "normalization.z.z", "discount_overlaps"},
	"DFI":  {"independence_measure", "discount_overlaps"}, "LMDirichlet": {"mu", "discount_overlaps"}, "LMJelinekMercer": {"lambda", "discount_overlaps"},
}

func es7Completion() Rule {
	return Rule{Name: "es7_completion", Rows: []string{"4-21", "5-09"}, Since: elasticsearch(7, 0), Why: "the path of a geo context must be a geo_point since 7.0", field: func(d *draft, f field) {
		contexts, _ := f.body.get("contexts").(list)
		if f.kind() != "completion" {
			return
		}
		const most = 10
		if len(contexts) > most && d.target.AtLeast(8, 0) {
			d.found(Blocker, d.where(f), "a completion field may have 10 contexts since 8.0", "remove contexts by a rule of your own")
		}
		for _, item := range contexts {
			context, ok := item.(*object)
			if !ok || !strings.EqualFold(context.text("type"), "geo") || // 5.x answers GEO
				context.text("path") == "" {
				continue
			}
			properties := f.docType.mapping.object("properties")
			path := context.text("path")
			if properties != nil && !properties.has(path) {
				properties.set(path, newObject("type", text("geo_point")))
				d.changed(d.whereType(f.docType)+" "+path, nil, newObject("type", text("geo_point")), "the path of a geo context must be a geo_point since 7.0")
			}
		}
	}}
}

func es7Typeless() Rule {
	return Rule{Name: "es7_typeless", Rows: []string{"4-01", "5-01", "5-02", "7-07"}, Since: elasticsearch(7, 0), Why: "a mapping has no type since 7.0", index: func(d *draft) error {
		for _, t := range d.types {
			if t.name != "" && len(d.types) == 1 {
				d.changed("mapping", t.name, "its content", "a mapping has no type since 7.0")
			}
		}
		return nil
	}}
}

func es7IndexNames() Rule {
	return Rule{Name: "es7_index_names", Rows: []string{"4-11"}, Since: elasticsearch(7, 0), Why: "a colon in the name of an index is refused since 7.0", index: func(d *draft) error {
		d.renameIndex(func(name string) bool { return !containsByte(name, ':') })
		return nil
	}}
}

func containsByte(s string, c byte) bool { return slices.Contains([]byte(s), c) }
