package export

// line.go answers: how is a document written on one line? The bytes of its source are never parsed unless fields are
// chosen. Next: writer.go.

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

// Format is what documents are written as.
type Format int

// The formats.
const (
	// NDJSON is one object per line: _index, _type, _id, _routing, _parent, _version, _source.
	NDJSON Format = iota
	// Elasticdump is the form elasticdump reads and writes: the same with _score.
	Elasticdump
	// Parquet is a columnar file per index.
	Parquet
)

// ParseFormat reads a format's name.
func ParseFormat(text string) (Format, error) {
	switch text {
	case "", "ndjson":
		return NDJSON, nil
	case "elasticdump":
		return Elasticdump, nil
	case "parquet":
		return Parquet, nil
	}
	return 0, fmt.Errorf("format %q: there are ndjson, elasticdump and parquet", text)
}

// appendLine writes a document and a line break. On an error out comes back as it was.
func appendLine(out []byte, d *Document, options *Options) ([]byte, error) {
	start := len(out)
	out = append(out, `{"_index":`...)
	out = appendString(out, []byte(d.Index))
	for _, text := range []struct {
		key   string
		value []byte
	}{{`,"_type":`, d.Type}, {`,"_id":`, d.ID}, {`,"_routing":`, d.Routing}, {`,"_parent":`, d.Parent}} {
		if text.value != nil {
			out = append(out, text.key...)
			out = appendString(out, text.value)
		}
	}
	if d.Version >= 0 {
		out = appendNumber(out, `,"_version":`, d.Version)
	}
	if options.AllMetadata {
		if d.SeqNo >= 0 {
			out = appendNumber(out, `,"_seq_no":`, d.SeqNo)
			out = appendNumber(out, `,"_primary_term":`, d.PrimaryTerm)
		}
		if d.HasTimestamp {
			out = appendNumber(out, `,"_timestamp":`, d.Timestamp)
		}
		if d.HasExpiry {
			out = appendNumber(out, `,"_expiry":`, d.Expiry)
		}
	}
	if d.Origin == Recovered || d.Origin == Rebuilt {
		out = append(out, `,"_source_origin":"`...)
		out = append(out, d.Origin.String()...)
		out = append(out, '"')
	}
	if options.Format == Elasticdump {
		out = append(out, `,"_score":1`...)
	}
	if d.Source != nil {
		var err error
		out = append(out, `,"_source":`...)
		if len(options.Fields) > 0 {
			out, err = binaryjson.Compact(out, projection(options.Fields).append(nil, d.Source))
		} else {
			out, err = d.AppendSource(out)
		}
		if err != nil {
			return out[:start], fmt.Errorf("source of document %q: %w", d.ID, err)
		}
	}
	return append(out, "}\n"...), nil
}

func appendNumber(out []byte, key string, number int64) []byte {
	return strconv.AppendInt(append(out, key...), number, 10)
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. Bytes that are no UTF-8 become the replacement character, as servers show them.
func appendString(out []byte, text []byte) []byte {
	out = append(out, '"')
	clean := 0 // text before it is written
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRune(text[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		out = append(out, text[clean:i]...)
		switch {
		case c >= utf8.RuneSelf:
			out = append(out, `\ufffd`...)
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		default:
			out = append(out, `\u00`...)
			out = append(out, hexDigits[c>>4], hexDigits[c&0xF])
		}
		i += size
		clean = i
	}
	return append(append(out, text[clean:]...), '"')
}
