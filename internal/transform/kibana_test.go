package transform

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

var elasticsearch55 = es.Version{Major: 5, Minor: 5, Patch: 2}

func TestTheOldDefaultIndexPatternReachesTheNewKibanasSettings(t *testing.T) {
	t.Parallel()
	old := es.Document{Type: "config", ID: "4.5.1", Source: []byte(`{"buildNum":9369,"defaultIndex":"nginx-*","dateFormat:tz":"Asia/Tokyo","a.b":1}`)}
	current := es.Document{Type: "config", ID: "5.5.2", Source: []byte(`{"buildNum":15524,"dateFormat:tz":"UTC"}`)}
	moved, notes, err := KibanaObject(old, elasticsearch55, current)
	if err != nil {
		t.Fatal(err)
	}
	if moved.ID != "5.5.2" || string(moved.Source) != `{"buildNum":15524,"dateFormat:tz":"UTC","defaultIndex":"nginx-*","a.b":1}` {
		t.Errorf("%s %s", moved.ID, moved.Source)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "defaultIndex") {
		t.Errorf("%q", notes)
	}
}

func TestFieldsOfAnIndexPatternGetWhatKibana5AsksAndScriptedOnesStay(t *testing.T) {
	t.Parallel()
	object := es.Document{Type: "index-pattern", ID: "nginx-*", Source: []byte(`{"title":"nginx-*","fields":"[{\"name\":\"code\",\"type\":\"string\",\"indexed\":true,\"analyzed\":false,\"doc_values\":true},{\"name\":\"path\",\"indexed\":true,\"analyzed\":true},{\"name\":\"s\",\"scripted\":true,\"lang\":\"groovy\",\"script\":\"1\"}]"}`)}
	moved, notes, err := KibanaObject(object, elasticsearch55, es.Document{})
	if err != nil {
		t.Fatal(err)
	}
	fields := gjson.Parse(gjson.GetBytes(moved.Source, "fields").String()).Array()
	if len(fields) != 3 || !fields[0].Get("aggregatable").Bool() || fields[1].Get("aggregatable").Bool() || !fields[1].Get("searchable").Bool() || fields[2].Get("script").String() != "1" {
		t.Errorf("%s", moved.Source)
	}
	if len(notes) != 2 || !strings.Contains(notes[0], "groovy") {
		t.Errorf("%q", notes)
	}
}

func TestObjectsBecomeOneTypeFromSixOn(t *testing.T) {
	t.Parallel()
	object := es.Document{Type: "search", ID: "errors", Source: []byte(`{"title":"エラー"}`)}
	moved, _, err := KibanaObject(object, es.Version{Major: 6, Minor: 8}, es.Document{})
	if err != nil {
		t.Fatal(err)
	}
	if moved.ID != "search:errors" || moved.Type != "doc" || string(moved.Source) != `{"type":"search","search":{"title":"エラー"}}` {
		t.Errorf("%+v %s", moved, moved.Source)
	}
}

func TestTheSettingsOfTheNewestKibanaAreTheOnesInUse(t *testing.T) {
	t.Parallel()
	objects := []es.Document{{Type: "config", ID: "5.5.2"}, {Type: "config", ID: "5.10.0"}, {Type: "search", ID: "9.9.9"}}
	if id := KibanaConfigID(objects); id != "5.10.0" {
		t.Error(id)
	}
}

func TestSettingsReachAKibanaThatKeepsAllKindsInOneType(t *testing.T) {
	t.Parallel()
	seven := es.Version{Major: 7, Minor: 10}
	current := es.Document{Type: "_doc", ID: "config:7.10.2", Source: []byte(`{"type":"config","config":{"buildNum":1,"dateFormat:tz":"UTC"}}`)}
	if id := KibanaConfigID([]es.Document{current}); id != "7.10.2" {
		t.Errorf("the settings in use are %q", id)
	}
	const want = `{"type":"config","config":{"buildNum":1,"dateFormat:tz":"UTC","defaultIndex":"nginx-*"}}`
	for _, old := range []es.Document{
		{Type: "config", ID: "4.5.1", Source: []byte(`{"buildNum":9,"defaultIndex":"nginx-*","dateFormat:tz":"Asia/Tokyo"}`)},
		{Type: "doc", ID: "config:6.8.23", Source: []byte(`{"type":"config","config":{"buildNum":9,"defaultIndex":"nginx-*"}}`)},
	} {
		moved, _, err := KibanaObject(old, seven, current)
		if err != nil {
			t.Fatal(err)
		}
		if moved.ID != "config:7.10.2" || string(moved.Source) != want {
			t.Errorf("%s becomes %s %s", old.ID, moved.ID, moved.Source)
		}
	}
}

func TestAnObjectOfOneTypeStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, docType := range []string{"doc", "_doc", ""} {
		object := es.Document{Type: docType, ID: "search:a:b", Source: []byte(`{"search":{"title":"t"},"type":"search","references":[]}`)}
		moved, _, err := KibanaObject(object, es.Version{Major: 7, Minor: 10}, es.Document{})
		if err != nil {
			t.Fatal(err)
		}
		if moved.ID != object.ID || string(moved.Source) != string(object.Source) {
			t.Errorf("%q: %s %s", docType, moved.ID, moved.Source)
		}
		if kind, id := KibanaIdentity(object); kind != "search" || id != "a:b" {
			t.Errorf("%q: %s %s", docType, kind, id)
		}
	}
}
