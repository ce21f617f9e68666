package load

// action.go answers: what does one document look like in the body of a _bulk? Next: send.go.

import (
	"encoding/json"
	"fmt"
	"strconv"

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
func AppendAction(body []byte, operation Operation, document es.Document, dialect cluster.Dialect) ([]byte, error) {
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
	body = append(body, "}}\n"...)
	if operation == Delete {
		return body, nil
	}
	if document.Source == nil {
		return nil, fmt.Errorf("document %s of %s has no source to send", document.ID, document.Index)
	}
	// A line break inside a pretty-printed source would end the line.
	body, err := binaryjson.Compact(body, document.Source)
	if err != nil {
		return nil, fmt.Errorf("document %s of %s: %w", document.ID, document.Index, err)
	}
	return append(body, '\n'), nil
}

func appendString(body []byte, text string) []byte {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic("a string cannot be encoded: " + err.Error()) // encoding/json takes every string
	}
	return append(body, encoded...)
}
