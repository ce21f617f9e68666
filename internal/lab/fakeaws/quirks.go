// This file answers: what does the service forbid or hide that a plain cluster allows and shows? A row says where it comes from;
// (recalled) means as we remember the service's guide, not looked up. repository.go comes next.

package fakeaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ban is a request the service does not let through.
type ban struct {
	method string // empty for every method
	path   string // with * for one or more segments
	before string // only before this version; empty for all
}

// bans returns the table.
func bans() []ban {
	return []ban{
		{"", "/_settings", ""},               // openedx/course-discovery #4325: "Your request: '/_settings' is not allowed."
		{"PUT", "/_all/_settings", ""},       // likewise
		{"GET", "/_cluster/settings", "5.3"}, // guide
		{"", "/*/_close", "7.4"},             // (recalled): the _close API is there from 7.4 on
		{"", "/_close", "7.4"},
		{"POST", "/_reindex", "5.1"}, // guide: 2.3 has no _reindex
		{"", "/_shutdown", ""},       // (recalled), as the next two
		{"", "/_cluster/nodes/*", ""},
		{"", "/_cluster/reroute", ""},
		{"PUT", "/_snapshot/cs-*", ""}, // guide: the name must not begin with cs-
		{"POST", "/_snapshot/cs-*", ""},
		{"DELETE", "/_snapshot/cs-*", ""},
	}
}

// clusterSettings are the settings that may be changed (guide; phillbaker/terraform-provider-elasticsearch #288).
func clusterSettings() []string {
	return []string{
		"action.auto_create_index", "action.search.shard_count.limit", "indices.breaker.fielddata.limit",
		"indices.breaker.request.limit", "indices.breaker.total.limit", "cluster.max_shards_per_node",
	}
}

// forbidden refuses what the service refuses: 401 and a sentence. The status was seen for a cluster setting (terraform-provider-
// elasticsearch #288), the first sentence for /_settings, without its status; the second sentence is recalled.
func forbidden(version engineVersion, r *http.Request, body []byte) *apiError {
	path := "/" + strings.Trim(r.URL.Path, "/")
	for _, b := range bans() {
		// A restore is the one POST that a repository of the service's own takes.
		if strings.HasPrefix(b.path, "/_snapshot/cs-") && b.method == http.MethodPost && strings.HasSuffix(path, "/_restore") {
			continue
		}
		if (b.method == "" || b.method == r.Method) && wildcard(b.path, path) && (b.before == "" || !version.atLeast(b.before)) {
			return &apiError{http.StatusUnauthorized, "", fmt.Sprintf("Your request: '%s' is not allowed.", r.URL.Path)}
		}
	}
	if path == "/_cluster/settings" && r.Method == http.MethodPut && !flatSettings(body) {
		return &apiError{http.StatusUnauthorized, "", fmt.Sprintf("Your request: '%s' payload is not allowed.", r.URL.Path)}
	}
	return nil
}

// flatSettings tells whether a body sets only known settings, each by its full name with a plain value.
func flatSettings(body []byte) bool {
	var scopes map[string]map[string]any
	if json.Unmarshal(body, &scopes) != nil {
		return false
	}
	for scope, settings := range scopes {
		if scope != "persistent" && scope != "transient" {
			return false
		}
		for name, value := range settings {
			_, nested := value.(map[string]any)
			if nested || !slices.Contains(clusterSettings(), name) {
				return false
			}
		}
	}
	return true
}

// redactor returns what hides the nodes in an answer to path, nil when there is nothing to hide.
func redactor(path string) func([]byte) []byte {
	path = "/" + strings.Trim(path, "/")
	switch {
	case path == "/_nodes", strings.HasPrefix(path, "/_nodes/"), path == "/_cluster/state", strings.HasPrefix(path, "/_cluster/state/"):
		return redactNodes
	case strings.HasPrefix(path, "/_cat/"):
		return func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("127.0.0.1"), []byte("x.x.x.x")) }
	}
	return nil
}

// hiddenFields are taken out of every node: addresses and where things lie.
func hiddenFields() []string {
	return []string{"transport_address", "http_address", "host", "ip", "http", "transport", "settings", "attributes", "process", "plugins", "modules"}
}

// redactNodes takes the hidden fields out of every node, and shows repositories as S3 in a cluster state.
func redactNodes(b []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var doc map[string]any
	if decoder.Decode(&doc) != nil {
		return b // an error text of the node, or another format: nothing to hide in it
	}
	nodes, _ := doc["nodes"].(map[string]any)
	for _, node := range nodes {
		if fields, ok := node.(map[string]any); ok {
			for _, name := range hiddenFields() {
				delete(fields, name)
			}
		}
	}
	if metadata, ok := doc["metadata"].(map[string]any); ok {
		if repositories, ok := metadata["repositories"].(map[string]any); ok {
			showAsS3(repositories)
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return b // what was just decoded can be written; the plain answer is better than none
	}
	return out
}
