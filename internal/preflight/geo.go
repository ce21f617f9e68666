package preflight

// geo.go answers: is a value a point? Next: ranges.go.

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// points looks at an array: one point as [lon, lat], or several in any form.
func (c *Checker) points(n *node, v gjson.Result) {
	items := v.Array()
	if len(items) > 0 && items[0].Type == gjson.Number {
		if len(items) < 2 || len(items) > 3 || items[1].Type != gjson.Number {
			c.refusePoint(n, v.Raw)
			return
		}
		c.range90(n, items[1].Num, items[0].Num, v.Raw)
		return
	}
	for _, item := range items {
		if item.IsArray() {
			c.points(n, item)
		} else if item.Type != gjson.Null {
			c.geoPoint(n, item)
		}
	}
}

func (c *Checker) refusePoint(n *node, value string) {
	if !n.ignoreMalformed {
		c.report(GeoPoint, n.path, value)
	}
}

func (c *Checker) range90(n *node, lat, lon float64, value string) {
	if math.Abs(lat) > 90 || math.Abs(lon) > 180 || math.IsNaN(lat) || math.IsNaN(lon) {
		c.refusePoint(n, value)
	}
}

// geoPoint looks at an object or a text.
func (c *Checker) geoPoint(n *node, v gjson.Result) {
	if v.IsObject() {
		if v.Get("type").Exists() && v.Get("coordinates").Exists() {
			if !c.schema.target.AtLeast(8, 0) && !(c.schema.target.Lineage() >= geoJSONLineage) {
				c.refusePoint(n, v.Raw)
				return
			}
			c.points(n, v.Get("coordinates"))
			return
		}
		if hash := v.Get("geohash"); hash.Exists() {
			c.geohash(n, hash.String())
			return
		}
		lat, latOK := coordinate(v.Get("lat"))
		lon, lonOK := coordinate(v.Get("lon"))
		if !latOK || !lonOK || strangeKeys(v) {
			c.refusePoint(n, v.Raw)
			return
		}
		c.range90(n, lat, lon, v.Raw)
		return
	}
	value := v.String()
	if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(value)), "POINT") && c.schema.target.AtLeast(7, 0) {
		c.wellKnownText(n, value)
		return
	}
	parts := strings.Split(value, ",")
	if len(parts) == 1 {
		c.geohash(n, value)
		return
	}
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(parts[0]), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
	if err1 != nil || err2 != nil || len(parts) > 3 || len(parts) == 3 && !c.schema.target.AtLeast(6, 0) {
		c.refusePoint(n, value)
		return
	}
	c.range90(n, lat, lon, value)
}

// geoJSONLineage is Elasticsearch 8 and OpenSearch 2, which take GeoJSON for points.
const geoJSONLineage = 8

func strangeKeys(v gjson.Result) bool {
	strange := false
	v.ForEach(func(key, _ gjson.Result) bool {
		switch key.String() {
		case "lat", "lon", "z":
		default:
			strange = true
		}
		return !strange
	})
	return strange
}

func coordinate(v gjson.Result) (float64, bool) {
	switch v.Type {
	case gjson.Number:
		return v.Num, true
	case gjson.String:
		n, err := strconv.ParseFloat(v.Str, 64)
		return n, err == nil
	}
	return 0, false
}

const geohashLetters = "0123456789bcdefghjkmnpqrstuvwxyz"

func (c *Checker) geohash(n *node, value string) {
	if value == "" && c.schema.target.AtLeast(6, 0) || strings.Trim(value, geohashLetters) != "" {
		c.refusePoint(n, value)
	}
}

// wellKnownText reads POINT (lon lat).
func (c *Checker) wellKnownText(n *node, value string) {
	inner := strings.TrimSpace(strings.TrimSpace(value)[len("POINT"):])
	if !strings.HasPrefix(inner, "(") || !strings.HasSuffix(inner, ")") {
		c.refusePoint(n, value)
		return
	}
	numbers := strings.Fields(inner[1 : len(inner)-1])
	if len(numbers) < 2 {
		c.refusePoint(n, value)
		return
	}
	lon, err1 := strconv.ParseFloat(numbers[0], 64)
	lat, err2 := strconv.ParseFloat(numbers[1], 64)
	if err1 != nil || err2 != nil {
		c.refusePoint(n, value)
		return
	}
	c.range90(n, lat, lon, value)
}
