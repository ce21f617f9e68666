package verify

import (
	"math"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/lucene"
)

// morton and latLon encode as Lucene 5 and 6 do: cut off, and rounded down.
func morton(lat, lon float64) int64 {
	var out uint64
	y, x := uint64((lat+90)/180*(1<<31)), uint64((lon+180)/360*(1<<31))
	for i := range 32 {
		out |= x>>i&1<<(2*i) | y>>i&1<<(2*i+1)
	}
	return int64(out)
}

func latLon(lat, lon float64) int64 {
	y, x := math.Floor(lat/180*(1<<32)), math.Floor(lon/360*(1<<32))
	return int64(min(y, math.MaxInt32))<<32 | int64(uint32(int32(min(x, math.MaxInt32))))
}

func TestWhatBothFormsKeepOfAPointIsAlikeAndWhatLiesTwoUnitsFurtherIsNot(t *testing.T) {
	t.Parallel()
	unitLat, unitLon := lucene.PointUnit(true)
	for i := range 20_000 {
		lat, lon := math.Mod(float64(i)*0.7234567891, 180)-90, math.Mod(float64(i)*1.9876543219, 360)-180
		switch i {
		case 0:
			lat, lon = 90, 180
		case 1:
			lat, lon = -90, -180
		case 2:
			lat, lon = 0, 0
		}
		then := []string{pointText(lucene.Point(morton(lat, lon), true))}
		now := []string{pointText(lucene.Point(latLon(lat, lon), false))}
		written := []string{pointText(lat, lon)}
		if !pointsAlike(then, now, mortonPoints, latLonPoints) || !pointsAlike(written, now, exactPoints, latLonPoints) || !pointsAlike(written, then, exactPoints, mortonPoints) {
			t.Fatalf("%v, %v and %v are one point", written, then, now)
		}
		for _, moved := range [][2]float64{{2 * unitLat, 0}, {-2 * unitLat, 0}, {0, 2 * unitLon}, {0, -2 * unitLon}} {
			other := []string{pointText(lucene.Point(latLon(max(-90, min(90, lat+moved[0])), lon+moved[1]), false))}
			if lat+moved[0] > 90 || lat+moved[0] < -90 || math.Abs(lon+moved[1]) > 180 {
				continue
			}
			if pointsAlike(then, other, mortonPoints, latLonPoints) {
				t.Fatalf("%v and %v are two points", then, other)
			}
		}
	}
}

func TestPointsArePairedEachWithOneOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		then, now   []string
		there, here pointForm
		alike       bool
	}{
		"one is there twice":                    {[]string{"1,1", "1,1"}, []string{"1,1"}, mortonPoints, latLonPoints, false},
		"two for one":                           {[]string{"1,1", "2,2", "2,2"}, []string{"1,1", "1,1", "2,2"}, mortonPoints, latLonPoints, false},
		"a set has it once":                     {[]string{"1,1"}, []string{"1,1", "1,1"}, exactPoints, latLonPoints, true},
		"a set lacks one":                       {[]string{"1,1"}, []string{"1,1", "2,2"}, exactPoints, latLonPoints, false},
		"the first one takes the other's":       {[]string{"0.0000001,0", "0.00000016,0"}, []string{"0.00000012,0", "0.00000004,0"}, mortonPoints, latLonPoints, true},
		"no two are left":                       {[]string{"0.0000001,0", "0.00000016,0"}, []string{"0.00000012,0", "0.0000003,0"}, mortonPoints, latLonPoints, false},
		"the date line is one":                  {[]string{"5,180"}, []string{"5,-180"}, exactPoints, mortonPoints, true},
		"sets on both sides are held to pieces": {[]string{"1,1"}, []string{"1,1.0000001"}, exactPoints, exactPoints, false},
		"what is no point":                      {[]string{"here"}, []string{"there"}, latLonPoints, latLonPoints, false},
	} {
		if got := pointsAlike(one.then, one.now, one.there, one.here); got != one.alike {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestPointsAreReadInEveryFormThatVersionsAgreeOn(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`[2.5,1.5]`: "1.5,2.5", `[2.5,1.5,9]`: "1.5,2.5", `{"lat":1.5,"lon":"2.5"}`: "1.5,2.5", `"1.5, 2.5"`: "1.5,2.5", `"1.5,2.5,9"`: "1.5,2.5",
		`[[2.5,1.5]]`: "1.5,2.5", `["1.5,2.5"]`: "1.5,2.5",
		`"u09tv"`: "", `{"geohash":"u09tv"}`: "", `"91,0"`: "", `[181,0]`: "", `"POINT (2.5 1.5)"`: "", `{}`: "", `["1.5,2.5","u09tv"]`: "", `"NaN,1"`: "",
	} {
		points, known := readPoints(gjson.Parse(raw))
		if known != (want != "") || known && (len(points) != 1 || points[0] != want) {
			t.Errorf("%s: %v %t", raw, points, known)
		}
	}
}
