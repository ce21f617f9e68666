package verify

// values_compare.go answers: are one field's values of one document the same on both sides, and what is booked? Next:
// report.go.

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// LeftOut are fields of which values were not compared, for one reason.
type LeftOut struct {
	Reason string   `json:"reason"`
	Fields []string `json:"fields"`
	// Values counts each field of each document that was left out.
	Values int `json:"values"`
}

// mostFieldsNamed is how many fields a line for a person names.
const mostFieldsNamed = 5

// String is the gap for a person.
func (l LeftOut) String() string {
	named := strings.Join(l.Fields[:min(len(l.Fields), mostFieldsNamed)], ", ")
	if more := len(l.Fields) - mostFieldsNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%d values of %s were not compared: %s", l.Values, named, l.Reason)
}

// leave books that a document's values of a field were left out.
func (r *ValueReport) leave(path, reason string) {
	at, known := slices.BinarySearchFunc(r.LeftOut, reason, func(l LeftOut, reason string) int { return strings.Compare(l.Reason, reason) })
	if !known {
		r.LeftOut = slices.Insert(r.LeftOut, at, LeftOut{Reason: reason})
	}
	one := &r.LeftOut[at]
	one.Values++
	if at, known := slices.BinarySearch(one.Fields, path); !known {
		one.Fields = slices.Insert(one.Fields, at, path)
	}
}

// compare holds one field of one document, whose values are those, against the target's.
func (r *ValueReport) compare(document *sampledDocument, path string, there, here valueField, then, now []string, accepted func(string) bool) {
	if len(then) == 0 && len(now) == 0 {
		return
	}
	if document.changed[path] {
		r.Intended++
		return
	}
	if len(then) == 0 && there.indirect() {
		r.leave(path, "documents of the source were written before its mapping filled the field")
		return
	}
	if document.absent[path] && len(now) == 0 {
		r.Unsourced++
		return
	}
	r.Values++
	switch {
	case slices.Equal(then, now):
	case here.family() == familyNumber && roundedAlike(then, now, narrower(there.typ, here.typ)), here.family() == familyPoint && pointsAlike(then, now, there.points, here.points):
		r.Rounded++
	case accepted != nil && accepted(path):
		r.Intended++
	default:
		r.Differing++
		if len(r.Differences) < mostValueDifferences {
			r.Differences = append(r.Differences, ValueDifference{Field: path, ID: document.id, Source: then, Target: now})
		}
	}
}

// narrower is the type that keeps less of a fraction.
func narrower(a, b string) string {
	for _, typ := range []string{"half_float", "float", "scaled_float"} {
		if a == typ || b == typ {
			return typ
		}
	}
	return ""
}

// roundedAlike says whether numbers are the same as far as the narrower type keeps them.
func roundedAlike(a, b []string, typ string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, err1 := strconv.ParseFloat(a[i], 64)
		y, err2 := strconv.ParseFloat(b[i], 64)
		if err1 != nil || err2 != nil {
			return false
		}
		switch typ {
		case "float":
			if float32(x) != float32(y) {
				return false
			}
		case "half_float":
			const half = 1.0 / 1024
			if math.Abs(x-y) > math.Abs(x)*half {
				return false
			}
		case "scaled_float":
			const close = 1e-9
			if math.Abs(x-y) > max(math.Abs(x), 1)*close {
				return false
			}
		default:
			if x != y {
				return false
			}
		}
	}
	return true
}
