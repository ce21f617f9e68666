package load

// action.go answers: what does one document look like in the body of a _bulk? Next: batch.go.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Operation is what a write does with a document that is there already.
type Operation string

// The operations.
const (
	// Create refuses a document whose id exists: what another writer wrote stays.
	Create Operation = "create"
	// Index writes by external version: an older version never overwrites a newer one.
	Index Operation = "index"
	// Delete deletes by external version.
	Delete Operation = "delete"
)

// AppendAction appends one document's lines to a body. Every write carries id, routing, parent and, for Index and
// Delete, the source's version, so that it can be sent twice.
func AppendAction(body []byte, operation Operation, document *es.Document, dialect *cluster.Dialect) ([]byte, error) {
	if operation != Delete && document.Source == nil {
		return body, fmt.Errorf("document %s of %s has no source to send", document.ID, document.Index)
	}
	start := len(body)
	body = appendMeta(body, operation, document, dialect)
	if operation == Delete {
		return body, nil
	}
	// A line break inside a pretty-printed source would end the line. Without one the source goes as it is, blanks and all.
	if bytes.IndexByte(document.Source, '\n') < 0 {
		body = append(body, document.Source...)
		return append(body, '\n'), nil
	}
	body, err := binaryjson.Compact(body, document.Source)
	if err != nil {
		return body[:start], fmt.Errorf("document %s of %s: %w", document.ID, document.Index, err)
	}
	return append(body, '\n'), nil
}

func appendMeta(body []byte, operation Operation, document *es.Document, dialect *cluster.Dialect) []byte {
	body = append(body, `{"`...)
	body = append(body, operation...)
	body = append(body, `":{"_index":`...)
	body = appendString(body, document.Index)
	if dialect.TypesInURL {
		body = append(body, `,"_type":`...)
		body = appendString(body, document.Type)
	}
	body = append(body, `,"_id":`...)
	body = appendString(body, document.ID)
	if document.Routing != "" {
		body = append(body, `,"routing":`...)
		body = appendString(body, document.Routing)
	}
	if document.Parent != "" && dialect.ParentMeta {
		body = append(body, `,"parent":`...)
		body = appendString(body, document.Parent)
	}
	if operation != Create && document.Version > 0 {
		body = append(body, `,"version":`...)
		body = strconv.AppendInt(body, document.Version, 10)
		body = append(body, `,"version_type":"external_gte"`...)
	}
	return append(body, "}}\n"...)
}

// appendString writes a JSON string; those without a character to escape, nearly all, cost no allocation.
func appendString(body []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			encoded, err := json.Marshal(text)
			if err != nil {
				panic("a string cannot be encoded: " + err.Error()) // encoding/json takes every string
			}
			return append(body, encoded...)
		}
	}
	body = append(body, '"')
	body = append(body, text...)
	return append(body, '"')
}
