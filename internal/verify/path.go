package verify

// path.go answers: in which field do two documents differ first? Next: report.go.

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// maxValue is how much of a field's value a report shows.
const maxValue = 80

// firstDifference walks two canonical forms and gives the path of the first field that differs, with both literals. A
// field that one side lacks has "" there.
func firstDifference(source, target []byte) (path, left, right string) {
	if bytes.Equal(source, target) {
		return "", "", ""
	}
	return descend("", gjson.ParseBytes(source), gjson.ParseBytes(target))
}

func descend(path string, source, target gjson.Result) (string, string, string) {
	switch {
	case source.IsObject() && target.IsObject():
		left, right := members(source), members(target)
		for i := 0; i < len(left) || i < len(right); i++ {
			switch {
			case i == len(right) || i < len(left) && left[i].key < right[i].key:
				return join(path, left[i].key), shown(left[i].value), ""
			case i == len(left) || right[i].key < left[i].key:
				return join(path, right[i].key), "", shown(right[i].value)
			case left[i].value.Raw != right[i].value.Raw:
				return descend(join(path, left[i].key), left[i].value, right[i].value)
			}
		}
	case source.IsArray() && target.IsArray():
		left, right := source.Array(), target.Array()
		for i := 0; i < len(left) || i < len(right); i++ {
			at := path + "[" + strconv.Itoa(i) + "]"
			switch {
			case i == len(right):
				return at, shown(left[i]), ""
			case i == len(left):
				return at, "", shown(right[i])
			case left[i].Raw != right[i].Raw:
				return descend(at, left[i], right[i])
			}
		}
	}
	return path, shown(source), shown(target)
}

type keyed struct {
	key   string
	value gjson.Result
}

// members lists an object's fields in their order, which is sorted, duplicates included.
func members(object gjson.Result) []keyed {
	var all []keyed
	object.ForEach(func(key, value gjson.Result) bool {
		all = append(all, keyed{key.Raw, value})
		return true
	})
	return all
}

// join appends a key, given as its literal with quotes.
func join(path, literal string) string {
	key := literal
	if len(literal) >= 2 {
		key = literal[1 : len(literal)-1]
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func shown(value gjson.Result) string {
	raw := value.Raw
	if len(raw) <= maxValue {
		return raw
	}
	cut := maxValue
	for cut > 0 && !utf8.RuneStart(raw[cut]) {
		cut--
	}
	return raw[:cut] + "…"
}
