package transform

// es7_dates.go answers: which date formats must be written anew, since 7.0 reads them by java.time and no more by Joda?
// Next: dateconvert.go, which converts one format.

func es7Dates() Rule {
	return Rule{Name: "es7_dates", Rows: []string{"4-04", "4-05", "4-06", "5-04", "3-14"}, Since: elasticsearch(6, 0), Why: "7.0 reads date formats by java.time: YYYY stores another day without an error, and values that Joda took are refused",
		mapping: func(d *draft, t *docType) {
			formats, ok := t.mapping.get("dynamic_date_formats").(list)
			if !ok || !d.target.AtLeast(7, 0) || d.source.AtLeast(7, 0) {
				return
			}
			converted := list{}
			for _, format := range formats {
				if textOf(format) == "none" {
					converted = append(converted, format)
					continue
				}
				converted = append(converted, text(d.dateFormat(d.whereType(t)+" dynamic_date_formats", textOf(format))))
			}
			if write(converted) != write(formats) {
				t.mapping.set("dynamic_date_formats", converted)
				d.changed(d.whereType(t)+" dynamic_date_formats", formats, converted, "java.time writes formats in another way")
			}
		},
		field: func(d *draft, f field) {
			if locale := f.body.text("locale"); locale != "" && !knownLocale(locale) {
				d.drop(d.where(f), f.body, "locale", "6.0 takes only locales that exist")
			}
			kind := f.kind()
			if kind != "date" && kind != "date_range" && kind != "date_nanos" || !f.body.has("format") || !d.target.AtLeast(7, 0) {
				return
			}
			format := f.body.text("format")
			converted := format
			if d.source.AtLeast(7, 0) {
				converted = snakeFormats(format)
			} else {
				converted = d.dateFormat(d.where(f), format)
			}
			if converted != format {
				d.replace(d.where(f), f.body, "format", "format", text(converted), "java.time writes formats in another way")
			}
		}}
}

// dateFormat converts one format and tells what it could not.
func (d *draft) dateFormat(where, format string) string {
	converted, notes := ConvertDateFormat(format)
	for _, note := range notes {
		d.found(Warning, where, note, "check values of the field: hikkoshi samples them before the move")
	}
	return converted
}

// knownLocale takes the forms ll, ll-CC, ll_CC and the names that Java gives no country.
func knownLocale(locale string) bool {
	if locale == "ROOT" {
		return true
	}
	if len(locale) != 2 && len(locale) != 3 && (len(locale) < 5 || locale[2] != '-' && locale[2] != '_') {
		return false
	}
	return locale[0] >= 'a' && locale[0] <= 'z' && locale[1] >= 'a' && locale[1] <= 'z'
}
