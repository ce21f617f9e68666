package transform

// wayback.go answers: what is a document of the target on the source? What rules add is taken off again; whether that is
// right, only the way forward tells.

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// HasWayBack says that documents of the target can be brought back: a person's own rules may have thrown away what
// nobody can guess.
func (r *DocumentRules) HasWayBack() bool {
	return !slices.ContainsFunc(r.users, func(u userDocument) bool { return len(u.passes) > 0 || u.expression != nil || u.split != "" })
}

// LeavesOut says that a person's rule may leave documents out.
func (r *DocumentRules) LeavesOut() bool {
	return slices.ContainsFunc(r.users, func(u userDocument) bool { return u.keep != nil })
}

// Back gives what a document of the target would be on the source: type, id, parent and routing as they were, and the
// fields off that held them. ok is false where the document carries too little for that. Who writes it must see that
// Apply makes the same document of it again.
func (r *DocumentRules) Back(doc es.Document) (back es.Document, ok bool, err error) {
	t := r.only
	if len(r.types) > 1 {
		if t = r.typeOf(&doc); t == nil {
			return doc, false, nil
		}
	}
	doc.Type = t.sourceName
	var fields []string
	id, found := strings.CutPrefix(doc.ID, prefixOf(t.prefixIDs, t.sourceName))
	if long := gjson.GetBytes(doc.Source, sjsonPath(r.longIDField)); r.hashIDs && long.Type == gjson.String {
		id, found = long.Str, true
		fields = append(fields, r.longIDField)
	}
	if !found {
		return doc, false, nil
	}
	doc.ID = id
	if t.typeField != "" {
		fields = append(fields, t.typeField)
	}
	if t.joinField != "" {
		if doc.Parent, ok = strings.CutPrefix(gjson.GetBytes(doc.Source, sjsonPath(t.joinField)+".parent").String(), prefixOf(t.prefixIDs, t.parentType)); !ok && t.parentType != "" {
			return doc, false, nil
		}
		fields = append(fields, t.joinField)
	}
	if t.parentType == "" && doc.Routing == id {
		doc.Routing = "" // as kinship gave it
	}
	doc.Source, err = without(doc.Source, fields...)
	return doc, err == nil, err
}

// typeOf finds the type that a document of several has in its field.
func (r *DocumentRules) typeOf(doc *es.Document) *traits {
	for _, t := range r.types {
		if t.typeField != "" {
			return r.types[gjson.GetBytes(doc.Source, sjsonPath(t.typeField)).String()]
		}
	}
	return nil
}

// prefixOf is what an id gets before it where several types share an index.
func prefixOf(prefixed bool, docType string) string {
	if !prefixed || docType == "" {
		return ""
	}
	return docType + "#"
}
