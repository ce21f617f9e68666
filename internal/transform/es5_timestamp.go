package transform

// es5_timestamp.go answers: what becomes of _timestamp and _ttl? Next: es5_names.go.

func es5Timestamp() Rule {
	return Rule{Name: "es5_timestamp", Rows: []string{"2-14", "1-09"}, Since: elasticsearch(5, 0), Why: "_timestamp and _ttl are refused since 5.0", mapping: func(d *draft, t *docType) {
		where := d.whereType(t)
		if stamp := t.mapping.object("_timestamp"); stamp != nil {
			if isTrue(stamp.text("enabled")) {
				name := d.choices.timestampField()
				d.addDate(t, name)
				t.traits.timestampField = name
				d.changed(where, newObject("_timestamp", stamp), newObject(name, newObject("type", text("date"))), "the time of each document goes into a field")
				if !d.created.AtLeast(2, 0) && !isTrue(stamp.text("store")) && !d.template {
					d.found(Blocker, where, "the time of each document is only indexed, not stored, so it cannot be read any more: "+name+" stays empty", "accept this finding if nobody needs the times, or write them into a field on the source first")
				}
			} else {
				d.changed(where, newObject("_timestamp", stamp), nil, "refused since 5.0, and it was off")
			}
			t.mapping.delete("_timestamp")
		}
		if ttl := t.mapping.object("_ttl"); ttl != nil {
			if isTrue(ttl.text("enabled")) {
				name := d.choices.expiryField()
				d.addDate(t, name)
				t.traits.expiryField = name
				d.changed(where, newObject("_ttl", ttl), newObject(name, newObject("type", text("date"))), "the time at which each document would have been deleted goes into a field")
				d.found(Blocker, where, "documents were deleted when their _ttl had passed; the target deletes none by itself", "delete by query on "+name+", or by age with indices per day and a policy; then accept this finding")
			} else {
				d.changed(where, newObject("_ttl", ttl), nil, "refused since 5.0, and it was off")
			}
			t.mapping.delete("_ttl")
		}
	}}
}

// addDate adds a date field that takes milliseconds, unless it is there.
func (d *draft) addDate(t *docType, name string) {
	properties := t.mapping.object("properties")
	if properties == nil {
		properties = &object{}
		t.mapping.set("properties", properties)
	}
	if properties.has(name) {
		d.found(Warning, d.whereType(t)+" "+name, "the field exists already; documents that hold it keep their own value", "choose another name")
		return
	}
	properties.set(name, newObject("type", text("date"), "format", text("strict_date_optional_time||epoch_millis")))
}
