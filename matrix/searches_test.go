package matrix

// searches_test.go answers: do both sides find the same? Equal sources can still be indexed otherwise: another day, another
// reading of a boolean, a text that is no longer split. Next: limits_test.go.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// question is one search whose answer must be the same number on both sides.
type question struct {
	index, query string
	// join says that it needs the module of parents and children.
	join bool
}

var questions = []question{
	{"nginx", `{"match_all":{}}`, false},
	{"nginx-gets", `{"match_all":{}}`, false},
	{"nginx-errors", `{"match_all":{}}`, false},
	{"nginx-routed", `{"match_all":{}}`, false},
	{"nginx", `{"term":{"code":"404"}}`, false},
	{"nginx", `{"term":{"method":"POST"}}`, false},
	{"nginx", `{"range":{"size":{"gte":1000,"lt":50000}}}`, false},
	{"nginx", `{"range":{"request_time":{"gte":1.5}}}`, false},
	{"nginx", `{"range":{"@timestamp":{"gte":"2017-09-10T06:00:00.000Z","lt":"2017-09-11T03:30:00.000Z"}}}`, false},
	{"nginx", `{"match":{"agent":"googlebot curl"}}`, false},
	{"nginx", `{"match":{"path":"items"}}`, false},
	{"nginx", `{"prefix":{"path.raw":"/api/v1/"}}`, false},
	{"nginx", `{"range":{"remote":{"gte":"10.0.0.0","lte":"100.255.255.255"}}}`, false},
	{"nginx-errors", `{"term":{"log_level":"crit"}}`, false},
	{"nginx-errors", `{"match":{"message":"directory"}}`, false},
	{"legacy-multi", `{"match_all":{}}`, false},
	{"legacy-multi", `{"range":{"price":{"gte":50}}}`, false},
	{"legacy-multi", `{"match":{"name":"fox"}}`, false},
	{"alltypes", `{"term":{"bool":true}}`, false},
	{"alltypes", `{"term":{"bool":false}}`, false},
	{"alltypes", `{"range":{"long":{"gte":0}}}`, false},
	{"alltypes", `{"range":{"dbl":{"gte":0}}}`, false},
	{"alltypes", `{"range":{"flt":{"gte":0.5}}}`, false},
	{"alltypes", `{"range":{"date":{"gte":"2017-09-14T00:00:00.000Z"}}}`, false},
	{"alltypes", `{"term":{"ip":"10.0.0.7"}}`, false},
	{"alltypes", `{"term":{"kw":"fox"}}`, false},
	{"alltypes", `{"match":{"txt":"snapshot"}}`, false},
	{"nested", `{"nested":{"path":"comments","query":{"range":{"comments.stars":{"gte":4}}}}}`, false},
	{"analyzed", `{"match_phrase":{"body":"lazy fox"}}`, false},
	{"family", `{"has_child":{"type":"child","query":{"match_all":{}}}}`, true},
	{"family", `{"has_parent":{"parent_type":"child","query":{"match_all":{}}}}`, true},
	{"routed-idx", `{"match_all":{}}`, false},
	{"ttl", `{"range":{"k":{"gte":5}}}`, false},
}

// search asks both sides the same.
func (p *pair) search(t *testing.T) {
	t.Helper()
	for _, q := range questions {
		if !p.holds(t, p.from, q.index) || p.limited(q.index) {
			continue
		}
		if q.join && (slices.Contains(joinless, p.result.Source) || slices.Contains(joinless, p.result.Target)) {
			continue
		}
		before, after := count(t, p.from, q), count(t, p.to, q)
		p.result.Searches++
		if before != after {
			p.result.fail("%s %s finds %s on the source and %s on the target", q.index, q.query, before, after)
		}
	}
	before, after := p.histogram(t, p.from), p.histogram(t, p.to)
	p.result.Searches++
	if before != after {
		p.result.fail("the hours and codes of nginx: %s on the source, %s on the target", before, after)
	}
	p.tomorrow(t)
}

func (p *pair) holds(t *testing.T, side server, index string) bool {
	t.Helper()
	status, _ := side.call(t, http.MethodGet, "/"+index+"/_count", "")
	return status != http.StatusNotFound
}

func count(t *testing.T, side server, q question) string {
	t.Helper()
	status, answer := side.call(t, http.MethodPost, "/"+q.index+"/_count", `{"query":`+q.query+`}`)
	var counted struct {
		Count  *int
		Shards struct{ Failed int } `json:"_shards"`
	}
	if err := json.Unmarshal(answer, &counted); err != nil || counted.Count == nil || counted.Shards.Failed > 0 {
		return fmt.Sprintf("%d %.300s", status, answer)
	}
	return fmt.Sprint(*counted.Count)
}

// histogram gives the events of each hour, those of each code, and the sum of sizes.
func (p *pair) histogram(t *testing.T, side server) string {
	t.Helper()
	interval := "interval"
	if side.generation >= 8 {
		interval = "fixed_interval"
	}
	status, answer := side.call(t, http.MethodPost, "/nginx/_search", `{"size":0,"aggs":{"hours":{"date_histogram":{"field":"@timestamp","`+interval+`":"1h","min_doc_count":1}},`+
		`"codes":{"terms":{"field":"code","size":50}},"paths":{"terms":{"field":"path.raw","size":5,"order":{"_count":"desc"}}},"bytes":{"sum":{"field":"size"}},"slowest":{"max":{"field":"request_time"}}}}`)
	var found struct {
		Aggregations struct {
			Hours struct {
				Buckets []struct {
					Key   json.Number
					Count int `json:"doc_count"`
				}
			}
			Codes struct {
				Buckets []struct {
					Key   string
					Count int `json:"doc_count"`
				}
			}
			Bytes, Slowest struct{ Value float64 }
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil || status != http.StatusOK {
		return fmt.Sprintf("%d %v %.300s", status, err, answer)
	}
	codes := map[string]int{}
	for _, bucket := range found.Aggregations.Codes.Buckets {
		codes[bucket.Key] = bucket.Count
	}
	return fmt.Sprint(found.Aggregations.Hours.Buckets, codes, found.Aggregations.Bytes.Value, found.Aggregations.Slowest.Value)
}

// tomorrow writes an event into an index that the moved template makes.
func (p *pair) tomorrow(t *testing.T) {
	t.Helper()
	p.result.Searches++
	const index = "nginx-access-2099.01.01"
	event := `{"remote":"10.1.2.3","code":"200","method":"GET","size":5,"request_time":0.5,"path":"/new","agent":"curl","unknown":"a text","@timestamp":"2099-01-01T00:00:00.000Z"}`
	status, answer := p.to.call(t, http.MethodPut, p.to.documentPath(index, "access_log", "1")+"?refresh=true", event)
	if status >= http.StatusMultipleChoices {
		p.result.fail("tomorrow's index cannot be made by the moved template: %d %.300s", status, answer)
		return
	}
	for _, alias := range []string{"nginx", "nginx-gets"} {
		if got := count(t, p.to, question{index: alias, query: `{"term":{"path.raw":"/new"}}`}); got != "1" {
			p.result.fail("tomorrow's event is not found through the alias %s: %s", alias, got)
		}
	}
}
