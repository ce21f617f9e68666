package preflight

// wkt.go answers: what shape does a well-known text describe? Since 6.x geo_shape takes such texts. Next: ring.go.

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// wellKnownWords reads the tokens of a text: words, numbers, and the signs of grammar.
type wellKnownWords struct {
	rest string
}

const wellKnownSigns = "(),"

// next gives one token; it is empty at the end.
func (w *wellKnownWords) next() string {
	w.rest = strings.TrimLeft(w.rest, " \t\r\n")
	end := strings.IndexAny(w.rest, wellKnownSigns+" \t\r\n")
	switch {
	case end < 0:
		end = len(w.rest)
	case end == 0:
		end = 1
	}
	token := w.rest[:end]
	w.rest = w.rest[end:]
	return token
}

func (w *wellKnownWords) peek() string {
	ahead := *w
	return ahead.next()
}

// wellKnownText reads a text; false is what the reading refuses before it looks at the shape as a whole.
func (s *shapeReader) wellKnownText(text string) (geometry, bool) {
	if s.reading == readingTree5 {
		return geometry{}, false
	}
	if strings.ContainsAny(text, "#;") || strings.Contains(text, "--") {
		// The servers' tokenizers know comments; a semicolon ends a shape in some and is text behind it in others.
		if kind := strings.ToLower((&wellKnownWords{rest: text}).next()); slices.Contains(shapeKinds, kind) || kind == "bbox" {
			return geometry{uncertain: true}, true
		}
	}
	words := &wellKnownWords{rest: text}
	g, ok := s.wellKnown(words)
	if ok && s.reading.builds() && words.next() != "" {
		return g, g.uncertain // others pass over what follows
	}
	return g, ok
}

// wellKnownDepth is how many lists stand within each other.
var wellKnownDepth = map[string]int{"point": 1, "linestring": 1, "multipoint": 1, "multilinestring": 2, "polygon": 2, "multipolygon": 3}

func (s *shapeReader) wellKnown(w *wellKnownWords) (geometry, bool) {
	g := geometry{kind: strings.ToLower(w.next())}
	defer s.up()
	if !s.deeper() {
		return g, false
	}
	switch {
	case g.kind == "bbox" || g.kind == "envelope" && s.reading.builds():
		g.kind = "envelope"
	case g.kind == "envelope" || g.kind == "circle" || !slices.Contains(shapeKinds, g.kind):
		return g, false
	}
	if strings.EqualFold(w.peek(), "empty") {
		w.next()
		g.uncertain = true // servers differ, and by kind
		return g, true
	}
	if w.peek() != "(" {
		return g, false
	}
	if g.kind == "geometrycollection" {
		ok := w.list(func() bool {
			part, ok := s.wellKnown(w)
			g.parts = append(g.parts, part)
			g.uncertain = g.uncertain || part.uncertain
			return ok
		})
		return g, ok
	}
	if g.kind == "envelope" {
		return wellKnownEnvelope(w)
	}
	at, ok := s.wellKnownPositions(w, wellKnownDepth[g.kind], g.kind == "multipoint")
	if g.kind == "point" {
		ok = ok && len(at.list) == 1
		if ok {
			at = at.list[0]
		}
	}
	g.at = at
	g.uncertain = g.uncertain || hasNaN(at)
	return g, ok
}

// list reads what stands between parentheses, with commas between.
func (w *wellKnownWords) list(item func() bool) bool {
	if w.next() != "(" {
		return false
	}
	for {
		if !item() {
			return false
		}
		switch w.next() {
		case ",":
		case ")":
			return true
		default:
			return false
		}
	}
}

// wellKnownPositions reads lists within lists, down to points; each of those may have parentheses of its own.
func (s *shapeReader) wellKnownPositions(w *wellKnownWords, depth int, each bool) (position, bool) {
	p := position{list: []position{}}
	ok := w.list(func() bool {
		if depth > 1 {
			inner, ok := s.wellKnownPositions(w, depth-1, false)
			p.list = append(p.list, inner)
			return ok
		}
		wrapped := each && w.peek() == "("
		if wrapped {
			if !s.reading.builds() && !s.parenthesesOfPoints {
				return false
			}
			w.next()
		}
		point, ok := wellKnownPoint(w)
		p.list = append(p.list, position{point: point})
		return ok && (!wrapped || w.next() == ")")
	})
	return p, ok
}

// wellKnownPoint reads two or more numbers.
func wellKnownPoint(w *wellKnownWords) ([]float64, bool) {
	point := make([]float64, 0, mostCoordinates)
	for token := w.peek(); token != "" && !strings.Contains(wellKnownSigns, token); token = w.peek() {
		w.next()
		number, err := strconv.ParseFloat(javaDouble(token), 64)
		if err != nil && !math.IsInf(number, 0) {
			return point, false
		}
		point = append(point, number)
	}
	return point, len(point) >= 2
}

// wellKnownEnvelope reads (left, right, top, bottom).
func wellKnownEnvelope(w *wellKnownWords) (geometry, bool) {
	var edges []float64
	ok := w.list(func() bool {
		number, err := strconv.ParseFloat(javaDouble(w.next()), 64)
		edges = append(edges, number)
		return err == nil
	})
	const edgesOfEnvelope = 4
	if !ok || len(edges) != edgesOfEnvelope {
		return geometry{}, false
	}
	at := position{list: []position{{point: []float64{edges[0], edges[2]}}, {point: []float64{edges[1], edges[3]}}}}
	return geometry{kind: "envelope", at: at, uncertain: hasNaN(at)}, true
}

func hasNaN(p position) bool {
	return slices.ContainsFunc(p.point, math.IsNaN) || slices.ContainsFunc(p.list, hasNaN)
}
