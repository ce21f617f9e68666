package export

// where.go answers: does a source meet a simple condition? A field is named by its dotted path as in a search; a list meets a
// condition if one of its elements does. Next: fields.go.

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/tidwall/gjson"
)

// Condition is one comparison of a source field: status=404, bytes>=1000, host!=web-*, @timestamp<2017-09-11.
type Condition struct {
	Field    string
	Operator string
	Value    string
	number   *big.Float // Value as a number, else nil
}

// operators, the longer before their beginnings.
var operators = []string{"!=", ">=", "<=", "=", ">", "<"}

// numberPrecision holds every long and double exactly.
const numberPrecision = 128

// ParseCondition reads FIELD, an operator and a value.
func ParseCondition(text string) (Condition, error) {
	at := strings.IndexAny(text, "!=<>")
	if at > 0 {
		for _, operator := range operators {
			if value, found := strings.CutPrefix(text[at:], operator); found {
				return Condition{Field: strings.TrimSpace(text[:at]), Operator: operator, Value: strings.TrimSpace(value),
					number: parseNumber(strings.TrimSpace(value))}, nil
			}
		}
	}
	return Condition{}, fmt.Errorf("condition %q: write FIELD=VALUE, or with != > >= < <=", text)
}

func parseNumber(text string) *big.Float {
	const longest = 400 // digits of the largest double and some; more is not a number anyone compares with
	if len(text) == 0 || len(text) > longest || strings.Trim(text, "0123456789+-.eE") != "" {
		return nil
	}
	if _, exponent, found := strings.Cut(strings.ToLower(text), "e"); found && len(exponent) > len("-999") {
		return nil
	}
	number, _, err := big.ParseFloat(text, 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return nil
	}
	return number
}

// holds says whether a source meets the condition. Without a source, or without the field, only != holds.
func (c *Condition) holds(source []byte) bool {
	met := false
	if len(source) > 0 {
		met = anyValue(gjson.ParseBytes(source), c.Field, c.meets)
	}
	if c.Operator == "!=" {
		return !met
	}
	return met
}

// meets compares one value; for != it says whether the value is equal.
func (c *Condition) meets(value gjson.Result) bool {
	if value.Type == gjson.JSON || value.Type == gjson.Null {
		return false
	}
	text := value.String()
	if c.Operator == "=" || c.Operator == "!=" {
		return matchPattern(c.Value, text) || c.number != nil && compareNumbers(value, c.number, func(sign int) bool { return sign == 0 })
	}
	holds := func(sign int) bool {
		switch c.Operator {
		case ">":
			return sign > 0
		case ">=":
			return sign >= 0
		case "<":
			return sign < 0
		}
		return sign <= 0
	}
	if c.number != nil && value.Type == gjson.Number {
		return compareNumbers(value, c.number, holds)
	}
	return value.Type == gjson.String && holds(strings.Compare(text, c.Value))
}

func compareNumbers(value gjson.Result, with *big.Float, holds func(sign int) bool) bool {
	if value.Type != gjson.Number {
		return false
	}
	number := parseNumber(value.Raw)
	return number != nil && holds(number.Cmp(with))
}

// anyValue finds the values of a dotted path, also where a key has dots of its own, and through lists.
func anyValue(value gjson.Result, field string, meets func(gjson.Result) bool) bool {
	found := false
	if value.IsArray() {
		value.ForEach(func(_, element gjson.Result) bool {
			found = anyValue(element, field, meets)
			return !found
		})
		return found
	}
	if field == "" {
		return meets(value)
	}
	if !value.IsObject() {
		return false
	}
	value.ForEach(func(key, inner gjson.Result) bool {
		rest, matches := strings.CutPrefix(field, key.Str)
		if matches && key.Str != "" && (rest == "" || rest[0] == '.') {
			found = anyValue(inner, strings.TrimPrefix(rest, "."), meets)
		}
		return !found
	})
	return found
}
