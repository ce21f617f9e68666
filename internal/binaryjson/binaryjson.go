// Package binaryjson turns the forms in which Elasticsearch keeps a JSON value (SMILE, CBOR, YAML,
// LZF-compressed, pretty-printed) into compact JSON text, token by token: numbers keep every digit,
// duplicate keys stay, and the order of keys is the order of the bytes.
//
// The bytes come from outside and are trusted in nothing: nesting, sizes and lengths are checked,
// and bad bytes give an error with the offset, never a panic.
package binaryjson

// This file answers: what kind of bytes is this source, and which converter turns it into JSON?
// Read smile.go next.

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Kind says in which form a source's bytes are.
type Kind uint8

// The forms that Elasticsearch stores. Unknown is none of them by its first bytes; it may still be
// YAML without the leading `---`.
const (
	Unknown Kind = iota
	JSON
	SMILE
	CBOR
	YAML
	LZF
)

// String is the form's usual name.
func (k Kind) String() string {
	names := [...]string{Unknown: "unknown", JSON: "JSON", SMILE: "SMILE", CBOR: "CBOR", YAML: "YAML", LZF: "LZF"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

const (
	// MaxDepth is how deep arrays and objects may nest: Elasticsearch's own parsers stop at 1000 too.
	MaxDepth = 1000
	// MaxJSON bounds the JSON that one value may become, so that 64-byte shared names referred to by two
	// bytes each can't fill the memory. Elasticsearch refuses requests over 100 MB by default and 2 GiB always.
	MaxJSON = 1 << 30
	// maxLayers is how often LZF may wrap LZF; Elasticsearch wraps once.
	maxLayers = 2
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrMalformed: the bytes are not what their first bytes promise.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge: the value, or one number in it, would exceed a limit of this package.
	ErrTooLarge = errors.New("too large")
	// ErrTooDeep: arrays and objects nest deeper than MaxDepth.
	ErrTooDeep = errors.New("nested too deeply")
)

var (
	smileMagic   = []byte(":)\n")
	cborMagic    = []byte{0xD9, 0xD9, 0xF7}
	yamlStart    = []byte("---")
	yamlVersion  = []byte("%YAML")
	utf8BOM      = []byte{0xEF, 0xBB, 0xBF}
	jsonSpaceSet = " \t\r\n"
)

const (
	cborFirstMap = 0xA0
	cborLastMap  = 0xBF
)

// Detect tells the form of a source by its first bytes, by the same signs as Elasticsearch: CBOR has
// no mark of its own, so any byte that begins a CBOR map counts.
func Detect(source []byte) Kind {
	if len(source) == 0 {
		return Unknown
	}
	switch {
	case source[0] == '{':
		return JSON
	case bytes.HasPrefix(source, smileMagic):
		return SMILE
	case source[0] >= cborFirstMap && source[0] <= cborLastMap, bytes.HasPrefix(source, cborMagic):
		return CBOR
	case isLZF(source):
		return LZF
	case bytes.HasPrefix(source, yamlStart), bytes.HasPrefix(source, yamlVersion):
		return YAML
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(source, utf8BOM), jsonSpaceSet)
	switch {
	case len(text) == 0:
		return Unknown
	case text[0] == '{', text[0] == '[', text[0] == '/':
		return JSON
	case bytes.HasPrefix(text, yamlStart):
		return YAML
	}
	return Unknown
}

// ToJSON appends the source to dst as compact JSON, whatever its form. On an error dst comes back as it was.
func ToJSON(dst, source []byte) ([]byte, error) {
	return toJSON(dst, source, maxLayers)
}

func toJSON(dst, source []byte, layers int) ([]byte, error) {
	switch Detect(source) {
	case JSON:
		return Compact(dst, source)
	case SMILE:
		return SMILEToJSON(dst, source)
	case CBOR:
		return CBORToJSON(dst, source)
	case YAML:
		return YAMLToJSON(dst, source)
	case LZF:
		if layers == 0 {
			return dst, fmt.Errorf("LZF inside LZF inside LZF: %w", ErrTooDeep)
		}
		plain, err := DecodeLZF(nil, source, MaxJSON)
		if err != nil {
			return dst, err
		}
		return toJSON(dst, plain, layers-1)
	}
	// A client that named YAML in its Content-Type need not have begun with `---`.
	if len(source) > 0 && utf8.Valid(source) {
		if out, err := YAMLToJSON(dst, source); err == nil && out[len(dst)] == '{' {
			return out, nil
		}
	}
	return dst, fmt.Errorf("source begins with % x: neither JSON, SMILE, CBOR nor YAML: %w", source[:min(len(source), 4)], ErrMalformed)
}
