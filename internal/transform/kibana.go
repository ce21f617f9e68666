package transform

// kibana.go answers: how do Kibana's saved objects of the old cluster become objects of the new one's Kibana?
//
// Kibana 4 and 5 keep one document per object, with the kind of object as the document's type, in .kibana (AWS names
// Kibana 4's index .kibana-4). Since 6.0 there is one type: the id is "kind:id", the source {"type":kind, kind:{…}}
// (CHANGES 3-33). Settings live in an object of kind config whose id is Kibana's version; a Kibana that starts takes
// them over from an older config object only when it has none of its own, so they are merged into the target's.

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// KibanaMapping is the body that creates .kibana on a 5.x cluster where Kibana has not made it yet: what Kibana 5
// itself relies on is that buildNum is a keyword and that objects' texts are not split by dates.
const KibanaMapping = `{"settings":{"number_of_shards":1},"mappings":{"config":{"properties":{"buildNum":{"type":"keyword"}}},"_default_":{"date_detection":false}}}`

// KibanaMappingStrings is the same for 2.x, as Kibana 4 itself makes it.
const KibanaMappingStrings = `{"settings":{"number_of_shards":1},"mappings":{"config":{"properties":{"buildNum":{"type":"string","index":"not_analyzed"}}},"_default_":{"date_detection":false}}}`

// KibanaMappingSingleType is the same for 6.x and later.
const KibanaMappingSingleType = `{"settings":{"number_of_shards":1},"mappings":{"%s":{"dynamic":true,"date_detection":false,"properties":{"type":{"type":"keyword"},"updated_at":{"type":"date"}}}}}`

const kindConfig = "config"

// KibanaIdentity gives an object's kind and id: until 5.x they are the document's type and id, since 6.0 both stand in
// the id, "kind:id", and the kind in the source besides.
func KibanaIdentity(object es.Document) (kind, id string) {
	named, rest, found := strings.Cut(object.ID, ":")
	if found && named != "" && object.Type != named && gjson.GetBytes(object.Source, "type").String() == named {
		return named, rest
	}
	return object.Type, object.ID
}

// KibanaConfigID finds among the target's objects the id of the settings that its Kibana reads: the one of the highest
// version. Empty when its Kibana has not started yet.
func KibanaConfigID(objects []es.Document) string {
	best, bestVersion := "", es.Version{}
	for _, object := range objects {
		kind, id := KibanaIdentity(object)
		if kind != kindConfig {
			continue
		}
		version, err := es.ParseVersion(id)
		if err == nil && (best == "" || es.Compare(version, bestVersion) > 0) {
			best, bestVersion = id, version
		}
	}
	return best
}

// KibanaObject turns one object of the source into the document for the target: the types and ids of Kibana 4 and 5
// become one type, and what is of one type already stays as it is. targetConfig is the target's settings object, or the
// zero value. Notes say in words what was changed.
func KibanaObject(object es.Document, target es.Version, targetConfig es.Document) (es.Document, []string, error) {
	if !gjson.ValidBytes(object.Source) {
		return es.Document{}, nil, fmt.Errorf("Kibana object %s/%s: its source is no JSON", object.Type, object.ID)
	}
	moved, notes := object, []string(nil)
	moved.Version, moved.Routing = 0, ""
	var err error
	kind, _ := KibanaIdentity(object)
	switch {
	case kind == kindConfig:
		moved, notes, err = kibanaConfig(moved, targetConfig)
	case object.Type == "index-pattern":
		moved.Source, notes, err = kibanaIndexPattern(object, target)
	}
	if err != nil {
		return es.Document{}, nil, fmt.Errorf("Kibana object %s/%s: %w", object.Type, object.ID, err)
	}
	if kind, _ := KibanaIdentity(moved); target.AtLeast(6, 0) && kind == moved.Type {
		moved, err = kibanaSingleType(moved)
	}
	return moved, notes, err
}

// kibanaConfig merges the source's settings under the target's own: what the new Kibana has set stays.
func kibanaConfig(object, targetConfig es.Document) (es.Document, []string, error) {
	_, id := KibanaIdentity(object)
	if targetConfig.ID == "" {
		return object, []string{"settings of Kibana " + id + " wait for the new Kibana's first start"}, nil
	}
	merged, within := targetConfig, ""
	if settingsWithin(targetConfig) {
		within = kindConfig + "."
	}
	settings := gjson.ParseBytes(object.Source)
	if settingsWithin(object) {
		settings = settings.Get(kindConfig)
	}
	var taken []string
	var err error
	settings.ForEach(func(key, value gjson.Result) bool {
		path := within + escapePath(key.String())
		if key.String() == "buildNum" || gjson.GetBytes(merged.Source, path).Exists() {
			return true
		}
		merged.Source, err = sjson.SetRawBytes(merged.Source, path, []byte(value.Raw))
		taken = append(taken, key.String())
		return err == nil
	})
	if err != nil || len(taken) == 0 {
		return merged, nil, err
	}
	_, into := KibanaIdentity(targetConfig)
	return merged, []string{fmt.Sprintf("settings of Kibana %s taken over into %s: %s", id, into, strings.Join(taken, ", "))}, nil
}

// settingsWithin says that an object is of one type for all kinds, so that its settings lie one level down.
func settingsWithin(config es.Document) bool { return config.Type != kindConfig }

// kibanaIndexPattern adds to each field what Kibana 5 asks of it (searchable, aggregatable; Kibana 4 says indexed,
// analyzed, doc_values instead). Scripted fields and popularity stay.
func kibanaIndexPattern(object es.Document, target es.Version) ([]byte, []string, error) {
	fields := gjson.GetBytes(object.Source, "fields")
	if !target.AtLeast(5, 0) || fields.Type != gjson.String || !gjson.Valid(fields.String()) {
		return object.Source, nil, nil
	}
	list, changed := fields.String(), 0
	var notes []string
	for i, field := range gjson.Parse(list).Array() {
		if field.Get("scripted").Bool() && field.Get("lang").String() == "groovy" {
			notes = append(notes, fmt.Sprintf("index pattern %s: the scripted field %s is written in groovy; rewrite it in painless", object.ID, field.Get("name")))
		}
		if field.Get("searchable").Exists() || !field.IsObject() {
			continue
		}
		indexed, analyzed := field.Get("indexed").Bool(), field.Get("analyzed").Bool()
		var err error
		for _, flag := range []struct {
			name  string
			value bool
		}{{"searchable", indexed || field.Get("scripted").Bool()}, {"aggregatable", !analyzed && (indexed || field.Get("doc_values").Bool()) || field.Get("scripted").Bool()}} {
			if list, err = sjson.Set(list, fmt.Sprintf("%d.%s", i, flag.name), flag.value); err != nil {
				return nil, nil, err
			}
		}
		changed++
	}
	if changed == 0 {
		return object.Source, notes, nil
	}
	source, err := sjson.SetBytes(object.Source, "fields", list)
	return source, append(notes, fmt.Sprintf("index pattern %s: %d fields told what Kibana 5 asks of them", object.ID, changed)), err
}

func kibanaSingleType(object es.Document) (es.Document, error) {
	source, err := sjson.SetBytes([]byte(`{}`), "type", object.Type)
	if err != nil {
		return object, err
	}
	source, err = sjson.SetRawBytes(source, escapePath(object.Type), object.Source)
	object.ID, object.Type, object.Source = object.Type+":"+object.ID, "doc", source
	return object, err
}

// escapePath makes a key with dots or wildcards one step of a gjson path.
func escapePath(key string) string {
	return strings.NewReplacer(`\`, `\\`, ".", `\.`, "*", `\*`, "?", `\?`, "|", `\|`, "#", `\#`, "@", `\@`, ":", `\:`).Replace(key)
}
