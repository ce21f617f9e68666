package main

// odd.go answers: which documents are easily changed or lost on the way, and how are they written? Next: fidelity.go.

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/hikkoshi/hikkoshi/bench/rig"
)

// oddDocument is one of them; its name is its row in the report.
type oddDocument struct {
	name, index, docType, id string
	routing, parent          string
	source                   string
	// mark tells documents of one id apart.
	mark string
}

// The indices of the odd documents.
const (
	oddPlain  = "odd"
	oddFamily = "odd-family"
	oddTypes  = "odd-types"
)

func oddDocuments() []oddDocument {
	plain := func(name, id, source string) oddDocument {
		return oddDocument{name: name, index: oddPlain, docType: "doc", id: id, source: source}
	}
	const deepLevels = 30
	const longestID = 512
	routed := plain("routing", "routed", `{"k":"routed"}`)
	routed.routing = "elsewhere"
	return []oddDocument{
		plain("the smallest long, -9223372036854775808", "least", `{"n":-9223372036854775808}`),
		plain("9007199254740993, beyond a double", "beyond", `{"n":9007199254740993}`),
		plain("an integer of 30 digits", "thirty", `{"free":{"big":123456789012345678901234567890}}`),
		plain("1.10, not 1.1", "price", `{"d":1.10}`),
		plain("0.1234567890123456789", "digits", `{"free":{"f":0.1234567890123456789}}`),
		plain("1E-7 and -0.0", "exponent", `{"free":{"e":1E-7,"zero":-0.0}}`),
		plain("a key that comes twice", "twice", `{"free":{"a":1,"a":2}}`),
		plain("the order of keys", "order", `{"z":1,"a":{"y":1,"b":2},"m":3,"1":4}`),
		plain("escapes: \\u3042 \\ud83d\\ude00 \\/ \\u003c", "escapes", `{"k":"\u3042\ud83d\ude00 \/ \u003cb\u003e あ😀"}`),
		plain("pretty-printed", "pretty", "{\n  \"k\" : \"pretty\",\n  \"free\" : {\n    \"list\" : [ 1, 2.50 ]\n  }\n}"),
		plain("empty", "empty", `{}`),
		plain("nulls and empty values", "nulls", `{"k":null,"free":{"list":[],"object":{},"text":""}}`),
		plain("30 levels deep", "deep", `{"free":`+strings.Repeat(`{"a":`, deepLevels)+"1"+strings.Repeat("}", deepLevels)+`}`),
		plain("an id of 512 bytes", strings.Repeat("i", longestID), `{"k":"id"}`),
		plain("an id with /, blanks and あ", "a/b c?あ#", `{"k":"hard id"}`),
		routed,
		{name: "a parent", index: oddFamily, docType: "person", id: "p1", source: `{"k":"parent"}`},
		{name: "its child (_parent)", index: oddFamily, docType: "child", id: "c1", parent: "p1", source: `{"k":"child"}`},
		{name: "id 1 of one type", index: oddTypes, docType: "user", id: "1", source: `{"k":"user"}`, mark: `"user"`},
		{name: "id 1 of another type", index: oddTypes, docType: "order", id: "1", source: `{"k":"order"}`, mark: `"order"`},
	}
}

// oddMappings create the indices on a source that has types.
func oddMappings(major byte) map[string]rig.Object {
	keyword := rig.Object{"type": "keyword"}
	if major < '5' {
		keyword = rig.Object{"type": "string", "index": "not_analyzed"}
	}
	fields := func(more rig.Object) rig.Object {
		mapping := rig.Object{"dynamic": false, "properties": rig.Object{"k": keyword, "n": rig.Object{"type": "long"}, "d": rig.Object{"type": "double"},
			"free": rig.Object{"type": "object", "enabled": false}}}
		for key, value := range more {
			mapping[key] = value
		}
		return mapping
	}
	body := func(mappings rig.Object) rig.Object {
		return rig.Object{"settings": rig.Object{"index": rig.Object{"number_of_shards": shards, "number_of_replicas": 0}}, "mappings": mappings}
	}
	return map[string]rig.Object{
		oddPlain:  body(rig.Object{"doc": fields(nil)}),
		oddFamily: body(rig.Object{"person": fields(nil), "child": fields(rig.Object{"_parent": rig.Object{"type": "person"}})}),
		oddTypes:  body(rig.Object{"user": fields(nil), "order": fields(nil)}),
	}
}

// writeOdd makes the odd indices on the source anew and takes a snapshot of them into a folder.
func (s *source) writeOdd(ctx context.Context, folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	var names []string
	for index, body := range oddMappings(s.version[0]) {
		names = append(names, index)
		if _, err := rig.Call(ctx, http.MethodDelete, s.node.URL()+"/"+index, nil); err != nil && !strings.Contains(err.Error(), "404") {
			return err
		}
		if _, err := rig.Call(ctx, http.MethodPut, s.node.URL()+"/"+index, body); err != nil {
			return err
		}
	}
	for _, document := range oddDocuments() {
		query := url.Values{}
		if document.routing != "" {
			query.Set("routing", document.routing)
		}
		if document.parent != "" {
			query.Set("parent", document.parent)
		}
		path := fmt.Sprintf("%s/%s/%s/%s?%s", s.node.URL(), document.index, document.docType, url.PathEscape(document.id), query.Encode())
		if _, err := rig.Call(ctx, http.MethodPut, path, []byte(document.source)); err != nil {
			return fmt.Errorf("%s: %w", document.name, err)
		}
	}
	for _, step := range []string{"/_refresh", "/_flush"} {
		if _, err := rig.Call(ctx, http.MethodPost, s.node.URL()+"/"+strings.Join(names, ",")+step, nil); err != nil {
			return err
		}
	}
	var cost made
	return takeSnapshot(ctx, s.node, "odd-"+filepath.Base(folder), folder, names, &cost)
}
