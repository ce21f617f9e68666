package transform

// json_values.go answers: which single values are written anew, so that the target reads what the source read?
// Next: geopoint.go.

import (
	"bytes"
	"math"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// booleanReading is how values of booleans are written anew.
type booleanReading int

const (
	booleansAsTheyAre booleanReading = iota
	// booleansOf2 read as 1.x and 2.x: "false", "off", "no", "0", 0 and "" are false, all else is true.
	booleansOf2
	// booleansOf5 differ in "", which 5.x reads as true.
	booleansOf5
	// booleansEmptyOnly is for a 5.x target: only "" would be read otherwise.
	booleansEmptyOnly
)

func booleansAs(source, target es.Version) booleanReading {
	switch {
	case source.AtLeast(6, 0) || !target.AtLeast(5, 0):
		return booleansAsTheyAre
	case source.AtLeast(5, 0) && target.AtLeast(6, 0):
		return booleansOf5
	case source.AtLeast(5, 0):
		return booleansAsTheyAre
	case target.AtLeast(6, 0):
		return booleansOf2
	}
	return booleansEmptyOnly
}

// finite makes null of a number that no double holds; only an exponent or very many digits can make one.
func (e *editor) finite(start int) {
	raw := e.source[start:e.at]
	const digitsOfMax = 300
	if len(raw) < digitsOfMax && bytes.IndexByte(raw, 'e') < 0 && bytes.IndexByte(raw, 'E') < 0 {
		return
	}
	if v, err := strconv.ParseFloat(string(raw), 64); err != nil && math.IsInf(v, 0) && bytes.ContainsAny(raw, ".eE") {
		e.replace(start, e.at, "null")
	}
}

// scalar writes booleans, and numbers in date fields of 1.x, in a form that means the same to the target.
func (e *editor) scalar(start int, w walk) {
	if !w.booleans.ends() && !w.dates.ends() && !w.geoPoints.ends() {
		return
	}
	raw := string(e.source[start:e.at])
	if raw == "null" {
		return
	}
	if w.booleans.ends() {
		if now := e.boolean(raw); now != raw {
			e.replace(start, e.at, now)
		}
	}
	if w.dates.ends() && raw[0] != '"' {
		if millis, err := strconv.ParseInt(raw, 10, 64); err == nil && millis > -10_000 && millis < 10_000 {
			e.replace(start, e.at, string(text(instant(millis))))
		}
	}
	if w.geoPoints.ends() && raw[0] == '"' {
		e.geoPoint(start)
	}
}

func (e *editor) boolean(raw string) string {
	content := raw
	if raw[0] == '"' {
		content = gjson.Parse(raw).String()
		if content == "true" || content == "false" {
			return raw
		}
		if content == "" {
			switch e.rules.booleans {
			case booleansOf5:
				return "true"
			case booleansEmptyOnly:
				return "false"
			}
			return raw // 6.0 and later read it as false, as 2.x did
		}
		if e.rules.booleans == booleansEmptyOnly {
			return raw
		}
		return strconv.FormatBool(isTrue(content))
	}
	if raw == "true" || raw == "false" || e.rules.booleans == booleansEmptyOnly {
		return raw
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil && !math.IsInf(n, 0) {
		return raw
	}
	return strconv.FormatBool(math.Abs(n) >= 1) // servers looked at the number as an int
}
