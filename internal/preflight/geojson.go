package preflight

// geojson.go answers: what shape does an object describe? Next: wkt.go.

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// shapeKinds are the words that all readings know.
var shapeKinds = []string{"point", "multipoint", "linestring", "multilinestring", "polygon", "multipolygon", "geometrycollection", "envelope", "circle"}

// orientations are the words for the direction of rings.
var orientations = []string{"right", "counterclockwise", "ccw", "left", "clockwise", "cw"}

// geoJSON reads an object; false is what the reading refuses before it looks at the shape as a whole.
func (s *shapeReader) geoJSON(v gjson.Result) (geometry, bool) {
	if !v.IsObject() {
		return geometry{}, false
	}
	defer s.up()
	if !s.deeper() {
		return geometry{}, false
	}
	fields := map[string]gjson.Result{}
	v.ForEach(func(key, value gjson.Result) bool {
		fields[key.String()] = value
		return true
	})
	kind := strings.ToLower(fields["type"].String())
	if kind == "linearring" || kind == "bbox" {
		return geometry{uncertain: true}, true // words that some readings know besides
	}
	if fields["type"].Type != gjson.String || !slices.Contains(shapeKinds, kind) {
		return geometry{}, false
	}
	if orientation := fields["orientation"]; orientation.Type == gjson.Number || orientation.Type == gjson.String && !slices.Contains(orientations, strings.ToLower(orientation.String())) {
		return geometry{}, false
	}
	if radius := fields["radius"]; radius.Exists() != (kind == "circle") && radius.Type != gjson.Null || kind == "circle" && !isRadius(radius) {
		return geometry{}, false
	}
	if kind == "geometrycollection" {
		return s.collection(fields["geometries"])
	}
	if fields["geometries"].Exists() && s.reading != readingTree5 || !fields["coordinates"].Exists() {
		return geometry{}, false
	}
	at, ok := s.position(fields["coordinates"])
	return geometry{kind: kind, at: at}, ok
}

// isRadius refuses what is no distance for sure.
func isRadius(v gjson.Result) bool {
	text := v.String()
	return v.Exists() && text != "" && (text[0] >= '0' && text[0] <= '9' || text[0] == '.' || text[0] == '+')
}

func (s *shapeReader) collection(v gjson.Result) (geometry, bool) {
	g := geometry{kind: "geometrycollection"}
	if !v.IsArray() {
		return g, false
	}
	for _, item := range v.Array() {
		if item.Type == gjson.String && s.reading.builds() && s.reading != readingTree5 {
			g.uncertain = true // the builders also take texts here
			continue
		}
		part, ok := s.geoJSON(item)
		if !ok {
			return g, false
		}
		g.parts = append(g.parts, part)
	}
	return g, true
}

// position reads coordinates: an array that begins with a number is a point, any other holds further ones.
func (s *shapeReader) position(v gjson.Result) (position, bool) {
	if !v.IsArray() {
		return position{}, false
	}
	defer s.up()
	if !s.deeper() {
		return position{}, false
	}
	items := v.Array()
	if len(items) == 0 || items[0].IsArray() {
		p := position{list: make([]position, 0, len(items))}
		for _, item := range items {
			one, ok := s.position(item)
			if !ok {
				return p, false
			}
			p.list = append(p.list, one)
		}
		return p, true
	}
	p := position{point: make([]float64, 0, mostCoordinates)}
	for _, item := range items {
		number, ok := item.Num, item.Type == gjson.Number
		if item.Type == gjson.String && s.reading == readingTree5 {
			var err error
			number, err = strconv.ParseFloat(javaDouble(item.Str), 64)
			ok = err == nil
		}
		if !ok {
			return p, false
		}
		p.point = append(p.point, number)
	}
	return p, len(p.point) >= 2 && (len(p.point) <= mostCoordinates || s.reading == readingTree5)
}
