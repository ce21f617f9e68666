package transform

// es5_string_split.go answers: what becomes of a string field? Next: es5_mapping.go.

func es5StringSplit() Rule {
	return Rule{Name: "es5_string_split", Rows: []string{"2-01", "2-02", "2-03", "2-04", "3-11"}, Since: elasticsearch(5, 0),
		Why:   "5.0 split string into text (analyzed) and keyword (not analyzed); 6.0 refuses string",
		field: splitString, mapping: keepStringDefault}
}

// textOnly and keywordOnly are the parameters that the other of the two refuses (all but position_increment_gap measured).
var (
	textOnly = []string{"analyzer", "search_analyzer", "search_quote_analyzer", "position_increment_gap", "term_vector", "fielddata", "fielddata_frequency_filter",
		"index_prefixes", "index_phrases"}
	keywordOnly = []string{"ignore_above", "null_value", "doc_values", "normalizer"}
)

const stringWhy = "string is text or keyword since 5.0"

func splitString(d *draft, f field) {
	kind := f.kind()
	dynamic := f.template && (kind == "{dynamic_type}" || kind == "") && matchesStrings(f)
	if kind != "string" && !dynamic {
		return
	}
	if dynamic && !f.body.has("index") {
		return // the target's own dynamic type for strings is text, and {dynamic_type} gives that
	}
	before := f.body.clone()
	switch index := f.body.text("index"); index {
	case "not_analyzed":
		toKeyword(d, f, before, true)
	case "no", "false":
		// Measured: 5.5 makes an unindexed string a keyword with index false.
		toKeyword(d, f, before, false)
	default:
		if index != "analyzed" && index != "" && index != "true" {
			d.found(Warning, d.where(f), "index has the unknown value "+index+"; taken as analyzed", "")
		}
		toText(d, f, before)
	}
}

// matchesStrings says whether a dynamic template is one for texts.
func matchesStrings(f field) bool {
	matching := f.parent.text("match_mapping_type")
	return matching == "string" || matching == "" && f.body.has("index") && f.body.text("index") != "false" && f.body.text("index") != "true"
}

func toKeyword(d *draft, f field, before *object, indexed bool) {
	f.body.set("type", text("keyword"))
	f.body.delete("index")
	if !indexed {
		f.body.set("index", boolean(false))
	}
	for _, key := range textOnly {
		if f.body.has(key) {
			if key == "analyzer" && f.body.text(key) != "keyword" {
				d.found(Info, d.where(f), "its analyzer was without effect on a field that is not analyzed", "")
			}
			f.body.delete(key)
		}
	}
	if options := f.body.text("index_options"); options == "positions" || options == "offsets" {
		f.body.delete("index_options") // a keyword knows docs and freqs only
	}
	// Doc values were an object of options once, and off by default up to 1.x: sorting would still work by fielddata, which
	// keyword has not, so they are on unless they were off on purpose.
	if _, isObject := f.body.get("doc_values").(*object); isObject {
		f.body.delete("doc_values")
	}
	if f.body.text("doc_values") == "false" && !d.created.AtLeast(2, 0) {
		f.body.delete("doc_values")
	}
	d.changed(d.where(f), before, f.body.clone(), stringWhy)
}

func toText(d *draft, f field, before *object) {
	f.body.set("type", text("text"))
	f.body.delete("index")
	above, null := f.body.get("ignore_above"), f.body.get("null_value")
	for _, key := range keywordOnly {
		f.body.delete(key)
	}
	if (above != nil || null != nil) && !f.multi && !f.template {
		// text takes neither; a keyword below it keeps what they did.
		keepInSubfield(d, f, above, null)
	}
	d.changed(d.where(f), before, f.body.clone(), stringWhy)
}

func keepInSubfield(d *draft, f field, above, null value) {
	fields := f.body.object("fields")
	if fields == nil {
		fields = &object{}
		f.body.set("fields", fields)
	}
	if fields.has("keyword") || fields.has("raw") {
		d.found(Info, d.where(f), "ignore_above and null_value are dropped: text has neither", "")
		return
	}
	sub := newObject("type", text("keyword"))
	if above != nil {
		sub.set("ignore_above", above)
	}
	if null != nil {
		sub.set("null_value", null)
		d.found(Warning, d.where(f), "null_value holds for the new subfield keyword only: text has none", "search for missing values in "+f.path+".keyword")
	}
	fields.set("keyword", sub)
}

// keepStringDefault says what new fields become: where strings came unasked, they were analyzed without a subfield.
func keepStringDefault(d *draft, t *docType) {
	if d.created.AtLeast(5, 0) || t.mapping.text("dynamic") == "false" || t.mapping.text("dynamic") == "strict" {
		return
	}
	for _, rule := range dynamicTemplates(t.mapping) {
		if rule.body.text("match_mapping_type") == "string" || rule.body.text("match_mapping_type") == "*" {
			return
		}
	}
	d.found(Info, d.whereType(t), "texts in fields that are new become text with a subfield keyword (ignore_above 256); they were string without one", "")
}
