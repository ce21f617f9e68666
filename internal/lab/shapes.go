package lab

// shapes.go answers: which forms may a document's bytes have that are not one tidy line of JSON?

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// shape is one document as it is sent, byte for byte.
type shape struct {
	id, contentType string
	accepts         func(dialect) bool
	source          string
}

// The binary bodies say {"k":8,"s":"smile"} and {"k":8,"s":"cbor!"}.
const (
	smileBody  = ":)\n\x00\xfa\x80k\xd0\x80s\x44smile\xfb"
	cborBody   = "\xbfak\x08as\x65cbor!\xff"
	cborTagged = "\xd9\xd9\xf7" + cborBody
	// deepLevels is beyond the 20 levels that newer versions map by default; the field is not mapped.
	deepLevels = 30
)

func shapes() []shape {
	return []shape{
		{"pretty", contentJSON, always, "{\n  \"k\" : 1,\n  \"blob\" : [\n    1,\n    2.50,\n    1e3\n  ],\n\n  \"s\" : \"line1\\nline2\"\n}"},
		{"crlf", contentJSON, always, "{\r\n\t\"k\": 2 ,\r\n\t\"u\": \"\\u3042\\ud83d\\ude00 raw: あ😀\"\r\n}"},
		{"numbers", contentJSON, always, `{"k":3,"blob":{"big":12345678901234567890123,"neg":-0.0,"e":1E-7,"f":1.10000000000000000001,"i":9223372036854775807}}`},
		{"spaces", contentJSON, always, `  {"k":4,  "x"  :  null,"y":true,"z":[],"o":{}}  `},
		{"empty", contentJSON, always, `{}`},
		{"unicode", contentJSON, always, `{"k":5,"s":"😀🚚👩‍👩‍👧‍👦𠮷野家🇯🇵\u0000\u001f\"\\/","zero":"​"}`},
		{"deep", contentJSON, always, `{"blob":` + strings.Repeat(`{"a":`, deepLevels) + "1" + strings.Repeat("}", deepLevels) + `}`},
		// From 6.0 on the parser refuses a key that comes twice.
		{"duplicate-keys", contentJSON, until(5), `{"k":6,"blob":{"a":1,"a":2}}`},
		{"arrays", contentJSON, always, `{"k":[1,2,3],"blob":[[1],[2,[3]],{"a":null}]}`},
		{"smile", "application/smile", always, smileBody},
		{"cbor", "application/cbor", always, cborBody},
		{"cbor-tagged", "application/cbor", always, cborTagged},
		{"yaml", "application/yaml", always, "---\nk: 9\ns: \"yaml doc\"\n"},
	}
}

// shapesMapping leaves blob out of the mapping: what lies in it is for the byte-level reader, not for search.
func shapesMapping(dialect) object {
	return object{"properties": object{"k": object{"type": "long"}, "blob": object{"type": "object", "enabled": false}}}
}

func sendShapes(ctx context.Context, s *sender) (int, error) {
	count := 0
	for _, shape := range shapes() {
		if !shape.accepts(s.dialect) {
			continue
		}
		if _, err := s.call(ctx, http.MethodPut, s.documentPath("shapes", "doc", url.PathEscape(shape.id)), shape.contentType, []byte(shape.source)); err != nil {
			return count, fmt.Errorf("%s: %w", shape.id, err)
		}
		count++
	}
	return count, nil
}
