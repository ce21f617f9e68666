// sourcekind.go answers: in which encoding did the client send this source?

package lucene

import "bytes"

// SourceKind is the encoding of a source. Elasticsearch keeps the client's bytes as they came.
type SourceKind uint8

const (
	SourceNone  SourceKind = iota // there is no source
	SourceJSON                    // JSON, with the client's own white space
	SourceSMILE                   // Jackson SMILE
	SourceCBOR                    // CBOR, with or without a tag
	SourceYAML                    // YAML
	SourceLZF                     // LZF chunks around one of the others (Elasticsearch 1.x, _source.compress)
	SourceOther                   // none of these
)

// String names the encoding.
func (k SourceKind) String() string {
	names := [...]string{"none", "json", "smile", "cbor", "yaml", "lzf"}
	if int(k) < len(names) {
		return names[k]
	}
	return "other"
}

// DetectSource tells the encoding of a source by its first bytes.
func DetectSource(b []byte) SourceKind {
	if len(b) == 0 {
		return SourceNone
	}
	switch c := b[0]; {
	case c == '{':
		return SourceJSON
	case c == ':' && bytes.HasPrefix(b, []byte(":)\n")):
		return SourceSMILE
	case c == 'Z' && bytes.HasPrefix(b, []byte("ZV")):
		return SourceLZF
	case c == '-' && bytes.HasPrefix(b, []byte("---")):
		return SourceYAML
	case c >= 0xA0 && c <= 0xBF, bytes.HasPrefix(b, []byte{0xD9, 0xD9, 0xF7}):
		return SourceCBOR // a map, or the self-describing tag
	}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	if t := bytes.TrimLeft(b, " \t\r\n"); len(t) > 0 && t[0] == '{' {
		return SourceJSON
	}
	return SourceOther
}
