// ids.go answers: how did the id look before Elasticsearch packed it?
//
//	_uid (1.x to 5.x)   type#id, split at the first '#'
//	_id  (since 6.0)    FE  numeric: two digits per byte, high half first; low half F at the end: none
//	                    FF  the rest is the id as UTF-8
//	                    FD  drop it, the rest as below
//	                    else: the bytes that the id, being base64url, decodes to

package lucene

import (
	"bytes"
	"encoding/base64"
)

const (
	idNumeric = 0xFE
	idUTF8    = 0xFF
	idEscape  = 0xFD
	noDigit   = 0x0F
)

// appendID decodes a packed id.
func appendID(dst, packed []byte) []byte {
	if len(packed) == 0 {
		return dst
	}
	switch packed[0] {
	case idNumeric:
		for i, b := range packed[1:] {
			dst = append(dst, '0'+b>>4)
			if low := b & 0x0F; low != noDigit || i != len(packed)-2 {
				dst = append(dst, '0'+low)
			}
		}
		return dst
	case idUTF8:
		return append(dst, packed[1:]...)
	case idEscape:
		packed = packed[1:]
	}
	return base64.RawURLEncoding.AppendEncode(dst, packed)
}

// cutUID splits type#id at the first '#'. Without one all is the id.
func cutUID(uid []byte) (typ, id []byte) {
	if typ, id, ok := bytes.Cut(uid, []byte("#")); ok {
		return typ, id
	}
	return nil, uid
}
