package transform

// geopoint.go answers: how did 1.x read a point beyond the poles or the date line? It wrapped it; 2.0 refuses it.
// Next: datecheck.go.

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// geoPoint looks at the value that ends here: {"lat","lon"}, [lon, lat] or "lat,lon".
func (e *editor) geoPoint(start int) {
	if start >= e.at {
		return
	}
	v := gjson.ParseBytes(e.source[start:e.at])
	var lat, lon float64
	var latOK, lonOK bool
	switch {
	case v.IsObject():
		lat, latOK = coordinate(v.Get("lat"))
		lon, lonOK = coordinate(v.Get("lon"))
	case v.IsArray():
		items := v.Array()
		if len(items) < 2 || items[0].Type != gjson.Number || items[1].Type != gjson.Number {
			return // an array of points: each was looked at already
		}
		lon, lonOK = items[0].Num, true
		lat, latOK = items[1].Num, true
	case v.Type == gjson.String:
		first, second, ok := strings.Cut(v.String(), ",")
		if !ok {
			return
		}
		var err1, err2 error
		lat, err1 = strconv.ParseFloat(strings.TrimSpace(first), 64)
		lon, err2 = strconv.ParseFloat(strings.TrimSpace(second), 64)
		latOK, lonOK = err1 == nil, err2 == nil
	}
	if !latOK || !lonOK || math.Abs(lat) <= 90 && math.Abs(lon) <= 180 {
		return
	}
	lat, lon = wrapPoint(lat, lon)
	point := write(newObject("lat", literal(strconv.FormatFloat(lat, 'f', -1, 64)), "lon", literal(strconv.FormatFloat(lon, 'f', -1, 64))))
	e.replace(start, e.at, point)
}

func coordinate(v gjson.Result) (float64, bool) {
	if v.Type == gjson.Number {
		return v.Num, true
	}
	n, err := strconv.ParseFloat(v.String(), 64)
	return n, err == nil && v.Exists()
}

// wrapPoint goes on over the pole, half around the globe, and around the date line.
func wrapPoint(lat, lon float64) (float64, float64) {
	const half, full = 180, 360
	lat = math.Mod(lat, full)
	if lat < -half {
		lat += full
	} else if lat > half {
		lat -= full
	}
	if lat > 90 {
		lat, lon = half-lat, lon+half
	} else if lat < -90 {
		lat, lon = -half-lat, lon+half
	}
	lon = math.Mod(lon, full)
	if lon > half {
		lon -= full
	} else if lon < -half {
		lon += full
	}
	return lat, lon
}

// instant writes milliseconds since 1970 as a date.
func instant(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}
