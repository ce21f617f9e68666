// points.go answers: which point of the globe does a geo_point's doc value mean, and how exactly? Next: docvalues_values.go.
//
//	since     width   meaning
//	2.2       2 x 31  (lon+180)/360 and (lat+90)/180 in units of 2^-31, cut off; their bits interleaved, longitude lowest
//	          (Lucene 5.4 GeoUtils.mortonHash). 180 and 90 themselves take the 32nd bit.
//	5.0       2 x 32  lat/180 and lon/360 in units of 2^-32, rounded down, signed: latitude high, longitude low
//	          (Lucene 6 LatLonDocValuesField, GeoEncodingUtils.encodeLatitude). 90 and 180 themselves become the unit below.
//
// What an index keeps is decided by the version that made it, not by the one that wrote the segment. Both forms round towards
// the lower unit, so what is read is at most one unit below what was written.

package lucene

const (
	latitudes, longitudes = 180.0, 360.0
	mortonUnits           = 1 << 31
	latLonUnits           = 1 << 32
)

// Point decodes a geo_point's number. morton says that the index was made by Elasticsearch 2.2 to 2.4.
func Point(n int64, morton bool) (lat, lon float64) {
	if morton {
		lon = float64(everySecondBit(uint64(n)))/mortonUnits*longitudes - longitudes/2
		lat = float64(everySecondBit(uint64(n)>>1))/mortonUnits*latitudes - latitudes/2
		return lat, lon
	}
	return float64(int32(n>>32)) * (latitudes / latLonUnits), float64(int32(n)) * (longitudes / latLonUnits)
}

// PointUnit is how far, in degrees, a point may lie from what was written.
func PointUnit(morton bool) (lat, lon float64) {
	if morton {
		return latitudes / mortonUnits, longitudes / mortonUnits
	}
	return latitudes / latLonUnits, longitudes / latLonUnits
}

// everySecondBit gathers the bits 0, 2, 4 ... of v.
func everySecondBit(v uint64) uint64 {
	var out uint64
	for i := range 32 {
		out |= v >> (2 * i) & 1 << i
	}
	return out
}
