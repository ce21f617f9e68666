package transform

// es2_dates.go answers: how did 1.x read dates, and which format reads them alike? Next: es2_filters.go.

import "strings"

func es2Dates() Rule {
	return Rule{Name: "es2_dates", Rows: []string{"1-12", "1-13", "3-14"}, Since: elasticsearch(2, 0), Why: "1.x took any number for milliseconds, and sloppy dates; 2.0 takes short numbers for years and is strict", field: func(d *draft, f field) {
		if f.kind() != "date" {
			return
		}
		where := d.where(f)
		d.drop(where, f.body, "numeric_resolution", "gone since 5.0; epoch_second says so")
		if d.created.AtLeast(2, 0) {
			return
		}
		format := f.body.text("format")
		now := format
		switch format {
		case "", "dateOptionalTime", "date_optional_time":
			// Strict first, else a long number would pass for a year; then what 1.x took besides.
			now = "strict_date_optional_time||epoch_millis||date_optional_time"
		default:
			now = snakeFormats(format) + "||epoch_millis"
			if !namedFormat(snakeName(format)) && strings.Trim(format, "yYMdHms") == "" {
				d.found(Warning, where, "a number in this field was milliseconds in 1.x, and is read by "+format+" since 2.0; texts are read as before", "look at the values: numbers need a rule of your own")
			}
		}
		if !f.template {
			f.docType.traits.mark(&f.docType.traits.dates, f.path)
		}
		if now == format {
			return
		}
		d.replace(where, f.body, "format", "format", text(now), "keeps the values that 1.x took: milliseconds, and dates with one digit")
		d.found(Info, "mapping", "a text of more than four digits in a date field was a year in 1.x, and is milliseconds since 2.0", "")
	}}
}
