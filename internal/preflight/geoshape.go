package preflight

// geoshape.go answers: does a geo_shape field take a shape? What servers refuse differs by how a version reads shapes, so
// the readings have names; measured on 5.5.2, 6.8.23, 7.10.2, 7.17.29, 8.15.5, OpenSearch 1.3.20, 2.19.3 and 3.3.0, the fields
// with a prefix tree on all but 8.x. Versions between two readings are held against both, and only what both refuse is told.
// Next: geojson.go, wkt.go (how a shape is written), ring.go (polygons).

import (
	"math"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// reading is one way in which servers read shapes.
type reading uint8

const (
	// readingTree5 is 5.x: spatial4j and JTS over a prefix tree, GeoJSON only.
	readingTree5 reading = iota
	// readingTree6 is what 6.8 to OpenSearch 3 do where the mapping asks for a tree.
	readingTree6
	// readingLucene6 is 6.8 without a tree: the same builders, then Lucene's triangles.
	readingLucene6
	// readingGeometry7 is 7.10 and OpenSearch: another parser, which puts points beyond the poles back on the globe.
	readingGeometry7
	// readingGeometry8 is 8.15, which also checks that lines of a polygon do not cross.
	readingGeometry8
)

// builds says that a reading goes through the shape builders of before 7.x.
func (r reading) builds() bool { return r <= readingLucene6 }

// tree says that JTS looks at the shape.
func (r reading) tree() bool { return r <= readingTree6 }

// geoOptions is what a geo_shape's mapping says.
type geoOptions struct {
	readings []reading
	// closes is coerce, which closes rings.
	closes bool
	// flat is ignore_z_value: false, which refuses a third coordinate.
	flat bool
	// pointsOnly refuses all but points, up to where trees go.
	pointsOnly bool
	// several says that a document may have more than one shape.
	several bool
}

func (s *Schema) geoOptions(body gjson.Result) *geoOptions {
	o := &geoOptions{closes: s.closing, several: true, flat: body.Get("ignore_z_value").String() == "false", pointsOnly: body.Get("points_only").String() == "true"}
	if v := body.Get("coerce"); v.Exists() {
		o.closes = v.String() == "true"
	}
	tree := o.pointsOnly
	for _, parameter := range []string{"tree", "strategy", "precision", "tree_levels", "distance_error_pct"} {
		tree = tree || body.Get(parameter).Exists()
	}
	at := s.target.AtLeast
	switch {
	case !at(5, 0):
		o.readings = nil // not measured
	case !at(6, 0):
		o.readings = []reading{readingTree5}
	case tree && at(6, 8):
		o.readings = []reading{readingTree6}
	case !at(6, 8):
		o.readings = []reading{readingTree5, readingTree6, readingLucene6}
	case !at(7, 0):
		o.readings = []reading{readingLucene6}
	case !at(7, 10):
		o.readings = []reading{readingLucene6, readingGeometry7}
	case !at(7, 11):
		o.readings = []reading{readingGeometry7}
	case !at(8, 15): // 7.17 takes points that stand twice, as 8.x does
		o.readings = []reading{readingGeometry7, readingGeometry8}
	default:
		o.readings = []reading{readingGeometry8}
	}
	// OpenSearch keeps one doc value of a shape: measured on 2.19.3 and 3.3.0.
	if version := s.target; version.Product == es.OpenSearch && !tree && body.Get("doc_values").String() != "false" {
		const since, sinceMinor = 2, 19
		o.several = version.Major < since || version.Major == since && version.Minor < sinceMinor
	}
	return o
}

// geoShape looks at an object or a text.
func (c *Checker) geoShape(n *node, v gjson.Result) {
	if n.ignoreMalformed || len(n.geo.readings) == 0 {
		return
	}
	for _, r := range n.geo.readings {
		if c.takesShape(n, r, v) {
			return
		}
	}
	c.report(GeoShape, n.path, v.Raw+v.Str)
}

func (c *Checker) takesShape(n *node, r reading, v gjson.Result) bool {
	read := &shapeReader{reading: r, options: n.geo, parenthesesOfPoints: !r.builds() && c.schema.target.AtLeast(8, 16)}
	if v.IsObject() {
		shape, ok := read.geoJSON(v)
		return read.lost || ok && read.takes(shape)
	}
	shape, ok := read.wellKnownText(v.Str)
	return read.lost || ok && read.takes(shape)
}

// severalShapes looks at an array of shapes.
func (c *Checker) severalShapes(n *node, v gjson.Result) {
	if !n.geo.several && !n.ignoreMalformed && several(v) {
		c.report(GeoShape, n.path, v.Raw)
	}
}

// geometry is a shape as it was read, from either form.
type geometry struct {
	// kind is in lower letters.
	kind string
	// at are its coordinates; parts those of a collection.
	at    position
	parts []geometry
	// uncertain shapes are taken, whatever stands in them.
	uncertain bool
}

// position is a point, or a list of what lies below.
type position struct {
	point []float64
	list  []position
}

func (p position) isPoint() bool { return p.point != nil }

// shapeReader holds shapes against one reading.
type shapeReader struct {
	reading reading
	options *geoOptions
	// parenthesesOfPoints says that MULTIPOINT ((1 2), (3 4)) may be read; up to 8.15 it is not.
	parenthesesOfPoints bool
	// level is how deep in collections or lists the reader is; lost says that it turned back, so all is taken.
	level int
	lost  bool
}

const (
	// mostCoordinates of a point.
	mostCoordinates = 3
	// deepestShape is where shapes within shapes are left to the target; no real one comes near.
	deepestShape = 32
)

// deeper goes down one level; up, which must follow, comes back. Too deep is not gone.
func (s *shapeReader) deeper() bool {
	s.level++
	s.lost = s.lost || s.level > deepestShape
	return !s.lost
}

func (s *shapeReader) up() { s.level-- }

// takes says whether a shape, once read, can be indexed.
func (s *shapeReader) takes(g geometry) bool {
	if g.uncertain {
		return true
	}
	if g.kind == "geometrycollection" {
		return (len(g.parts) > 0 || s.reading.builds()) && !slices.ContainsFunc(g.parts, func(part geometry) bool { return !s.takes(part) })
	}
	if s.options.pointsOnly && s.reading.tree() && g.kind != "point" && g.kind != "multipoint" || !s.coordinates(g.at) {
		return false
	}
	switch g.kind {
	case "point":
		return g.at.isPoint() && s.onGlobe(g.at.point)
	case "multipoint":
		return !g.at.isPoint() && len(g.at.list) > 0 && !slices.ContainsFunc(g.at.list, func(p position) bool { return p.isPoint() && !s.onGlobe(p.point) })
	case "linestring":
		return s.line(g.at)
	case "multilinestring":
		return !g.at.isPoint() && (len(g.at.list) > 0 || s.reading == readingTree5) && s.all(g.at, s.line)
	case "polygon":
		return s.polygon(g.at)
	case "multipolygon":
		return !g.at.isPoint() && (len(g.at.list) > 0 || s.reading.builds()) && s.all(g.at, s.polygon)
	case "envelope":
		return s.envelope(g.at)
	case "circle":
		return s.reading.tree() && g.at.isPoint() && s.onGlobe(g.at.point)
	}
	return true
}

func (s *shapeReader) all(p position, takes func(position) bool) bool {
	return !slices.ContainsFunc(p.list, func(one position) bool { return !takes(one) })
}

// coordinates looks at what holds of every list of points: since 6.8 all have as many coordinates.
func (s *shapeReader) coordinates(p position) bool {
	if p.isPoint() {
		return len(p.point) == 2 || !s.options.flat
	}
	for i, one := range p.list {
		if !s.coordinates(one) {
			return false
		}
		if i > 0 && one.isPoint() && p.list[i-1].isPoint() && len(one.point) != len(p.list[i-1].point) && s.reading != readingTree5 {
			return false
		}
	}
	return true
}

// onGlobe says whether a point that must lie on the globe does. Points of lines and polygons need not on any version.
func (s *shapeReader) onGlobe(point []float64) bool {
	return !s.reading.builds() || math.Abs(point[0]) <= 180 && math.Abs(point[1]) <= 90
}

func (s *shapeReader) line(p position) bool {
	if p.isPoint() || len(p.list) < 2 {
		return false
	}
	// JTS wants two different points.
	return !s.reading.tree() || slices.ContainsFunc(p.list, func(one position) bool { return !one.isPoint() || !samePlace(one, p.list[0]) })
}

// envelope is the upper left and the lower right corner.
func (s *shapeReader) envelope(p position) bool {
	if p.isPoint() || len(p.list) != 2 || !p.list[0].isPoint() || !p.list[1].isPoint() {
		return false
	}
	for _, corner := range p.list {
		if math.Abs(corner.point[0]) > 180 || math.Abs(corner.point[1]) > 90 {
			return false
		}
	}
	upsideDown := p.list[0].point[1] < p.list[1].point[1]
	return !upsideDown || s.reading == readingTree5 || s.reading == readingLucene6
}
