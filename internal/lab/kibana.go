package lab

// kibana.go answers: what lies in Kibana's own index when people have built dashboards over nginx logs? Kibana 4 and 5
// keep a type per kind of object; from 6 on there is one type, the kind is in the document and in its id.

import (
	"context"
	"net/http"
)

// savedObject is one thing that a person saved in Kibana.
type savedObject struct {
	kind, id string
	// attributes are what the object holds; values that Kibana keeps as JSON in a string are encoded already.
	attributes object
	// pattern is the index pattern it searches, if any.
	pattern string
}

// kibanaIndex is the index that holds saved objects: AWS's 1.x and 2.x domains use .kibana-4.
func (s *sender) kibanaIndex() string {
	switch {
	case s.major < 5:
		return ".kibana-4"
	case s.major < 6:
		return ".kibana"
	}
	return ".kibana_1"
}

func (s *sender) kibana(ctx context.Context, documents map[string]int) error {
	index := s.kibanaIndex()
	objects := s.savedObjects()
	if err := s.createIndex(ctx, index, 1, nil, "doc", s.kibanaMapping()); err != nil {
		return err
	}
	var operations []operation
	for _, saved := range objects {
		o := operation{index: index, docType: saved.kind, id: saved.id, source: encode(saved.attributes)}
		if !s.multiTyped() {
			o.docType, o.id = "doc", saved.kind+":"+saved.id
			document := object{"type": saved.kind, saved.kind: saved.attributes, "updated_at": "2018-09-12T03:04:05.678Z"}
			if saved.pattern != "" && s.major >= 7 {
				document["references"] = []object{{"id": saved.pattern, "name": "kibanaSavedObjectMeta.searchSourceJSON.index", "type": "index-pattern"}}
			}
			o.source = encode(document)
		}
		operations = append(operations, o)
	}
	documents[index] = len(operations)
	if err := s.bulk(ctx, operations); err != nil || s.major < 6 {
		return err
	}
	return s.send(ctx, http.MethodPost, "/_aliases", object{"actions": []object{{"add": object{"index": index, "alias": ".kibana"}}}})
}

// kibanaMapping is dynamic for the kinds that Kibana leaves dynamic; from 6 on the type field is exact.
func (s *sender) kibanaMapping() object {
	if s.multiTyped() {
		return nil
	}
	return object{"properties": object{"type": s.keyword(), "updated_at": object{"type": "date"}}}
}

func (s *sender) savedObjects() []savedObject {
	text := func(value any) string { return string(encode(value)) }
	search := func(pattern, query string) string {
		return text(object{"index": pattern, "filter": []object{}, "query": object{"query_string": object{"query": query, "analyze_wildcard": true}}})
	}
	fields := func(names ...string) string {
		var list []object
		for _, name := range names {
			list = append(list, object{"name": name, "type": "string", "count": 0, "scripted": false, "indexed": true, "analyzed": false, "doc_values": true})
		}
		return text(list)
	}
	visualization := func(id, title, pattern, query string, state object) savedObject {
		state["title"] = title
		return savedObject{"visualization", id, object{"title": title, "description": "", "version": 1, "uiStateJSON": "{}",
			"visState": text(state), "kibanaSavedObjectMeta": object{"searchSourceJSON": search(pattern, query)}}, pattern}
	}
	count := object{"id": "1", "type": "count", "schema": "metric", "params": object{}}
	by := func(kind, field string) object {
		return object{"id": "2", "type": kind, "schema": "segment", "params": object{"field": field, "size": 10, "order": "desc", "orderBy": "1", "interval": "auto"}}
	}
	access, failures := accessPrefix+"-*", errorPrefix+"-*"
	panels := func(ids ...string) string {
		var list []object
		for i, id := range ids {
			list = append(list, object{"id": id, "type": "visualization", "panelIndex": i + 1, "size_x": 6, "size_y": 4, "col": 1 + 6*(i%2), "row": 1 + 4*(i/2)})
		}
		return text(list)
	}
	dashboard := func(id, title string, ids ...string) savedObject {
		return savedObject{"dashboard", id, object{"title": title, "hits": 0, "description": "", "version": 1, "timeRestore": true, "timeFrom": "now-7d", "timeTo": "now",
			"optionsJSON": text(object{"darkTheme": false}), "panelsJSON": panels(ids...), "uiStateJSON": "{}",
			"kibanaSavedObjectMeta": object{"searchSourceJSON": text(object{"filter": []object{{"query": object{"query_string": object{"query": "*", "analyze_wildcard": true}}}}})}}, ""}
	}
	return []savedObject{
		{"config", s.kibanaVersion(), object{"buildNum": 9369, "defaultIndex": access}, ""},
		{"index-pattern", access, object{"title": access, "timeFieldName": "@timestamp", "fields": fields("code", "method", "host", "path.raw")}, ""},
		{"index-pattern", failures, object{"title": failures, "timeFieldName": "@timestamp", "fields": fields("log_level", "message.raw")}, ""},
		{"search", "server-errors", object{"title": "サーバーエラー (5xx)", "description": "", "hits": 0, "version": 1, "columns": []string{"host", "path", "code"},
			"sort": []string{"@timestamp", "desc"}, "kibanaSavedObjectMeta": object{"searchSourceJSON": search(access, "code:5*")}}, access},
		visualization("nginx-codes", "ステータスコード", access, "*", object{"type": "pie", "params": object{"isDonut": true}, "aggs": []object{count, by("terms", "code")}}),
		visualization("nginx-over-time", "Requests over time", access, "*", object{"type": "histogram", "params": object{"mode": "stacked"}, "aggs": []object{count, by("date_histogram", "@timestamp")}}),
		visualization("nginx-paths", "Top paths", access, "method:GET", object{"type": "table", "params": object{"perPage": 10}, "aggs": []object{count, by("terms", "path.raw")}}),
		visualization("nginx-levels", "Error levels", failures, "*", object{"type": "pie", "params": object{}, "aggs": []object{count, by("terms", "log_level")}}),
		dashboard("nginx", "nginx 概要", "nginx-codes", "nginx-over-time", "nginx-paths", "nginx-levels"),
		dashboard("nginx-errors", "nginx errors", "nginx-levels"),
	}
}

// kibanaVersion is the Kibana that goes with the server; its config object is called by it.
func (s *sender) kibanaVersion() string {
	return map[int]string{1: "4.1.11", 2: "4.5.4", 5: "5.5.2", 6: "6.8.23", 7: "7.10.2", 8: "8.15.5"}[s.major]
}
