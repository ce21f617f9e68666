package matrix

// server_test.go answers: what does a server say that it holds? Plain HTTP, and documents as their bytes.
// Next: expected_test.go.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// server is one side of a move.
type server struct {
	node       *lab.Node
	generation int
	openSearch bool
}

func serverOf(node *lab.Node) server {
	return server{node: node, generation: generation(node.Version()), openSearch: strings.HasPrefix(node.Version(), lab.OpenSearch)}
}

// document is one hit, its source as the bytes that the server sent.
type document struct {
	Index   string                       `json:"_index"`
	Type    string                       `json:"_type"`
	ID      string                       `json:"_id"`
	Routing string                       `json:"_routing"`
	Parent  string                       `json:"_parent"`
	Version int64                        `json:"_version"`
	Source  json.RawMessage              `json:"_source"`
	Fields  map[string]json.RawMessage   `json:"fields"`
	Stored  map[string][]json.RawMessage `json:"-"`
	// Timestamp is what _timestamp says in milliseconds, 0 where the server does not keep it.
	Timestamp int64 `json:"_timestamp"`
}

func (d document) String() string {
	return fmt.Sprintf("%s/%s/%s (routing %q)", d.Index, d.Type, shortened(d.ID), d.Routing)
}

const longestShown = 80

func shortened(text string) string {
	if len(text) > longestShown {
		return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:longestShown], ""), len(text))
	}
	return text
}

// call sends one request and gives the status with the answer.
func (s server) call(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	status, answer := labtest.Ask(t, method, s.node.URL()+path, body)
	return status, []byte(answer)
}

// must is call for what has to succeed.
func (s server) must(t *testing.T, method, path, body string) []byte {
	t.Helper()
	status, answer := s.call(t, method, path, body)
	if status >= http.StatusMultipleChoices {
		t.Fatalf("%s: %s %s: %d %.600s", s.node.Version(), method, path, status, answer)
	}
	return answer
}

// indices lists every index that is not the server's own.
func (s server) indices(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range strings.Fields(string(s.must(t, http.MethodGet, "/_cat/indices?h=index", ""))) {
		if name != ".security" && !strings.HasPrefix(name, ".plugins") && !strings.HasPrefix(name, ".opensearch") && !strings.HasPrefix(name, "top_queries") {
			names = append(names, name)
		}
	}
	return names
}

// metadataOf says what must be asked for by name: 1.x and 2.x keep to themselves what they hold beside a document, and
// 1.x fails on a document with a very large integer when it is asked for what the index does not map.
func (s server) metadataOf(index string) []string {
	const sourceAlone = 5
	switch {
	case index == "nosource" && s.generation < sourceAlone:
		return []string{"_routing", "t", "k"}
	case index == "nosource":
		return []string{"t", "k"}
	case s.generation >= sourceAlone:
		return nil
	case index == "family":
		return []string{"_source", "_routing", "_parent"}
	case index == "ttl":
		return []string{"_source", "_routing", "_timestamp", "_ttl"}
	}
	return []string{"_source", "_routing"}
}

// documents reads an index, page by page.
func (s server) documents(t *testing.T, index string) []document {
	t.Helper()
	const page = 500
	body := map[string]any{"size": page, "version": true, "query": map[string]any{"match_all": map[string]any{}}}
	if names := s.metadataOf(index); names != nil {
		key := "fields"
		if s.generation >= 5 {
			key = "stored_fields"
		}
		body[key] = names
	}
	asked, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, http.MethodPost, "/"+index+"/_refresh", "")
	var all []document
	answer := s.must(t, http.MethodPost, "/"+index+"/_search?scroll=2m", string(asked))
	for {
		var found struct {
			ScrollID string `json:"_scroll_id"`
			Shards   struct{ Failed int }
			Hits     struct{ Hits []document }
		}
		if err := json.Unmarshal(answer, &found); err != nil {
			t.Fatalf("%s: %s: %v: %.300s", s.node.Version(), index, err, answer)
		}
		if found.Shards.Failed > 0 {
			t.Fatalf("%s: %s: %d shards fail: %.600s", s.node.Version(), index, found.Shards.Failed, answer)
		}
		for _, hit := range found.Hits.Hits {
			all = append(all, tidy(t, hit))
		}
		if len(found.Hits.Hits) == 0 {
			return all
		}
		if s.generation < 2 {
			answer = s.must(t, http.MethodPost, "/_search/scroll?scroll=2m", found.ScrollID)
			continue
		}
		next, err := json.Marshal(map[string]string{"scroll": "2m", "scroll_id": found.ScrollID})
		if err != nil {
			t.Fatal(err)
		}
		answer = s.must(t, http.MethodPost, "/_search/scroll", string(next))
	}
}

// tidy takes metadata out of the fields, where 1.x puts it.
func tidy(t *testing.T, hit document) document {
	t.Helper()
	for name, at := range map[string]any{"_routing": &hit.Routing, "_parent": &hit.Parent, "_timestamp": &hit.Timestamp} {
		if raw, there := hit.Fields[name]; there {
			if err := json.Unmarshal(raw, at); err != nil {
				t.Fatalf("%s: %s: %v", hit, raw, err)
			}
		}
	}
	for _, name := range []string{"t", "k"} {
		if raw, there := hit.Fields[name]; there {
			if hit.Stored == nil {
				hit.Stored = map[string][]json.RawMessage{}
			}
			var values []json.RawMessage
			if err := json.Unmarshal(raw, &values); err != nil {
				t.Fatalf("%s: %s: %v", hit, raw, err)
			}
			hit.Stored[name] = values
		}
	}
	hit.Source = bytes.TrimSpace(hit.Source)
	return hit
}

// documentPath is the address of one document whose id needs no escapes.
func (s server) documentPath(index, docType, id string) string {
	if s.generation >= 7 {
		docType = "_doc"
	}
	return "/" + index + "/" + docType + "/" + id
}
