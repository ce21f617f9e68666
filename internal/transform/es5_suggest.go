package transform

// es5_suggest.go answers: what becomes of completion fields, percolators and attachments? Next: es5_timestamp.go.

import "slices"

func es5Completion() Rule {
	return Rule{Name: "es5_completion", Rows: []string{"2-19"}, Since: elasticsearch(5, 0), Why: "completion fields have no payloads since 5.0, and contexts where they had a context", field: func(d *draft, f field) {
		if f.kind() != "completion" {
			return
		}
		where := d.where(f)
		if f.body.has("payloads") {
			d.drop(where, f.body, "payloads", "answers hold the source since 5.0")
			d.found(Info, where, "payloads are read from the source of the hit now", "")
		}
		context := f.body.object("context")
		if context == nil {
			return
		}
		contexts := list{}
		context.each(func(name string, v value) {
			old, ok := v.(*object)
			if !ok {
				return
			}
			now := newObject("name", text(name))
			old.each(func(key string, v value) {
				if key == "default" || key == "neighbors" {
					return // neighbours are asked for in the query, and a default has no successor
				}
				now.set(key, v)
			})
			if precision, ok := now.get("precision").(list); ok && len(precision) > 0 {
				now.set("precision", precision[0])
			}
			contexts = append(contexts, now)
			if old.has("default") {
				d.found(Warning, where, "the context "+name+" had a default value, which contexts no longer have", "write it into the documents by a rule of your own")
			}
		})
		d.replace(where, f.body, "context", "contexts", contexts, "context is a list called contexts since 5.0")
	}}
}

func es5Percolator() Rule {
	return Rule{Name: "es5_percolator", Rows: []string{"2-23", "1-24"}, Since: elasticsearch(5, 0), Why: "the type .percolator is a field of type percolator since 5.0", index: func(d *draft) error {
		at := slices.IndexFunc(d.types, func(t *docType) bool { return t.name == ".percolator" })
		if at < 0 {
			return nil
		}
		t := d.types[at]
		before := t.mapping.clone()
		properties := t.mapping.object("properties")
		if properties == nil {
			properties = &object{}
		}
		properties.set("query", newObject("type", text("percolator")))
		t.mapping.set("properties", properties)
		// A percolator's query needs the fields of the documents that it will meet.
		for _, other := range d.types {
			if other != t && other.mapping.object("properties") != nil {
				merge(properties, other.mapping.object("properties"))
			}
		}
		t.name, t.traits.sourceName = "queries", ".percolator"
		d.changed("mapping .percolator", before, t.mapping.clone(), "a percolator is a field since 5.0")
		d.found(Warning, "mapping .percolator", "percolating goes through the percolate query, and stored queries are copied as they are", "change the clients from _percolate to _search; write stored queries anew that hold filters of 1.x")
		return nil
	}}
}

func es5Attachment() Rule {
	return Rule{Name: "es5_attachment", Rows: []string{"2-35"}, Since: elasticsearch(5, 0), Why: "the type attachment is done by the ingest-attachment plugin since 5.0", field: func(d *draft, f field) {
		if f.kind() != "attachment" {
			return
		}
		before := f.body.clone()
		*f.body = *newObject("type", text("binary"))
		d.changed(d.where(f), before, f.body.clone(), "the type attachment is gone; the file itself stays in the document")
		d.found(Blocker, d.where(f), "the text of attached files is not indexed any more", "send the documents through a pipeline with the attachment processor, or accept files without search")
	}}
}
