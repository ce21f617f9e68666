package transform

// identity.go answers: is a document found under the same id on both sides?

import (
	"fmt"

	"github.com/tidwall/sjson"
)

// KeepsIdentity says that no rule changes a document's routing, nor its id beyond what TargetID does, so that what is
// written to the target can be found on the source, and brought back there.
func (r *DocumentRules) KeepsIdentity() bool {
	if !r.HasWayBack() {
		return false
	}
	for _, t := range r.types {
		if t.prefixIDs || t.joinField != "" || t.typeField != "" {
			return false
		}
	}
	return r.only == nil || !r.only.prefixIDs && r.only.joinField == "" && r.only.typeField == ""
}

// TargetID is the id on the target of a document whose rules keep its identity: its own, or the hash of one that is too long.
func (r *DocumentRules) TargetID(id string) string {
	now, _ := r.newID("", id)
	return now
}

// WithoutLongID takes the field out of a source that keeps an id which was hashed.
func (r *DocumentRules) WithoutLongID(source []byte) ([]byte, error) {
	return without(source, r.longIDField)
}

// without takes fields out of a source.
func without(source []byte, fields ...string) (left []byte, err error) {
	for _, field := range fields {
		if source, err = sjson.DeleteBytes(source, sjsonPath(field)); err != nil {
			return nil, fmt.Errorf("take %s out of a source: %w", field, err)
		}
	}
	return source, nil
}
