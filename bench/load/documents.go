package main

// documents.go answers: what is moved? Events of nginx as fluentd ships them, and orders of 10 kB whose lines are nested
// documents. Next: data.go.

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	seed        = 2017
	nestedBytes = 10_000
	shards      = 2
	// timeField splits an index in halves for those who can read it in parts only by a query.
	timeField  = "@timestamp"
	timeFormat = "2006-01-02T15:04:05.000Z"
)

var (
	firstInstant = time.Date(2017, time.September, 10, 0, 0, 0, 0, time.UTC)
	// middle is where the documents' times are cut in halves: they spread evenly over one day.
	middle = firstInstant.Add(12 * time.Hour)
)

// dataset is one index.
type dataset struct {
	name, index, docType string
	documents            int64
	// page is how many documents the peers read at once: about a megabyte of events, five of orders.
	page int
	// properties maps the fields; keyword and text are what the source's version calls them.
	properties func(keyword, text rig.Object) rig.Object
	// source makes the n-th document.
	source func(documents int64) func(n int64) []byte
}

func datasets(c config) []dataset {
	var all []dataset
	if c.documents > 0 {
		all = append(all, dataset{name: "nginx", index: "nginx-access", docType: "access_log", documents: c.documents, page: 2000, properties: nginxProperties, source: nginxSource})
	}
	if c.nested > 0 {
		all = append(all, dataset{name: "nested", index: "orders", docType: "order", documents: c.nested, page: 500, properties: orderProperties, source: orderSource})
	}
	return all
}

// mapping is the body that creates the index on a source of a major version that has types.
func (d dataset) mapping(major byte) rig.Object {
	keyword, text := rig.Object{"type": "keyword"}, rig.Object{"type": "text"}
	if major < '5' {
		keyword, text = rig.Object{"type": "string", "index": "not_analyzed"}, rig.Object{"type": "string"}
	}
	return rig.Object{
		"settings": rig.Object{"index": rig.Object{"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1"}},
		"mappings": rig.Object{d.docType: rig.Object{"_all": rig.Object{"enabled": false}, "dynamic": false, "properties": d.properties(keyword, text)}},
	}
}

func instant(n, documents int64) time.Time {
	return firstInstant.Add(time.Duration(n) * (24 * time.Hour / time.Duration(documents)))
}

func nginxProperties(keyword, text rig.Object) rig.Object {
	path := rig.Object{"fields": rig.Object{"raw": keyword}}
	for key, value := range text {
		path[key] = value
	}
	return rig.Object{timeField: rig.Object{"type": "date"}, "remote": rig.Object{"type": "ip"}, "host": keyword, "user": keyword, "method": keyword,
		"path": path, "code": keyword, "size": rig.Object{"type": "long"}, "referer": keyword, "agent": text, "http_x_forwarded_for": keyword,
		"request_time": rig.Object{"type": "float"}, "hostname": keyword, "@log_name": keyword, "request_id": keyword}
}

func nginxSource(documents int64) func(int64) []byte {
	events := lab.NewEvents(seed)
	return func(n int64) []byte { return events.Access(instant(n, documents), fmt.Sprintf("%012x", n)) }
}

func orderProperties(keyword, text rig.Object) rig.Object {
	return rig.Object{timeField: rig.Object{"type": "date"}, "customer": keyword, "address": rig.Object{"properties": rig.Object{"city": keyword, "street": text}},
		"total": rig.Object{"type": "double"}, "note": text,
		"lines": rig.Object{"type": "nested", "properties": rig.Object{"sku": keyword, "title": text, "count": rig.Object{"type": "integer"},
			"price": rig.Object{"type": "double"}, "tags": keyword, "shipped": rig.Object{"type": "date"}, "gift": rig.Object{"type": "boolean"}}}}
}

var (
	cities = []string{"東京", "大阪", "Kyōto", "Nagoya", "Sapporo", "福岡"}
	words  = []string{"blue", "large", "cotton", "steel", "引っ越し", "box", "light", "handmade", "oak", "winter", "set", "of", "four", "cups", "with", "lid", "naïve", "edition", "spare", "part"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func sentence(r *rand.Rand, count int) string {
	text := pick(r, words)
	for range count - 1 {
		text += " " + pick(r, words)
	}
	return text
}

func orderSource(documents int64) func(int64) []byte {
	r := rand.New(rand.NewPCG(seed, nestedBytes))
	return func(n int64) []byte {
		at := instant(n, documents)
		b := fmt.Appendf(nil, `{"@timestamp":"%s","customer":"c-%06d","address":{"city":"%s","street":"%s %d"},"total":%.2f,"note":"%s","lines":[`,
			at.Format(timeFormat), r.IntN(1_000_000), pick(r, cities), sentence(r, 2), r.IntN(200), r.Float64()*1000, sentence(r, 12))
		for line := 0; len(b) < nestedBytes; line++ {
			if line > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"sku":"%08x","title":"%s","count":%d,"price":%.2f,"tags":["%s","%s","%s"],"shipped":"%s","gift":%t,"comment":"%s"}`,
				r.Uint32(), sentence(r, 8), 1+r.IntN(9), r.Float64()*200, pick(r, words), pick(r, words), pick(r, words),
				at.Add(time.Duration(r.IntN(1000))*time.Hour).Format(timeFormat), r.IntN(2) == 0, sentence(r, 30))
		}
		return append(b, "]}"...)
	}
}
