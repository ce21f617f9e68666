package preflight

// ring.go answers: is a list of points the ring of a polygon? Next: vectors.go.

import "math"

// fewestOfRing are the points of a ring, of which the last is the first.
const fewestOfRing = 4

// polygon is a ring with rings of holes.
func (s *shapeReader) polygon(p position) bool {
	return !p.isPoint() && len(p.list) > 0 && s.all(p, s.ring)
}

func (s *shapeReader) ring(p position) bool {
	if p.isPoint() || len(p.list) == 0 {
		return false
	}
	points := p.list
	for _, one := range points {
		if !one.isPoint() {
			return true // an odd nesting, which is left to the target
		}
	}
	first, last := points[0], points[len(points)-1]
	closed := samePlace(first, last)
	if !s.reading.builds() && len(first.point) == mostCoordinates && len(last.point) == mostCoordinates {
		closed = closed && first.point[2] == last.point[2]
	}
	if !closed {
		if !s.options.closes {
			return false
		}
		points = append(append(make([]position, 0, len(points)+1), points...), first)
	}
	if len(points) < fewestOfRing {
		return false
	}
	for i := range points[1:] {
		if samePlace(points[i], points[i+1]) && s.reading != readingGeometry8 {
			return false
		}
	}
	if onOneLine(points) {
		return false
	}
	return !(s.reading.tree() || s.reading == readingGeometry8) || !crosses(points)
}

func samePlace(a, b position) bool { return a.point[0] == b.point[0] && a.point[1] == b.point[1] }

// onOneLine says that a ring has no inside at all.
func onOneLine(points []position) bool {
	for i := 2; i < len(points); i++ {
		if side(points[0], points[1], points[i]) != 0 {
			return false
		}
	}
	return !samePlace(points[0], points[1]) || allSame(points)
}

func allSame(points []position) bool {
	for _, one := range points {
		if !samePlace(one, points[0]) {
			return false
		}
	}
	return true
}

// side is twice the area of a triangle, positive where c lies to the left of the line from a to b.
func side(a, b, c position) float64 {
	return (b.point[0]-a.point[0])*(c.point[1]-a.point[1]) - (b.point[1]-a.point[1])*(c.point[0]-a.point[0])
}

const (
	// mostOfCrossing bounds the points of a ring whose lines are held against each other.
	mostOfCrossing = 500
	// clearly is in degrees: how far a line must reach beyond another, so that no rounding of a server takes it back.
	clearly = 1e-5
)

// crosses says that two lines of a ring clearly cross. Rings over the date line or beyond the globe are cut by the servers
// first, and are not looked at.
func crosses(points []position) bool {
	if len(points) > mostOfCrossing {
		return false
	}
	for i, one := range points {
		if math.Abs(one.point[0]) > 180 || math.Abs(one.point[1]) > 90 || i > 0 && math.Abs(one.point[0]-points[i-1].point[0]) >= 180 {
			return false
		}
	}
	for i := 0; i+1 < len(points); i++ {
		for j := i + 2; j+1 < len(points); j++ {
			if i == 0 && j+2 == len(points) {
				continue // neighbours around the end
			}
			a, b, c, d := points[i], points[i+1], points[j], points[j+1]
			if apart(a, b, c, d) && apart(c, d, a, b) {
				return true
			}
		}
	}
	return false
}

// apart says that c and d lie clearly on different sides of the line from a to b.
func apart(a, b, c, d position) bool {
	least := clearly * math.Hypot(b.point[0]-a.point[0], b.point[1]-a.point[1])
	first, second := side(a, b, c), side(a, b, d)
	return least > 0 && (first > least && second < -least || first < -least && second > least)
}
