package demo

// judge.go answers: did every event that a cluster acknowledged arrive on the new side, once, and do the dashboards have
// all that they are made of? It asks the new node itself, past the program that is being judged.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/shipper"
)

// Row is one index of the verdict.
type Row struct {
	Index string `json:"index"`
	// History was there before the writer began; Acknowledged by either cluster since.
	History      int64 `json:"history"`
	Acknowledged int64 `json:"acknowledged"`
	Found        int64 `json:"found"`
}

// Verdict is what the judge found.
type Verdict struct {
	Rows []Row `json:"rows"`
	// Lost are acknowledged events that the new side does not have; Doubled ids that it has more than once.
	Lost    []string `json:"lost,omitempty"`
	Doubled []string `json:"doubled,omitempty"`
	// Dashboards on the new side, and parts that they miss there.
	Dashboards int      `json:"dashboards"`
	Broken     []string `json:"broken,omitempty"`
}

// Holds says that nothing is lost, doubled or broken.
func (v Verdict) Holds() bool {
	for _, row := range v.Rows {
		if row.Found != row.History+row.Acknowledged {
			return false
		}
	}
	return len(v.Lost)+len(v.Doubled)+len(v.Broken) == 0 && len(v.Rows) > 0 && v.Dashboards > 0
}

const lookAtOnce = 1000

// Judge compares the new side with what was generated and acknowledged. The writer must be drained.
func (s *Stage) Judge(ctx context.Context) (Verdict, error) {
	var verdict Verdict
	node := s.Node(TargetDomain)
	if node == nil {
		return verdict, fmt.Errorf("the new domain has no node")
	}
	acknowledged, err := shipper.ReadLedger(s.Ledger)
	if err != nil {
		return verdict, err
	}
	byIndex := map[string]map[string]bool{}
	for _, one := range acknowledged {
		if byIndex[one.Index] == nil {
			byIndex[one.Index] = map[string]bool{}
		}
		byIndex[one.Index][one.ID] = true
	}
	indices := map[string]bool{}
	for index := range byIndex {
		indices[index] = true
	}
	for index := range s.Written.Documents {
		if !strings.HasPrefix(index, ".") {
			indices[index] = true
		}
	}
	if _, err := ask(ctx, http.MethodPost, node.URL()+"/_refresh", nil); err != nil {
		return verdict, err
	}
	for index := range indices {
		row := Row{Index: index, History: int64(s.Written.Documents[index]), Acknowledged: int64(len(byIndex[index]))}
		answer, err := ask(ctx, http.MethodGet, node.URL()+"/"+url.PathEscape(index)+"/_count", nil)
		if err != nil {
			return verdict, err
		}
		row.Found = answer.Get("count").Int()
		verdict.Rows = append(verdict.Rows, row)
		if err := verdict.look(ctx, node.URL(), index, byIndex[index]); err != nil {
			return verdict, err
		}
	}
	slices.SortFunc(verdict.Rows, func(a, b Row) int { return strings.Compare(a.Index, b.Index) })
	return verdict, verdict.lookAtDashboards(ctx, node.URL())
}

// look asks for every acknowledged id.
func (v *Verdict) look(ctx context.Context, node, index string, ids map[string]bool) error {
	list := make([]string, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	for part := range slices.Chunk(list, lookAtOnce) {
		body, err := json.Marshal(map[string]any{"size": 2 * len(part), "_source": false, "query": map[string]any{"ids": map[string]any{"values": part}}})
		if err != nil {
			return fmt.Errorf("encode a search: %w", err)
		}
		answer, err := ask(ctx, http.MethodPost, node+"/"+url.PathEscape(index)+"/_search", body)
		if err != nil {
			return err
		}
		seen := map[string]int{}
		for _, hit := range answer.Get("hits.hits").Array() {
			seen[hit.Get("_id").String()]++
		}
		for _, id := range part {
			switch {
			case seen[id] == 0:
				v.Lost = append(v.Lost, index+"/"+id)
			case seen[id] > 1:
				v.Doubled = append(v.Doubled, index+"/"+id)
			}
		}
	}
	return nil
}

// lookAtDashboards follows each dashboard to its panels, and each panel to its search and index pattern.
func (v *Verdict) lookAtDashboards(ctx context.Context, node string) error {
	answer, err := ask(ctx, http.MethodGet, node+"/.kibana/_search?size=1000", nil)
	if err != nil {
		return err
	}
	objects := map[string]gjson.Result{}
	for _, hit := range answer.Get("hits.hits").Array() {
		objects[hit.Get("_type").String()+"/"+hit.Get("_id").String()] = hit.Get("_source")
	}
	need := func(from, key string) {
		if _, exists := objects[key]; !exists {
			v.Broken = append(v.Broken, from+" lacks "+key)
		}
	}
	for key, object := range objects {
		kind, _, _ := strings.Cut(key, "/")
		if kind == "dashboard" {
			v.Dashboards++
			for _, panel := range gjson.Parse(object.Get("panelsJSON").String()).Array() {
				need(key, panel.Get("type").String()+"/"+panel.Get("id").String())
			}
		}
		if search := object.Get("savedSearchId"); search.Exists() {
			need(key, "search/"+search.String())
		}
		if pattern := gjson.Get(object.Get("kibanaSavedObjectMeta.searchSourceJSON").String(), "index"); pattern.Exists() {
			need(key, "index-pattern/"+pattern.String())
		}
		if kind == "config" {
			if pattern := object.Get("defaultIndex"); pattern.Exists() {
				need(key, "index-pattern/"+pattern.String())
			}
		}
	}
	return nil
}

// openKibana leaves what Kibana 5 leaves at its first start: its index, with its settings.
func openKibana(ctx context.Context, node string) error {
	if _, err := ask(ctx, http.MethodPut, node+"/.kibana", []byte(`{"settings":{"number_of_shards":1},"mappings":{"config":{"properties":{"buildNum":{"type":"keyword"}}}}}`)); err != nil {
		return err
	}
	_, err := ask(ctx, http.MethodPut, node+"/.kibana/config/5.5.2?refresh=true", []byte(`{"buildNum":15524}`))
	return err
}

const answerMost = 64 << 20

func ask(ctx context.Context, method, address string, body []byte) (gjson.Result, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return gjson.Result{}, fmt.Errorf("ask the node: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return gjson.Result{}, fmt.Errorf("ask the node: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end already
	text, err := io.ReadAll(io.LimitReader(response.Body, answerMost))
	if err != nil {
		return gjson.Result{}, fmt.Errorf("ask the node: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return gjson.Result{}, fmt.Errorf("ask the node: %s %s: %s", method, address, response.Status)
	}
	return gjson.ParseBytes(text), nil
}
