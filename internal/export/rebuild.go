package export

// rebuild.go answers: what was the source of a document whose index keeps none? Package lucene puts it together; here the
// index's mapping becomes the list of fields that it asks for. Next: line.go.

import (
	"encoding/json"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// property is what counts in the mapping of one field.
type property struct {
	Type       string                     `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Fields     map[string]json.RawMessage `json:"fields"`
	Format     string                     `json:"format"`
	Factor     json.Number                `json:"scaling_factor"`
	Enabled    any                        `json:"enabled"`
	Index      any                        `json:"index"`
	DocValues  any                        `json:"doc_values"`
	Store      any                        `json:"store"`
	CopyTo     any                        `json:"copy_to"`
}

// unindexed is lucene's word for what never reached the index.
const unindexed = "unindexed"

// mappingWalk gathers the fields of one type.
type mappingWalk struct {
	types  lucene.FieldTypes
	copied map[string]bool // fields that copy_to fills
	morton bool
}

// fieldTypes lists the fields of an index as its mapping says. A type of its own may be asked for; "" is all together.
func fieldTypes(index *snapshot.Index, docType string) lucene.FieldTypes {
	walk := mappingWalk{types: lucene.FieldTypes{}, copied: map[string]bool{}}
	if created, err := es.VersionFromID(int(index.CreatedID)); err == nil {
		walk.morton = MortonPoints(created)
	}
	for name, mapping := range index.Mappings {
		if _, known := index.Mappings[docType]; known && name != docType {
			continue
		}
		var root property
		if json.Unmarshal(mapping, &root) == nil { // what cannot be read names no fields, and is reported as lost
			walk.properties("", root.Properties)
		}
	}
	for field := range walk.copied {
		delete(walk.types, field)
	}
	return walk.types
}

// MortonPoints says whether an index made by that version keeps geo_points as lucene.Point takes for morton.
func MortonPoints(created es.Version) bool {
	return created.Product == es.Elasticsearch && created.Major == 2 && created.Minor >= 2
}

func (w *mappingWalk) properties(prefix string, properties map[string]json.RawMessage) {
	for name, raw := range properties {
		var field property
		if json.Unmarshal(raw, &field) != nil {
			continue
		}
		w.field(prefix+name, field)
	}
}

func (w *mappingWalk) field(path string, field property) {
	for _, target := range texts(field.CopyTo) {
		w.copied[target] = true
	}
	switch {
	case off(field.Enabled):
		w.types[path] = unindexed
		return
	case len(field.Properties) > 0 || field.Type == "object" || field.Type == "nested":
		if field.Type == "nested" {
			w.types[path] = field.Type
		}
		w.properties(path+".", field.Properties)
		return
	}
	w.types[path] = w.typeOf(field)
	for name, raw := range field.Fields {
		var inner property
		if json.Unmarshal(raw, &inner) == nil {
			w.types[path+"."+name] = w.typeOf(inner)
		}
	}
}

func (w *mappingWalk) typeOf(field property) string {
	analyzed := field.Type == "text" || field.Type == "string" && field.DocValues == nil
	switch {
	case off(field.Index) && !on(field.Store) && (analyzed || off(field.DocValues)):
		return unindexed
	case field.Type == "scaled_float" && field.Factor != "":
		return field.Type + ":" + field.Factor.String()
	case field.Type == "date" && field.Format != "":
		return field.Type + ":" + field.Format
	case field.Type == "geo_point" && w.morton:
		return field.Type + ":morton"
	}
	return field.Type
}

func off(value any) bool { return value == false || value == "false" || value == "no" }

func on(value any) bool { return value == true || value == "true" || value == "yes" }

// texts reads a text or a list of texts.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	return nil
}

// rebuild puts the source of a document together where its index keeps none. What cannot be rebuilt stays absent.
func (u *unit) rebuild(from *lucene.Document) error {
	docType := string(from.Type)
	if u.rebuilders == nil {
		u.rebuilders = map[string]*lucene.Rebuilder{}
	}
	rebuilder, known := u.rebuilders[docType]
	if !known {
		var err error
		if rebuilder, err = u.segment.Rebuilder(fieldTypes(u.index, docType)); err != nil {
			return err
		}
		u.rebuilders[docType] = rebuilder
	}
	_, err := rebuilder.Rebuild(from)
	return err
}
