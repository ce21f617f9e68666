package verify

// values_point.go answers: are the points of both sides the same, as far as their indices keep them? Points travel through
// this package as texts, "lat,lon". Next: values_compare.go.

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/lucene"
)

// pointForm is how the doc values of an index keep points; package lucene has the forms with their units.
type pointForm uint8

const (
	latLonPoints pointForm = iota
	mortonPoints
	// exactPoints are a set of pairs of doubles, latitude first, little endian: up to 2.1
	// (GeoPointFieldMapperLegacy.CustomGeoPointDocValuesField).
	exactPoints
)

func pointFormOf(created es.Version) pointForm {
	switch {
	case export.MortonPoints(created):
		return mortonPoints
	case !created.IsZero() && !created.AtLeast(2, 2):
		return exactPoints
	}
	return latLonPoints
}

// unit is how far, in degrees, what an index keeps lies below what was written, at most.
func (p pointForm) unit() (lat, lon float64) {
	if p == exactPoints {
		return 0, 0
	}
	return lucene.PointUnit(p == mortonPoints)
}

func pointText(lat, lon float64) string { return fractionText(lat) + "," + fractionText(lon) }

// decodePoints reads exactPoints.
func decodePoints(kept []byte) (values []string, known bool) {
	const width, each = 8, 16
	if len(kept)%each != 0 {
		return nil, false
	}
	for ; len(kept) > 0; kept = kept[each:] {
		lat, lon := binary.LittleEndian.Uint64(kept), binary.LittleEndian.Uint64(kept[width:])
		values = append(values, pointText(math.Float64frombits(lat), math.Float64frombits(lon)))
	}
	return values, true
}

// readPoints reads a point, or an array of them, as every version writes and understands it. Others are not understood: a
// geohash is a cell, of which versions take different corners, and what lies beyond the poles they wrap or refuse.
func readPoints(v gjson.Result) (values []string, known bool) {
	switch {
	case v.Type == gjson.Null:
		return nil, true
	case v.IsArray():
		items := v.Array()
		if len(items) >= 2 && items[0].Type == gjson.Number && items[1].Type == gjson.Number {
			return onePoint(items[1].Raw, items[0].Raw)
		}
		for _, item := range items {
			points, ok := readPoints(item)
			if !ok {
				return nil, false
			}
			values = append(values, points...)
		}
		return values, true
	case v.IsObject():
		return onePoint(v.Get("lat").String(), v.Get("lon").String())
	}
	lat, lon, _ := strings.Cut(v.String(), ",")
	lon, _, _ = strings.Cut(lon, ",") // a height, since 6.0
	return onePoint(lat, lon)
}

func onePoint(lat, lon string) ([]string, bool) {
	y, x, ok := coordinates(lat, lon)
	return []string{pointText(y, x)}, ok && math.Abs(y) <= 90 && math.Abs(x) <= 180
}

func coordinates(lat, lon string) (y, x float64, ok bool) {
	y, err1 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
	x, err2 := strconv.ParseFloat(strings.TrimSpace(lon), 64)
	return y, x, err1 == nil && err2 == nil
}

// shownPoint reads a point as servers answer: an object in 5.x, a text later.
func shownPoint(v gjson.Result) string {
	if points, ok := readPoints(v); ok && len(points) == 1 {
		return points[0]
	}
	return v.Raw
}

// pointsAlike says whether both sides hold the same points as far as they keep them: each has a partner of its own within the
// coarser unit, since both are cut off towards the same side. Where one side keeps sets, partners may be shared.
func pointsAlike(then, now []string, there, here pointForm) bool {
	shared := (there == exactPoints) != (here == exactPoints)
	if len(then) != len(now) && !shared {
		return false
	}
	lat1, lon1 := there.unit()
	lat2, lon2 := here.unit()
	near, ok := nearPoints(then, now, max(lat1, lat2), max(lon1, lon2))
	if !ok {
		return false
	}
	if shared {
		covered := make([]bool, len(now))
		for _, partners := range near {
			for _, partner := range partners {
				covered[partner] = true
			}
			ok = ok && len(partners) > 0
		}
		for _, one := range covered {
			ok = ok && one
		}
		return ok
	}
	taken := make([]int, len(now)) // by which of then, plus one
	for i := range then {
		if !pairUp(i, near, taken, make([]bool, len(now))) {
			return false
		}
	}
	return true
}

// nearPoints lists, for each of then, which of now are as near as that.
func nearPoints(then, now []string, lat, lon float64) ([][]int, bool) {
	type point struct{ lat, lon float64 }
	parse := func(texts []string) (points []point, ok bool) {
		for _, text := range texts {
			y, x, _ := strings.Cut(text, ",")
			one := point{}
			if one.lat, one.lon, ok = coordinates(y, x); !ok {
				return nil, false
			}
			points = append(points, one)
		}
		return points, true
	}
	source, ok1 := parse(then)
	target, ok2 := parse(now)
	near := make([][]int, len(source))
	for i, one := range source {
		for j, other := range target {
			if math.Abs(one.lat-other.lat) <= lat && apart(one.lon, other.lon) <= lon {
				near[i] = append(near[i], j)
			}
		}
	}
	return near, ok1 && ok2
}

// apart is how far longitudes lie from each other: 1.x wrote the date line, whichever way it came, as 180.
func apart(a, b float64) float64 {
	const around = 360
	distance := math.Abs(a - b)
	return min(distance, around-distance)
}

// pairUp finds a partner for one, moving others to another partner where that helps (an augmenting path).
func pairUp(one int, near [][]int, taken []int, tried []bool) bool {
	for _, partner := range near[one] {
		if tried[partner] {
			continue
		}
		tried[partner] = true
		if taken[partner] == 0 || pairUp(taken[partner]-1, near, taken, tried) {
			taken[partner] = one + 1
			return true
		}
	}
	return false
}
